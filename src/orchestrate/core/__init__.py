"""The core decides: the law of a run, without clock, chance or I/O."""
