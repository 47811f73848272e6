"""Scenarios: what a pipeline is said to do, and the words for what came out otherwise."""
