"""A decision type with a past: weeks of decisions, so that a report has something to show."""

from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import cast

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from application.metrics.window import Window
from application.reporting import TypeReport, report_on
from domain.decision_type.definition import Baseline
from domain.guardrail.document import Sampling, Thresholds
from domain.values import Lane
from tests.application.office import Office, an_adoption, caller, run
from tests.domain.builders import (
    DAY,
    LARGE,
    NOON,
    SMALL,
    a_definition,
    a_guardrail,
    a_recommendation,
)

BASELINE = Baseline(cycle_time_p50_seconds=Decimal(5 * 3600), source="counted by hand")
GRID = tuple(map(Decimal, ("0.95", "0.9", "0.85", "0.8", "0.7")))
PROMISE = Thresholds(
    limit=Decimal("0.15"), delta=Decimal("0.05"), grid=GRID, since=(NOON - DAY).date()
)


def an_office_with_a_promise() -> Office:
    """An office whose policy declares what a threshold has to prove."""
    checked = Sampling(id="qa", of=Lane.AUTOMATE, rate=Decimal(1), queue="quality")
    guardrail = a_guardrail(sampling=(checked,), thresholds=PROMISE)
    return Office().adopt(an_adoption(a_definition(baseline=BASELINE), guardrail))


def busy(office: Office, days: int, a_day: int, seed: int = 1) -> Office:
    """So many decisions a day, of which some are wrong: the surer the model, the fewer."""
    chance = Random(seed)
    for day in range(days):
        for nth in range(chance.randint(a_day // 2, a_day)):
            _one(office, f"order {day}/{nth}", chance)
        office.pass_time(DAY)
    return office


def _one(office: Office, subject: str, chance: Random) -> None:
    sure = round(1 - chance.betavariate(1, 7), 4)
    right = chance.random() < min(1.0, sure + 0.04)
    context = LARGE if chance.random() < 0.2 else SMALL
    stated = None if chance.random() < 0.03 else str(sure)
    said = a_recommendation(confidence=stated, risk=str(round(chance.random() * 0.35, 2)))
    id = office.recommend(subject=subject, recommendation=said, context=context).decision.id
    office.pass_time(timedelta(minutes=chance.expovariate(1 / 40)))
    match office.decision(id).lane:
        case Lane.AUTOMATE:
            office.report(id)
            if chance.random() < 0.97:
                office.judge(id, "confirm" if right else "overturn")
        case lane if chance.random() < 0.9:
            who = "rae" if lane is Lane.REVIEW else "di"
            other = {"action": "replace", "reason_code": "OVR.BETTER_ACTION"}
            office.choose(id, "uphold" if right else "override", who, **({} if right else other))
            if office.decision(id).action is not None:
                office.report(id)
        case _:
            pass


def reported(office: Office, window: Window | None = None) -> TypeReport:
    """The report on all there is, or on a window."""
    log = cast("MemoryEventLog", office.desk.log)
    reader = MemoryReader(log, MemoryProjectionStore(log))
    now = office.clock.now()
    whole = Window(since=NOON - 400 * DAY, until=now + timedelta(microseconds=1))
    return run(report_on("refund", window or whole, caller("audra"), office.desk, reader))
