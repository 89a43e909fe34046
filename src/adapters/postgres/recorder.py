"""The library's recorder with our way of writing: one lock a batch, one statement a batch.

The library locks the table for each save, which keeps even its own readers' promises dear; an
advisory lock held to the commit keeps positions in commit order just as well, and lets the
asynchronous writer take turns with it.
"""

from collections.abc import Sequence
from typing import Any

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import (
    PostgresApplicationRecorder,
    PostgresDatastore,
    PostgresProcessRecorder,
)
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from adapters.postgres import arrays
from adapters.postgres.arrays import Bigints, Byteas, Texts, Uuids
from adapters.postgres.locks import log_lock

INSERT = """
    INSERT INTO {schema}.{table} (originator_id, originator_version, topic, state)
    SELECT originator_id, originator_version, topic, state
    FROM unnest(%b::{id_type}[], %b::bigint[], %b::text[], %b::bytea[]) WITH ORDINALITY
        AS e (originator_id, originator_version, topic, state, place)
    ORDER BY place
    RETURNING notification_id
"""


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
        self._lock = log_lock(f"{datastore.schema}.{self.events_table_name}")

    def _lock_table(self, curs: Cursor[DictRow]) -> None:
        curs.execute(self.lock_table_statements[0], prepare=True)  # the lock's time-out
        curs.execute("SELECT pg_advisory_xact_lock(%b::bigint)", (self._lock,), prepare=True)

    def _insert_stored_events(
        self, curs: Cursor[DictRow], stored_events: Sequence[StoredEvent], **_: Any
    ) -> None:
        self._lock_table(curs)
        self._notify_channel(curs)
        ids: list[Any] = [event.originator_id for event in stored_events]
        as_uuids = self.datastore.originator_id_type == "uuid"
        arrays.register(curs)
        curs.execute(
            self.insert_events_statement,
            (
                Uuids.of(ids) if as_uuids else Texts.of([id.encode() for id in ids]),
                Bigints.of([event.originator_version for event in stored_events]),
                Texts.of([event.topic.encode() for event in stored_events]),
                Byteas.of([event.state for event in stored_events]),
            ),
            prepare=True,
        )


class GroupCommitProcessRecorder(PostgresProcessRecorder, GroupCommitRecorder):
    """The same for an application that follows another one."""


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
