"""Definitions that were read, by the sha256 of their text: a run need not read again."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from orchestrate.core.pipeline import Pipeline
from orchestrate.language.reader import read

PIPELINES_READ_MAX = 200


class Readings:
    """Definitions that were read, by the sha256 of their text: a run need not read again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Pipeline] = OrderedDict()
        self._lock = Lock()

    def pipeline(self, sha256: str, text: str) -> Pipeline:
        """The pipeline of a stored definition; AssertionError if it cannot be read any more."""
        with self._lock:
            kept = self._kept.get(sha256)
            if kept is not None:
                self._kept.move_to_end(sha256)
                return kept
        pipeline = read(text).pipeline
        assert pipeline is not None, "what cannot be validated is not stored"
        with self._lock:
            self._kept[sha256] = pipeline
            while len(self._kept) > PIPELINES_READ_MAX:
                self._kept.popitem(last=False)
        return pipeline
