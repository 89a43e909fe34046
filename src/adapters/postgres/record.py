"""The record as of one moment: every event as it is stored, beside what was logged of it."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

import psycopg
from psycopg import Connection

from adapters.postgres.merkle import NAME, POSITION, tree_of
from application.audit.entries import Stored, entry
from application.audit.ledger import Published
from application.audit.merkle import HASH, Frontier, grow, leaf_hash

ONE_MOMENT = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
PAGE = 2_000
EVENTS = """
    SELECT notification_id, originator_id::text, originator_version, coalesce(topic, ''),
        coalesce(state, '')
    FROM remit_events WHERE notification_id <= %s ORDER BY notification_id
"""
TILES = "SELECT hashes, positions FROM merkle_tiles WHERE level = 0 ORDER BY index"
CHECKPOINTS = "SELECT size, root, note, published_at FROM checkpoints ORDER BY size"
Progress = Callable[[int, int], None]


class Logged(NamedTuple):
    """What was logged of an event: where it stood, and its hash."""

    position: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """The record as of one moment, read as it is asked for."""

    tree: Frontier
    position: int
    """Up to which the tree reaches."""
    _connection: Connection[Any]

    def events(self) -> Iterator[Stored]:
        """What is stored, up to where the tree reaches."""
        with self._connection.cursor("events", binary=True) as cursor:
            cursor.itersize = PAGE
            for row in cursor.execute(EVENTS, (self.position,)):
                yield Stored(*row)

    def logged(self) -> Iterator[Logged]:
        """What was logged when it was recorded."""
        with self._connection.cursor("tiles", binary=True) as cursor:
            cursor.itersize = 16
            for hashes, positions in cursor.execute(TILES):
                for n in range(len(hashes) // HASH):
                    position = int.from_bytes(positions[n * 8 : n * 8 + 8])
                    yield Logged(position, hashes[n * HASH : n * HASH + HASH])

    def checkpoints(self) -> list[Published]:
        """The checkpoints that left the system, the oldest first."""
        rows = self._connection.cursor(binary=True).execute(CHECKPOINTS).fetchall()
        return [Published(*row) for row in rows]


@contextmanager
def as_of_one_moment(url: str) -> Generator[Record]:
    """The record as it is now, while others write on."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ONE_MOMENT)
        cursor = connection.cursor(binary=True)
        row = cursor.execute(POSITION, (NAME,)).fetchone()
        yield Record(tree_of(cursor), row[0] if row else 0, connection)


@dataclass(frozen=True, slots=True)
class Verified:
    """What building the tree anew says of the one that is kept."""

    size: int
    bad_position: int | None = None
    """The first event that is not what was logged; none if all are."""
    problem: str | None = None


def verify(url: str, progress: Progress = lambda _done, _all: None) -> Verified:
    """Build the tree anew from what is stored, and find the first place where they differ."""
    with as_of_one_moment(url) as record:
        size, again = record.tree.size, Frontier()
        published = {one.size: one for one in record.checkpoints()}
        page: list[bytes] = []
        for stored, logged in zip_longest(record.events(), record.logged()):
            leaf = b"" if stored is None else leaf_hash(entry(stored))
            if problem := _compared(stored, leaf, logged):
                return Verified(size, *problem)
            page.append(leaf)
            full = again.size + len(page)
            if len(page) == PAGE or full in published or full == size:
                again, page = grow(again, page)[0], []
                progress(again.size, size)
                if again.size in published and published[again.size].root != again.root:
                    said = f"the first {again.size} events are not those that were published"
                    return Verified(size, None, said)
        if again != record.tree:
            return Verified(size, None, "the tree is not that of its own hashes")
        return Verified(size)


def _compared(stored: Stored | None, leaf: bytes, logged: Logged | None) -> tuple[int, str] | None:
    """Where the first difference is, and what it is."""
    if stored is None or (logged is not None and logged.position < stored.position):
        assert logged is not None, "one of the two is there"
        return logged.position, "it was logged, and is gone"
    if logged is None or stored.position < logged.position:
        return stored.position, "it is stored, and was never logged there"
    if leaf != logged.hash:
        return stored.position, "it is not what was logged"
    return None
