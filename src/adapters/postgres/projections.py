"""Storage for projections: rows and the position they stand for move together or not at all.

Whoever moves a projection holds its lock, so a second runner waits for its turn and then goes on
from where the first one stopped.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL, Composed, Identifier

from adapters.postgres.encoding import EventCodec
from adapters.postgres.locks import lock_key
from adapters.postgres.recorder import datastore
from application.ports import Positioned
from application.projections import Projection, Row, fold_onto

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Row)
Progress = Callable[[int, int], None]
"""Hears how far a rebuild is: the position reached, and the newest there is."""

TRACKING = "remit_tracking"
LOCK = "SELECT pg_advisory_xact_lock(%s)"
HORIZON = "SELECT coalesce(max(notification_id), 0) FROM remit_events"
POSITION = "SELECT notification_id FROM remit_tracking WHERE application_name = %s"
READ = """
    SELECT originator_id, originator_version, topic, state, notification_id FROM remit_events
    WHERE notification_id > %s AND notification_id <= %s
    ORDER BY notification_id LIMIT %s
"""
READ_TOPICS = """
    SELECT originator_id, originator_version, topic, state, notification_id FROM remit_events
    WHERE notification_id > %s AND notification_id <= %s AND topic = ANY (%s)
    ORDER BY notification_id LIMIT %s
"""
LOAD = "SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table} WHERE key = ANY (%s)) AS r"
LOAD_ALL = "SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table} ORDER BY key) AS r"
KEEP = """
    INSERT INTO {table} ({columns})
    SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)
    ON CONFLICT (key) DO UPDATE SET ({columns}) = ROW ({excluded})
"""
FORGET = "DELETE FROM {table} WHERE key = ANY (%s)"
COMPARE = """
    SELECT coalesce(a.key, b.key), row_to_json(a)::text, row_to_json(b)::text
    FROM (SELECT {columns} FROM {table}) AS a
    FULL JOIN (SELECT {columns} FROM {folded}) AS b ON a.key = b.key
    WHERE to_jsonb(a) IS DISTINCT FROM to_jsonb(b)
    ORDER BY 1
"""
LIKE = "CREATE TABLE {table} (LIKE {model} INCLUDING ALL)"
LIKE_FOR_A_MOMENT = "CREATE TEMP TABLE {table} (LIKE {model} INCLUDING ALL) ON COMMIT DROP"
INDEXES: LiteralString = (
    "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s"
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that isn't what folding the log gives; None where there is no row."""

    key: str
    stored: str | None
    folded: str | None


class ProjectionStore:
    """Keeps any projection in the table of its name, and follows the log for it."""

    def __init__(self, url: str, codec: EventCodec) -> None:
        self._codec = codec
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
            return _number(cursor, HORIZON)

    def rows(self, projection: Projection[R], keys: Sequence[str] | None = None) -> dict[str, R]:
        """Its rows: those of the keys, or all of them."""
        with self._datastore.transaction() as cursor:
            return self._load(cursor, projection, projection.name, keys)

    def advance(self, projection: Projection[R], limit: int = 2_000) -> int:
        """Take it up to `limit` events further; give how many there were."""
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(LOCK, (lock_key(f"projection/{projection.name}"),))
            position = self._position(cursor, projection)
            events, reached = self._read(cursor, projection, position, limit)
            self._apply(cursor, projection, projection.name, events)
            self._move(cursor, projection, reached)
        return len(events)

    def catch_up(self, projection: Projection[R], limit: int = 2_000) -> int:
        """Take it to the end of the log; give how many events there were."""
        total = 0
        while advanced := self.advance(projection, limit):
            total += advanced
        return total

    def rebuild(
        self, projection: Projection[R], progress: Progress | None = None, limit: int = 5_000
    ) -> int:
        """Fold it anew from the whole log beside the live table, then swap; give the position.

        Writes and the live table go on meanwhile. A rebuild that dies leaves only its own table,
        which the next one drops.
        """
        shadow = f"{projection.name}__rebuilt"
        with self._rebuilding(projection):
            with self._datastore.transaction(commit=True) as cursor:
                cursor.execute(_sql("DROP TABLE IF EXISTS {shadow}", shadow=shadow))
                cursor.execute(_like(shadow, projection.name))
            position = 0
            while True:
                with self._datastore.transaction(commit=True) as cursor:
                    events, position = self._read(cursor, projection, position, limit)
                    self._apply(cursor, projection, shadow, events)
                    newest = _number(cursor, HORIZON)
                if progress:
                    progress(position, newest)
                if len(events) < limit:
                    break
            return self._swap(projection, shadow, position)

    def verify(self, projection: Projection[R], limit: int = 5_000) -> list[Difference]:
        """Fold the log anew up to where the rows stand, and give every row that differs."""
        folded = f"{projection.name}__folded"
        with self._datastore.transaction() as cursor:
            # Rows, position and log as of one moment, while others write on.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute(_like(folded, projection.name, temporary=True))
            stand = self._position(cursor, projection)
            position = 0
            while position < stand:
                events, position = self._read(cursor, projection, position, limit, stand)
                self._apply(cursor, projection, folded, events)
            names = {"table": projection.name, "folded": folded}
            compare = _sql(COMPARE, columns=_columns(projection), **names)
            found = _tuples(cursor).execute(compare).fetchall()
        return [Difference(*row) for row in found]

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

    def _swap(self, projection: Projection[R], shadow: str, position: int) -> int:
        name = projection.name
        with self._datastore.transaction(commit=True) as cursor:
            cursor.execute(LOCK, (lock_key(f"projection/{name}"),))
            horizon = _number(cursor, HORIZON)
            while position < horizon:
                events, position = self._read(cursor, projection, position, 5_000, horizon)
                self._apply(cursor, projection, shadow, events)
            cursor.execute(_sql("DROP TABLE {table}", table=name))
            cursor.execute(_sql("ALTER TABLE {s} RENAME TO {t}", s=shadow, t=name))
            for (index,) in _tuples(cursor).execute(INDEXES, (name,)).fetchall():
                given = index.replace(shadow, name, 1)
                if given != index:
                    cursor.execute(_sql("ALTER INDEX {i} RENAME TO {given}", i=index, given=given))
            self._move(cursor, projection, position)
        return position

    def _position(self, cursor: Cursor[DictRow], projection: Projection[R]) -> int:
        return _number(cursor, POSITION, projection.name)

    def _read(
        self,
        cursor: Cursor[DictRow],
        projection: Projection[R],
        position: int,
        limit: int,
        horizon: int | None = None,
    ) -> tuple[list[Positioned], int]:
        """The next events behind a position, and the position they lead to.

        Writers commit in the order of positions, so up to the newest one seen nothing is missing.
        """
        if horizon is None:
            horizon = _number(cursor, HORIZON)
        reader = _tuples(cursor, binary=True)
        if projection.topics:
            topics = self._codec.stored_topics(projection.topics)
            reader.execute(READ_TOPICS, (position, horizon, topics, limit), prepare=True)
        else:
            reader.execute(READ, (position, horizon, limit), prepare=True)
        read = self._codec.read
        events = [Positioned(row[4], read(*row[:4])) for row in reader.fetchall()]
        if len(events) == limit:
            return events, events[-1].position
        return events, max(position, horizon)

    def _apply(
        self,
        cursor: Cursor[DictRow],
        projection: Projection[R],
        table: str,
        events: Iterable[Positioned],
    ) -> None:
        concerned = projection.concerned(events)
        if not concerned:
            return
        keys = list({key for key, _ in concerned})
        rows: dict[str, R | None] = dict(self._load(cursor, projection, table, keys))
        fold_onto(projection, rows, concerned)
        gone = [key for key, row in rows.items() if row is None]
        kept = [row.model_dump_json() for row in rows.values() if row is not None]
        if gone:
            cursor.execute(_sql(FORGET, table=table), (gone,), prepare=True)
        if kept:
            columns, excluded = _columns(projection), _columns(projection, of="excluded")
            keep = _sql(KEEP, table=table, columns=columns, excluded=excluded)
            cursor.execute(keep, ("[" + ",".join(kept) + "]",), prepare=True)

    def _load(
        self,
        cursor: Cursor[DictRow],
        projection: Projection[R],
        table: str,
        keys: Sequence[str] | None,
    ) -> dict[str, R]:
        statement = _sql(
            LOAD_ALL if keys is None else LOAD, table=table, columns=_columns(projection)
        )
        parameters = () if keys is None else (list(keys),)
        found = _tuples(cursor).execute(statement, parameters, prepare=True)
        read = projection.Row.model_validate_json
        return {row.key: row for row in (read(text) for (text,) in found)}

    def _move(self, cursor: Cursor[DictRow], projection: Projection[R], reached: int) -> None:
        if reached > self._position(cursor, projection):
            # The library has no public way of tracking within one's own transaction.
            insert = self._tracking._insert_tracking  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            insert(cursor, Tracking(projection.name, reached))


def _sql(statement: LiteralString, *, columns: Composed | None = None, **parts: Any) -> Composed:
    names = {n: p if isinstance(p, Composed) else Identifier(p) for n, p in parts.items()}
    return SQL(statement).format(columns=columns, **names)


def _like(table: str, model: str, *, temporary: bool = False) -> Composed:
    statement = LIKE_FOR_A_MOMENT if temporary else LIKE
    return _sql(statement, table=table, model=model)


def _columns(projection: Projection[R], of: str = "") -> Composed:
    fields = projection.Row.model_fields
    return SQL(", ").join(Identifier(of, name) if of else Identifier(name) for name in fields)


def _tuples(cursor: Cursor[DictRow], *, binary: bool = False) -> Cursor[tuple[Any, ...]]:
    connection: Connection[Any] = cursor.connection
    return connection.cursor(row_factory=tuple_row, binary=binary)


def _number(cursor: Cursor[DictRow], statement: LiteralString, *parameters: str) -> int:
    found = _tuples(cursor).execute(SQL(statement), parameters, prepare=True).fetchone()
    return int(found[0]) if found else 0
