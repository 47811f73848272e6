"""What every command shares: the options on all of them, the road it takes, the form it answers in.

A command asks the API and shows what came; it decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from orchestrate import __version__
from orchestrate.cli import paint
from orchestrate.cli.road import Road
from orchestrate.cli.settings import Settings, read

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Asked:
    """What was said on the command line for any command, wherever it stood."""

    server: str | None = None
    colour: bool | None = None

    def settings(self) -> Settings:
        found = read(server=self.server)
        for warning in found.warnings:
            self.say(f"warning: {warning}")
        return found

    def road(self, *, drives: bool = False) -> Road:
        """The way to the API; a command that only looks or keeps moves no run."""
        return Road(self.settings(), self.say, drives=drives)

    def say(self, text: str) -> None:
        """A message to the person, from any thread: on stderr, never among the data."""
        self.err.write(text)

    @property
    def out(self) -> paint.Paper:
        return paint.out(self.colour)

    @property
    def err(self) -> paint.Paper:
        return paint.err(self.colour)


def asked() -> Asked:
    return click.get_current_context().ensure_object(Asked)


def note(text: str) -> None:
    """The same, for the command that this thread carries out."""
    asked().say(text)


class Verb(click.Command):
    """A command that takes `--server` and `--no-color` after its name as well as before it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.params += shared()


class Lazy(click.Group):
    """Commands by name; the module of one is imported when it is called, and not before.

    `rooms`: name → (module:attribute, the line that the list of commands shows).
    """

    command_class = Verb

    def __init__(self, *args: Any, rooms: dict[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.rooms = rooms
        self.params += shared()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.rooms)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        import importlib

        if name not in self.rooms:
            return None
        module, _, attribute = self.rooms[name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.rooms.items()])


def shared() -> list[click.Parameter]:
    def server(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.ensure_object(Asked).server = value

    def no_colour(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            ctx.ensure_object(Asked).colour = False

    return [
        click.Option(
            ["--server"], metavar="URL", expose_value=False, callback=server,
            help="The server to ask; without it, the one of the local data directory.",
        ),
        click.Option(
            ["--no-color"], is_flag=True, expose_value=False, callback=no_colour,
            help="No colours (as does NO_COLOR).",
        ),
    ]  # fmt: skip


def version() -> click.Option:
    """`--version`, for the root alone."""

    def say(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            click.echo(__version__)
            ctx.exit()

    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=say,
        help="Print the version.",
    )  # fmt: skip


def formed(function: F) -> F:
    """`-o table|json|yaml`, for a command that reads."""
    return click.option(
        "-o", "--output", "form", type=click.Choice(["table", "json", "yaml"]), default="table",
        show_default=True, help="The form of the answer.",
    )(function)  # fmt: skip


def show(form: str, value: Any, lines: Callable[[], Iterable[str]]) -> None:
    """The answer on stdout: the API's object as it is, or `lines` for people."""
    paper = asked().out
    if form == "json":
        paper.write(paint.as_json(value))
    elif form == "yaml":
        paper.write(paint.as_yaml(value))
    else:
        for line in lines():
            paper.write(line)


def show_table(
    form: str, value: Any, head: Iterable[str], rows: Callable[[], Iterable[Iterable[str]]],
    *, empty: str,
) -> None:  # fmt: skip
    """A list as a table; `empty` is said on stderr where there is nothing in it."""

    def lines() -> list[str]:
        found = [list(row) for row in rows()]
        if not found:
            note(empty)
            return []
        return paint.table(list(head), found, asked().out.columns)

    show(form, value, lines)
    if isinstance(value, dict) and value.get("next") is not None:
        note(f"there are more than these {len(value['items'])}")
