"""Calibration: is the model as often right as it says it is?

Confidences are counted in 1/10,000, so that the edge of a bin is an edge on every machine.
"""

from collections.abc import Callable, Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from math import fsum, pi, sqrt
from typing import Any, NamedTuple

from application.metrics.intervals import sum_of, wilson
from domain.model import Value

BINS = 10
UNIT = 10_000


class Point(NamedTuple):
    """So many labels alike, beside the confidence they were given with."""

    confidence: int
    """In 1/10,000."""
    right: bool
    weight: float = 1.0
    """1 / P(labelled)."""
    n: int = 1


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


def calibration(points: Sequence[Point], improbable: int) -> Calibration:
    """Measure the calibration over labels of known probability; how many had none is told."""
    raw = [point._replace(weight=1.0) for point in points]
    return Calibration(
        n=_count(points),
        labels_without_probability=improbable,
        raw=scores(raw),
        weighted=scores(points),
        ece_if_calibrated=ece_if_calibrated(raw),
        bins=tuple(_bar(index, members) for index, members in _binned(raw)),
    )


def points_of(counts: Iterable[tuple[list[Any], int]]) -> list[Point]:
    """What may enter an estimate: a label of known probability, on a stated confidence."""
    return [
        Point(confidence, right, 1 / float(Decimal(probability)), n)
        for (confidence, right, probability), n in counts
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
    bins = _shares(points)
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
    return fsum(share * abs(_gap(members)) for share, members in _shares(points))


def ece_if_calibrated(points: Sequence[Point]) -> float | None:
    """What chance alone makes of the raw ECE: the mean absolute normal deviate of each bin.

    A figure near this one is no reason for alarm.
    """
    if not points:
        return None
    return fsum(
        share * sqrt(2 / (pi * _count(members)) * _mean(members, _variance))
        for share, members in _shares(points)
    )


def _variance(point: Point) -> float:
    return point.confidence * (UNIT - point.confidence) / UNIT**2


def _binned(points: Sequence[Point]) -> list[tuple[int, list[Point]]]:
    found: dict[int, list[Point]] = {}
    for point in points:
        found.setdefault(bin_of(point.confidence), []).append(point)
    return sorted(found.items())


def _mean(points: Sequence[Point], of: Callable[[Point], float]) -> float:
    return sum_of((point.weight * of(point), point.n) for point in points) / _weight(points)


def _weight(points: Sequence[Point]) -> float:
    return sum_of((point.weight, point.n) for point in points)


def _count(points: Sequence[Point]) -> int:
    return sum(point.n for point in points)


def _shares(points: Sequence[Point]) -> list[tuple[float, list[Point]]]:
    """Each bin's members with their share of the whole."""
    total = _weight(points)
    return [(_weight(members) / total, members) for _, members in _binned(points)]


def _accuracy(points: Sequence[Point]) -> float:
    return _mean(points, lambda point: point.right)


def _gap(points: Sequence[Point]) -> float:
    return _accuracy(points) - _mean(points, lambda point: point.confidence / UNIT)


def _bar(index: int, members: list[Point]) -> Bin:
    accuracy = _accuracy(members)
    low, high = wilson(accuracy, _count(members))
    return Bin(
        low=index / BINS,
        high=(index + 1) / BINS,
        n=_count(members),
        mean_confidence=_mean(members, lambda point: point.confidence / UNIT),
        accuracy=accuracy,
        accuracy_low=low,
        accuracy_high=high,
    )
