"""The CLI asks: every command is a client of the REST API."""
