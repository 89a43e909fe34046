"""What each role may do to the database, asked of PostgreSQL itself."""

import asyncio
import json
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from a_running_service import SETTINGS, TYPE
from psycopg.errors import InsufficientPrivilege, RestrictViolation
from psycopg.sql import SQL, Identifier

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.cases import CATALOGUE, real_cases
from adapters.demo.cast import cast_for
from adapters.demo.service import running
from adapters.http.submissions import submit
from adapters.postgres.migrations import SCHEMA, NotTheOwner, grant_roles, migrate
from adapters.settings import Settings
from adapters.worker import catch_up, positions
from application.desk import Caller, Desk
from application.erasing import Erase, erase
from application.governing import adopt
from application.ports import Identity

KEY = {"key_encryption_key": "ab" * 32}
WITH_KEY = Settings.model_validate({**SETTINGS.model_dump(), **KEY})


def login(url: str, group: str) -> str:
    """The URL of a login that is a member of a role and nothing more."""
    name = f"login_{uuid4().hex[:12]}"
    with psycopg.connect(url, autocommit=True) as connection:
        member = SQL("CREATE ROLE {} LOGIN IN ROLE {}")
        connection.execute(member.format(Identifier(name), Identifier(group)))
    assert "postgres@" in url
    return url.replace("postgres@", f"{name}@")


@pytest.fixture
def writer(database_url: str) -> str:
    grant_roles(database_url)
    grant_roles(database_url)
    return login(database_url, "remit_writer")


@pytest.fixture
def reader(database_url: str) -> str:
    grant_roles(database_url)
    return login(database_url, "remit_reader")


async def _some_decisions(desk: Desk) -> None:
    adoption = read_adoption((CATALOGUE / f"{TYPE}.yaml").read_text(encoding="utf-8"))
    await adopt(adoption, Caller(Identity("a test", "human")), desk)
    producer = cast_for([adoption.definition]).producer(TYPE)
    caller = Caller(Identity(producer, "service", {TYPE: frozenset({"producer"})}))
    for case in real_cases([TYPE])[:3]:
        await submit(json.dumps(case.body).encode(), caller, desk)


def recorded(url: str) -> None:
    """Decisions, and a person erased, through this login."""

    async def record() -> None:
        async with postgres_desk(url, WITH_KEY) as desk:
            await _some_decisions(desk)
            await desk.data_subject("somebody")
            owner = Identity("cy", "human", {"*": frozenset({"risk_owner"})})
            assert (await erase(Erase(data_subject="somebody"), Caller(owner), desk)).erased

    asyncio.run(record())


def refused(url: str, statement: str, kind: type[psycopg.Error] = InsufficientPrivilege) -> None:
    with psycopg.connect(url) as connection, pytest.raises(kind):
        connection.execute(statement.encode())


def test_the_service_and_its_worker_do_all_their_work_as_writers(
    database_url: str, writer: str, tmp_path: Path
) -> None:
    assert migrate(writer) == ()
    recorded(writer)
    catch_up(writer)
    with running({"REMIT_DATABASE_URL": writer}, tmp_path / "log", "work") as process:
        recorded(writer)
        until = time.monotonic() + 60
        while any(behind for _, _, behind in positions(writer)) and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(1)
        assert process.poll() is None
    assert "permission" not in (tmp_path / "log").read_text()
    assert not any(behind for _, _, behind in positions(writer))
    with psycopg.connect(database_url) as connection:
        written = connection.execute("SELECT count(*) FROM feedback").fetchone()
    assert written is not None
    assert written[0] >= 3


@pytest.mark.parametrize(
    "rewrite",
    [
        "UPDATE remit_events SET topic = 'other'",
        "DELETE FROM remit_events",
        "TRUNCATE remit_events",
        "ALTER TABLE remit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER remit_events_append_only ON remit_events",
        "DROP TABLE remit_events",
        "CREATE TRIGGER t AFTER INSERT ON remit_events EXECUTE FUNCTION remit_refuse_rewriting()",
        "SELECT setval('remit_events_notification_id_seq', 1)",
        "SET session_replication_role = replica",
        "UPDATE commands SET digest = ''",
        "DELETE FROM commands",
        "TRUNCATE data_subjects",
        "DELETE FROM schema_migrations",
        "CREATE TABLE mine (n integer)",
        "CREATE ROLE mine",
    ],
)
def test_a_writer_only_ever_adds_to_what_happened(writer: str, rewrite: str) -> None:
    refused(writer, rewrite)


def test_a_reader_reads_and_does_nothing_else(database_url: str, reader: str) -> None:
    recorded(database_url)
    catch_up(database_url)
    with psycopg.connect(reader) as connection:
        for table in ("remit_events", "feedback", "audit_trail", "review_queue"):
            found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
            assert found is not None
    for statement in (
        "SELECT * FROM data_subjects",
        "SELECT * FROM commands",
        "INSERT INTO remit_events SELECT * FROM remit_events",
        "UPDATE feedback SET lane = 'automate'",
        "DELETE FROM audit_trail",
        "SELECT nextval('remit_events_notification_id_seq')",
    ):
        refused(reader, statement)


@pytest.mark.parametrize("mode", ["origin", "replica", "local"])
def test_the_owner_is_stopped_too_whatever_the_session_replays(
    database_url: str, mode: str
) -> None:
    recorded(database_url)
    for rewrite in ("UPDATE remit_events SET topic = ''", "DELETE FROM remit_events"):
        both = f"SET session_replication_role = {mode}; {rewrite}"
        refused(database_url, both, RestrictViolation)


def test_what_is_folded_anew_is_the_writers_again(database_url: str, writer: str) -> None:
    from adapters.worker import rebuild

    recorded(database_url)
    rebuild(database_url, "feedback")
    recorded(writer)
    catch_up(writer)


def test_who_may_not_change_the_schema_is_told_who_can(writer: str, tmp_path: Path) -> None:
    for file in SCHEMA.glob("*.sql"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "9999_more.sql").write_text("CREATE TABLE more (n integer)")
    with pytest.raises(NotTheOwner, match="remit migrate"):
        migrate(writer, tmp_path)
    with pytest.raises(NotTheOwner):
        grant_roles(writer)


def test_who_owns_what_is_found_without_reading_the_whole_log(database_url: str) -> None:
    from adapters.postgres.log import AFTER_OF_GOVERNANCE

    recorded(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            f"EXPLAIN {AFTER_OF_GOVERNANCE}".replace("%b", "%s").encode(), (0, ["a"], 5)
        ).fetchall()
    assert "remit_events_governance_idx" in str(plan)
