"""The language: what it reads, what it refuses, and what it says of it."""
