"""Subjects of what happens around decisions: exceptions beside them, and actions on their way."""

import asyncio
import json
import time
from collections.abc import Mapping

import psycopg

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.cases import real_cases
from adapters.demo.service import running
from adapters.identity.api_keys import issue, write
from adapters.worker import catch_up
from application.desk import Caller, Desk
from application.governing import Switch, adopt, suspend, vacate_owner
from application.ports import Identity
from application.submitting import hand_over
from benchmarks import checking
from benchmarks.exceptional import CLASSES, HALTED, UNSTAFFED, VACANT, source_of
from benchmarks.load import Load
from benchmarks.machines import BenchmarkFailed, Installation, create_database, install, peer
from benchmarks.subjects import Figures, Measure, Site, caught_up, figures_of, sent, served
from domain.model import OWNER_SEATS, Seat

OPERATOR = Caller(Identity("benchmark", "human"))
OWNERS = Caller(Identity("grace.okafor", "human", {"*": frozenset(OWNER_SEATS)}))
OTHER = "other-model"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PACE = 200.0
"""Submissions a second: well below what the service takes, so that what is compared is how long
each has to wait for others, and not how much work there is in all."""
SENT = 2_000
"""Messages that one measurement delivers."""
PATIENCE = 120.0
RAISED = """
    SELECT jsonb_array_elements_text(
        convert_from(state, 'UTF8')::jsonb -> 'routing' -> 'exceptions')
    FROM remit_events WHERE notification_id > %(after)s
    UNION SELECT convert_from(state, 'UTF8')::jsonb ->> 'exception'
    FROM remit_events WHERE notification_id > %(after)s
    UNION SELECT 'SUPERSEDED' FROM remit_events
    WHERE notification_id > %(after)s AND topic ^@ 'decision.superseded.'
"""
DELIVERED = """
    SELECT count(*), extract(epoch FROM max(at) - min(at))::float FROM (
        SELECT (convert_from(state, 'UTF8')::jsonb ->> 'timestamp')::timestamptz AS at
        FROM remit_events WHERE notification_id > %s AND topic ^@ 'decision.action_delivered.'
    ) AS delivered
"""


def submissions(*, exceptional: bool) -> Measure:
    """Unaffected submissions, alone or with every fifth request a case for somebody."""

    def measure(site: Site) -> Figures:
        installation, other = _with_exceptions(site)
        before = checking.newest(installation.url)
        with served(installation, 1, False) as (service,):
            load = Load(
                ports=[service.port],
                kind="mixed" if exceptional else "post",
                key=service.key,
                other_key=other,
                pace=PACE,
                first=site.first(),
                seconds=site.seconds,
            )
            result = sent(load)
            if exceptional:
                _until_raised(installation, before)
        _require_stored(installation, before, result.decided)
        caught_up(installation)
        return figures_of(result, more={"affected": result.affected})

    return measure


def _with_exceptions(site: Site) -> tuple[Installation, str]:
    """A store of its own, with types that bring exceptions, and one more producer's key."""
    name = "exceptions"
    if name not in site.installations:
        installation = install(site.directory / name, create_database(site.url, f"bench_{name}"))
        key, record = issue(OTHER, OTHER, "service", {"*": frozenset({Seat.PRODUCER})})
        write(installation.directory / "api_keys.json", (*installation.cast.records, record))
        (installation.directory / "other").write_text(key)
        asyncio.run(_adopt_types(installation))
        site.installations[name] = installation
    installation = site.installations[name]
    return installation, (installation.directory / "other").read_text()


async def _adopt_types(installation: Installation) -> None:
    async with postgres_desk(installation.url, installation.settings) as desk:
        for name in (HALTED, VACANT, UNSTAFFED):
            source = source_of(name)
            if name == UNSTAFFED:
                source = source.replace("stage: full", "stage: assist").replace(
                    "reviewers: [rita.lang, tomas.berg]", f"reviewers: [{OTHER}]"
                )
            await adopt(read_adoption(source), OPERATOR, desk)
        await suspend(HALTED, Switch(reason_code="HALT.BENCHMARK"), OWNERS, desk)
        await vacate_owner(VACANT, Seat.DECISION_OWNER, OWNERS, desk)


def _until_raised(installation: Installation, before: int) -> None:
    """What lapses does so a moment later."""
    until = time.monotonic() + PATIENCE
    while missing := CLASSES - _raised(installation.url, before):
        if time.monotonic() > until:
            raise BenchmarkFailed(f"nothing raised {', '.join(sorted(missing))}")
        time.sleep(0.5)


def _raised(url: str, before: int) -> set[str]:
    with psycopg.connect(url) as connection:
        return {code for (code,) in connection.execute(RAISED.encode(), {"after": before})}


def _require_stored(installation: Installation, before: int, decided: int) -> None:
    with psycopg.connect(installation.url) as connection:
        counts = connection.execute(checking.COUNTS, (before,)).fetchone()
    if counts is None or counts[0] != decided:
        raise BenchmarkFailed(f"acknowledged {decided} decisions, stored {counts}")


def deliveries(site: Site) -> Figures:
    """Messages a second that one worker delivers to a receiver on this machine.

    Counted between the first and the last that the log says were delivered.
    """
    url = create_database(site.url, f"bench_deliveries_{site.first()}")
    installation = install(site.directory / "deliveries", url)
    asyncio.run(_authorise(installation))
    catch_up(url)
    before = checking.newest(url)
    with peer("echo", url, installation.directory) as receiver:
        file = installation.directory / "endpoints.json"
        endpoint = {"url": f"http://127.0.0.1:{receiver.port}/", "secrets": [SECRET]}
        file.write_text(json.dumps({"receiver": endpoint | {"private": True}}))
        environment = installation.environment(0) | {"REMIT_ENDPOINTS": str(file)}
        with running(environment, installation.directory / "work.log", "work"):
            seconds = _until_delivered(url, before)
    return Figures((SENT - 1) / seconds, more={"messages": SENT, "seconds": seconds})


def _until_delivered(url: str, before: int) -> float:
    until = time.monotonic() + PATIENCE
    found: tuple[int, float] | None = None
    while time.monotonic() < until:
        with psycopg.connect(url) as connection:
            found = connection.execute(DELIVERED, (before,)).fetchone()
        if found is not None and found[0] >= SENT:
            if found[0] > SENT:
                raise BenchmarkFailed(f"{found[0]} are said to be delivered of {SENT}")
            return float(found[1])
        time.sleep(0.5)
    raise BenchmarkFailed(f"after {PATIENCE:g} s {found} of {SENT} messages are delivered")


async def _authorise(installation: Installation) -> None:
    """As many actions that the service carries out."""
    name = "delivered_triage"
    source = source_of(name).replace("delivery: caller", "delivery: webhook\n  endpoint: receiver")
    bot = Caller(Identity("model", "service", {"*": frozenset({Seat.PRODUCER})}))
    body = real_cases(["support_triage"])[0].body
    certain = body["recommendation"] | {"confidence": "0.99", "risk": "0.01"}
    async with postgres_desk(installation.url, installation.settings) as desk:
        await adopt(read_adoption(source), OPERATOR, desk)
        said = body | {"decision_type": name, "recommendation": certain}
        for part in range(0, SENT, 100):
            numbers = range(part, part + 100)
            await asyncio.gather(*(_one(said | {"subject": f"s{n}"}, bot, desk) for n in numbers))


async def _one(said: Mapping[str, object], bot: Caller, desk: Desk) -> None:
    if (await hand_over(said, bot, desk)).decision.endpoint is None:
        raise BenchmarkFailed("an action was not allowed at once")


AROUND: dict[str, Measure] = {
    "unaffected": submissions(exceptional=False),
    "beside_exceptions": submissions(exceptional=True),
    "deliveries": deliveries,
}
