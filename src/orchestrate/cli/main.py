"""The door of the command line: whatever happens, it ends in a sentence and an exit code.

It imports next to nothing, so that a command answers at once and an interrupt never finds a
traceback to print.
"""

import sys


def main() -> int:
    """Run the command line; the exit code."""
    import signal

    # Until there is something to take down, an interrupt simply ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from orchestrate.cli.ending import run

    return run(sys.argv[1:])
