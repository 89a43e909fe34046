"""Claiming: what the next item of a queue costs, with few waiting and with many."""

import asyncio
from collections.abc import Callable

import psycopg

from adapters.assembly import postgres_desk
from adapters.demo.cast import REVIEWERS
from application.desk import Caller
from application.governing import Switch, suspend
from application.ports import Identity
from benchmarks.load import Load
from benchmarks.machines import Installation, create_database, install, product
from benchmarks.payloads import DECISION_TYPE
from benchmarks.stores import fresh_copy
from benchmarks.subjects import Figures, Measure, Site, caught_up, figures_of, sent
from domain.model import Seat

FEW, MANY = 1_000, 100_000
CLAIMS = 400
"""How many are claimed, one after the other: fewer than wait where few do."""
LINES = 100
QUEUE = "support-desk"
WAITING = "SELECT count(*) FROM review_queue WHERE queue = %s AND waits_for_a_person"


def waiting(site: Site, count: int) -> Installation:
    """The product with so many waiting in one queue: automation is off, so people have them all."""
    name = f"waiting_{count}"
    if name not in site.installations:
        installation = install(site.directory / name, create_database(site.url, f"bench_{name}"))
        asyncio.run(_without_automation(installation))
        while (missing := count - _waiting_in(installation)) > 0:
            _recommend(site, installation, missing)
        site.installations[name] = installation
    return fresh_copy(site, site.installations[name])


def _recommend(site: Site, installation: Installation, count: int) -> None:
    """Hand over so many, or a few more; what its own rules escalate waits elsewhere."""
    with product(installation) as service:
        load = Load(
            ports=[service.port],
            kind="batch",
            key=service.key,
            first=site.first(),
            lines=LINES,
            connections=4,
            warm_up=0,
            seconds=3_600,
            most=-(-count // LINES),
        )
        sent(load)
    caught_up(installation)


def _waiting_in(installation: Installation) -> int:
    with psycopg.connect(installation.url) as connection:
        found = connection.execute(WAITING, (QUEUE,)).fetchone()
    return found[0] if found else 0


async def _without_automation(installation: Installation) -> None:
    definitions = {each.definition.name: each.definition for each in installation.adoptions}
    owner = definitions[DECISION_TYPE].owners[Seat.DECISION_OWNER]
    caller = Caller(Identity(owner, "human", {DECISION_TYPE: frozenset({Seat.DECISION_OWNER})}))
    async with postgres_desk(installation.url, installation.settings) as desk:
        await suspend(DECISION_TYPE, Switch(reason_code="HALT.BENCHMARK"), caller, desk)


def claims(count: int) -> Callable[[Site], Figures]:
    """One person claims the next one again and again: the figure is the p50 over HTTP."""

    def measure(site: Site) -> Figures:
        installation = waiting(site, count)
        with product(installation) as service:
            load = Load(
                ports=[service.port],
                kind="claim",
                key=installation.cast.keys[REVIEWERS[0]],
                paths=[f"/v1/queues/{QUEUE}/claim-next"],
                connections=1,
                seconds=60,
                most=CLAIMS,
            )
            return figures_of(sent(load))

    return measure


CLAIMING: dict[str, Measure] = {"claim_few": claims(FEW), "claim_many": claims(MANY)}
