"""The event log on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from typing import Any, LiteralString, Self
from uuid import UUID

from adapters.postgres.data_subjects import DataSubjects
from adapters.postgres.encoding import EventCodec, Keys
from adapters.postgres.gathering import Gathering
from adapters.postgres.listening import Listener
from adapters.postgres.pooled import busy, pool, reading
from adapters.postgres.writer import Writer
from application.ports import Append, Positioned, PriorCommand, Told
from domain.model import Event

STREAM = """
    SELECT originator_id, originator_version, topic, state FROM remit_events
    WHERE originator_id = %b AND originator_version <= %b
    ORDER BY originator_version
"""
STREAMS = """
    SELECT originator_id, originator_version, topic, state FROM remit_events
    WHERE originator_id = ANY (%b)
    ORDER BY originator_id, originator_version
"""
AFTER = """
    SELECT originator_id, originator_version, topic, state, notification_id FROM remit_events
    WHERE notification_id > %b
    ORDER BY notification_id LIMIT %b
"""
AFTER_OF_TOPICS = """
    SELECT originator_id, originator_version, topic, state, notification_id FROM remit_events
    WHERE notification_id > %b AND topic = ANY (%b)
    ORDER BY notification_id LIMIT %b
"""
AFTER_OF_GOVERNANCE = """
    SELECT originator_id, originator_version, topic, state, notification_id FROM remit_events
    WHERE notification_id > %b AND topic = ANY (%b) AND topic LIKE 'decision\\_type.%%'
    ORDER BY notification_id LIMIT %b
"""
GOVERNANCE = "decision_type."
"""What such topics begin with; they have an index of their own."""
PRIOR = "SELECT stream, version, digest FROM commands WHERE scope = %b AND key = %b"
NEWEST_POSITION = "SELECT coalesce(max(notification_id), 0) FROM remit_events"
LIVE_ON = "SELECT decision_id FROM live_decisions WHERE decision_type = %b AND subject = %b"


class PostgresEventLog:
    """The append-only log: a group-committing writer, a pool of readers and one listener."""

    def __init__(
        self,
        url: str,
        codec: EventCodec,
        *,
        capacity: int = 10_000,
        readers: int = 8,
        reconnect_within: float = 5.0,
    ) -> None:
        self._codec = codec
        self._writer = Writer(url, codec, capacity=capacity, reconnect_within=reconnect_within)
        self._listener = Listener(url)
        self._data_subjects = DataSubjects(codec, self._rows, self._run)
        self._pool = pool(url, readers, reconnect_within)
        self._whole = Gathering(lambda ids: self._rows(STREAMS, (ids,)))

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Connect; the log answers from now on."""
        await self._writer.open()
        await self._pool.open(wait=True, timeout=10)

    async def close(self) -> None:
        """Write what was accepted, then let go of every connection."""
        await self._writer.close()
        await self._listener.close()
        await self._pool.close()

    async def append(self, append: Append) -> int:
        """Write durably and give the position of the last event."""
        keys = await self._data_subjects.keys_to_write(append.events)
        return await self._writer.append(append, keys)

    async def stream(self, id: UUID, *, up_to: int | None = None) -> Sequence[Event]:
        """All events of one stream in order; empty if none."""
        if up_to is None:
            rows = await self._whole.rows(id)
        else:
            rows = await self._rows(STREAM, (id, up_to))
        keys = await self._data_subjects.keys_to_read(row[3] for row in rows)
        return [self._event(row, keys) for row in rows]

    async def told(self, id: UUID) -> Sequence[Told]:
        """The same events as JSON, most of them as they are stored."""
        rows = await self._whole.rows(id)
        keys = await self._data_subjects.keys_to_read(row[3] for row in rows)
        return [
            self._codec.tell(stream, version, topic, state, keys)
            for stream, version, topic, state in rows
        ]

    async def after(
        self, position: int, *, limit: int = 500, topics: Sequence[str] = ()
    ) -> Sequence[Positioned]:
        """Events behind a position, in order; `topics` are the event classes' own."""
        if topics:
            stored = self._codec.stored_topics(topics)
            few = all(topic.startswith(GOVERNANCE) for topic in stored)
            wanted = AFTER_OF_GOVERNANCE if few else AFTER_OF_TOPICS
            rows = await self._rows(wanted, (position, stored, limit))
        else:
            rows = await self._rows(AFTER, (position, limit))
        keys = await self._data_subjects.keys_to_read(row[3] for row in rows)
        return [Positioned(row[4], self._event(row, keys)) for row in rows]

    def _event(self, row: tuple[Any, ...], keys: Keys) -> Event:
        stream, version, topic, state = row[:4]
        return self._codec.read(stream, version, topic, state, keys)

    async def newest(self) -> int:
        """The position of the newest event; 0 if there is none."""
        return int((await self._rows(NEWEST_POSITION, ()))[0][0])

    async def prior(self, scope: str, key: str) -> PriorCommand | None:
        """What an idempotency key was used for, if it was."""
        rows = await self._rows(PRIOR, (scope, key))
        return PriorCommand(*rows[0]) if rows else None

    async def live_on(self, decision_type: str, subject: str) -> frozenset[UUID]:
        """The live decisions on a subject."""
        return frozenset(id for (id,) in await self._rows(LIVE_ON, (decision_type, subject)))

    @property
    def seals(self) -> bool:
        """Whether personal facts can be sealed here."""
        return self._codec.vault is not None

    async def data_subject(self, reference: str) -> UUID:
        """The id of whoever a reference means, with a key to seal with, durable from now on."""
        return await self._data_subjects.make_known(reference)

    async def known_as(self, reference: str) -> UUID | None:
        """The id of whoever a reference means; None if nobody, or nobody any more."""
        return await self._data_subjects.known_as(reference)

    async def any_key(self) -> tuple[UUID, bytes] | None:
        """A data subject's wrapped key, to see whether this process can unwrap it."""
        return await self._data_subjects.any_key()

    def changes(self) -> AsyncIterator[None]:
        """Ticks whenever something was appended, by any process, and at least once a second."""
        return self._listener.changes()

    async def _rows(
        self, statement: LiteralString, parameters: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        return await reading(self._pool, lambda: self._read(statement, parameters))

    async def _run(self, statement: LiteralString, parameters: Sequence[Any]) -> None:
        with busy("written"):
            async with self._pool.connection() as connection:
                await connection.execute(statement, parameters, prepare=True)

    async def _read(
        self, statement: LiteralString, parameters: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = connection.cursor(binary=True)
            await cursor.execute(statement, parameters, prepare=True)
            return await cursor.fetchall()
