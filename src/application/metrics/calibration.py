"""Calibration: is the model as often right as it says it is?

Confidences are counted in 1/10,000, so that the edge of a bin is an edge on every machine.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from math import fsum, pi, sqrt
from typing import NamedTuple

from application.metrics.intervals import wilson
from application.metrics.populations import Cases
from domain.model import Value

BINS = 10
UNIT = 10_000


class Point(NamedTuple):
    """A label beside the confidence it was given with."""

    confidence: int
    """In 1/10,000."""
    right: bool
    weight: float = 1.0
    """1 / P(labelled)."""


class Bin(Value):
    """One bar of a reliability diagram, [low, high), the last one closed."""

    low: float
    high: float
    n: int
    mean_confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


class Scores(Value):
    """How far confidence and truth lie apart; `null` without a single label.

    brier = reliability - resolution + uncertainty + within_bins, the last being what ten bins
    can't tell apart.
    """

    brier: float | None
    reliability: float | None
    resolution: float | None
    uncertainty: float | None
    within_bins: float | None
    ece: float | None


class Calibration(Value):
    """Calibration over the decisions with a confidence and a label of known probability."""

    n: int
    labels_without_probability: int
    """Labels that came by complaint or observation: shown, never part of an estimate."""
    raw: Scores
    weighted: Scores
    """Weighted by 1 / P(labelled)."""
    ece_if_calibrated: float | None
    """The raw figure to expect at this n from a model that is perfectly calibrated."""
    bins: tuple[Bin, ...]
    """Raw, for a diagram; without the empty ones."""
    formulas: tuple[str, ...] = ("brier/1", "ece/1")


def calibration(labelled: Cases) -> Calibration:
    """Measure the calibration over labelled decisions."""
    points = points_of(labelled)
    raw = [point._replace(weight=1.0) for point in points]
    return Calibration(
        n=len(points),
        labels_without_probability=sum(case.label_probability is None for case in labelled),
        raw=scores(raw),
        weighted=scores(points),
        ece_if_calibrated=ece_if_calibrated(raw),
        bins=tuple(_bar(index, members) for index, members in _binned(raw)),
    )


def points_of(labelled: Cases) -> list[Point]:
    """What may enter an estimate: a label of known probability, on a stated confidence."""
    return [
        Point(in_units(case.confidence), case.label, 1 / float(case.label_probability))
        for case in labelled
        if case.confidence is not None
        and case.label is not None
        and case.label_probability is not None
    ]


def in_units(confidence: Decimal) -> int:
    """A confidence in 1/10,000, halves up."""
    return int((confidence * UNIT).to_integral_value(ROUND_HALF_UP))


def bin_of(confidence: int) -> int:
    """The bin a confidence falls in: [l, u), the last one closed."""
    return min(confidence * BINS // UNIT, BINS - 1)


def scores(points: Sequence[Point]) -> Scores:
    """Brier, its parts and ECE of weighted points."""
    if not points:
        return Scores.model_validate(dict.fromkeys(Scores.model_fields))
    score = brier(points)
    base = _accuracy(points)
    bins = [(_share(members, points), members) for _, members in _binned(points)]
    reliability = fsum(share * _gap(members) ** 2 for share, members in bins)
    resolution = fsum(share * (_accuracy(members) - base) ** 2 for share, members in bins)
    return Scores(
        brier=score,
        reliability=reliability,
        resolution=resolution,
        uncertainty=base * (1 - base),
        within_bins=score - reliability + resolution - base * (1 - base),
        ece=ece(points),
    )


def brier(points: Sequence[Point]) -> float:
    """The mean squared distance between confidence and truth."""
    return _mean(points, lambda point: (point.confidence / UNIT - point.right) ** 2)


def ece(points: Sequence[Point]) -> float:
    """The mean distance between accuracy and confidence over ten bins of equal width."""
    return fsum(_share(members, points) * abs(_gap(members)) for _, members in _binned(points))


def ece_if_calibrated(points: Sequence[Point]) -> float | None:
    """What chance alone makes of the raw ECE: the mean absolute normal deviate of each bin.

    A figure near this one is no reason for alarm.
    """
    if not points:
        return None
    return fsum(
        _share(members, points)
        * sqrt(2 / (pi * len(members)) * _mean(members, lambda point: _variance(point.confidence)))
        for _, members in _binned(points)
    )


def _variance(confidence: int) -> float:
    return confidence * (UNIT - confidence) / UNIT**2


def _binned(points: Sequence[Point]) -> list[tuple[int, list[Point]]]:
    found: dict[int, list[Point]] = {}
    for point in points:
        found.setdefault(bin_of(point.confidence), []).append(point)
    return sorted(found.items())


def _mean(points: Sequence[Point], of: Callable[[Point], float]) -> float:
    return fsum(point.weight * of(point) for point in points) / _weight(points)


def _weight(points: Sequence[Point]) -> float:
    return fsum(point.weight for point in points)


def _share(members: Sequence[Point], points: Sequence[Point]) -> float:
    return _weight(members) / _weight(points)


def _accuracy(points: Sequence[Point]) -> float:
    return _mean(points, lambda point: point.right)


def _gap(points: Sequence[Point]) -> float:
    return _accuracy(points) - _mean(points, lambda point: point.confidence / UNIT)


def _bar(index: int, members: list[Point]) -> Bin:
    accuracy = _accuracy(members)
    low, high = wilson(accuracy, len(members))
    return Bin(
        low=index / BINS,
        high=(index + 1) / BINS,
        n=len(members),
        mean_confidence=_mean(members, lambda point: point.confidence / UNIT),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
    )
