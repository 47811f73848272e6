"""`python -m orchestrate`: the same door as the console script, and nothing of its own."""

import sys

from orchestrate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
