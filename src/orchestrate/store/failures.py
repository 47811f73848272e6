"""How a store can fail, by name, each with a sentence for people. A failure never hides."""

from __future__ import annotations


class StoreError(Exception):
    """What was asked is not stored, and not acknowledged. The text says why and what to do."""


class StoreFull(StoreError):
    """The disk is full. The store works again when there is space."""


class StoreBusy(StoreError):
    """Somebody else held the write lock for longer than we wait."""


class StoreBroken(StoreError):
    """The file cannot be read or written: damaged, read-only, gone, or the device fails."""


class NewerSchema(StoreBroken):
    """The tables were made by a later release; this one must not touch them."""


class Conflict(StoreError):
    """Somebody else has already written in this place."""
