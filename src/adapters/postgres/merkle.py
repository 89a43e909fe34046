"""The Merkle log on PostgreSQL: its tree moves together with its position in the log.

Whoever grows it holds its lock, so a second worker waits for its turn and then goes on from where
the first one stopped.
"""

from collections.abc import Callable, Iterator, Sequence
from struct import pack
from typing import Any

from psycopg import Cursor

from adapters.postgres.locks import lock_key
from adapters.postgres.recorder import datastore
from adapters.postgres.rows import number, tuples
from application.audit.entries import Stored, entry
from application.audit.ledger import RecordChanged
from application.audit.merkle import HASH, WIDTH, Frontier, grow, leaf_hash

NAME = "merkle_log"
"""Of its position among those of the projections."""
BATCH = 5_000
LOCK = "SELECT pg_advisory_xact_lock(%s)"
POSITION = "SELECT notification_id FROM remit_tracking WHERE application_name = %s"
HORIZON = "SELECT coalesce(max(notification_id), 0) FROM remit_events"
MOVE = """
    INSERT INTO remit_tracking (application_name, notification_id) VALUES (%s, %s)
    ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id
"""
TREE = "SELECT size, frontier FROM merkle_log"
GROW = "UPDATE merkle_log SET size = %s, frontier = %s"
READ = """
    SELECT notification_id, originator_id::text, originator_version, coalesce(topic, ''),
        coalesce(state, '')
    FROM remit_events WHERE notification_id > %s AND notification_id <= %s
    ORDER BY notification_id LIMIT %s
"""
ADD = """
    INSERT INTO merkle_tiles (level, index, hashes, first_position, positions)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (level, index) DO UPDATE SET
        hashes = merkle_tiles.hashes || excluded.hashes,
        positions = merkle_tiles.positions || excluded.positions
"""
PUBLISHED = "SELECT size, root FROM checkpoints"
Progress = Callable[[int, int], None]


class MerkleStore:
    """Grows the log's tree."""

    name = NAME

    def __init__(self, url: str) -> None:
        self._datastore = datastore(url)

    def close(self) -> None:
        """Let go of the connections."""
        self._datastore.close()

    def position(self) -> int:
        """How far in the log it has come."""
        with self._datastore.transaction() as cursor:
            return number(cursor, POSITION, NAME)

    def tree(self) -> Frontier:
        """The tree as it is kept."""
        with self._datastore.transaction() as cursor:
            return tree_of(tuples(cursor, binary=True))

    def advance(self, limit: int = BATCH) -> int:
        """Take in up to `limit` events more; give how many there were."""
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(LOCK, (lock_key(f"projection/{NAME}"),))
            return _advance(cursor, limit)

    def catch_up(self, limit: int = BATCH) -> int:
        """Take it to the end of the log; give how many events there were."""
        total = 0
        while advanced := self.advance(limit):
            total += advanced
        return total

    def rebuild(self, progress: Progress = lambda _done, _all: None) -> Frontier:
        """Build it anew from the first event, all or nothing; give the tree.

        Who asks for proofs meanwhile has them from the tree as it was, which also stays where the
        new one is not what was published.
        """
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(LOCK, (lock_key(f"projection/{NAME}"),))
            cursor.execute("DELETE FROM merkle_tiles")
            cursor.execute(GROW, (0, b""))
            cursor.execute(MOVE, (NAME, 0))
            published = dict(tuples(cursor, binary=True).execute(PUBLISHED).fetchall())
            horizon, ends = number(cursor, HORIZON), sorted(published)
            tree = Frontier()
            for end in (*ends, None):
                while end is None or tree.size < end:
                    if not _advance(cursor, BATCH if end is None else min(BATCH, end - tree.size)):
                        break
                    tree = tree_of(tuples(cursor, binary=True))
                    progress(number(cursor, POSITION, NAME), horizon)
                if end is not None and (tree.size, tree.root) != (end, published[end]):
                    raise RecordChanged(f"the first {end} events are not those that were published")
            return tree


def tree_of(cursor: Cursor[Any]) -> Frontier:
    row = cursor.execute(TREE).fetchone()
    assert row is not None, "the migration put it there"
    size, hashes = row
    return Frontier(size, tuple(hashes[at : at + HASH] for at in range(0, len(hashes), HASH)))


def _advance(cursor: Cursor[Any], limit: int) -> int:
    """Writers commit in the order of positions, so up to the newest one nothing is missing."""
    position, horizon = number(cursor, POSITION, NAME), number(cursor, HORIZON)
    if position >= horizon:
        return 0
    reader = tuples(cursor, binary=True)
    rows = reader.execute(READ, (position, horizon, limit), prepare=True).fetchall()
    _take_in(cursor, [Stored(*row) for row in rows])
    cursor.execute(MOVE, (NAME, rows[-1][0] if rows else horizon))
    return len(rows)


def _take_in(cursor: Cursor[Any], events: Sequence[Stored]) -> None:
    before = tree_of(tuples(cursor, binary=True))
    after, new = grow(before, [leaf_hash(entry(event)) for event in events])
    positions = [event.position for event in events]
    for level, hashes in new.items():
        done = before.size >> 8 * level
        for index, start, end in _pieces(done, len(hashes)):
            of = positions[start:end] if level == 0 else []
            packed = pack(f">{len(of)}q", *of)
            row = (level, index, b"".join(hashes[start:end]), of[0] if of else None, packed)
            cursor.execute(ADD, row, prepare=True)
    cursor.execute(GROW, (after.size, b"".join(after.hashes)))


def _pieces(done: int, more: int) -> Iterator[tuple[int, int, int]]:
    """New hashes by the tile they fall in: its index, and from where to where of the new."""
    start = 0
    while start < more:
        index, held = divmod(done + start, WIDTH)
        end = min(more, start + WIDTH - held)
        yield index, start, end
        start = end
