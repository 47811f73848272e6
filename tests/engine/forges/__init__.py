"""What forges tell: recorded payloads, and the facts that are to come of each."""
