"""Orchestrate runs pipelines of agents: an event starts them, people approve, every step is kept.

The language reads. The core decides. The store remembers. An agent works. The engine drives.
The web and the CLI show and ask.
"""

__version__ = "0.1.0"
