"""A clock that is moved by hand is for demos and tests, and all their processes follow it."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from a_running_service import TYPE, Running, a_running_service
from reading_contract import a_decision, adopted, on_postgres
from typer.testing import CliRunner

from adapters.cli import app
from adapters.clock import BadTime, MovedClock
from adapters.demo.cases import real_cases
from adapters.demo.service import running
from adapters.postgres.own_time import require_own_time

WITHIN = timedelta(seconds=5)
PATIENCE = 60.0


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "clock"
    file.write_text("+0s\n")
    return file


@pytest.mark.parametrize(
    ("said", "ahead"),
    [
        ("+0s", timedelta(0)),
        ("+90m", timedelta(minutes=90)),
        ("+4h", timedelta(hours=4)),
        ("+2d\n", timedelta(days=2)),
    ],
)
def test_a_clock_is_ahead_as_its_file_says(file: Path, said: str, ahead: timedelta) -> None:
    file.write_text(said)
    assert abs(MovedClock(file).now() - datetime.now(UTC) - ahead) < WITHIN


def test_a_clock_stands_still_until_it_is_moved_and_others_follow_it(file: Path) -> None:
    file.write_text("2026-01-05T10:00:00+01:00")
    one, other = MovedClock(file), MovedClock(file)
    assert one.now() == other.now() == datetime(2026, 1, 5, 9, tzinfo=UTC)
    one.move("2026-01-07T09:00:00Z")
    assert one.now() == other.now() == datetime(2026, 1, 7, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "said", ["", "soon", "2d", "-2d", "+2w", "+99999999d", "2026-01-05T09:00:00", "+2d +2d", "\x00"]
)
def test_what_is_no_time_is_refused_and_leaves_a_running_clock_as_it_was(
    file: Path, said: str
) -> None:
    clock = MovedClock(file)
    clock.move("+2d")
    file.write_text(said)
    assert clock.now() - datetime.now(UTC) > timedelta(days=1)
    file.unlink()
    assert clock.now() - datetime.now(UTC) > timedelta(days=1)
    file.write_text(said)
    with pytest.raises(BadTime, match="the file says"):
        MovedClock(file)
    with pytest.raises(BadTime):
        clock.move(said)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTime, match="No such file"):
        MovedClock(tmp_path / "nowhere")


@pytest.fixture
def remit(database_url: str, monkeypatch: pytest.MonkeyPatch, file: Path) -> Path:
    """The commands find this database, and a clock that somebody moves."""
    monkeypatch.setenv("REMIT_DATABASE_URL", database_url)
    monkeypatch.setenv("REMIT_LOT_KEY", "lots for a moved clock, long enough")
    monkeypatch.setenv("REMIT_CLOCK", str(file))
    return file


async def _recorded(url: str) -> None:
    async with on_postgres(url) as library:
        await adopted(library)
        await a_decision(library, "order 17")


@pytest.mark.usefixtures("remit")
@pytest.mark.parametrize("command", [("work",), ("queue",), ("projections", "status")])
def test_what_happened_by_the_real_clock_is_not_continued_by_one_that_is_moved(
    database_url: str, command: tuple[str, ...]
) -> None:
    asyncio.run(_recorded(database_url))
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "REMIT_CLOCK: this database holds what happened by the real clock" in refused.output


def test_a_database_that_began_with_it_goes_on_with_it(database_url: str, remit: Path) -> None:
    assert CliRunner().invoke(app, ["queue"]).exit_code == 0
    asyncio.run(_recorded(database_url))
    assert CliRunner().invoke(app, ["queue"]).exit_code == 0
    remit.write_text("soon")
    refused = CliRunner().invoke(app, ["queue"])
    assert (refused.exit_code, "the file says 'soon'" in refused.output) == (2, True)


def test_two_days_pass_in_every_process(database_url: str, file: Path, tmp_path: Path) -> None:
    """A recommendation that nobody reviews climbs the ladder to its end, in a few seconds."""
    environment = {"REMIT_DATABASE_URL": database_url, "REMIT_CLOCK": str(file)}
    require_own_time(database_url)

    async def test() -> None:
        service = a_running_service(database_url, tmp_path, REMIT_CLOCK=str(file))
        async with service as remit:
            waits = await _a_case_for_people(remit)
            with running(environment, tmp_path / "worker.log", "work"):
                await _says(remit, waits, waits["state"])
                MovedClock(file).move("+2d")
                await _says(remit, waits, "escalated")
                later = await _told(remit, waits)
                assert later - datetime.now(UTC) > timedelta(days=1)

    asyncio.run(test())


async def _a_case_for_people(remit: Running) -> dict[str, str]:
    for case in real_cases([TYPE]):
        said = await remit.recommend(case.body)
        if said.body["state"] == "in_review":
            return said.body
    raise AssertionError("no case needs a person")


async def _says(remit: Running, waits: dict[str, str], state: str) -> None:
    until = time.monotonic() + PATIENCE
    while (await remit.get(f"/v1/decisions/{waits['id']}")).body["state"] != state:
        assert time.monotonic() < until
        await asyncio.sleep(0.2)


async def _told(remit: Running, waits: dict[str, str]) -> datetime:
    events = (await remit.get(f"/v1/decisions/{waits['id']}/events")).body["items"]
    return datetime.fromisoformat(events[-1]["time"])
