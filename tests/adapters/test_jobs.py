"""Jobs are done once, however many workers there are and however they die."""

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from reading_contract import LARGE, LOTS, SMALL, a_decision, adopted, on_postgres

from adapters.assembly import codec
from adapters.clock import HeldClock
from adapters.eventstore.vault import Vault
from adapters.postgres.log import PostgresEventLog
from adapters.worker import catch_up
from application.desk import Caller, Desk
from application.governing import adopt
from application.ports import Identity
from application.recommending import Recommend, recommend
from domain.values import Delivery
from tests.adapters.webhooks.receivers import SECRET, a_receiver, gone, slow, well
from tests.application.office import an_adoption, caller
from tests.application.personal import a_personal_adoption
from tests.domain.builders import MODEL, NOON, a_definition, a_recommendation

WORK = """
import sys
from pathlib import Path
from adapters.jobs.running import Outside
from adapters.webhooks.endpoints import read_endpoints
from adapters.worker import work

endpoints = read_endpoints(Path(sys.argv[2]) if sys.argv[2:] else None)
work(sys.argv[1], outside=Outside(endpoints))
"""
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
def a_worker(url: str, *endpoints: Path) -> Generator["subprocess.Popen[bytes]"]:
    source = Path(__file__).parents[2] / "src"
    with subprocess.Popen(
        [sys.executable, "-c", WORK, url, *map(str, endpoints)],
        env=os.environ | {"PYTHONPATH": str(source)},
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
        until_done(database_url, 240)
    _each_moment_once(database_url, ids)


LEFT_BEHIND = """
    INSERT INTO procrastinate_jobs (task_name, queue_name, lock, args, status, worker_id)
    SELECT task, 'default', task, '{"timestamp": 0}', 'doing', max(procrastinate_workers.id)
    FROM procrastinate_workers, unnest(ARRAY['moments', 'deliveries']) AS task GROUP BY task
"""
"""As after a connection that broke before the end of a look was recorded: a worker that lives has
it, does not know, and nobody else may look meanwhile."""


def test_a_worker_gives_back_what_it_holds_by_the_record_alone(database_url: str) -> None:
    with a_worker(database_url):
        until_one_works(database_url)
        leave_behind(database_url)
        ids = asyncio.run(decisions_long_due(database_url, 3))
        catch_up(database_url)
        until_done(database_url, 60)
    _each_moment_once(database_url, ids)


def leave_behind(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            with suppress(psycopg.errors.UniqueViolation):  # it is looking just now
                assert connection.execute(LEFT_BEHIND).rowcount == 2
                return


def until_one_works(url: str) -> None:
    until = time.monotonic() + 60
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute("SELECT FROM procrastinate_workers").rowcount == 0:
            assert time.monotonic() < until
            time.sleep(0.1)


def _each_moment_once(url: str, ids: list[str]) -> None:
    stories = told(url)
    for waits, acted in zip(ids[::2], ids[1::2], strict=True):
        assert stories[waits][-2:] == MISSED
        assert stories[acted][-1:] == ["decision.action_unknown"]
        for id in (waits, acted):
            assert max(Counter(stories[id]).values()) == 1, stories[id]


def test_a_worker_without_the_key_acts_on_what_is_sealed(database_url: str) -> None:
    async def a_sealed_decision() -> str:
        async with PostgresEventLog(database_url, codec(Vault(bytes(32), "kek-1"))) as log:
            desk = Desk(log, HeldClock(NOON), LOTS)
            await adopt(a_personal_adoption(), caller("operator"), desk)
            said = Recommend(
                decision_type="refund",
                subject="a",
                recommendation=a_recommendation(),
                model=MODEL,
                context={**LARGE, "name": "Ada Lovelace"},
            )
            return str((await recommend(said, caller("bot"), desk)).decision.id)

    id = asyncio.run(a_sealed_decision())
    catch_up(database_url)
    with a_worker(database_url):
        until_done(database_url, 60)
    assert told(database_url)[id][-2:] == MISSED


# ── deliveries


async def actions_to_send(url: str, endpoint: str, count: int) -> list[str]:
    """As many actions that this service carries out, authorised now."""
    definition = a_definition(name=endpoint, delivery=Delivery.WEBHOOK, endpoint=endpoint)
    async with on_postgres(url) as library:
        library.clock.advance(datetime.now(UTC) - library.clock.now())
        await adopted(library, an_adoption(definition))
        bot = Caller(Identity("bot", "service", {endpoint: frozenset({"producer"})}))
        decisions = [
            await a_decision(library, f"{endpoint}-{n}", SMALL, decision_type=endpoint, who=bot)
            for n in range(count)
        ]
    return [str(decision.id) for decision in decisions]


def endpoints_file(directory: Path, **urls: str) -> Path:
    file = directory / "endpoints.json"
    known = {
        name: {"url": url, "secrets": [SECRET], "private": True, "timeout_seconds": 1}
        for name, url in urls.items()
    }
    file.write_text(json.dumps(known))
    return file


async def until_settled(url: str, ids: Sequence[str], seconds: float) -> dict[str, list[str]]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        stories = await asyncio.to_thread(told, url)
        if all(stories[id][-1] not in UNSETTLED for id in ids):
            return stories
        await asyncio.sleep(0.2)
    raise AssertionError("not everything was settled in time")


UNSETTLED = ("decision.action_authorised",)


def test_workers_that_die_deliver_everything_and_settle_it_once(
    database_url: str, tmp_path: Path
) -> None:
    ids = asyncio.run(actions_to_send(database_url, "payments", 80))

    async def deliver() -> tuple[dict[str, list[str]], list[str]]:
        async with a_receiver(well) as (url, asked):
            file = endpoints_file(tmp_path, payments=url)
            dice = random.Random(17)
            for _ in range(4):
                with a_worker(database_url, file), a_worker(database_url, file):
                    await asyncio.sleep(0.8 + dice.random())
            with a_worker(database_url, file):
                stories = await until_settled(database_url, ids, 240)
            sent = [json.loads(await each.read())["data"]["decision"] for each in asked]
            keys = {each.headers["webhook-id"] for each in asked}
            assert len(keys) == len(ids), "what is sent again has the same key"
            return stories, sent

    stories, sent = asyncio.run(deliver())
    assert set(sent) == set(ids)
    assert all(stories[id].count("decision.action_delivered") == 1 for id in ids)


def test_a_receiver_that_misbehaves_harms_nobody_else(database_url: str, tmp_path: Path) -> None:
    names = ("slow", "gone", "well")
    ids = {name: asyncio.run(actions_to_send(database_url, name, 20)) for name in names}

    async def deliver() -> dict[str, list[str]]:
        async with (
            a_receiver(slow) as (s, _),
            a_receiver(gone) as (g, _),
            a_receiver(well) as (w, _),
        ):
            file = endpoints_file(tmp_path, slow=s, gone=g, well=w)
            with a_worker(database_url, file):
                return await until_settled(database_url, [*itertools.chain(*ids.values())], 240)

    stories = asyncio.run(deliver())
    ends = {name: {stories[id][-1] for id in ids[name]} for name in names}
    assert ends == {
        "slow": {"decision.action_unknown"},
        "gone": {"decision.action_failed"},
        "well": {"decision.action_delivered"},
    }
