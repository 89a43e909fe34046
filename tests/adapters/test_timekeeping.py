"""Each moment is acted upon once, however many workers keep time and however they die."""

import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from reading_contract import LARGE, SMALL, a_decision, adopted, on_postgres

from adapters.worker import catch_up

WORK = "import sys; from adapters.worker import work; work(sys.argv[1])"
MISSED = ["decision.deadline_missed", "decision.escalated"]
LATEST = """
    SELECT count(*) FROM review_queue WHERE rings_at <= now()
"""
TOLD = """
    SELECT originator_id, array_agg(topic ORDER BY originator_version)
    FROM remit_events WHERE topic LIKE '%decision.%' GROUP BY 1
"""


async def decisions_long_due(url: str, count: int) -> list[str]:
    """As many decisions that wait for a person, and as many actions without a receipt."""
    ids = []
    async with on_postgres(url) as library:
        await adopted(library)
        for n in range(count):
            ids.append((await a_decision(library, f"waits-{n}", LARGE)).id)
            ids.append((await a_decision(library, f"acted-{n}", SMALL)).id)
    return [str(id) for id in ids]


@contextmanager
def a_worker(url: str) -> Generator["subprocess.Popen[bytes]"]:
    source = Path(__file__).parents[2] / "src"
    with subprocess.Popen(
        [sys.executable, "-c", WORK, url], env=os.environ | {"PYTHONPATH": str(source)}
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def left(url: str) -> int:
    """How many moments have come and were not acted upon."""
    with psycopg.connect(url) as connection:
        found = connection.execute(LATEST).fetchone()
    return found[0] if found else 0


def told(url: str) -> dict[str, list[str]]:
    """What time brought to each decision, by the names of its events."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(TOLD).fetchall()
    return {str(id): [topic.rsplit(".v", 1)[0] for topic in topics] for id, topics in rows}


def until_done(url: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while left(url) and time.monotonic() < until:
        time.sleep(0.1)
    assert left(url) == 0


def test_one_worker_acts_on_every_moment(database_url: str) -> None:
    ids = asyncio.run(decisions_long_due(database_url, 10))
    catch_up(database_url)
    assert left(database_url) == 20
    with a_worker(database_url):
        until_done(database_url, 60)
    _each_moment_once(database_url, ids)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL to end with")
def test_workers_that_die_lose_and_double_nothing(database_url: str) -> None:
    ids = asyncio.run(decisions_long_due(database_url, 60))
    catch_up(database_url)
    dice = random.Random(4711)
    for _ in range(6):
        with a_worker(database_url), a_worker(database_url), a_worker(database_url):
            time.sleep(1.0 + dice.random())
    with a_worker(database_url), a_worker(database_url):
        until_done(database_url, 90)
    _each_moment_once(database_url, ids)


def _each_moment_once(url: str, ids: list[str]) -> None:
    stories = told(url)
    for waits, acted in zip(ids[::2], ids[1::2], strict=True):
        assert stories[waits][-2:] == MISSED
        assert stories[acted][-1:] == ["decision.action_unknown"]
        for id in (waits, acted):
            assert max(Counter(stories[id]).values()) == 1, stories[id]
