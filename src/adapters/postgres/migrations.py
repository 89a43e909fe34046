"""The schema's own history: numbered files, each applied once, none changed afterwards."""

from hashlib import sha256
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL

from adapters.postgres.locks import lock_key
from adapters.trouble import Trouble

SCHEMA = Path(__file__).parent / "schema"
ROLES = Path(__file__).parent / "roles.sql"
JOBS = "jobs of procrastinate 3.10"
"""The library's tables as this version of it has them; its own migrations follow as files here."""
RECORD = "INSERT INTO schema_migrations (name, sha256) VALUES (%s, %s)"


class ChangedMigration(Exception):
    """A migration that was applied before has other content now."""


class NotTheOwner(Trouble):
    """The schema has to be changed, and whoever connects may not."""


def migrate(url: str, directory: Path = SCHEMA) -> tuple[str, ...]:
    """Apply what is new, in order; give the names applied. Safe to run from anywhere, any time.

    Where nothing is new it only reads, so whoever may not change the schema can ask as well.
    """
    files = sorted(directory.glob("[0-9]*.sql"))
    try:
        with psycopg.connect(url) as connection:
            return () if _is_up_to_date(connection, files) else _applied(connection, files)
    except InsufficientPrivilege as error:
        raise NotTheOwner(
            "REMIT_DATABASE_URL: the schema is not this version's, and this login may not change "
            f"it ({error.diag.message_primary}); run `remit migrate` as the schema's owner"
        ) from None


def grant_roles(url: str) -> None:
    """Make the roles `remit_writer` and `remit_reader`, and give each what its work takes."""
    try:
        with psycopg.connect(url) as connection:
            connection.execute(ROLES.read_bytes())
    except InsufficientPrivilege as error:
        raise NotTheOwner(f"REMIT_DATABASE_URL: {error.diag.message_primary}") from None


def _is_up_to_date(connection: Connection, files: list[Path]) -> bool:
    there = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
    if there is None or there[0] is None:
        return False
    known: dict[str, str] = dict(
        connection.execute("SELECT name, sha256 FROM schema_migrations").fetchall()
    )
    now = {file.name: sha256(file.read_bytes()).hexdigest() for file in files}
    return JOBS in known and now.items() <= known.items()


def _applied(connection: Connection, files: list[Path]) -> tuple[str, ...]:
    applied: list[str] = []
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("schema_migrations"),))
    known = _known(connection)
    for file in files:
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
