"""The schema's own history: numbered files, each applied once, none changed afterwards."""

from hashlib import sha256
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import Connection
from psycopg.sql import SQL

from adapters.postgres.locks import lock_key

SCHEMA = Path(__file__).parent / "schema"
JOBS = "jobs of procrastinate 3.10"
"""The library's tables as this version of it has them; its own migrations follow as files here."""
RECORD = "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)"


class ChangedMigration(Exception):
    """A migration that was applied before has other content now."""


def migrate(url: str, directory: Path = SCHEMA) -> tuple[str, ...]:
    """Apply what is new, in order; give the names applied. Safe to run from anywhere, any time."""
    applied: list[str] = []
    with psycopg.connect(url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("schema_migrations"),))
        known = _known(connection)
        for file in sorted(directory.glob("[0-9]*.sql")):
            content = file.read_bytes()
            digest = sha256(content).hexdigest()
            if known.get(file.name, digest) != digest:
                raise ChangedMigration(f"{file.name} was applied with other content")
            if file.name not in known:
                connection.execute(content)
                connection.execute(RECORD, (file.name, digest))
                applied.append(file.name)
        applied.extend(_with_jobs(connection, known))
    return tuple(applied)


def _with_jobs(connection: Connection, known: dict[str, str]) -> tuple[str, ...]:
    """The tables of the library that keeps the jobs."""
    if JOBS in known:
        return ()
    content = SchemaManager.get_schema()
    connection.execute(content)
    digest = sha256(content.encode()).hexdigest()
    connection.execute(RECORD, (JOBS, digest))
    return (JOBS,)


def _known(connection: Connection) -> dict[str, str]:
    connection.execute(
        SQL(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " name text PRIMARY KEY,"
            " sha256 text NOT NULL,"
            " applied_at timestamptz NOT NULL DEFAULT now())"
        )
    )
    return dict(connection.execute("SELECT name, sha256 FROM schema_migrations").fetchall())
