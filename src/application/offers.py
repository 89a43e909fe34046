"""Offers: what this process is about to give to somebody, or has just given.

Rows of a queue follow the log a moment later. Until they do, what is given away looks free.
"""

from asyncio import Event
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import NamedTuple

MOST_REMEMBERED = 10_000
"""How many that were given are remembered in a queue: more than rows are ever behind by. Of one
that is forgotten too early, the log says who has it."""


class Kind(NamedTuple):
    """What says who may take on a decision that waits: those of one kind are the same people's."""

    decision_type: str
    escalated: bool
    person: str
    """Whom an escalation was placed with, or who was the first pair of eyes; empty for nobody."""


class Free(NamedTuple):
    """A decision that nobody has on lease, and the version that its row says so at."""

    kind: Kind
    key: str
    version: int
    producer: str


class Offers:
    """In each queue, what nobody else is offered, and the version its row must reach before."""

    def __init__(self) -> None:
        self._out: defaultdict[str, set[str]] = defaultdict(set)
        self._given: defaultdict[str, dict[str, int]] = defaultdict(dict)
        self._settled = Event()

    def open(self, queue: str, found: Iterable[Free]) -> list[Free]:
        """Those that are on offer to nobody else, and that nobody was given."""
        out, given = self._out[queue], self._given[queue]
        return [
            each for each in found if each.key not in out and each.version >= given.get(each.key, 0)
        ]

    @contextmanager
    def one(self, queue: str, chosen: Free) -> Generator[None]:
        """Offer one to one person, until it is clear whether they have it."""
        self._out[queue].add(chosen.key)
        try:
            yield
        finally:
            self._out[queue].discard(chosen.key)
            self._settled.set()
            self._settled = Event()

    def gone(self, queue: str, key: str, version: int) -> None:
        """It was given away; its row says so from this version on."""
        given = self._given[queue]
        given.pop(key, None)
        given[key] = version
        if len(given) > MOST_REMEMBERED:
            del given[next(iter(given))]

    async def wait(self, queue: str) -> bool:
        """Wait until one that is on offer is settled; false if none is."""
        if not self._out[queue]:
            return False
        await self._settled.wait()
        return True
