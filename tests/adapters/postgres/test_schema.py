"""The schema's own rules, and the server that comes along."""

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from an_event import a_codec, an_id, append, noted

from adapters.postgres.embedded import binaries, embedded
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.migrations import ChangedMigration, migrate


def test_history_cannot_be_rewritten(database_url: str) -> None:
    async def write() -> None:
        async with PostgresEventLog(database_url, a_codec()) as log:
            await log.append(append(noted(an_id())))

    asyncio.run(write())
    for rewrite in (
        "UPDATE remit_events SET topic = 'other'",
        "DELETE FROM remit_events",
        "TRUNCATE remit_events",
    ):
        with (
            psycopg.connect(database_url) as connection,
            pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
        ):
            connection.execute(rewrite.encode())


def test_migrations_are_applied_once_whoever_comes(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "0901_one.sql").write_text("CREATE TABLE one (n integer)")
    (tmp_path / "0902_two.sql").write_text("CREATE TABLE two (n integer); SELECT 1")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: migrate(database_url, tmp_path), range(4)))
    assert max(found, key=len) == ("0901_one.sql", "0902_two.sql")
    assert [len(f) for f in found].count(0) == 3


def test_a_migration_that_fails_leaves_nothing(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "0901_one.sql").write_text("CREATE TABLE one (n integer)")
    (tmp_path / "0902_two.sql").write_text("CREATE TABLE one (n integer)")
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrate(database_url, tmp_path)
    (tmp_path / "0902_two.sql").unlink()
    assert migrate(database_url, tmp_path) == ("0901_one.sql",)


def test_an_applied_migration_never_changes(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "0901_one.sql"
    file.write_text("CREATE TABLE one (n integer)")
    migrate(database_url, tmp_path)
    file.write_text("CREATE TABLE one (n bigint)")
    with pytest.raises(ChangedMigration, match="0901_one"):
        migrate(database_url, tmp_path)


def test_the_embedded_server_keeps_what_it_promised(server_url: str) -> None:
    with psycopg.connect(server_url) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {setting}".encode()).fetchone() == ("on",)


def test_the_last_one_out_stops_the_embedded_server(tmp_path: Path) -> None:
    home = tmp_path / ("a long way down " * 8).strip()
    with embedded(home) as first:
        with embedded(home) as second:
            assert first == second
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE kept (n integer)")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first)
    with embedded(home) as again, psycopg.connect(again) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_pgbench_comes_along() -> None:
    version = subprocess.run([binaries() / "pgbench", "--version"], capture_output=True, check=True)
    assert b"PostgreSQL) 18" in version.stdout
