"""Agreement between person and model: overrides, quality checks, reversals."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from application.metrics.counting import Counts
from application.metrics.intervals import Estimate, Proportion, Weighed, proportion, weighted_share
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


class AtRisk(NamedTuple):
    """Automated decisions old enough for the horizon, and those of them reversed within it."""

    n: int = 0
    reversed: int = 0


def agreement(them: Counts, at_risk: AtRisk, strictness: Strictness | None) -> Agreement:
    """Measure the agreement of a window."""
    overridden = them.n("overridden")
    turns = [(turn, n) for turn, n in _turns(them, strictness or {})]
    ordered = sum(n for _, n in turns)
    overturned = quality_overturn_rate(them)
    return Agreement(
        override_rate=proportion("override_rate/1", overridden, them.n("disposed")),
        override_to_stricter=proportion(
            "override_direction/1", sum(n for turn, n in turns if turn > 0), ordered
        ),
        override_to_laxer=proportion(
            "override_direction/1", sum(n for turn, n in turns if turn < 0), ordered
        ),
        override_reasons={
            reason: proportion("override_reasons/1", n, overridden)
            for reason, n in them.by_label("reason").items()
        },
        quality_overturn_rate=overturned,
        silent_error_estimate=silent_errors(overturned, them.n("automated")),
        reversal_rate=proportion("reversal_rate/1", at_risk.reversed, at_risk.n),
    )


def _turns(them: Counts, strictness: Strictness) -> Iterator[tuple[int, int]]:
    """By how much how many overrides were stricter; without a declared order they are left out."""
    for (decision_type, recommended, final), n in them.by_parts("turn"):
        ranks = strictness.get(decision_type, {})
        was, became = ranks.get(recommended), ranks.get(final or "")
        if was is not None and became is not None:
            yield became - was, n


def quality_overturn_rate(them: Counts) -> Proportion:
    """The share that the quality check overturned, weighted when the sampling rates differ."""
    return weighted_share(
        "quality_overturn_rate/1",
        [
            Weighed(verdict == "overturn", _weight(rate), n)
            for (verdict, rate), n in them.by_parts("judged")
        ],
    )


def _weight(rate: str | None) -> float:
    return 1 / float(Decimal(rate)) if rate and Decimal(rate) else 1.0


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
