"""One contract for every store; faults by real means."""
