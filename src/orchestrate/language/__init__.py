"""The language reads: YAML to a pipeline, and every fault with its place."""
