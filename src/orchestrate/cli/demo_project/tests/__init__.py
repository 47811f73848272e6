"""The shop's own tests, which the stage `validate` runs."""
