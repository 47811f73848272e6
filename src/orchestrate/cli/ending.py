"""How a command ends: its exit code, and what is said on stderr when it could not do its work."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

import click

from orchestrate.cli import paint
from orchestrate.cli.failure import Exit, Failure
from orchestrate.cli.words import clean


def run(arguments: list[str]) -> int:
    """Carry out one command line; the exit code."""
    from orchestrate.cli.commands import root

    try:
        code = root.main(arguments, prog_name="orchestrate", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as fault:
        _usage(fault)
        return Exit.INVALID
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except Failure as failure:
        say(failure)
        return failure.code
    except BrokenPipeError:
        _quiet()
        return Exit.DONE  # whoever read has read enough
    return code if isinstance(code, int) else Exit.DONE


def say(failure: Failure) -> None:
    """One sentence what, one what to do."""
    paper = paint.err(False if "--no-color" in sys.argv else None)
    with suppress(OSError):
        paper.write(f"{paint.paint('error', '1;31')}: {clean(failure.what)}")
        if failure.help:
            paper.write(f"  {paint.bold('help')}: {clean(failure.help)}")


def _usage(fault: click.ClickException) -> None:
    context = getattr(fault, "ctx", None)
    path = context.command_path if context is not None else "orchestrate"
    said = fault.format_message().rstrip(".")
    say(Failure(said[:1].lower() + said[1:], f"{path} --help"))


def _quiet() -> None:
    """Whoever read our output has left; nothing more can be said, not even at the very end."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            os.dup2(null, stream.fileno())
    os.close(null)
