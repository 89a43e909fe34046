"""Reporting: what a decision owner, a risk owner and an AI product owner ask of one decision type.

Everything comes from sums that were kept as decisions went on, never from the decisions themselves.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby

from application.certifying import Asked, NotDeclared, ThresholdReport, thresholds
from application.desk import Caller, Desk
from application.evidence.cases import Case, Model, cases_of
from application.measuring import metrics
from application.metrics.formulas import Metrics
from application.metrics.intervals import Proportion, Weighed, weighted_share
from application.metrics.periods import whole_days
from application.metrics.window import Bucket, Window
from application.reading import Queue, Reader
from domain.model import Value

DAYS, WEEKS = timedelta(days=31), timedelta(days=400)
"""Up to so long a window is told by day, and by week; a longer one by month."""
MOST_MODELS = 3
MOST_POINTS = 60
FEWEST_LABELS = 10
"""On fewer labels, a share of wrong ones says next to nothing."""
LANES = ("automate", "review", "escalate", "")
"""In the order of care; the last are those that were never routed."""


class Period(Value):
    """A day, a week or a month, and what came of it."""

    window: Window
    lanes: dict[str, int]
    """How many came in, by the lane they were routed to first."""
    metrics: Metrics


class RiskPoint(Value):
    """What automating from one confidence on would cover, and how often it would be wrong."""

    threshold: float
    coverage: float
    wrong: Proportion


class RiskCurve(Value):
    """Risk against coverage, for one version of a model."""

    model: str
    version: str
    decisions: int
    points: tuple[RiskPoint, ...]


class TypeReport(Value):
    """All that the report on a decision type shows."""

    decision_type: str
    title: str
    window: Window
    as_of: datetime
    by: Bucket
    periods: tuple[Period, ...]
    whole: Metrics
    baseline_p50: Decimal | None
    """In seconds, as registered before go-live."""
    thresholds: ThresholdReport | None
    """Absent where no policy declares what a threshold has to prove."""
    risk: tuple[RiskCurve, ...]
    queues: tuple[Queue, ...]


async def report_on(
    decision_type: str, window: Window, caller: Caller, desk: Desk, reader: Reader
) -> TypeReport:
    """Put together the report of a window of whole days, or of one that reaches to now."""
    caller.require_any_seat(decision_type)
    governed = await desk.governed(decision_type)
    visible, now = frozenset({decision_type}), desk.clock.now()
    days = whole_days(window, now) or window
    shown = await reader.extent(days, visible) or window
    by = _bucket(shown)
    told = await metrics(
        window, caller, desk, reader, decision_type=decision_type, group_by=by, as_of=now
    )
    parts = [whole_days(part.window, now) or part.window for part in told.slices]
    lanes = await reader.lanes(decision_type, parts)
    counts = await reader.evidence(decision_type, days)
    baseline = governed.decision_type.baseline
    return TypeReport(
        decision_type=decision_type,
        title=governed.decision_type.definition.title,
        window=Window(since=max(window.since, shown.since), until=min(window.until, now)),
        as_of=now,
        by=by,
        periods=tuple(
            Period(window=part.window, lanes=dict(found), metrics=part.metrics)
            for part, found in zip(told.slices, lanes, strict=True)
        ),
        whole=told.metrics,
        baseline_p50=baseline.cycle_time_p50_seconds if baseline else None,
        thresholds=await _thresholds(decision_type, caller, desk, reader),
        risk=await asyncio.to_thread(risk_curves, counts),
        queues=tuple(await reader.queues(visible, now)),
    )


def _bucket(window: Window) -> Bucket:
    length = window.until - window.since
    return "day" if length <= DAYS else "week" if length <= WEEKS else "month"


async def _thresholds(
    decision_type: str, caller: Caller, desk: Desk, reader: Reader
) -> ThresholdReport | None:
    try:
        return await thresholds(decision_type, Asked(), caller, desk, reader)
    except NotDeclared:
        return None


def risk_curves(counts: Mapping[str, int]) -> tuple[RiskCurve, ...]:
    """Of the models that were heard of most, the risk at every coverage."""
    cases = sorted(cases_of(counts), key=lambda case: case.model)
    by_model = {model: list(own) for model, own in groupby(cases, key=lambda case: case.model)}
    sizes = {model: sum(case.n for case in own) for model, own in by_model.items()}
    most = sorted(by_model, key=lambda model: (-sizes[model], model))[:MOST_MODELS]
    return tuple(_curve(model, sizes[model], by_model[model]) for model in most)


def _curve(model: Model, whole: int, cases: Sequence[Case]) -> RiskCurve:
    """From the surest on down, a point each time that enough more are covered."""
    known = [case for case in cases if case.confidence is not None]
    known.sort(key=lambda case: -(case.confidence or 0))
    points: list[RiskPoint] = []
    labels: dict[tuple[float, bool], int] = {}
    covered, shown_at = 0, 0.0
    for confidence, at_once in groupby(known, key=lambda case: case.confidence or 0):
        for case in at_once:
            covered += case.n
            if case.outcome.counts:
                kind = (1 / float(case.outcome.stratum[1]), not case.outcome.label)
                labels[kind] = labels.get(kind, 0) + case.n
        coverage = covered / whole
        if sum(labels.values()) >= FEWEST_LABELS and coverage >= shown_at:
            shown_at = coverage + 1 / MOST_POINTS
            wrong = [Weighed(hit, weight, n) for (weight, hit), n in sorted(labels.items())]
            share = weighted_share("risk_at_coverage/1", wrong)
            points.append(RiskPoint(threshold=confidence / 10_000, coverage=coverage, wrong=share))
    return RiskCurve(model=model.name, version=model.version, decisions=whole, points=tuple(points))
