"""Group commit: while one transaction is on its way, the next batch gathers; nobody waits in vain.

No timer: an append that comes alone is written at once. The statement checks and writes each
append of a batch on its own, so what refuses one leaves its neighbours alone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection

from adapters.postgres import connecting
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
from application.ports import Append, Busy, Overtaken, Unknown

log = logging.getLogger(__name__)

LOCK = "SELECT pg_advisory_xact_lock(%b::bigint)"
MAX_APPENDS = 500
SHARED_BY_ALL = 8
"""Up to so many appends, splitting them in two batches costs more than it gains."""
MAX_EVENTS = 2_000
MAX_BYTES = 4 * 1024 * 1024
MAX_SENDS = 2
MOST_HELD = 64 * 1024 * 1024
"""Bytes of events that may wait: a bound by number alone lets large events fill the memory."""


class Writer:
    """The one way into the log for a process: appends in, one transaction a batch out."""

    def __init__(
        self,
        url: str,
        codec: EventCodec,
        *,
        capacity: int = 10_000,
        reconnect_within: float = 5.0,
        locked_within: float = 10.0,
        answered_within: float = 30.0,
    ) -> None:
        self._url = url
        self._codec = codec
        self._capacity = capacity
        self._reconnect_within = reconnect_within
        self._locked_within = locked_within
        self._answered_within = answered_within
        self._waiting: deque[Entry] = deque()
        self._held = 0
        self._answered = 0
        self._more = asyncio.Event()
        self._closing = False
        self._connection: AsyncConnection[Any] | None = None
        self._name = f"remit writer {uuid4()}"
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and write from now on."""
        self._connection = await self._connect()
        self._task = asyncio.create_task(self._run(), name="remit-writer")

    async def close(self) -> None:
        """Write what was accepted, then stop."""
        self._closing = True
        self._more.set()
        if self._task is not None:
            await self._task
        await self._drop_connection()

    async def append(self, append: Append, keys: Keys = NOBODYS) -> int:
        """Write durably, sealed with these keys, and give the position of the last event."""
        if len(self._waiting) >= self._capacity or self._held >= MOST_HELD:
            raise Busy(f"{len(self._waiting)} appends are waiting")
        if self._closing or self._task is None:
            raise Busy("the log is not open")
        entry = Entry.of(append, self._codec, asyncio.get_running_loop().create_future(), keys)
        self._waiting.append(entry)
        self._held += entry.size
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
        events, room = MAX_EVENTS, MAX_BYTES
        most = self._most()
        while (
            self._waiting
            and len(batch) < most
            and len(later) < MAX_APPENDS
            and events > 0
            and room > 0
        ):
            entry = self._take()
            if entry.answer.done():  # its caller has gone away
                continue
            if entry.alone:
                events = 0
            if (entry.alone and batch) or entry.touches(writes, reads):
                later.append(entry)
            else:
                batch.append(entry)
                events -= len(entry.stored)
                room -= entry.size
            writes |= entry.writes
            reads |= entry.reads
        self._put_back(later)
        self._answered = len(batch)
        return batch

    def _take(self) -> Entry:
        entry = self._waiting.popleft()
        self._held -= entry.size
        return entry

    def _put_back(self, entries: Sequence[Entry]) -> None:
        """They go first, in their order."""
        self._waiting.extendleft(reversed(entries))
        self._held += sum(entry.size for entry in entries)

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
                fail(entry, Unknown(f"writing failed: {error}") if entry.sent else error)

    async def _write(self, batch: list[Entry]) -> None:
        try:
            parameters = append_parameters(batch)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is one append's, not all's
            self._find_out_whose(batch, error)
            return
        try:
            connection = self._connection or await self._reconnect()
        except OSError as error:
            self._refuse([*batch, *self._everyone()], f"nothing was sent: {error}")
            return
        try:
            await self._send(connection, batch, parameters)
        except Exception as error:  # noqa: BLE001  # a waiter needs to know more than that it failed
            if not connecting.rolled_back(connection, error):
                await self._settle(batch, error)
            elif connecting.is_servers_own(error):
                self._refuse(batch, f"nothing was recorded: {error}")
            else:
                self._find_out_whose(batch, error)

    def _find_out_whose(self, batch: list[Entry], error: Exception) -> None:
        """One of them upset the database, or our packing, and none was recorded."""
        if len(batch) > 1:
            self._send_again(batch)
        elif not isinstance(error, psycopg.errors.UniqueViolation):
            fail(batch[0], error)
        elif error.diag.table_name == "live_decisions":
            fail(batch[0], ValueError(f"a decision can't become live twice: {error}"))
        else:  # by a writer that doesn't take the lock, such as the library's own recorder
            fail(batch[0], Overtaken("another writer was first"))

    def _everyone(self) -> Iterable[Entry]:
        while self._waiting:
            yield self._take()

    def _refuse(self, entries: Iterable[Entry], why: str) -> None:
        for entry in entries:
            fail(entry, Busy(why))

    async def _send(
        self, connection: AsyncConnection[Any], batch: list[Entry], parameters: dict[str, Any]
    ) -> None:
        for entry in batch:
            entry.sent += 1
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(self._answered_within, connecting.hang_up, connection)
        try:
            # Up to its sync a pipeline is one transaction: one round trip locks, writes, commits.
            # The lock has a statement of its own, because the next one's snapshot must be newer.
            cursor = connection.cursor(binary=True)
            async with connection.pipeline():
                await connection.execute(LOCK, (log_lock(),), prepare=True)
                await cursor.execute(APPEND, parameters, prepare=True)
                if erased := [id for entry in batch for id in entry.append.forgets]:
                    await connection.execute(FORGET, (erased,))
            row = await cursor.fetchone()
        finally:
            deadline.cancel()
        assert row is not None
        answer(batch, row[0], row[1])

    async def _settle(self, batch: list[Entry], lost: Exception) -> None:
        """The answer was lost: look for what was written, send the rest again."""
        log.warning("the connection was lost while writing %d appends: %s", len(batch), lost)
        try:
            async with asyncio.timeout(self._reconnect_within):
                found = await self._find(batch)
        except TimeoutError:
            await self._drop_connection()
            for entry in batch:
                fail(entry, Unknown("the connection was lost after sending"))
            self._refuse(self._everyone(), "nothing was sent: the database can't be reached")
            return
        unwritten: list[Entry] = []
        for item, entry in enumerate(batch):
            if item in found:
                succeed(entry, found[item])
            elif entry.sent < MAX_SENDS:
                unwritten.append(entry)
            else:
                fail(entry, Busy("the connection was lost; nothing was recorded"))
        self._send_again(unwritten)

    def _send_again(self, entries: Sequence[Entry]) -> None:
        """Each in a transaction of its own now: together they failed once."""
        for entry in entries:
            entry.alone = True
        self._put_back(entries)

    async def _find(self, batch: list[Entry]) -> dict[int, int]:
        while True:
            try:
                connection = await self._reconnect()
                async with connection.transaction():
                    await connection.execute(LOCK, (log_lock(),))
                    found = await connection.execute(SETTLE, settle_parameters(batch), binary=True)
                    return dict(await found.fetchall())
            except (OSError, psycopg.Error) as error:
                log.warning("looking for what was written failed: %s", error)
                await asyncio.sleep(0.1)

    async def _reconnect(self) -> AsyncConnection[Any]:
        """A new connection, and the certainty that nothing sent on the old one is still to come."""
        await self._drop_connection()
        try:
            async with asyncio.timeout(self._reconnect_within):
                while True:
                    try:
                        connection = await self._connect_alone()
                    except psycopg.OperationalError:
                        await asyncio.sleep(0.1)
                    else:
                        self._connection = connection
                        return connection
        except TimeoutError:
            raise ConnectionError("the database can't be reached") from None

    async def _connect_alone(self) -> AsyncConnection[Any]:
        connection = await self._connect()
        try:
            await connecting.end_predecessors(connection, self._name)
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _connect(self) -> AsyncConnection[Any]:
        return await connecting.connect(self._url, self._name, self._locked_within)

    async def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
