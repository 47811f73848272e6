"""What the rooms of a store ask of a database: four verbs. It knows no table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

Value: TypeAlias = str | int | float | None
Row: TypeAlias = tuple[Any, ...]


class Database(ABC):
    """One connection, owned by one thread. Placeholders are `?`; values are always parameters.

    Every failure of the database leaves it as a `StoreError`.
    """

    inside = False  # whether a transaction is under way
    torn = False  # whether the transaction holds half of something, and must not be committed

    @abstractmethod
    def rows(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Every row."""

    @abstractmethod
    def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row, if there is one."""

    @abstractmethod
    def do(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement inside a transaction; how many rows it touched."""

    @abstractmethod
    def do_each(self, sql: str, values: Sequence[Sequence[Value]]) -> None:
        """Run a statement for each of `values`, inside a transaction."""

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Several statements that belong together: a failure among them dooms the transaction."""
        before, self.torn = self.torn, True
        yield
        self.torn = before

    def number(self, sql: str, values: Sequence[Value] = ()) -> int:
        """The one number that a statement gives, in a transaction: an id by RETURNING."""
        assert self.inside, "what is written is written in a transaction"
        found = self.row(sql, values)
        assert found is not None, "the statement gives one row"
        assert isinstance(found[0], int)
        return found[0]
