"""The Merkle log on PostgreSQL, as it is asked."""

from collections.abc import Collection, Mapping, Sequence
from struct import unpack
from typing import Any, LiteralString

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from adapters.postgres.merkle import NAME
from application.audit.entries import Stored
from application.audit.ledger import Head, Published
from application.audit.merkle import HASH, WIDTH, Frontier, Tile
from application.ports import Busy

HEAD = """
    SELECT size, frontier, coalesce(notification_id, 0), (
        SELECT count(*) FROM remit_events AS e
        WHERE e.notification_id > coalesce(t.notification_id, 0)
    )
    FROM merkle_log LEFT JOIN remit_tracking AS t ON application_name = %s
"""
TILES = """
    SELECT level, index, hashes FROM merkle_tiles
    JOIN unnest(%s::int[], %s::bigint[]) AS wanted (level, index) USING (level, index)
"""
LEAF = """
    SELECT index, positions FROM merkle_tiles
    WHERE first_position <= %s ORDER BY first_position DESC LIMIT 1
"""
STORED = """
    SELECT notification_id, originator_id::text, originator_version, coalesce(topic, ''),
        coalesce(state, '')
    FROM remit_events WHERE notification_id = %s
"""
NEWEST = "SELECT size, root, note, published_at FROM checkpoints ORDER BY size DESC LIMIT 1"
COVERING = """
    SELECT size, root, note, published_at FROM checkpoints WHERE size > %s ORDER BY size LIMIT 1
"""
PUBLISH = """
    INSERT INTO checkpoints (size, root, note, published_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (size) DO UPDATE SET published_at = excluded.published_at, note = excluded.note
    WHERE checkpoints.root = excluded.root
"""
Pool = AsyncConnectionPool[AsyncConnection[Any]]


class PostgresLedger:
    """What the Merkle log's tables say, through somebody's pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def head(self) -> Head:
        """The tree as it is now."""
        ((size, hashes, position, behind),) = await self._rows(HEAD, (NAME,))
        parts = tuple(hashes[at : at + HASH] for at in range(0, len(hashes), HASH))
        return Head(size, Frontier(size, parts).root, position, behind)

    async def tiles(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """The hashes of these tiles, as far as there are any."""
        levels, indexes = [tile.level for tile in wanted], [tile.place for tile in wanted]
        found = await self._rows(TILES, (levels, indexes))
        return {Tile(level, place): hashes for level, place, hashes in found}

    async def index_of(self, position: int) -> int | None:
        """Which leaf the event at a position is; None if it is none."""
        for tile, positions in await self._rows(LEAF, (position,)):
            places = unpack(f">{len(positions) // 8}q", positions)
            if position in places:
                return int(tile) * WIDTH + places.index(position)
        return None

    async def stored(self, position: int) -> Stored | None:
        """The event at a position, as it is stored."""
        rows = await self._rows(STORED, (position,))
        return Stored(*rows[0]) if rows else None

    async def checkpoint(self, index: int | None = None) -> Published | None:
        """The first published checkpoint that this leaf is in; the newest of all for no leaf."""
        found = await self._rows(*((NEWEST, ()) if index is None else (COVERING, (index,))))
        return Published(*found[0]) if found else None

    async def publish(self, checkpoint: Published) -> None:
        """Remember that a checkpoint left the system."""
        size, root = checkpoint.size, checkpoint.root
        await self._rows(PUBLISH, (size, root, checkpoint.note, checkpoint.published_at))

    async def _rows(
        self, statement: LiteralString, parameters: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(binary=True)
                await cursor.execute(statement, parameters, prepare=True)
                return await cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as error:
            raise Busy(f"the log can't be read now: {error}") from error
