"""Two services under load: from the answer of whatever stops it on, nothing is automated in either."""

import asyncio
from pathlib import Path
from typing import Any

from two_services import Two, everything, two_services

from adapters.assembly import codec
from adapters.postgres.projections import ProjectionStore
from application.projections.breakers import Breakers

BREAKERS = """  breakers:
    quality: {limit: 0.05, delta: 0.1, horizon: 250}
"""


async def stopped(two: Two, how: Any) -> tuple[int, list[str]]:
    """Stop it under load: how many were automated before, and the lanes of what came after."""
    async with two.load():
        await two.until(60)
        automated = sum(told["lane"] == "automate" for told in two.told)
        await how()
        mark = len(two.told) + 8  # of each producer one may have been under way
        await two.until(80)
    later = [told["lane"] for told in two.told[mark:]]
    asked_now = [(await two.recommend(at))["lane"] for at in (0, 1)]
    return automated, later + asked_now


def automated_between(url: str, stops: str, begins: str = "") -> list[int]:
    """How often something was automated after each stop, in the log itself, event by event."""
    found: list[int] = []
    halted = False
    for positioned in asyncio.run(everything(url)):
        topic = positioned.event.TOPIC
        if topic == stops:
            halted = True
            found.append(0)
        elif topic == begins:
            halted = False
        elif halted and topic == "decision.auto_actioned":
            found[-1] += 1
    return found


def test_after_the_label_that_trips(database_url: str, tmp_path: Path) -> None:
    async def play() -> tuple[int, list[str]]:
        async with two_services(database_url, tmp_path, breakers=BREAKERS) as two:
            drawn = [(await two.recommend(n % 2))["id"] for n in range(3)]

            async def overturn() -> None:
                for n, id in enumerate(drawn):  # each label comes to the other service
                    path = f"/v1/decisions/{id}/quality"
                    await two.send((n + 1) % 2, "quinn", "POST", path, {"verdict": "overturn"})

            return await stopped(two, overturn)

    automated, later = asyncio.run(play())
    assert automated > 0
    assert set(later) == {"review"}
    assert automated_between(database_url, "decision_type.breaker_tripped") == [0]


OF_ALL = ("/v1/halt", "/v1/halt/lift")
OF_TYPE = ("/v1/decision-types/refund/suspend", "/v1/decision-types/refund/resume")
SWITCHES: list[tuple[str, str, tuple[str, str], dict[str, Any]]] = [
    ("olga", "rhea", OF_ALL, {}),
    ("ana", "rhea", OF_ALL, {"model": {"name": "assistant"}}),
    ("ana", "rhea", OF_ALL, {"model": {"name": "assistant", "version": "1"}}),
    ("ana", "cy", OF_TYPE, {}),
]
"""Who pulls and who lifts, where, and what: everything, a model, a version of it, a type."""


def test_after_a_kill_switch_of_any_scope(database_url: str, tmp_path: Path) -> None:
    async def play(two: Two) -> None:
        for n, (pulls, lifts, (halt, lift), what) in enumerate(SWITCHES):
            body = {"reason_code": "HALT.ODD", **what}

            async def pull(n: int = n, who: str = pulls, to: str = halt, said: Any = body) -> None:
                await two.send(n % 2, who, "POST", to, said)

            automated, later = await stopped(two, pull)
            assert automated > 0
            assert set(later) == {"review"}, what
            if "model" in what:
                assert (await two.recommend(0, "another"))["lane"] == "automate"
            await two.send((n + 1) % 2, lifts, "POST", lift, body)
            assert [(await two.recommend(at))["lane"] for at in (0, 1)] == ["automate"] * 2

    async def both() -> None:
        async with two_services(database_url, tmp_path) as two:
            await play(two)

    asyncio.run(both())
    assert automated_between(database_url, "decision_type.suspended", "decision_type.resumed") == [
        0
    ]
    assert automated_between(database_url, "kill_switch.pulled", "kill_switch.lifted") == [0, 1, 1]


def test_a_worker_ends_a_trial_and_the_projection_has_the_same_bits(
    database_url: str, tmp_path: Path
) -> None:
    async def play() -> dict[str, Any]:
        async with two_services(database_url, tmp_path, breakers=BREAKERS, work=True) as two:
            for n in range(3):
                await judge(two, n, "overturn")
            await two.send(
                1, "cy", "POST", "/v1/decision-types/refund/resume", {"reason_code": "HALT.FIXED"}
            )
            for n in range(50):
                await judge(two, n, "confirm")
            async with asyncio.timeout(30):
                while True:
                    await asyncio.sleep(0.1)
                    if (now := await breakers(two))["state"] == "closed":
                        return now

    assert asyncio.run(play())["streams"][0]["n"] == 0
    store, projection = ProjectionStore(database_url, codec()), Breakers()
    try:
        store.catch_up(projection)
        rows = store.rows(projection)
        assert store.verify(projection) == []
        store.rebuild(projection)
        assert store.rows(projection) == rows
    finally:
        store.close()


async def judge(two: Two, n: int, verdict: str) -> None:
    id = await automated(two, n)
    path = f"/v1/decisions/{id}/quality"
    await two.send((n + 1) % 2, "quinn", "POST", path, {"verdict": verdict})


async def automated(two: Two, n: int) -> str:
    """A decision that was automated: after a trip, half of them may be."""
    while True:
        decision = await two.recommend(n % 2)
        if decision["lane"] == "automate":
            return str(decision["id"])


async def breakers(two: Two) -> dict[str, Any]:
    return await two.send(0, "quinn", "GET", "/v1/decision-types/refund/breakers")
