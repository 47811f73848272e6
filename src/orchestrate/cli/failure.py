"""How a command says no: one sentence what, one what to do, and the exit code of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """The exit codes that scripts rely on; they never change their meaning."""

    DONE = 0
    FAILED = 1
    INVALID = 2
    NEEDS_APPROVAL = 3
    CANCELLED = 4
    NOT_FOUND = 5
    REFUSED = 6
    INTERRUPTED = 130


class Failure(Exception):
    """A command that ends here. `diagnostics` are faults of a definition, as the API gives them."""

    def __init__(
        self,
        what: str,
        help_: str = "",
        *,
        code: int = Exit.FAILED,
        diagnostics: Sequence[Mapping[str, Any]] = (),
        status: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.help = help_
        self.code = int(code)
        self.diagnostics = diagnostics
        self.status = status


class Unreachable(Failure):
    """No answer came: nobody listens, or the connection broke. Asking again may help."""


_CODES = {
    400: Exit.INVALID,
    401: Exit.REFUSED,
    403: Exit.REFUSED,
    404: Exit.NOT_FOUND,
    409: Exit.REFUSED,
    410: Exit.NOT_FOUND,
    412: Exit.REFUSED,
    413: Exit.INVALID,
    415: Exit.INVALID,
    421: Exit.REFUSED,
    422: Exit.INVALID,
    428: Exit.REFUSED,
}
_HELP = {
    401: "give a token: ORCHESTRATE_TOKEN, made by `orchestrate token create` on the server",
    429: "wait a little and ask again",
    503: "wait a little and ask again",
}


def of_problem(status: int, problem: Mapping[str, Any]) -> Failure:
    """The failure that an answer of the API (RFC 9457) stands for."""
    what = str(problem.get("detail") or problem.get("title") or f"the server answered {status}")
    help_ = str(problem.get("hint") or _HELP.get(status, ""))
    if status >= 500 and not help_:
        help_ = "the server's own messages say more"
    return Failure(
        what,
        help_,
        code=_CODES.get(status, Exit.FAILED),
        diagnostics=problem.get("diagnostics") or (),
        status=status,
    )
