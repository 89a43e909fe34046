"""Several processes write, some are killed: nothing acknowledged is lost, nothing counted twice."""

import os
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import psycopg
from a_projection import TABLE, Tallies
from an_event import a_codec

from adapters.postgres.projections import ProjectionStore

HERE = Path(__file__).parent
WRITERS = 4


def start(role: str, url: str, output: Path) -> subprocess.Popen[bytes]:
    paths = os.pathsep.join([str(HERE.parent), *filter(None, sys.path)])
    with output.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, str(HERE / "a_writing_process.py"), role, url],
            stdout=out,
            env=os.environ | {"PYTHONPATH": paths},
        )


def acknowledged(outputs: list[Path]) -> set[str]:
    """Whole lines only: a killed process may have been cut off in one."""
    lines = [line for o in outputs for line in o.read_text().splitlines(keepends=True)]
    return {line.strip() for line in lines if line.endswith("\n")}


def wait_until_followed_further(store: ProjectionStore) -> None:
    """Let processes come up, which takes its time on a busy machine, and get some work done."""
    goal = store.position(Tallies()) + 100
    until = monotonic() + 10
    while store.position(Tallies()) < goal and monotonic() < until:
        sleep(0.05)
    assert store.position(Tallies()) >= goal


def test_followers_count_every_event_once_while_writers_and_followers_are_killed(
    database_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute(TABLE)
    outputs = [tmp_path / f"writer-{n}" for n in range(WRITERS + 2)]
    running = [start("write", database_url, output) for output in outputs[:WRITERS]]
    follower = start("follow", database_url, tmp_path / "follower")
    store = ProjectionStore(database_url, a_codec())
    try:
        for victim, output in zip(running[:2], outputs[WRITERS:], strict=True):
            wait_until_followed_further(store)
            victim.kill()
            follower.kill()
            follower.wait(5)
            follower = start("follow", database_url, tmp_path / "follower")
            running.append(start("write", database_url, output))
        wait_until_followed_further(store)
    finally:
        for process in [*running, follower]:
            process.kill()
            process.wait(5)
    store.catch_up(Tallies())
    rows = store.rows(Tallies())
    assert acknowledged(outputs) <= set(rows)
    assert len(acknowledged(outputs)) >= 100
    assert {row.amount for row in rows.values()} == {2}
    assert store.verify(Tallies()) == []
    store.close()
