"""Every way a call can fail, as the problem that is answered. It shows nothing of the inside."""

from __future__ import annotations

from orchestrate.core.commands import Refused
from orchestrate.engine.asks import Overloaded
from orchestrate.engine.catalog import Invalid
from orchestrate.language.diagnostic import as_dict
from orchestrate.store.failures import StoreError, StoreFull
from orchestrate.web.problem import (
    BUSY,
    INTERNAL,
    INVALID_DEFINITION,
    STORE_FULL,
    Problem,
    of_refusal,
)


def problem_of(fault: Exception) -> Problem:
    """What to answer; 500 for what nobody foresaw, which the caller logs."""
    match fault:
        case Problem():
            return fault
        case Refused():
            return of_refusal(fault)
        case Invalid():
            diagnostics = [as_dict(each) for each in fault.diagnostics]
            return Problem(INVALID_DEFINITION, str(fault), more={"diagnostics": diagnostics})
        case Overloaded():
            return Problem(BUSY, f"{fault}; nothing was done", headers={"Retry-After": "1"})
        case StoreFull():
            return Problem(STORE_FULL, "the disk is full; nothing was stored", "make space there")
        case StoreError():
            return Problem(
                BUSY,
                "the store did not take it; nothing was stored",
                "the server's log says why",
                headers={"Retry-After": "5"},
            )
        case _:
            return Problem(INTERNAL, "this should not have happened; the server's log says more")
