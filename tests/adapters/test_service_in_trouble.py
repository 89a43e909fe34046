"""A service that is full, asked to stop, or bereft of its database: each answer is true."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import psutil
import psycopg
import pytest
from a_running_service import TYPE, Running, a_running_service
from a_service import REFUND, recommendation
from outages import AT_COMMIT, until, until_busy
from psycopg import AsyncConnection

from adapters.assembly import SHORTEST_LOT_KEY, codec, read_adoption
from adapters.clock import SystemClock
from adapters.demo.cases import real_cases
from adapters.http.app import create_app
from adapters.identity.api_keys import ApiKeys, issue
from adapters.postgres.embedded import Server, embedded
from adapters.postgres.locks import log_lock
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.migrations import migrate
from adapters.postgres.reading import PostgresReader
from adapters.settings import Settings
from application.desk import Caller, Desk
from application.governing import adopt
from application.lots import LotDrawer
from application.metrics.window import Window
from application.ports import Busy, Identity
from domain.model import Seat
from tests.domain.builders import NOON

PATIENCE = 120
"""Seconds a test may take on a slow machine before it counts as hanging."""
MEGABYTE = 1024 * 1024


def recorded(url: str) -> dict[str, int]:
    """By idempotency key, how often its recommendation is on record."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT key, count(*) FROM commands JOIN remit_events"
            " ON originator_id = stream AND topic ^@ 'decision.recommended' GROUP BY key"
        ).fetchall()
    return dict(found)


def body_of(case: int) -> dict[str, Any]:
    body = BODIES[case % len(BODIES)]
    return {**body, "subject": f"{body['subject']} {case}"}


BODIES = [case.body for case in real_cases([TYPE])][:50]


def test_a_full_queue_refuses_at_once_holds_its_memory_and_recovers(
    database_url: str, tmp_path: Path
) -> None:
    async def test() -> None:
        settings = {"REMIT_QUEUE_CAPACITY": "40"}
        async with (
            asyncio.timeout(PATIENCE),
            a_running_service(database_url, tmp_path, **settings) as service,
            await psycopg.AsyncConnection.connect(database_url) as other,
        ):
            assert (await service.recommend(body_of(0), "before")).status == 201
            await other.execute("SELECT pg_advisory_xact_lock(%s)", (log_lock(),))
            waiting = [
                asyncio.ensure_future(service.recommend(body_of(n), f"w{n}")) for n in range(1, 101)
            ]
            # All that found no room are answered while nothing is written.
            await until(lambda: sum(each.done() for each in waiting) >= 100 - 40 - 40)
            refused = [each.result() for each in waiting if each.done()]
            assert {(r.status, r.body["code"]) for r in refused} == {(503, "REJ.busy")}
            assert {r.headers["Retry-After"] for r in refused} == {"1"}
            before = memory(service)
            for n in range(3):
                many = (refused_again(service, body_of(1000 + n)) for _ in range(100))
                await asyncio.gather(*many)
            assert memory(service) - before < 20 * MEGABYTE
            await other.rollback()
            answers = await asyncio.gather(*waiting)
            written = {f"w{n}" for n, said in enumerate(answers, 1) if said.status == 201}
            assert len(written) >= 20
            assert (await service.recommend(body_of(2000), "after")).status == 201
        assert recorded(database_url).keys() == written | {"before", "after"}

    asyncio.run(test())


async def refused_again(service: Running, body: dict[str, Any]) -> None:
    said = await service.recommend(body | {"workflow": "x" * 200})
    assert (said.status, said.body["code"]) == (503, "REJ.busy")


def memory(service: Running) -> int:
    return int(psutil.Process(service.process.pid).memory_info().rss)


def test_asked_to_stop_it_answers_what_it_took_and_takes_no_more(
    database_url: str, tmp_path: Path
) -> None:
    acknowledged: set[str] = set()
    refused: set[str] = set()
    unanswered: set[str] = set()

    async def test() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            a_running_service(database_url, tmp_path) as service,
            await psycopg.AsyncConnection.connect(database_url) as other,
        ):
            ended = asyncio.Event()

            async def submit(who: int) -> None:
                n = 0
                while not ended.is_set():
                    n += 1
                    key = f"{who}-{n}"
                    try:
                        said = await service.recommend(body_of(100_000 * who + n), key)
                    except aiohttp.ClientConnectorError:
                        refused.add(key)
                        return  # nobody is there any more
                    except aiohttp.ClientError:
                        unanswered.add(key)
                        continue
                    assert said.status in (201, 503), said
                    (acknowledged if said.status == 201 else refused).add(key)

            submitters = [asyncio.create_task(submit(who)) for who in range(1, 25)]
            await until(lambda: len(acknowledged) >= 100)
            # What is under way can't end before the signal has come.
            await other.execute("SELECT pg_advisory_xact_lock(%s)", (log_lock(),))
            await until_busy(database_url, "advisory")
            service.process.send_signal(signal.SIGTERM)
            under_way = set(acknowledged)
            await asyncio.sleep(1)
            await other.rollback()
            assert await asyncio.to_thread(service.process.wait) in (0, -signal.SIGTERM)
            await asyncio.gather(*submitters)
            assert acknowledged > under_way
            ended.set()

    asyncio.run(test())
    found = recorded(database_url)
    assert found.keys() == acknowledged
    assert not found.keys() & (refused | unanswered)
    assert set(found.values()) == {1}


@dataclass
class Own:
    """A server of the test's own, which may be treated badly."""

    url: str
    server: Server

    def die(self) -> None:
        """As by a power cut."""
        self.server._run("pg_ctl", "-D", str(self.server.pgdata), "-m", "immediate", "-w", "stop")

    def come_back(self) -> None:
        self.server.ensure_running()


@pytest.fixture
def own(tmp_path: Path) -> Generator[Own]:
    with embedded(tmp_path / "own") as url:
        migrate(url)
        yield Own(url, Server((tmp_path / "own").resolve()))


@dataclass
class Client:
    """A client of the service in this process, and what it was told, by idempotency key."""

    client: httpx.AsyncClient
    header: dict[str, str]
    told: dict[str, str] = field(default_factory=dict[str, str])

    async def recommend(self, key: str, subject: str | None = None) -> str:
        """Hand over a recommendation and keep what is said: written, busy, unknown."""
        said = await self.client.post(
            "/v1/decisions",
            json=recommendation(subject or f"claim {key}"),
            headers=self.header | {"Idempotency-Key": key},
        )
        assert said.status_code in (201, 503), said.text
        assert said.status_code == 201 or said.headers["retry-after"]
        self.told[key] = "written" if said.status_code == 201 else said.json()["code"]
        return self.told[key]

    async def settle(self, key: str, subject: str | None = None) -> None:
        """Ask by the key until it is written."""
        while await self.recommend(key, subject) != "written":  # noqa: ASYNC110 - it asks
            await asyncio.sleep(0.1)

    def keys(self, said: str) -> set[str]:
        return {key for key, word in self.told.items() if word == said}


@asynccontextmanager
async def a_service_on(url: str) -> AsyncGenerator[Client]:
    """The service over an event log that is quick to say that it can't reach its database."""
    key, record = issue("bot", "bot", "service", {"refund": frozenset({Seat.PRODUCER})})
    async with PostgresEventLog(url, codec(), reconnect_within=0.7) as log:
        desk = Desk(log, SystemClock(), LotDrawer(b"k" * SHORTEST_LOT_KEY, "lots"))
        await adopt(read_adoption(REFUND), Caller(Identity("a test", "human")), desk)
        app = create_app(desk, ApiKeys([record]), Settings())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Client(client, {"Authorization": f"Bearer {key}"})


def test_a_database_that_dies_and_comes_back_under_load_makes_no_answer_a_lie(own: Own) -> None:
    async def test() -> Client:
        async with asyncio.timeout(PATIENCE), a_service_on(own.url) as service:
            ended = asyncio.Event()

            async def submit() -> None:
                while not ended.is_set():
                    if await service.recommend(uuid4().hex) != "written":
                        await asyncio.sleep(0.05)

            submitters = [asyncio.create_task(submit()) for _ in range(16)]
            for away in (0, 0, 2):
                goal = len(service.told) + 50
                await until(lambda goal=goal: len(service.told) >= goal)
                await asyncio.to_thread(own.die)
                await asyncio.sleep(away)
                await asyncio.to_thread(own.come_back)
            await asyncio.sleep(0.2)
            ended.set()
            await asyncio.gather(*submitters)
            assert service.keys("REJ.busy")
            for key in service.keys("REJ.outcome_unknown"):
                await service.settle(key)
            return service

    told = asyncio.run(test())
    found = recorded(own.url)
    assert found.keys() == told.keys("written")
    assert set(found.values()) == {1}
    assert not found.keys() & told.keys("REJ.busy")


def test_what_can_not_be_looked_up_now_is_said_to_be_busy_and_found_again(own: Own) -> None:
    """The queues, lists and figures read tables; a server that is away fails none of its askers."""

    async def look_up(reader: PostgresReader) -> None:
        await reader.free("q", NOON, 20)
        await reader.queues(None, NOON)
        window = Window(since=NOON, until=NOON)
        assert [row async for row in reader.facts(window, None)] == []

    async def test() -> None:
        async with (
            asyncio.timeout(PATIENCE),
            PostgresReader(own.url, reconnect_within=0.7) as reader,
        ):
            await look_up(reader)
            await asyncio.to_thread(own.die)
            for asked in (reader.positions(), reader.queues(None, NOON), look_up(reader)):
                with pytest.raises(Busy):
                    await asked
            with pytest.raises(Busy):
                await anext(reader.facts(Window(since=NOON, until=NOON), None), None)
            await asyncio.to_thread(own.come_back)
            await look_up(reader)

    asyncio.run(test())


def test_a_server_that_was_away_for_long_is_found_as_soon_as_it_is_back(own: Own) -> None:
    """Whoever asks looks for it; a pool left to itself would look ever more rarely."""
    away, found_within = 17.0, 10.0

    async def test() -> float:
        async with asyncio.timeout(PATIENCE), PostgresReader(own.url, reconnect_within=1) as reader:
            await asyncio.to_thread(own.die)
            until = time.monotonic() + away
            while time.monotonic() < until:
                with suppress(Busy):
                    await reader.positions()
            await asyncio.to_thread(own.come_back)
            back = time.monotonic()
            while True:
                with suppress(Busy):
                    await reader.positions()
                    return time.monotonic() - back

    assert asyncio.run(test()) < found_within


@pytest.mark.parametrize("failure", [psycopg.errors.AdminShutdown, psycopg.errors.CrashShutdown])
def test_a_connection_that_dies_under_a_question_is_not_the_askers_trouble(
    own: Own, failure: type[psycopg.OperationalError], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with PostgresReader(own.url) as reader:
            asks, dies = AsyncConnection.execute, [failure("the server ended this connection")]

            async def execute(self: Any, query: Any, *more: Any, **options: Any) -> Any:
                if dies and "unnest" in str(query):
                    raise dies.pop()
                return await asks(self, query, *more, **options)

            monkeypatch.setattr(AsyncConnection, "execute", execute)
            assert await reader.positions()
            assert not dies

    asyncio.run(test())


def test_what_nobody_knows_is_settled_by_its_key(own: Own) -> None:
    async def test() -> None:
        async with asyncio.timeout(PATIENCE), a_service_on(own.url) as service:
            with psycopg.connect(own.url) as connection:
                connection.execute(AT_COMMIT.encode())
            waiting = asyncio.create_task(service.recommend("k", "dawdle"))
            await until_busy(own.url, "PgSleep")
            await asyncio.to_thread(own.die)
            assert await waiting == "REJ.outcome_unknown"
            assert await service.recommend("other") == "REJ.busy"
            await asyncio.to_thread(own.come_back)
            assert recorded(own.url) == {}
            with psycopg.connect(own.url) as connection:
                connection.execute("DROP TRIGGER at_commit ON remit_events")
            await service.settle("k", "dawdle")
            assert await service.recommend("k", "dawdle") == "written"

    asyncio.run(test())
    assert recorded(own.url) == {"k": 1}
