"""The life of a policy in several processes on one database: one wins, and all obey at once."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from adapters.assembly import postgres_desk
from adapters.clock import HeldClock
from adapters.settings import Settings
from application import policy_life
from application.desk import Caller, Desk
from application.governing import Adoption, adopt
from application.ports import Identity
from application.recommending import recommend
from application.replaying import replay
from domain.composing import ORGANISATION
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.facts import BUILT_IN
from domain.model import OWNER_SEATS, Refusal
from domain.policy.gate import Floor
from domain.policy.signing import AlreadyActive, OutdatedSignature
from domain.values import Lane
from tests.application.office import an_adoption, caller
from tests.domain.builders import (
    HOUR,
    MODEL,
    NOON,
    a_definition,
    a_guardrail,
    a_recommendation,
    above,
    at_most,
)

SETTINGS = Settings.model_validate({"lot_key": "a secret of the tests alone"})


@dataclass
class Two:
    """Two processes' desks, each with its own memory and its own clock."""

    here: Desk
    there: Desk
    clocks: tuple[HeldClock, HeldClock]


@asynccontextmanager
async def two(url: str) -> AsyncGenerator[Two]:
    clocks = HeldClock(NOON), HeldClock(NOON)
    async with (
        postgres_desk(url, SETTINGS, clocks[0]) as here,
        postgres_desk(url, SETTINGS, clocks[1]) as there,
    ):
        await adopt(an_adoption(), caller("operator"), here)
        floor = Floor(required=False)
        await policy_life.set_floor("refund", floor, None, owner("cy"), here)
        yield Two(here, there, clocks)


def owner(name: str) -> Caller:
    return Caller(Identity(name, "human", {"*": frozenset(map(str, OWNER_SEATS))}))


def amounts_above(limit: int) -> Guardrail:
    large = Rule(id="large", when=above("amount", str(limit)), then=Lane.REVIEW, reason="LARGE")
    rules = tuple(large if rule.id == "large" else rule for rule in a_guardrail().rules)
    return a_guardrail(rules=rules)


async def approved(desk: Desk, limit: int) -> int:
    """A version that is ready to be put into force."""
    guardrail = amounts_above(limit)
    desk.reads = lambda *_: guardrail
    policy = await policy_life.draft("refund", "text", owner("bo"), desk)
    version = max(policy.versions)
    await policy_life.propose("refund", version, (), None, owner("bo"), desk)
    await policy_life.approve("refund", version, None, owner("cy"), desk)
    return version


def activation(desk: Desk, version: int, **more: Any) -> Coroutine[Any, Any, Any]:
    return policy_life.activate("refund", version, more.get("at"), None, owner("bo"), desk)


async def decided(desk: Desk, subject: str, amount: int = 80) -> tuple[Lane | None, int | None]:
    from application.recommending import Recommend

    command = Recommend(
        decision_type="refund",
        subject=subject,
        recommendation=a_recommendation(),
        model=MODEL,
        context={"amount": amount, "suspicious": False},
    )
    decision = (await recommend(command, caller("bot"), desk)).decision
    assert decision.routing is not None
    assert (await replay(decision.id, desk)).verdict == "match"
    ref = decision.routing.policy
    return decision.routing.lane, ref.version if ref else None


def test_of_two_that_put_a_version_into_force_at_once_one_does(database_url: str) -> None:
    async def race() -> None:
        async with two(database_url) as desks:
            for round in range(4):
                first = await approved(desks.here, 90 - 10 * round)
                second = await approved(desks.there, 85 - 10 * round)
                outcomes = await asyncio.gather(
                    activation(desks.here, first),
                    activation(desks.there, second),
                    activation(desks.there, first),
                    return_exceptions=True,
                )
                won = [o for o in outcomes if not isinstance(o, BaseException)]
                lost = [o for o in outcomes if isinstance(o, BaseException)]
                assert len(won) == 1
                assert all(isinstance(o, OutdatedSignature | AlreadyActive) for o in lost), lost
                policy = await desks.here.policy("refund")
                assert policy is not None and policy.active_version == won[0].active_version

    asyncio.run(race())


def test_a_version_comes_into_force_at_its_moment_in_every_process(database_url: str) -> None:
    async def wait() -> None:
        async with two(database_url) as desks:
            version = await approved(desks.here, 50)
            assert await decided(desks.there, "a") == (Lane.AUTOMATE, 1)
            await activation(desks.here, version, at=NOON + HOUR)
            for desk in (desks.here, desks.there):
                assert await decided(desk, f"before {id(desk)}") == (Lane.AUTOMATE, 1)
            for clock in desks.clocks:
                clock.advance(HOUR)
            before = await desks.here.log.newest()
            for desk in (desks.here, desks.there):
                assert await decided(desk, f"after {id(desk)}") == (Lane.REVIEW, version)
            events = await desks.here.log.after(before)
            topics = {one.event.TOPIC.partition(".")[0] for one in events}
            assert topics == {"decision"}, "nothing had to be recorded for it to speak"

    asyncio.run(wait())


def test_the_organisations_policy_holds_for_the_next_decision_in_every_process(
    database_url: str,
) -> None:
    low = Limit(id="house-risk", require=at_most("risk", "0.05"), reason="HOUSE_RISK")
    house = Adoption(
        a_definition(name=ORGANISATION, context={}),
        "text",
        "sha256:text",
        Guardrail(policy="house", facts=dict(BUILT_IN), limits=(low,)),
    )

    async def compose() -> None:
        async with two(database_url) as desks:
            assert await decided(desks.there, "a") == (Lane.AUTOMATE, 1)
            await adopt(house, caller("operator"), desks.here)
            assert await decided(desks.there, "b") == (Lane.REVIEW, 1)
            await policy_life.retire(ORGANISATION, 1, None, owner("cy"), desks.here)
            assert await decided(desks.there, "c") == (Lane.AUTOMATE, 1)

    asyncio.run(compose())


def test_the_organisation_takes_no_recommendations(database_url: str) -> None:
    from application.recommending import NotActive, Recommend

    command = Recommend(
        decision_type=ORGANISATION, subject="x", recommendation=a_recommendation(), model=MODEL
    )

    async def ask() -> None:
        async with two(database_url) as desks:
            kind = Adoption(
                a_definition(name=ORGANISATION, context={}),
                "text",
                "sha256:text",
                a_guardrail(rules=()),
            )
            await adopt(kind, caller("operator"), desks.here)
            by = Caller(Identity("bot", "service", {"*": frozenset({"producer"})}))
            with pytest.raises(NotActive):
                await recommend(command, by, desks.here)

    asyncio.run(ask())


def test_a_refused_step_leaves_no_trace(database_url: str) -> None:
    async def refuse() -> None:
        async with two(database_url) as desks:
            version = await approved(desks.here, 50)
            before = await desks.here.log.newest()
            with pytest.raises(Refusal):
                await policy_life.approve("refund", version, None, owner("cy"), desks.here)
            assert await desks.here.log.newest() == before

    asyncio.run(refuse())
