"""Rebuilding: the log is folded stream by stream, each row from its first event to its last.

Whoever folds this way says up to which position. Writers commit in the order of positions, so what
lies up to one that has been seen never changes, and every page, in any process, reads the same log.
"""

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context, parent_process
from os import _exit, cpu_count
from threading import Thread
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg import Cursor

from adapters.postgres import counting, rows
from adapters.postgres.encoding import EventCodec
from application.ports import Positioned
from application.projections import Projection, Row, fold_onto

R = TypeVar("R", bound=Row)

READ = """
    SELECT e.originator_id::text, e.originator_version, e.topic, e.state, e.notification_id
    FROM remit_events AS e
    WHERE (e.originator_id, e.originator_version) > (%s, %s) AND e.originator_id < %s
        AND e.notification_id <= %s AND (%s::text[] IS NULL OR e.topic = ANY (%s))
    ORDER BY e.originator_id, e.originator_version LIMIT %s
"""
STREAM_AT = """
    SELECT originator_id FROM remit_events WHERE notification_id >= %s
    ORDER BY notification_id LIMIT 1
"""
READ_IN_ORDER = """
    SELECT originator_id::text, originator_version, topic, state, notification_id
    FROM remit_events
    WHERE notification_id > %s AND notification_id <= %s
        AND (%s::text[] IS NULL OR topic = ANY (%s))
    ORDER BY notification_id LIMIT %s
"""
NIL, MAX = UUID(int=0), UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Span:
    """The streams from `first`, up to and without `end`, up to a position in the log."""

    first: UUID
    end: UUID
    horizon: int


def spans(cursor: Cursor[Any], horizon: int, size: int) -> list[Span]:
    """The whole log up to the horizon, in parts of about so many events."""
    found = {
        stream
        for at in range(size, horizon, size)
        for stream in rows.tuples(cursor, binary=True).execute(STREAM_AT, (at,)).fetchone() or ()
    }
    return [Span(*ends, horizon) for ends in pairwise((NIL, *sorted(found), MAX))]


def folded(
    cursor: Cursor[Any], codec: EventCodec, projection: Projection[R], span: Span, page: int = 2_000
) -> Iterator[list[R]]:
    """The rows of the span's streams, a page of events at a time; no more is held in memory."""
    topics = codec.stored_topics(projection.topics) if projection.topics else None
    if projection.in_order:
        yield _in_order(cursor, codec, projection, span.horizon, topics, page)
        return
    stream, version = str(span.first), 0
    unfinished: dict[str, R | None] = {}
    while True:
        parameters = (stream, version, span.end, span.horizon, topics, topics, page)
        reader = rows.tuples(cursor, binary=True).execute(READ, parameters, prepare=True)
        found = reader.fetchall()
        concerned = projection.concerned([Positioned(e[4], codec.read(*e[:4])) for e in found])
        waited = set(unfinished)
        fold_onto(projection, unfinished, concerned)
        if len(found) < page:
            yield [row for row in unfinished.values() if row is not None]
            return
        # The page may end in the middle of a stream: its rows wait for the next.
        goes_on = found[-1][0] == stream
        stream, version = found[-1][:2]
        wait = set(_keys_at_the_end(concerned, UUID(stream)))
        if goes_on:
            wait |= waited
        yield [r for key, r in unfinished.items() if r is not None and key not in wait]
        unfinished = {key: unfinished[key] for key in wait}


def _in_order(
    cursor: Cursor[Any],
    codec: EventCodec,
    projection: Projection[R],
    horizon: int,
    topics: list[str] | None,
    page: int,
) -> list[R]:
    """All rows, folded in the order of the log; they are few."""
    position = 0
    after: dict[str, R | None] = {}
    while True:
        parameters = (position, horizon, topics, topics, page)
        reader = rows.tuples(cursor, binary=True).execute(READ_IN_ORDER, parameters, prepare=True)
        found = [Positioned(e[4], codec.read(*e[:4])) for e in reader.fetchall()]
        fold_onto(projection, after, projection.concerned(found))
        if len(found) < page:
            return [row for row in after.values() if row is not None]
        position = found[-1].position


def _keys_at_the_end(concerned: Sequence[tuple[str, Positioned]], stream: UUID) -> Iterator[str]:
    """The rows that the last events concern, as far back as they are of one stream."""
    for key, each in reversed(concerned):
        if each.event.originator_id != stream:
            return
        yield key


def fill(
    url: str, codec: EventCodec, projection: Projection[R], table: str, parts: Sequence[Span]
) -> Iterator[tuple[int, counting.Sums]]:
    """Fill an empty table from the log, in as many processes as there are processors.

    Tells how many parts are in it, after each.
    """
    with psycopg.connect(url) as connection:
        oid = rows.number(connection.cursor(), "SELECT to_regclass(%s)::oid", table)
    task = partial(fill_part, url, codec, projection, table, oid)
    if len(parts) == 1:
        yield 1, task(parts[0])
        return
    processes = min(len(parts), cpu_count() or 1)
    pool = ProcessPoolExecutor(processes, get_context("spawn"), begin_beside)
    try:
        pending = [pool.submit(task, part) for part in parts]
        for done, part in enumerate(as_completed(pending), 1):
            yield done, part.result()
    finally:
        pool.shutdown(cancel_futures=True)


def begin_beside() -> None:
    """A process beside another begins, and will end with it.

    Events and rows form no cycles: looking for some costs a third of the time.
    """
    gc.freeze()
    gc.set_threshold(500_000)
    Thread(target=_end_with_the_rebuild, daemon=True).start()


def _end_with_the_rebuild() -> None:
    """A rebuild that was killed closes nothing: its processes would wait for work for ever."""
    rebuild = parent_process()
    assert rebuild is not None, "only what a rebuild started comes here"
    rebuild.join()
    _exit(1)


def fill_part(
    url: str, codec: EventCodec, projection: Projection[R], table: str, oid: int, part: Span
) -> counting.Sums:
    """Add the rows of one part, all or none; give what they count for.

    A process whose rebuild was killed may come here later: then the table is another one's.
    """
    sums: counting.Sums = Counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(rows.statement_of("LOCK TABLE {t} IN ROW EXCLUSIVE MODE", t=table))
        if rows.number(cursor, "SELECT to_regclass(%s)::oid", table) == oid:
            for page in folded(cursor, codec, projection, part):
                rows.fill(cursor, projection, table, page)
                counting.add(sums, projection, page)
    return sums
