"""Tries: what was refused lately. The same again within the minute is not another attempt."""

from asyncio import Lock
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

MOST_REMEMBERED = 10_000


class Tried(NamedTuple):
    """What makes an attempt the same as another: who tried what, and which rule forbade it."""

    decision: UUID
    person: str
    operation: str
    code: str


class Tries:
    """What this process saw refused in the last minute, and whose turn it is to record it."""

    def __init__(self) -> None:
        self._minutes: dict[Tried, datetime] = {}
        self._turns: dict[UUID, Lock] = {}

    def is_new(self, tried: Tried, at: datetime) -> bool:
        """Whether this was not tried before in the same minute."""
        if self._minutes.pop(tried, None) == minute_of(at):
            self._minutes[tried] = minute_of(at)
            return False
        self._minutes[tried] = minute_of(at)
        if len(self._minutes) > MOST_REMEMBERED:
            del self._minutes[next(iter(self._minutes))]
        return True

    def forget(self, tried: Tried) -> None:
        """It could not be recorded; the next time it may."""
        self._minutes.pop(tried, None)

    def turn(self, decision: UUID) -> Lock:
        """One at a time writes to the attempts on a decision."""
        if len(self._turns) > MOST_REMEMBERED:
            self._turns = {id: lock for id, lock in self._turns.items() if lock.locked()}
        return self._turns.setdefault(decision, Lock())


def minute_of(at: datetime) -> datetime:
    """The minute that a moment lies in."""
    return at.replace(second=0, microsecond=0)
