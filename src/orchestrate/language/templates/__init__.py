"""Pipelines to begin with: the texts are data in the folders beside this file."""
