"""Expecting: what would have come of the recorded decisions under another threshold.

Every decision is taken as it was routed, at the autonomy stage full with nothing halted, and with
the confidence asked for replaced by the threshold. How often it would have been wrong is estimated
only where there was a chance, fixed beforehand, of hearing so.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from math import sqrt

from application.evidence.cases import Case
from application.metrics.intervals import Estimate, Proportion, Z, proportion
from application.rehearsal.outcomes import Evidence, evidence, written
from domain.guardrail.conditions import And, Compare, Condition, facts_of
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.edits import condition_of, lines_of
from domain.model import Value
from domain.values import ExceptionCode

CONFIDENCE = frozenset({"confidence"})


class Expected(Value):
    """What a threshold would have changed in what was recorded."""

    threshold: Decimal
    decisions: int
    """Those of this model since the start: what all of this is a share of."""
    straight_through_before: Proportion
    straight_through: Proportion
    straight_through_change: Estimate
    for_people_before: int
    for_people: int
    for_people_per_day_before: float | None
    for_people_per_day: float | None
    errors_before: Evidence
    """Of what was automated under the threshold in force."""
    errors: Evidence
    """Of what would be; without a value where part of it had no chance of being looked at."""
    says: tuple[str, ...]
    """What all of this can't know."""


LIMITS_OF_THIS = (
    "every decision is taken as it was routed then, at stage full with nothing halted",
    "a rehearsal of the changed policy says exactly which decisions would go where",
    "nobody knows how reviewers judge under another load, nor how the cases will drift",
)
OUT_OF_SIGHT = (
    "{n} of these were automated with no chance of being looked at: how often they are wrong is "
    "not known, and lies between the bounds"
)


def expected(
    cases: Sequence[Case], threshold: Decimal, guardrail: Guardrail | None, over: timedelta | None
) -> Expected:
    """What the threshold would have changed."""
    waived = confidence_codes(guardrail) if guardrail else frozenset[str]()
    before = [case for case in cases if not case.against]
    after = [case for case in cases if case.is_at(threshold) and case.against <= waived]
    come = _count(case for case in after if case.against)
    n, n_before, n_after = map(_count, (cases, before, after))
    days = max(1.0, over / timedelta(days=1)) if over else None
    hidden = _count(case for case in after if case.is_out_of_sight)
    return Expected(
        threshold=threshold,
        decisions=n,
        straight_through_before=proportion("expected_straight_through/1", n_before, n),
        straight_through=proportion("expected_straight_through/1", n_after, n),
        straight_through_change=_change(come, n_before - (n_after - come), n),
        for_people_before=n - n_before,
        for_people=n - n_after,
        for_people_per_day_before=(n - n_before) / days if days else None,
        for_people_per_day=(n - n_after) / days if days else None,
        errors_before=_errors(before),
        errors=_errors(after),
        says=(*LIMITS_OF_THIS, *((OUT_OF_SIGHT.format(n=hidden),) if hidden else ())),
    )


def _count(cases: Iterable[Case]) -> int:
    return sum(case.n for case in cases)


def _change(come: int, gone: int, n: int) -> Estimate:
    """The difference of two shares of the same decisions, with its 95 % interval."""
    formula = "expected_straight_through_change/1"
    if not n:
        return Estimate(value=None, low=None, high=None, formula=formula)
    change = (come - gone) / n
    reach = Z * sqrt(max(0.0, (come + gone) / n - change * change) / n)
    low, high = max(-1.0, change - reach), min(1.0, change + reach)
    return Estimate(value=change, low=low, high=high, formula=formula)


def _errors(cases: Iterable[Case]) -> Evidence:
    sums: Counter[str] = Counter()
    for case in cases:
        sums[written(*case.outcome)] += case.n
    return evidence(sums)


def confidence_codes(guardrail: Guardrail) -> frozenset[str]:
    """The reasons that a policy gives where nothing but the confidence is too low."""
    on_confidence, on_others = set[str](), set[str]()
    for line in lines_of(guardrail).values():
        alone = facts_of(condition_of(line)) == CONFIDENCE
        (on_confidence if alone else on_others).add(_code(line))
    return frozenset(on_confidence - on_others)


def _code(line: Limit | Rule) -> str:
    low = ExceptionCode.LOW_CONFIDENCE
    return low.reason_code if line.reason == low else f"ROUTE.{line.reason}"


def in_force(guardrail: Guardrail) -> Decimal | None:
    """The confidence that a policy asks for before it automates anything; None if it asks none."""
    asked = [value for limit in guardrail.limits for value in _least(limit.require)]
    return max(asked, default=None)


def _least(condition: Condition) -> list[Decimal]:
    match condition:
        case Compare(fact="confidence", op=">=" | ">", value=Decimal() as value):
            return [value]
        case And(of=parts):
            return [value for part in parts for value in _least(part)]
        case _:
            return []
