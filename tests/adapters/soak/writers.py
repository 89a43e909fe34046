"""Writers: through the asynchronous append or the library's door, in bursts and after pauses."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from an_event import a_codec, an_id, append, counted, noted
from eventsourcing.persistence import IntegrityError, PersistenceError, StoredEvent
from psycopg import Cursor
from psycopg.rows import DictRow
from soak.journals import Journal

from adapters.postgres.log import PostgresEventLog
from adapters.postgres.recorder import GroupCommitRecorder, datastore
from application.ports import Busy, Overtaken, Unknown
from domain.model import Event

PAUSE = 1.2
"""Seconds between two appends of a task, on average."""


def some_events(name: UUID, taken: UUID | None) -> list[Event]:
    """Events of one to three streams, each naming the append it is of."""
    events: list[Event] = []
    for _ in range(random.choice([1, 1, 2, 3])):
        stream = an_id()
        for version in range(1, random.choice([1, 2, 2, 3, 12]) + 1):
            if random.random() < 0.3:
                events.append(counted(stream, version, name.int))
            else:
                events.append(noted(stream, version, str(name)))
    if taken is not None:
        events.append(noted(taken, 1, str(name)))
    return events


async def write(url: str, journal: Journal) -> None:
    """Append from a few tasks until killed."""
    async with PostgresEventLog(url, a_codec(), readers=1) as log:
        await asyncio.gather(*(_submit(log, journal) for _ in range(3)))


async def _submit(log: PostgresEventLog, journal: Journal) -> None:
    taken: UUID | None = None
    while True:
        burst = 30 if random.random() < 0.02 else 1
        conflicts = taken if random.random() < 0.1 else None
        streams = await asyncio.gather(*(_append(log, journal, conflicts) for _ in range(burst)))
        taken = streams[0] or taken
        await asyncio.sleep(random.choice([0, random.expovariate(1 / PAUSE)]))


async def _append(log: PostgresEventLog, journal: Journal, taken: UUID | None) -> UUID | None:
    name = an_id()
    events = some_events(name, taken)
    journal.add([f"try {name} {len(events)}"])
    with suppress(Unknown):
        try:
            position = await log.append(append(*events, key=str(name)))
        except (Overtaken, Busy):
            journal.add([f"refused {name}"])
        else:
            journal.add([f"written {name} {position}"])
            return events[0].originator_id
    return None


class Dawdler(GroupCommitRecorder):
    """Takes its time between an insert and its commit."""

    def _insert_stored_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> None:
        super()._insert_stored_events(curs, stored_events, **kwargs)
        if random.random() < 0.3:
            pause = (random.uniform(0, 0.05),)
            curs.connection.cursor().execute("SELECT pg_sleep(%s)", pause)


def write_through_the_librarys_door(url: str, journal: Journal) -> None:
    """Insert stored events, one batch after the other, until killed."""
    recorder = Dawdler(datastore(url), events_table_name="remit_events")
    codec = a_codec()
    taken: UUID | None = None
    while True:
        name = an_id()
        events = some_events(name, taken if random.random() < 0.1 else None)
        journal.add([f"try {name} {len(events)}"])
        with suppress(PersistenceError):
            try:
                positions = recorder.insert_events([codec.to_stored_event(e) for e in events])
            except IntegrityError:
                journal.add([f"refused {name}"])
            else:
                assert positions
                journal.add([f"written {name} {positions[-1]}"])
                taken = events[0].originator_id
        time.sleep(random.choice([0, random.expovariate(1 / PAUSE)]))
