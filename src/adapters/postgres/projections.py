"""Storage for projections: rows and the position they stand for move together or not at all.

Whoever moves a projection holds its lock, so a second runner waits for its turn and then goes on
from where the first one stopped.
"""

import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from psycopg import Cursor
from psycopg.rows import DictRow

from adapters.postgres import counting, rows
from adapters.postgres.encoding import EventCodec
from adapters.postgres.locks import lock_key
from adapters.postgres.rebuilding import MAX, NIL, Span, fill, folded, spans
from adapters.postgres.recorder import datastore
from adapters.postgres.rows import columns, number, statement_of, tuples
from application.ports import Positioned
from application.projections import Projection, Row, fold_onto

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Row)
Progress = Callable[[int, int], None]
"""Hears how far a rebuild is: the position reached, and the newest there is."""

MARK = "__rebuilt"
"""What the name of a table and its indexes ends with until they take the live ones' place."""

BESIDE = "__folded"
"""What the name of a table ends with that holds what the log gives, for a moment."""

TRACKING = "remit_tracking"
LOCK = "SELECT pg_advisory_xact_lock(%s)"
HORIZON = "SELECT coalesce(max(notification_id), 0) FROM remit_events"
POSITION = "SELECT notification_id FROM remit_tracking WHERE application_name = %s"
READ = """
    SELECT originator_id::text, originator_version, topic, state, notification_id
    FROM remit_events
    WHERE notification_id > %s AND notification_id <= %s
    ORDER BY notification_id LIMIT %s
"""
READ_TOPICS = """
    SELECT originator_id::text, originator_version, topic, state, notification_id
    FROM remit_events
    WHERE notification_id > %s AND notification_id <= %s AND topic = ANY (%s)
    ORDER BY notification_id LIMIT %s
"""
COMPARE = """
    SELECT coalesce(a.key, b.key), row_to_json(a)::text, row_to_json(b)::text
    FROM (SELECT {columns} FROM {table}) AS a
    FULL JOIN (SELECT {columns} FROM {folded}) AS b ON a.key = b.key
    WHERE to_jsonb(a) IS DISTINCT FROM to_jsonb(b)
    ORDER BY 1
"""
COMPARE_COUNTS = """
    SELECT concat_ws('/', a.decision_type, a.period, a.measure, a.label,
            b.decision_type, b.period, b.measure, b.label), a.n::text, b.n::text
    FROM {table} AS a
    FULL JOIN {folded} AS b
    ON (a.decision_type, a.period, a.measure, a.label)
        = (b.decision_type, b.period, b.measure, b.label)
    WHERE a.n IS DISTINCT FROM b.n
    ORDER BY 1
"""
LIKE = "CREATE TABLE {table} (LIKE {model} INCLUDING ALL EXCLUDING INDEXES)"
LIKE_FOR_A_MOMENT = "CREATE TEMP TABLE {table} (LIKE {model} INCLUDING ALL) ON COMMIT DROP"
SHOW = "CREATE TEMP VIEW {table} AS SELECT * FROM {beside}"
"""For this session, in the table's place: temporary names are looked up first."""
INDEXES = """
    SELECT format('CREATE %%sINDEX %%I ON %%I %%s',
            CASE WHEN indisunique THEN 'UNIQUE ' ELSE '' END,
            relname || %(mark)s::text, %(shadow)s::text,
            substring(pg_get_indexdef(indexrelid) FROM 'USING .*')),
        relname, indisprimary
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass(%(table)s)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that isn't what folding the log gives; None where there is no row."""

    key: str
    stored: str | None
    folded: str | None


class ProjectionStore:
    """Keeps any projection in the table of its name, and follows the log for it."""

    def __init__(self, url: str, codec: EventCodec) -> None:
        self._url = url
        self._codec = codec
        self._recent: dict[int, Positioned] = {}
        self._datastore = datastore(url)
        self._tracking = PostgresTrackingRecorder(self._datastore, tracking_table_name=TRACKING)

    def close(self) -> None:
        self._datastore.close()

    def position(self, projection: Projection[R]) -> int:
        """How far in the log its rows stand."""
        with self._datastore.transaction() as cursor:
            return self._position(cursor, projection)

    def newest(self) -> int:
        """The position of the newest event; 0 if there is none."""
        with self._datastore.transaction() as cursor:
            return number(cursor, HORIZON)

    def rows(self, projection: Projection[R], keys: Sequence[str] | None = None) -> dict[str, R]:
        """Its rows: those of the keys, or all of them."""
        with self._datastore.transaction() as cursor:
            return rows.load(cursor, projection, projection.name, keys)

    def advance(self, projection: Projection[R], limit: int = 2_000) -> int:
        """Take it up to `limit` events further; give how many there were."""
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(LOCK, (lock_key(f"projection/{projection.name}"),))
            position = self._position(cursor, projection)
            events, reached = self._read(cursor, projection, position, limit)
            self._apply(cursor, projection, events)
            self._move(cursor, projection, reached)
        return len(events)

    def catch_up(self, projection: Projection[R], limit: int = 2_000) -> int:
        """Take it to the end of the log; give how many events there were."""
        total = 0
        while advanced := self.advance(projection, limit):
            total += advanced
        return total

    def rebuild(
        self, projection: Projection[R], progress: Progress | None = None, part: int = 20_000
    ) -> int:
        """Fold it anew from the whole log beside the live table, then swap; give the position.

        Writes and the live table go on meanwhile. A rebuild that dies leaves only its own table,
        which the next one drops.
        """
        with self._rebuilding(projection):
            with self._datastore.transaction(commit=True) as cursor:
                for table in tables(projection):
                    shadow = table + MARK
                    cursor.execute(statement_of("DROP TABLE IF EXISTS {shadow}", shadow=shadow))
                    cursor.execute(statement_of(LIKE, table=shadow, model=table))
                horizon = number(cursor, HORIZON)
                whole = [Span(NIL, MAX, horizon)]
                parts = whole if projection.in_order else spans(cursor, horizon, part)
            sums: counting.Sums = Counter()
            shadow = projection.name + MARK
            for done, counted in fill(self._url, self._codec, projection, shadow, parts):
                sums.update(counted)
                if progress:
                    progress(horizon * done // len(parts), horizon)
            if projection.counts:
                with self._datastore.transaction(commit=True) as cursor:
                    counting.fill(cursor, projection.counts + MARK, sums)
            indexes = {table: self._index(table) for table in tables(projection)}
            return self._swap(projection, indexes, horizon)

    def verify(self, projection: Projection[R]) -> list[Difference]:
        """Fold the log anew up to where the rows stand, and give every row that differs."""
        with self._one_moment() as cursor:
            return self._differences(cursor, projection)

    @contextmanager
    def seen_twice(
        self, projections: Sequence[Projection[Any]]
    ) -> Generator[tuple[Cursor[DictRow], Callable[[], list[Difference]]]]:
        """A cursor that sees the tables as they stand and, from the call on that gives every row
        that differs, as the log gives them."""
        with self._one_moment() as cursor:

            def fold() -> list[Difference]:
                found = [d for each in projections for d in self._differences(cursor, each)]
                for table in (table for each in projections for table in tables(each)):
                    beside = table + BESIDE
                    cursor.execute(statement_of("ANALYZE {beside}", beside=beside))
                    cursor.execute(statement_of(SHOW, table=table, beside=beside))
                return found

            yield cursor, fold

    @contextmanager
    def _one_moment(self) -> Generator[Cursor[DictRow]]:
        """Rows, position and log as of one moment, while others write on; nothing of it stays."""
        with self._datastore.transaction() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield cursor

    def _differences(self, cursor: Cursor[DictRow], projection: Projection[R]) -> list[Difference]:
        beside = projection.name + BESIDE
        cursor.execute(statement_of(LIKE_FOR_A_MOMENT, table=beside, model=projection.name))
        everything = Span(NIL, MAX, self._position(cursor, projection))
        sums: counting.Sums = Counter()
        for page in folded(cursor, self._codec, projection, everything):
            rows.fill(cursor, projection, beside, page)
            counting.add(sums, projection, page)
        names = {"table": projection.name, "folded": beside}
        compare = statement_of(COMPARE, columns=columns(projection), **names)
        found = tuples(cursor).execute(compare).fetchall()
        if projection.counts:
            found += self._miscounted(cursor, projection.counts, sums)
        return [Difference(*row) for row in found]

    def _miscounted(
        self, cursor: Cursor[DictRow], table: str, sums: counting.Sums
    ) -> list[tuple[Any, ...]]:
        """Every sum that is not what the folded rows count for."""
        beside = table + BESIDE
        cursor.execute(statement_of(LIKE_FOR_A_MOMENT, table=beside, model=table))
        counting.fill(cursor, beside, sums)
        compare = statement_of(COMPARE_COUNTS, table=table, folded=beside)
        return tuples(cursor).execute(compare).fetchall()

    @contextmanager
    def _rebuilding(self, projection: Projection[R]) -> Generator[None]:
        """One rebuild of a projection at a time; the lock goes with its connection."""
        key = lock_key(f"rebuild/{projection.name}")
        with self._datastore.get_connection() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (key,))
            try:
                yield
            finally:
                connection.execute("SELECT pg_advisory_unlock(%s)", (key,))

    def _index(self, table: str) -> list[str]:
        """Give a filled table what the live one's queries rely on; name the live one's indexes."""
        shadow = table + MARK
        with self._datastore.transaction(commit=True) as cursor:
            parameters = {"mark": MARK, "shadow": shadow, "table": table}
            found = tuples(cursor).execute(INDEXES, parameters).fetchall()
            for definition, name, is_primary in found:
                cursor.execute(definition)
                if is_primary:
                    key = "ALTER TABLE {t} ADD PRIMARY KEY USING INDEX {i}"
                    cursor.execute(statement_of(key, t=shadow, i=name + MARK))
            cursor.execute(statement_of("ANALYZE {t}", t=shadow))
        return [name for _, name, _ in found]

    def _swap(
        self, projection: Projection[R], indexes: Mapping[str, Sequence[str]], position: int
    ) -> int:
        """Put the rebuilt tables in the live ones' place, at the end of the log."""
        position = self._overtake(projection, position)
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(LOCK, (lock_key(f"projection/{projection.name}"),))
            horizon = number(cursor, HORIZON)
            while position < horizon:
                events, position = self._read(cursor, projection, position, 5_000)
                self._apply(cursor, projection, events, MARK)
            for table in tables(projection):
                cursor.execute(statement_of("DROP TABLE {table}", table=table))
                rename = "ALTER TABLE {shadow} RENAME TO {table}"
                cursor.execute(statement_of(rename, shadow=table + MARK, table=table))
                for index in indexes[table]:
                    rename = "ALTER INDEX {marked} RENAME TO {index}"
                    cursor.execute(statement_of(rename, marked=index + MARK, index=index))
            self._move(cursor, projection, position)
        return position

    def _overtake(self, projection: Projection[R], position: int) -> int:
        """Fold on what was written during the rebuild while the live rows may still be moved."""
        behind = True
        while behind:
            with self._datastore.transaction(commit=True) as cursor:
                events, position = self._read(cursor, projection, position, 5_000)
                self._apply(cursor, projection, events, MARK)
            behind = len(events) == 5_000
        return position

    def _position(self, cursor: Cursor[DictRow], projection: Projection[R]) -> int:
        return number(cursor, POSITION, projection.name)

    def _read(
        self, cursor: Cursor[DictRow], projection: Projection[R], position: int, limit: int
    ) -> tuple[list[Positioned], int]:
        """The next events behind a position, and the position they lead to.

        Writers commit in the order of positions, so up to the newest one seen nothing is missing.
        """
        horizon = number(cursor, HORIZON)
        topics = self._codec.stored_topics(projection.topics) if projection.topics else None
        reader = tuples(cursor, binary=True)
        statement, among = (READ, ()) if topics is None else (READ_TOPICS, (topics,))
        reader.execute(statement, (position, horizon, *among, limit), prepare=True)
        events = self._decoded(reader.fetchall())
        if len(events) == limit:
            return events, events[-1].position
        return events, max(position, horizon)

    def _decoded(self, found: Sequence[tuple[Any, ...]]) -> list[Positioned]:
        """The events of these rows; projections in turn read the same ones, decoded once."""
        before, read = self._recent, self._codec.read
        events = [before.get(row[4]) or Positioned(row[4], read(*row[:4])) for row in found]
        if events:
            self._recent = {event.position: event for event in events}
        return events

    def _apply(
        self,
        cursor: Cursor[DictRow],
        projection: Projection[R],
        events: Iterable[Positioned],
        mark: str = "",
    ) -> None:
        """Fold the events onto the rows, and the sums with them; `mark` names other tables."""
        concerned = projection.concerned(events)
        if not concerned:
            return
        table = projection.name + mark
        keys = list({key for key, _ in concerned})
        before = rows.load(cursor, projection, table, keys)
        after: dict[str, R | None] = dict(before)
        fold_onto(projection, after, concerned)
        left = {key: row for key, row in after.items() if row is not None}
        rows.forget(cursor, table, [key for key in before if key not in left])
        # Nobody else writes rows meanwhile, so what was not there needs no look at what is.
        rows.fill(cursor, projection, table, [left[key] for key in left if key not in before])
        rows.keep(cursor, projection, table, [left[key] for key in left if key in before])
        if projection.counts:
            changes: counting.Sums = Counter()
            counting.add(changes, projection, left.values())
            counting.add(changes, projection, before.values(), -1)
            counting.keep(cursor, projection.counts + mark, changes)

    def _move(self, cursor: Cursor[DictRow], projection: Projection[R], reached: int) -> None:
        if reached > self._position(cursor, projection):
            # The library has no public way of tracking within one's own transaction.
            insert = self._tracking._insert_tracking  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            insert(cursor, Tracking(projection.name, reached))


def tables(projection: Projection[R]) -> tuple[str, ...]:
    """The tables that a projection is kept in."""
    counts = projection.counts
    return (projection.name,) if counts is None else (projection.name, counts)
