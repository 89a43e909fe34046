"""Agreement between person and model: overrides, quality checks, reversals."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from application.metrics.facts import DecisionFacts
from application.metrics.intervals import (
    Estimate,
    Proportion,
    proportion,
    share_of,
    weighted_share,
)
from application.metrics.populations import Cases, Populations, is_overridden
from domain.model import Value

Strictness = Mapping[str, Mapping[str, int]]
"""How strict each action is, by decision type: a higher number is the stricter action."""


class Agreement(Value):
    """How often people, asked beforehand or afterwards, see it as the model did."""

    override_rate: Proportion
    override_to_stricter: Proportion
    override_to_laxer: Proportion
    override_reasons: dict[str, Proportion]
    quality_overturn_rate: Proportion
    silent_error_estimate: Estimate
    reversal_rate: Proportion


def agreement(
    them: Populations, strictness: Strictness | None, reversal_horizon: timedelta
) -> Agreement:
    """Measure the agreement of a window."""
    overrides = tuple(case for case in them.disposed if is_overridden(case))
    turns = tuple(_turns(overrides, strictness or {}))
    overturned = quality_overturn_rate(them.judged)
    return Agreement(
        override_rate=proportion("override_rate/1", len(overrides), len(them.disposed)),
        override_to_stricter=share_of("override_direction/1", (turn > 0 for turn in turns)),
        override_to_laxer=share_of("override_direction/1", (turn < 0 for turn in turns)),
        override_reasons=_reasons(overrides),
        quality_overturn_rate=overturned,
        silent_error_estimate=silent_errors(overturned, len(them.automated)),
        reversal_rate=reversal_rate(them.automated, reversal_horizon, them.as_of),
    )


def _turns(overrides: Cases, strictness: Strictness) -> Iterable[int]:
    """By how much each override was stricter; those without a declared order are left out."""
    for case in overrides:
        ranks = strictness.get(case.decision_type, {})
        was, became = ranks.get(case.recommended_action), ranks.get(case.final_action or "")
        if was is not None and became is not None:
            yield became - was


def _reasons(overrides: Cases) -> dict[str, Proportion]:
    counts = Counter(case.override_reason for case in overrides if case.override_reason)
    return {
        reason: proportion("override_reasons/1", counts[reason], len(overrides))
        for reason in sorted(counts)
    }


def quality_overturn_rate(judged: Cases) -> Proportion:
    """The share that the quality check overturned, weighted when the sampling rates differ."""
    return weighted_share(
        "quality_overturn_rate/1",
        [(case.quality_verdict == "overturn", _weight(case)) for case in judged],
    )


def _weight(case: DecisionFacts) -> float:
    return 1 / float(case.sampling_rate) if case.sampling_rate else 1.0


def silent_errors(overturned: Proportion, automated: int) -> Estimate:
    """How many wrong ones stand among all that were automated, had each been checked."""
    return Estimate(
        value=_times(overturned.value, automated),
        low=_times(overturned.low, automated),
        high=_times(overturned.high, automated),
        formula="silent_error_estimate/1",
    )


def _times(share: float | None, whole: int) -> float | None:
    return None if share is None else share * whole


def reversal_rate(automated: Cases, horizon: timedelta, as_of: datetime) -> Proportion:
    """The share reversed within the horizon, of those that have been at risk for all of it."""
    old_enough = [
        (case.reversed_at, case.ended_at + horizon)
        for case in automated
        if case.ended_at is not None and case.ended_at + horizon <= as_of
    ]
    return share_of("reversal_rate/1", (at is not None and at < until for at, until in old_enough))
