"""Whose orphan is it? Attribution of processes that were handed to the runner; it kills none.

A process keeps four marks of the attempt it came from: the lock limit that the runner sets
(inherited, and erased by nothing but a deliberate call), its environment, its session, and
its age.
"""

import os
from collections.abc import Mapping

from orchestrate.agent import tree
from orchestrate.agent.attempt import Attempt

SERIAL_BITS = 32


def instance_of(mark: int) -> int:
    """Which runner set this mark."""
    return mark >> SERIAL_BITS


class Orphans:
    """The children of the runner that it did not start, and the attempts they may belong to."""

    __slots__ = ("_children", "_instance", "_live", "_of")

    def __init__(self, instance: int, live: Mapping[int, Attempt]) -> None:
        self._instance = instance
        self._live = live
        """Attempts by mark."""
        self._of: dict[int, set[int]] = {}
        self._children = tree.OwnChildren()

    def __len__(self) -> int:
        return len(self._of)

    def forget(self, pid: int) -> None:
        """It was reaped; its number may come again."""
        self._of.pop(pid, None)

    def adopt(self, leaders: Mapping[int, Attempt]) -> bool:
        """Attribute every child that is new; costs one read when there is none.

        False when a dead one was among them: it may have left us children after the list was
        read, so nothing can be concluded before it is reaped.
        """
        text = self._children.text()
        if text.count(b" ") == len(leaders) + len(self._of):
            return True
        settled = True
        for pid in map(int, text.split()):
            if pid not in leaders and pid not in self._of:
                marks = self._attribute(pid)
                if marks is None:
                    settled = False
                else:
                    self._of[pid] = marks
        return settled

    def of(self, mark: int) -> list[int]:
        """The orphans that can belong to no other living attempt than this one."""
        return [pid for pid, marks in self._of.items() if mark in marks and len(marks) == 1]

    def nobodys(self) -> list[int]:
        """The orphans that no living attempt can have left."""
        return [pid for pid, marks in self._of.items() if not marks]

    def release(self, mark: int) -> None:
        """The attempt is over: it is nobody's origin any more."""
        for marks in self._of.values():
            marks.discard(mark)

    def _attribute(self, pid: int) -> set[int] | None:
        """The attempts a process may come from; None when it is dead already."""
        status = tree.status(pid)
        if status is None or status.dead:
            return None
        mark = tree.lock_limit(pid)
        if mark is not None and instance_of(mark) == self._instance:
            return {mark} & self._live.keys()
        context = tree.context_of(pid)
        for mark, attempt in self._live.items():
            if status.session == attempt.pid:
                return {mark}
            if context and context == os.fsencode(f"{attempt.directory}/context.json"):
                return {mark}
        return {
            mark
            for mark, attempt in self._live.items()
            if attempt.started_boot_s <= status.started_s + 1 / tree.TICKS_PER_S
        }
