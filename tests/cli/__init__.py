"""Stories of the command line: real processes, real servers."""
