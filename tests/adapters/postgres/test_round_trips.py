"""How often the request path speaks to the database: read off the wire, and off the pool."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

from a_service import REFUND

from adapters.assembly import postgres_desk, read_adoption
from adapters.postgres.log import PostgresEventLog
from adapters.settings import Settings
from application.desk import Caller, Desk
from application.governing import adopt
from application.ports import CommandKey, Identity
from application.recommending import Recommend, recommend
from domain.model import Seat
from tests.costs import BODY

SETTINGS = Settings.model_validate({"lot_key": "a secret of the tests alone"})
BOT = Identity("bot", "service", {"refund": frozenset({Seat.PRODUCER})})


class Wire:
    """What went over the writer's connection, and how often the readers' were asked for."""

    messages: list[str]
    reads: int

    def sent(self, kind: str) -> int:
        """How many messages of a kind the client sent."""
        return sum(m.startswith(("F\t", ">\t")) and f"\t{kind}" in m for m in self.messages)


@contextmanager
def watched(desk: Desk) -> Generator[Wire]:
    log = cast("PostgresEventLog", desk.log)
    connection = log._writer._connection
    assert connection is not None
    wire = Wire()
    asked = log._pool.get_stats().get("requests_num", 0)
    with tempfile.TemporaryFile("w+") as out:
        connection.pgconn.trace(out.fileno())
        connection.pgconn.set_trace_flags(1)  # without the time
        yield wire
        connection.pgconn.untrace()
        out.seek(0)
        wire.messages = out.read().splitlines()
    wire.reads = log._pool.get_stats().get("requests_num", 0) - asked


@asynccontextmanager
async def a_warm_desk(url: str) -> AsyncGenerator[Desk]:
    """One that has adopted its decision type and decided once."""
    async with asyncio.timeout(60), postgres_desk(url, SETTINGS) as desk:
        await adopt(read_adoption(REFUND), Caller(Identity("operator", "human")), desk)
        for n in range(6):  # a statement is prepared when it has been used a few times
            await hand_over(desk, f"warm {n}")
        yield desk


async def hand_over(desk: Desk, subject: str) -> None:
    command = Recommend.model_validate(BODY | {"subject": subject})
    await recommend(command, Caller(BOT, command=CommandKey("bot/recommend", subject, b"")), desk)


def test_a_recommendation_is_one_round_trip_and_one_transaction(database_url: str) -> None:
    async def test() -> None:
        async with a_warm_desk(database_url) as desk:
            with watched(desk) as wire:
                await hand_over(desk, "alone")
            assert wire.sent("Sync") == 1, wire.messages
            assert wire.sent("Execute") == 2, "its lock, and the statement of the batch"
            assert wire.sent("Parse") == 0, "both are prepared"
            assert wire.reads == 0, "routing asks nothing"

    asyncio.run(test())


def test_a_batch_is_one_round_trip_and_one_transaction(database_url: str) -> None:
    async def test() -> None:
        async with a_warm_desk(database_url) as desk:
            with watched(desk) as wire:
                await asyncio.gather(*(hand_over(desk, f"beside {n}") for n in range(8)))
            assert wire.sent("Sync") == 1, wire.messages
            assert wire.sent("Execute") == 2
            assert wire.reads == 0

    asyncio.run(test())


def test_the_more_there_are_the_fewer_round_trips_each_takes(database_url: str) -> None:
    async def test() -> None:
        async with a_warm_desk(database_url) as desk:
            with watched(desk) as wire:
                await asyncio.gather(*(hand_over(desk, f"of many {n}") for n in range(200)))
            assert wire.sent("Sync") <= 12, (
                "half of those who wait, then half of the rest, and so on"
            )
            assert wire.reads == 0

    asyncio.run(test())


def test_an_extra_question_would_be_noticed(database_url: str) -> None:
    async def test() -> None:
        async with a_warm_desk(database_url) as desk:
            with watched(desk) as wire:
                await desk.log.prior("bot/recommend", "alone")
                await hand_over(desk, "one")
                await hand_over(desk, "another")
            assert (wire.sent("Sync"), wire.reads) == (2, 1)

    asyncio.run(test())
