"""The engine drives: one door to every run, and a keeper of its agenda."""
