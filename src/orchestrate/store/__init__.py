"""The store remembers: the log of every run, and the tables drawn from it."""
