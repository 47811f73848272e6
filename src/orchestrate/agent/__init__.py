"""An agent works: one attempt, its process, and what became of it."""
