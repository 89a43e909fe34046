"""The library's recorder with our way of writing: one lock a batch, one statement a batch.

The library locks the table for each save, which keeps even its own readers' promises dear; an
advisory lock held to the commit keeps positions in commit order just as well, and lets the
asynchronous writer take turns with it.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    InterfaceError,
    OperationalError,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresProcessRecorder,
    PostgresSubscription,
)
from eventsourcing.utils import retry
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from adapters.postgres import arrays
from adapters.postgres.arrays import Bigints, Byteas, PackedArray, Texts, Uuids
from adapters.postgres.locks import log_lock

POLL = 1.0

INSERT = """
    INSERT INTO {schema}.{table} (originator_id, originator_version, topic, state)
    SELECT originator_id, originator_version, topic, state
    FROM unnest(%b::{id_type}[], %b::bigint[], %b::text[], %b::bytea[]) WITH ORDINALITY
        AS e (originator_id, originator_version, topic, state, place)
    ORDER BY place
    RETURNING notification_id
"""
FIND = """
    SELECT found.notification_id
    FROM unnest(%b::{id_type}[], %b::bigint[], %b::text[], %b::bytea[]) WITH ORDINALITY
        AS e (originator_id, originator_version, topic, state, place)
    JOIN {schema}.{table} AS found USING (originator_id, originator_version, topic, state)
    ORDER BY place
"""
NAP = 0.1
"""How soon a request to stop is noticed."""


class GroupCommitRecorder(PostgresApplicationRecorder):
    """Stored events in, positions out, no position ever committed behind a higher one."""

    def __init__(
        self,
        datastore: PostgresDatastore,
        *,
        events_table_name: str = "stored_events",
        **kwargs: Any,
    ) -> None:
        if datastore.enable_db_functions:
            raise ValueError("database functions would write without the lock: events get skipped")
        super().__init__(datastore, events_table_name=events_table_name, **kwargs)
        self.sql_create_statements.pop(self.create_insert_function_statement_index)
        names = {
            "schema": Identifier(datastore.schema),
            "table": Identifier(self.events_table_name),
            "id_type": Identifier(datastore.originator_id_type),
        }
        self.insert_events_statement = SQL(INSERT).format(**names)
        self._find_events_statement = SQL(FIND).format(**names)
        self._lock = log_lock(f"{datastore.schema}.{self.events_table_name}")

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Write all or none. A commit whose answer was lost is found, not taken for a conflict."""
        attempts = set[Cursor[DictRow]]()
        positions: Sequence[int] | None
        try:
            positions = super().insert_events(stored_events, attempts=attempts, **kwargs)
        except IntegrityError:
            positions = self._find(stored_events) if len(attempts) > 1 else ()
            if not positions:
                raise
        return positions

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Follow the log, woken by every append."""
        return GroupCommitSubscription(recorder=self, gt=gt, topics=topics)

    def _insert_events(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,
    ) -> None:
        kwargs["attempts"].add(curs)
        super()._insert_events(curs, stored_events, **kwargs)

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def _find(self, stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        """Where these very events stand; nothing if any of them is not there as it is here."""
        with self.datastore.get_connection() as connection, connection.cursor() as cursor:
            arrays.register(cursor)
            cursor.execute(self._find_events_statement, self._packed(stored_events))
            found = [row["notification_id"] for row in cursor.fetchall()]
        return found if len(found) == len(stored_events) else ()

    def _lock_table(self, curs: Cursor[DictRow]) -> None:
        curs.execute(self.lock_table_statements[0], prepare=True)  # the lock's time-out
        curs.execute("SELECT pg_advisory_xact_lock(%b::bigint)", (self._lock,), prepare=True)

    def _insert_stored_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        self._lock_table(curs)
        self._notify_channel(curs)
        arrays.register(curs)
        curs.execute(self.insert_events_statement, self._packed(stored_events), prepare=True)

    def _packed(self, stored_events: Sequence[StoredEvent]) -> tuple[PackedArray, ...]:
        ids: list[Any] = [event.originator_id for event in stored_events]
        as_uuids = self.datastore.originator_id_type == "uuid"
        return (
            Uuids.of(ids) if as_uuids else Texts.of([id.encode() for id in ids]),
            Bigints.of([event.originator_version for event in stored_events]),
            Texts.of([event.topic.encode() for event in stored_events]),
            Byteas.of([event.state for event in stored_events]),
        )


class GroupCommitSubscription(PostgresSubscription):
    """The library's, which looks, then listens, and may sleep on what came in between."""

    def _listen(self) -> None:
        try:
            with self._recorder.datastore.get_connection() as connection:
                channel = Identifier(self._recorder.channel_name)
                connection.execute(SQL("LISTEN {}").format(channel))
                due = monotonic()
                while not self._has_been_stopped and not self._thread_error:
                    if monotonic() >= due:
                        self._has_been_notified.set()
                        due = monotonic() + POLL
                    for _ in connection.notifies(timeout=NAP, stop_after=1):
                        self._has_been_notified.set()
        except BaseException as error:  # noqa: BLE001  # whoever reads the subscription raises it
            if self._thread_error is None:
                self._thread_error = error
            self.stop()


class GroupCommitProcessRecorder(PostgresProcessRecorder, GroupCommitRecorder):
    """The same for an application that follows another one."""

    def _insert_events(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        **kwargs: Any,
    ) -> None:
        kwargs["attempts"].add(curs)  # before its tracking, which may be what meets itself
        super()._insert_events(curs, stored_events, **kwargs)


def datastore(url: str, *, pool_size: int = 1, max_overflow: int = 4) -> PostgresDatastore:
    """The library's connection pool for a database URL."""
    found = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    return PostgresDatastore(
        dbname=found.get("dbname", "postgres"),
        host=found.get("host", ""),
        port=found.get("port", ""),
        user=found.get("user", ""),
        password=found.get("password", ""),
        pool_size=pool_size,
        max_overflow=max_overflow,
    )
