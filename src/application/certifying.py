"""Certifying: which threshold the evidence recorded so far bears out, for whoever may look.

What has to be shown is declared in the policy in force, before the labels are seen. Whoever asks
for something else is answered, and told that the guarantee depends on having chosen it beforehand.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import ValidationError

from application.desk import Caller, Desk
from application.evidence.cases import Case, Model, cases_of
from application.evidence.expecting import in_force
from application.evidence.recommending import Recommendation, recommend
from application.metrics.periods import whole_days
from application.metrics.window import Window
from application.reading import Reader
from application.wording import problems_of
from domain.guardrail.document import Guardrail, Thresholds
from domain.model import Malformed, Value

FIRST_DAY = date(1970, 1, 1)
GUARANTEE = (
    "With probability at least 1 - delta, at most the limit is wrong at and above the threshold; "
)
AT_EVERY_LOOK = "it holds for every look at once"
PLANNED = "it holds for {looks} planned look{s}, and for no look more"
DECLARED = "; what it asks was declared in the policy beforehand"
NOT_DECLARED = (
    "; but {what} {was} not declared in the policy beforehand, so it holds only if you chose "
    "{it} before you saw any label"
)


class NotDeclared(Malformed):
    """What a threshold has to prove is declared in the policy, or given by who asks."""

    CODE = "REJ.not_declared"


class Asked(Value):
    """What is asked of the evidence; what is left out is as the policy declares it."""

    limit: Decimal | None = None
    delta: Decimal | None = None
    grid: tuple[Decimal, ...] | None = None
    since: date | None = None
    method: Literal["anytime", "exact"] | None = None
    looks: int | None = None
    unjudged: Literal["wrong", "withheld"] | None = None
    model: str | None = None
    model_version: str | None = None


class ThresholdReport(Value):
    """What the evidence bears out, and everything that this rests on."""

    decision_type: str
    policy_version: int | None
    """The version in force: what is recommended is a change to it, for its owners to make."""
    policy_hash: str | None
    threshold_in_force: Decimal | None
    limit: Decimal
    delta: Decimal
    grid: tuple[Decimal, ...]
    since: date
    method: Literal["anytime", "exact"]
    looks: int
    unjudged: Literal["wrong", "withheld"]
    declared: bool
    """Whether all of this stands in the policy in force."""
    guarantee: str
    as_of: datetime
    recommendations: tuple[Recommendation, ...]
    """One for each version of each model that was heard of since the start."""


async def thresholds(
    decision_type: str, asked: Asked, caller: Caller, desk: Desk, reader: Reader
) -> ThresholdReport:
    """Say which threshold the evidence bears out, for each model of a decision type."""
    caller.require_any_seat(decision_type)
    policy = (await desk.governed(decision_type)).active_policy
    guardrail = policy.guardrail if policy else None
    promise, undeclared = promised(asked, guardrail.thresholds if guardrail else None)
    now = desk.clock.now()
    counts = await reader.evidence(decision_type, _window(promise.since, now))
    recommendations = await asyncio.to_thread(_recommended, counts, asked, promise, guardrail, now)
    return ThresholdReport(
        decision_type=decision_type,
        policy_version=policy.version if policy else None,
        policy_hash=guardrail.digest if guardrail else None,
        threshold_in_force=in_force(guardrail) if guardrail else None,
        **dict(promise),
        declared=not undeclared,
        guarantee=_guarantee(promise, undeclared),
        as_of=now,
        recommendations=recommendations,
    )


def promised(asked: Asked, declared: Thresholds | None) -> tuple[Thresholds, tuple[str, ...]]:
    """What has to be proved, and which parts of it nobody has declared."""
    said: dict[str, Any] = {} if declared is None else dict(declared)
    given = {name: value for name, value in _of_promise(asked).items() if value is not None}
    if given.get("method", said.get("method")) == "anytime":
        said.pop("looks", None)
    said = {"since": FIRST_DAY} | said | given
    lacking = [name for name in ("limit", "delta", "grid") if name not in said]
    if lacking:
        names = ", ".join(lacking)
        raise NotDeclared(
            f"{names}: found none; declare it under `thresholds` in the policy, or give it here"
        )
    try:
        promise = Thresholds.model_validate(said)
    except ValidationError as error:
        raise Malformed("; ".join(map(str, problems_of(error, Thresholds, "thresholds")))) from None
    known = dict(declared) if declared else {}
    changed = (name for name, value in promise if known.get(name) != value)
    return promise, tuple(name for name in changed if name in given or name == "since")


def _of_promise(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in Thresholds.model_fields}


def _window(since: date, now: datetime) -> Window:
    """From the start of a day to the end of whatever there is."""
    start = min(datetime.combine(since, time(), UTC), now)
    window = Window(since=start, until=now + timedelta(microseconds=1))
    return whole_days(window, now) or window


def _recommended(
    counts: Mapping[str, int],
    asked: Asked,
    promise: Thresholds,
    guardrail: Guardrail | None,
    now: datetime,
) -> tuple[Recommendation, ...]:
    cases = cases_of(counts)
    over = None
    if promise.since > FIRST_DAY:
        over = now - datetime.combine(promise.since, time(), UTC)
    models = _models(cases, asked)
    return tuple(recommend(cases, model, promise, guardrail, over) for model in models)


def _models(cases: list[Case], asked: Asked) -> list[Model]:
    """Those heard of, as far as they are asked about; one that is named is answered for anyhow."""
    if asked.model is not None and asked.model_version is not None:
        return [Model(asked.model, asked.model_version)]
    return sorted(
        model
        for model in {case.model for case in cases}
        if asked.model in (None, model.name) and asked.model_version in (None, model.version)
    )


def _guarantee(promise: Thresholds, undeclared: tuple[str, ...]) -> str:
    plan = PLANNED.format(looks=promise.looks, s="" if promise.looks == 1 else "s")
    said = GUARANTEE + (AT_EVERY_LOOK if promise.method == "anytime" else plan)
    if not undeclared:
        return said + DECLARED
    names = ["from" if name == "since" else name for name in undeclared]
    was, it = ("was", "it") if len(names) == 1 else ("were", "them")
    return said + NOT_DECLARED.format(what=", ".join(names), was=was, it=it)
