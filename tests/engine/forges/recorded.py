"""The recorded payloads of GitHub, read once."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def github() -> tuple[tuple[str, dict[str, Any]], ...]:
    """(the name in X-GitHub-Event, the payload) of every example."""
    read = json.loads(gzip.decompress((HERE / "github.json.gz").read_bytes()))
    return tuple((each["event"], each["payload"]) for each in read)
