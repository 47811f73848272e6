"""Thousands of lives of runs in a hostile world, each drawn from one seed and judged throughout.

A life is a pipeline, a server that crashes, a machine of agents, and people. The world calls the
same `decide` and the same agenda as the real server does; it must never reach into a run.
"""
