"""A worker may be asked to stop, or be killed, at any moment: every event counts once."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from reading_contract import a_decision, adopted, on_postgres

from adapters.worker import catch_up, positions, projection_names, rebuild, verify
from application.projections.catalogue import ALL

WORK = "import sys; from adapters.worker import work; work(sys.argv[1])"


REBUILD = """
import sys
from adapters.assembly import codec
from adapters.postgres.projections import ProjectionStore
from application.projections.feedback import Feedback

ProjectionStore(sys.argv[1], codec()).rebuild(Feedback(), lambda at, _: print(at, flush=True), part=1)
"""


async def some_decisions(url: str, count: int) -> None:
    async with on_postgres(url) as library:
        await adopted(library)
        for n in range(count):
            await a_decision(library, f"s{n}")


@contextmanager
def a_worker(url: str, what: str = WORK) -> Generator["subprocess.Popen[bytes]"]:
    source = Path(__file__).parents[2] / "src"
    with subprocess.Popen(
        [sys.executable, "-c", what, url],
        env=os.environ | {"PYTHONPATH": str(source)},
        stdout=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until_moving(url: str) -> None:
    until = time.monotonic() + 20
    while not any(position for _, position, _ in positions(url)) and time.monotonic() < until:
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to ask with")
def test_a_worker_that_is_asked_to_stop_ends_well(database_url: str) -> None:
    asyncio.run(some_decisions(database_url, 5))
    with a_worker(database_url) as process:
        until_moving(database_url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_a_worker_that_is_killed_leaves_rows_and_position_together(database_url: str) -> None:
    asyncio.run(some_decisions(database_url, 40))
    for _ in range(3):
        with a_worker(database_url):
            until_moving(database_url)
    catch_up(database_url)
    behind = {name: left for name, _, left in positions(database_url) if name in projection_names()}
    assert set(behind.values()) == {0}
    for projection in ALL:
        assert verify(database_url, projection.name) == []


FOLLOWING = """
import sys, time
from adapters.worker import following
with following(sys.argv[1]):
    time.sleep(600)
"""


def beside(starter: "subprocess.Popen[bytes]", *, other_than: int = 0) -> psutil.Process:
    """The process that follows the log beside another."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for child in psutil.Process(starter.pid).children(recursive=True):
            if child.pid != other_than and "--while-open" in child.cmdline():
                return child
        time.sleep(0.05)
    raise AssertionError("nobody follows the log")


@contextmanager
def a_starter(url: str) -> Generator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", FOLLOWING, url]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_who_follows_beside_a_killed_process_ends_as_well(database_url: str) -> None:
    with a_starter(database_url) as starter:
        follower = beside(starter)
        starter.kill()
        assert psutil.wait_procs([follower], timeout=30)[0]


def test_who_follows_beside_is_started_again_when_killed(database_url: str) -> None:
    asyncio.run(some_decisions(database_url, 3))
    with a_starter(database_url) as starter:
        killed = beside(starter)
        killed.kill()
        assert beside(starter, other_than=killed.pid).is_running()
        until_moving(database_url)
    assert any(position for _, position, _ in positions(database_url))


def test_a_rebuild_that_is_killed_leaves_nobody_at_work_and_the_rows_as_they_were(
    database_url: str,
) -> None:
    asyncio.run(some_decisions(database_url, 40))
    catch_up(database_url)
    with a_worker(database_url, REBUILD) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "a first part is in"
        helpers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, alive = psutil.wait_procs(helpers, timeout=20)
    assert helpers
    assert not alive
    assert verify(database_url, "feedback") == []
    rebuild(database_url, "feedback")
    assert verify(database_url, "feedback") == []
