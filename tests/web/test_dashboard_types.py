"""The dashboard's types are those of the API."""

from __future__ import annotations

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parent.parent.parent / "dashboard/api_types.py"


def test_the_types_of_the_dashboard_are_current() -> None:
    script = runpy.run_path(str(SCRIPT))
    current = script["OUT"].read_text(encoding="utf-8") == script["written"]()
    assert current, "the API changed: run `.venv/bin/python dashboard/api_types.py`"
