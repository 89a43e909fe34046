"""Replaying the whole log on PostgreSQL, in as many processes as there are processors.

Streams are replayed a page at a time, so memory does not grow with the log. Each process reads the
log up to the same position, which never changes.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from signal import SIG_IGN, SIGINT, signal
from typing import Any, Protocol

import psycopg

from adapters.postgres.rebuilding import Span, begin_beside, spans
from adapters.postgres.rows import number
from application.ports import Busy
from application.replaying_log import Glimpse, LogReplay, Rules, Tally, tally

PART = 20_000
"""Events that one process takes at a time: how often progress is told."""
PAGE = 4_000
HORIZON = "SELECT coalesce(max(notification_id), 0) FROM remit_events"
READ = """
    SELECT e.originator_id::text, e.originator_version, e.topic, e.state FROM remit_events AS e
    WHERE e.originator_id >= %s AND e.originator_id < %s AND e.notification_id <= %s
        AND e.topic = ANY (%s)
    ORDER BY e.originator_id, e.originator_version
"""
Progress = Callable[[int, int], None]


class Glimpses(Protocol):
    """Reads what of a stored event matters to routing."""

    def read(self, stream: str, version: int, topic: str, state: bytes) -> Glimpse: ...


def replay_all(
    url: str,
    glimpses: Glimpses,
    rules: Rules,
    topics: Sequence[str],
    progress: Progress = lambda _done, _all: None,
    *,
    processes: int | None = None,
) -> LogReplay:
    """Replay every routing there is; `topics` are the stored names of what tells or routes."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.cursor()
            horizon = number(cursor, HORIZON)
            parts = spans(cursor, horizon, PART)
        task = partial(replay_part, url, glimpses, rules, topics)
        counted = Tally(rules)
        for done, one in enumerate(_played(task, parts, processes or cpu_count() or 1), 1):
            counted.add(one)
            progress(horizon * done // len(parts), horizon)
        return counted.whole
    except psycopg.OperationalError as error:
        raise Busy(f"the log can't be read now: {error}") from error


def _played(task: "partial[Tally]", parts: Sequence[Span], processes: int) -> Iterator[Tally]:
    """The parts as they are done."""
    if len(parts) == 1 or processes == 1:
        yield from map(task, parts)
        return
    pool = ProcessPoolExecutor(min(processes, len(parts)), get_context("spawn"), _begin, (task,))
    try:
        pending: list[Future[Tally]] = [pool.submit(_replay_beside, part) for part in parts]
        for done in as_completed(pending):
            yield done.result()
    except BrokenProcessPool as error:
        raise Busy("a process that replayed was ended") from error
    finally:
        pool.shutdown(cancel_futures=True)


_beside: dict[str, Callable[[Span], Tally]] = {}
"""What a process beside does with each part: the rules are sent to it once."""


def _begin(task: Callable[[Span], Tally]) -> None:
    # An interrupt at the terminal is for whoever waits here; it ends these in its own way.
    signal(SIGINT, SIG_IGN)
    begin_beside()
    _beside["replay"] = task


def _replay_beside(part: Span) -> Tally:
    counted = _beside["replay"](part)
    # Who adds up has them.
    counted.rules = replace(counted.rules, types={}, policies={}, switches={})
    return counted


def replay_part(
    url: str, glimpses: Glimpses, rules: Rules, topics: Sequence[str], part: Span
) -> Tally:
    """Replay the streams of one part."""
    with psycopg.connect(url) as connection, connection.cursor("streams", binary=True) as cursor:
        cursor.execute(READ, (part.first, part.end, part.horizon, list(topics)))
        return tally(_seen(cursor, glimpses), rules)


def _seen(cursor: Any, glimpses: Glimpses) -> Iterator[tuple[str, int, Glimpse]]:
    read = glimpses.read
    while rows := cursor.fetchmany(PAGE):
        for stream, version, topic, state in rows:
            yield stream, version, read(stream, version, topic, state)
