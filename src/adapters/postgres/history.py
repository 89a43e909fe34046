"""Recorded history on PostgreSQL, put to a policy on trial in as many processes as there are.

All processes read the same snapshot, each a part of the window, so the counts are of one moment
however much is written meanwhile.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from os import cpu_count, nice
from signal import SIG_IGN, SIGINT, signal
from typing import Any, LiteralString

import psycopg
from psycopg import Cursor
from psycopg.sql import SQL

from adapters.postgres.rebuilding import begin_beside
from adapters.postgres.rows import number
from application.ports import Busy
from application.rehearsal.history import Cancelled, Counted, Heard
from application.rehearsal.sorting import Sorter
from application.rehearsal.tallying import Recorded, Tally, tally
from application.rehearsal.trial import Scope, Trial

PART = 25_000
"""Decisions that one process takes at a time: how often progress is told, and a wish is heard."""
PAGE = 5_000
LOOKS_UP = 0.1
ONE_MOMENT = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
WITHIN: LiteralString = """
    p.decision_type = %(name)s AND p.received_at >= %(since)s AND p.received_at < %(until)s
    AND p.position > %(behind)s AND p.position <= %(up_to)s
"""
REACHED = "SELECT notification_id FROM remit_tracking WHERE application_name = 'past_cases'"
CUTS: LiteralString = """
    SELECT received_at, n FROM (
        SELECT p.received_at, row_number() OVER (ORDER BY p.received_at) AS n
        FROM past_cases AS p WHERE {within}
    ) AS numbered
    WHERE n %% %(part)s = 0 ORDER BY received_at
"""
TOTAL: LiteralString = "SELECT count(*) FROM past_cases AS p WHERE {within}"
KEYS: LiteralString = """
    SELECT min(key), max(key) FROM (SELECT p.key FROM past_cases AS p WHERE {within} OFFSET 0) AS q
"""
"""`OFFSET 0`, or the database looks for the least key from the first of all on, for each part."""
CASES: LiteralString = """
    SELECT p.key, floor(extract(epoch FROM p.received_at) / 3600)::bigint, p.facts,
        concat(f.lane, '|', f.sampled, '|', f.sampling_rate, '|', f.label, '|',
            f.label_probability, '|',
            CASE WHEN f.disposed_by IS NOT NULL
                    AND f.disposition IN ('uphold', 'override', 'modify')
                THEN CASE WHEN f.final_action IS NULL THEN f.disposition = 'override'
                    ELSE f.final_action <> f.recommended_action END
            END)
    FROM past_cases AS p LEFT JOIN feedback AS f
        ON f.key = p.key AND f.key >= %(first)s AND f.key <= %(last)s
    WHERE {within} AND f.is_test IS NOT TRUE
    ORDER BY p.received_at, p.key
"""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a window, as one moment holds it."""

    since: datetime
    until: datetime
    behind: int
    up_to: int
    snapshot: str

    def parameters(self, name: str) -> dict[str, Any]:
        within = {"since": self.since, "until": self.until}
        return within | {"name": name, "behind": self.behind, "up_to": self.up_to}


class PostgresHistory:
    """What was recorded, as the projections remember it."""

    def __init__(
        self,
        url: str,
        *,
        processes: int | None = None,
        part: int = PART,
        here_at_most: int = PART,
    ) -> None:
        self._url = url
        self._here_at_most = here_at_most
        self._processes = processes or cpu_count() or 1
        self._part = part

    def count(
        self, trial: Trial, scope: Scope, heard: Heard = lambda _done, _total: False
    ) -> Counted:
        """Put all of a scope to the trial; `heard` is told how far it is, and may end it."""
        try:
            with psycopg.connect(self._url, autocommit=True) as connection:
                connection.execute(ONE_MOMENT)
                cursor = connection.cursor()
                reached = number(cursor, REACHED)
                up_to = reached if scope.up_to is None else min(scope.up_to, reached)
                parts, total = self._cut(cursor, trial, scope, up_to)
                return Counted(self._tallied(trial, parts, total, heard), up_to)
        except psycopg.OperationalError as error:
            raise Busy(f"the history can't be read now: {error}") from error

    def _cut(
        self, cursor: Cursor[Any], trial: Trial, scope: Scope, up_to: int
    ) -> tuple[list[Part], int]:
        """Parts of about equal size, all to be read as of this moment."""
        row = cursor.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None, "a transaction has a snapshot"
        whole = Part(scope.since, scope.until, scope.behind, up_to, row[0])
        asked = whole.parameters(trial.definition.name)
        found = cursor.execute(_statement(TOTAL), asked).fetchone()
        total = int(found[0]) if found else 0
        cuts = cursor.execute(_statement(CUTS), asked | {"part": self._part}).fetchall()
        ends = sorted({scope.since, *(at for at, _ in cuts), scope.until})
        return [Part(a, b, scope.behind, up_to, row[0]) for a, b in pairwise(ends)], total

    def _tallied(self, trial: Trial, parts: Sequence[Part], total: int, heard: Heard) -> Tally:
        if total <= self._here_at_most:
            task = partial(count_part, self._url, Sorter(trial))
            return _one_by_one(task, parts, total, heard)
        processes = min(self._processes, len(parts)) or 1
        pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (self._url, trial))
        try:
            return _all_at_once([pool.submit(_count_beside, part) for part in parts], total, heard)
        except BrokenProcessPool as error:
            raise Busy("a process that counted was ended") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _one_by_one(
    task: Callable[[Part], Tally], parts: Sequence[Part], total: int, heard: Heard
) -> Tally:
    whole = Tally()
    for part in parts:
        _tell(heard, whole.decisions, total)
        whole.add(task(part))
    _tell(heard, whole.decisions, total)
    return whole


def _all_at_once(pending: "list[Future[Tally]]", total: int, heard: Heard) -> Tally:
    """Add up in the order of time, whichever part is done first."""
    left = set(pending)
    while left:
        _, left = wait(left, timeout=LOOKS_UP)
        done = sum(one.result().decisions for one in pending if one.done())
        _tell(heard, done, total)
    whole = Tally()
    for one in pending:
        whole.add(one.result())
    return whole


def _tell(heard: Heard, done: int, total: int) -> None:
    if heard(done, total):
        raise Cancelled


_beside: dict[str, Callable[[Part], Tally]] = {}
"""What a process beside does with each part: what it has learnt of one serves the next."""


def _begin(url: str, trial: Trial) -> None:
    """Whoever decides goes first: a rehearsal takes what is left of the processors."""
    nice(10)
    # An interrupt at the terminal is for whoever waits here; it ends these in its own way.
    signal(SIGINT, SIG_IGN)
    begin_beside()
    _beside["count"] = partial(count_part, url, Sorter(trial))


def _count_beside(part: Part) -> Tally:
    return _beside["count"](part)


def count_part(url: str, sorter: Sorter, part: Part) -> Tally:
    """Put one part to the trial."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ONE_MOMENT)
        connection.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(part.snapshot))
        return tally(_cases(connection, sorter.trial.definition.name, part), sorter)


def _cases(connection: psycopg.Connection[Any], name: str, part: Part) -> Iterator[Recorded]:
    asked = part.parameters(name)
    # Ids are in the order of time: told where the part's lie, the database reads no others.
    keys = connection.execute(_statement(KEYS), asked).fetchone() or (None, None)
    with connection.cursor(binary=True) as cursor:
        cursor.execute(_statement(CASES), asked | {"first": keys[0], "last": keys[1]})
        while rows := cursor.fetchmany(PAGE):
            yield from rows


def _statement(text: LiteralString) -> SQL:
    return SQL(text.replace("{within}", WITHIN))
