"""Followers, one for each way there is of reading the log; each goes on where it stopped."""

import asyncio
import random
from collections.abc import Callable, Sequence
from hashlib import sha256
from threading import Event as Flag
from typing import ClassVar

from an_event import Counted, a_codec
from soak.journals import Journal

from adapters.postgres.following import follow
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.projections import ProjectionStore
from adapters.postgres.recorder import GroupCommitRecorder, datastore
from application.ports import Positioned
from application.projections import Projection, Row
from domain.model import Event

COUNTED = f"{Counted.TOPIC}.v1"

TABLES = "".join(
    f"""
    CREATE TABLE {name} (
        key text PRIMARY KEY, count bigint NOT NULL, last bigint NOT NULL, digest text NOT NULL
    );
    """
    for name in ("roll", "roll_of_the_mortal", "roll_of_counted")
)


def line(position: int, stream: object, version: int) -> str:
    """An event as a follower notes it."""
    return f"{position} {stream} {version}"


def enrolled(digest: str, line: str) -> str:
    """The digest of all lines so far: it tells one missed, one twice and two exchanged."""
    return sha256(f"{digest}\n{line}".encode()).hexdigest()


class Enrolment(Row):
    """How many events there were, and the digest of them all in their order."""

    count: int = 0
    last: int = 0
    digest: str = ""


class Roll(Projection[Enrolment]):
    """Everything that was ever projected, in one row."""

    name: ClassVar[str] = "roll"
    Row = Enrolment

    def key(self, event: Event) -> str | None:
        return "all"

    def fold(self, row: Enrolment | None, positioned: Positioned) -> Enrolment:
        row = row or Enrolment(key="all")
        event, last = positioned.event, positioned.position
        digest = enrolled(row.digest, line(last, event.originator_id, event.originator_version))
        return row.model_copy(update={"count": row.count + 1, "last": last, "digest": digest})


class RollOfTheMortal(Roll):
    name = "roll_of_the_mortal"


class RollOfCounted(Roll):
    name = "roll_of_counted"
    topics = (Counted.TOPIC,)


def project(url: str, *rolls: Roll) -> None:
    """As the worker does."""
    follow(url, ProjectionStore(url, a_codec()), rolls, Flag())


def _noted(found: Sequence[Positioned]) -> list[str]:
    return [line(p.position, p.event.originator_id, p.event.originator_version) for p in found]


def _reached(journal: Journal) -> int:
    return int(journal.last.split()[0]) if journal.last else 0


async def poll(url: str, journal: Journal, *topics: str) -> None:
    """Ask for what is behind a position, in pages of any size, now and then."""
    position = _reached(journal)
    async with PostgresEventLog(url, a_codec(), readers=1) as log:
        while True:
            found = await log.after(position, limit=random.choice([1, 7, 500]), topics=topics)
            journal.add(_noted(found))
            if found:
                position = found[-1].position
            else:
                await asyncio.sleep(random.uniform(0, 1))


async def feed(url: str, journal: Journal) -> None:
    """As the feed over HTTP does: woken by changes, then page after page."""
    position = _reached(journal)
    async with PostgresEventLog(url, a_codec(), readers=1) as log:
        async for _ in log.changes():
            while found := await log.after(position, limit=500):
                journal.add(_noted(found))
                position = found[-1].position


def subscribe(url: str, journal: Journal) -> None:
    """By the library's own subscription."""
    recorder = GroupCommitRecorder(datastore(url), events_table_name="remit_events")
    with recorder.subscribe(gt=_reached(journal)) as subscription:
        for n in subscription:
            journal.add([line(int(n.id), n.originator_id, n.originator_version)])


KEPT_JOURNAL: dict[str, Callable[[str, Journal], object]] = {
    "poll": poll,
    "feed": feed,
    "subscribe": subscribe,
}
