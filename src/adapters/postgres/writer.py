"""Group commit: while one transaction is on its way, the next batch gathers; nobody waits in vain.

No timer: an append that comes alone is written at once. The statement checks and writes each
append of a batch on its own, so what refuses one leaves its neighbours alone.
"""

import asyncio
import logging
from collections import deque
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection

from adapters.postgres import arrays
from adapters.postgres.batch import (
    APPEND,
    SETTLE,
    Entry,
    answer,
    append_parameters,
    fail,
    settle_parameters,
    succeed,
)
from adapters.postgres.data_subjects import FORGET, NOBODYS
from adapters.postgres.encoding import EventCodec, Keys
from adapters.postgres.locks import log_lock
from application.ports import Append, Busy, Unknown

log = logging.getLogger(__name__)

LOCK = "SELECT pg_advisory_xact_lock(%b::bigint)"
MAX_APPENDS = 500
SHARED_BY_ALL = 8
"""Up to so many appends, splitting them in two batches costs more than it gains."""
MAX_EVENTS = 2_000
MAX_SENDS = 2


class Writer:
    """The one way into the log for a process: appends in, one transaction a batch out."""

    def __init__(
        self,
        url: str,
        codec: EventCodec,
        *,
        capacity: int = 10_000,
        reconnect_within: float = 5.0,
    ) -> None:
        self._url = url
        self._codec = codec
        self._capacity = capacity
        self._reconnect_within = reconnect_within
        self._waiting: deque[Entry] = deque()
        self._answered = 0
        self._more = asyncio.Event()
        self._closing = False
        self._connection: AsyncConnection[Any] | None = None
        self._name = f"remit writer {uuid4()}"
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and write from now on."""
        await self._connect()
        self._task = asyncio.create_task(self._run(), name="remit-writer")

    async def close(self) -> None:
        """Write what was accepted, then stop."""
        self._closing = True
        self._more.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    async def append(self, append: Append, keys: Keys = NOBODYS) -> int:
        """Write durably, sealed with these keys, and give the position of the last event."""
        if len(self._waiting) >= self._capacity:
            raise Busy(f"{len(self._waiting)} appends are waiting")
        if self._closing or self._task is None:
            raise Busy("the log is not open")
        entry = Entry.of(append, self._codec, asyncio.get_running_loop().create_future(), keys)
        self._waiting.append(entry)
        self._more.set()
        return await entry.answer

    async def _run(self) -> None:
        while True:
            batch = self._gather()
            if batch:
                await self._write_whatever_happens(batch)
            elif self._closing:
                return
            else:
                self._more.clear()
                await self._more.wait()

    def _gather(self) -> list[Entry]:
        """The next batch; what touches the same as an earlier append of it waits for the next."""
        batch: list[Entry] = []
        later: list[Entry] = []
        writes: set[object] = set()
        reads: set[object] = set()
        room = MAX_EVENTS
        most = self._most()
        while self._waiting and len(batch) < most and len(later) < MAX_APPENDS and room > 0:
            entry = self._waiting.popleft()
            if entry.answer.done():  # its caller has gone away
                continue
            if (
                entry.writes.isdisjoint(writes)
                and entry.writes.isdisjoint(reads)
                and entry.reads.isdisjoint(writes)
            ):
                batch.append(entry)
                room -= len(entry.stored)
            else:
                later.append(entry)
            writes |= entry.writes
            reads |= entry.reads
        self._waiting.extendleft(reversed(later))
        self._answered = len(batch)
        return batch

    def _most(self) -> int:
        """Half of those who are writing: the database works on one half while we do on the other.

        Those just answered will be back with their next append. Without this, all callers fall
        into step, and the database and this process take turns at being idle.
        """
        half = (len(self._waiting) + self._answered + 1) // 2
        return min(max(half, SHARED_BY_ALL), MAX_APPENDS)

    async def _write_whatever_happens(self, batch: list[Entry]) -> None:
        try:
            await self._write(batch)
        except Exception as error:
            log.exception("a batch of %d appends failed", len(batch))
            for entry in batch:
                fail(entry, error)

    async def _write(self, batch: list[Entry]) -> None:
        try:
            connection = self._connection or await self._reconnect()
        except OSError as error:
            for entry in batch:
                fail(entry, Busy(f"nothing was sent: {error}"))
            return
        try:
            await self._send(connection, batch)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is one append's, not all's
            if connection.closed or connection.broken:
                await self._settle(batch, error)
            elif len(batch) > 1:
                await self._write_one_by_one(batch)
            elif isinstance(error, psycopg.errors.UniqueViolation):
                fail(batch[0], ValueError(f"a decision can't become live twice: {error}"))
            else:
                fail(batch[0], error)

    async def _write_one_by_one(self, batch: list[Entry]) -> None:
        """One of them upset the database and all were rolled back: find out which."""
        for entry in batch:
            await self._write([entry])

    async def _send(self, connection: AsyncConnection[Any], batch: list[Entry]) -> None:
        parameters = append_parameters(batch)
        for entry in batch:
            entry.sent += 1
        # Up to its sync a pipeline is one transaction: one round trip locks, writes and commits.
        # The lock comes in a statement of its own, because the next one's snapshot must be newer.
        cursor = connection.cursor(binary=True)
        async with connection.pipeline():
            await connection.execute(LOCK, (log_lock(),), prepare=True)
            await cursor.execute(APPEND, parameters, prepare=True)
            if erased := [id for entry in batch for id in entry.append.forgets]:
                await connection.execute(FORGET, (erased,))
        row = await cursor.fetchone()
        assert row is not None
        answer(batch, row[0], row[1])

    async def _settle(self, batch: list[Entry], lost: Exception) -> None:
        """The answer was lost: look for what was written, send the rest again."""
        log.warning("the connection was lost while writing %d appends: %s", len(batch), lost)
        try:
            async with asyncio.timeout(self._reconnect_within):
                found = await self._find(batch)
        except TimeoutError:
            for entry in batch:
                fail(entry, Unknown("the connection was lost after sending"))
            return
        unwritten: list[Entry] = []
        for item, entry in enumerate(batch):
            if item in found:
                succeed(entry, found[item])
            elif entry.sent < MAX_SENDS:
                unwritten.append(entry)
            else:
                fail(entry, Busy("the connection was lost; nothing was recorded"))
        self._waiting.extendleft(reversed(unwritten))

    async def _find(self, batch: list[Entry]) -> dict[int, int]:
        while True:
            try:
                connection = await self._reconnect()
                async with connection.transaction():
                    await connection.execute(LOCK, (log_lock(),))
                    found = await connection.execute(SETTLE, settle_parameters(batch), binary=True)
                    return dict(await found.fetchall())
            except (OSError, psycopg.OperationalError):
                await asyncio.sleep(0.1)

    async def _reconnect(self) -> AsyncConnection[Any]:
        """A new connection, and the certainty that nothing sent on the old one is still to come."""
        await self._drop_connection()
        try:
            async with asyncio.timeout(self._reconnect_within):
                while True:
                    try:
                        connection = await self._connect()
                        await self._end_predecessors(connection)
                        return connection
                    except psycopg.OperationalError:
                        await self._drop_connection()
                        await asyncio.sleep(0.1)
        except TimeoutError:
            raise ConnectionError("the database can't be reached") from None

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await AsyncConnection.connect(
            self._url, autocommit=True, application_name=self._name, connect_timeout=5
        )
        arrays.register(connection)
        # The batch's plan is one index look-up an item, whatever the statistics say.
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute("SET enable_seqscan = off")
        await connection.execute("SET jit = off")
        self._connection = connection
        return connection

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _end_predecessors(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE application_name = %s AND pid <> pg_backend_pid()",
            (self._name,),
        )
