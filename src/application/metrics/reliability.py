"""Reliability: is each model as often right as it says it is, in each segment, and has its work
changed?

A segment is the value of a fact that the decision type declares, that is not about a person and
that has few values: yes/no, a choice or a level. Alike ones are counted together, so that figures
are the same to the last digit whatever order they come in.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import AwareDatetime

from application.metrics.calibration import Calibration, Point, calibration
from application.metrics.drift import Drift, Shift, shift_of
from application.metrics.window import Window
from domain.model import Value

UNKNOWN = "unknown"
"""The segment of those in which the fact is not known."""


class Labelled(NamedTuple):
    """So many decisions that ended in a window, of one model and segment, labelled alike."""

    model: str
    segment: str | None
    confidence: int | None
    """In 1/10,000."""
    right: bool
    probability: str | None
    n: int


class Portion(NamedTuple):
    """So many decisions received in a window, of one model and segment, of one kind."""

    model: str
    segment: str | None
    measure: str
    """`all`, `confidence`, `lane` or `reason_code`."""
    kind: str
    n: int


class SegmentReliability(Value):
    """One segment of one model's decisions."""

    segment: str
    calibration: Calibration
    drift: Drift | None


class ModelReliability(Value):
    """One model version, whole and by segment."""

    model: str
    calibration: Calibration
    drift: Drift | None
    """Against the reference window; absent when none was given."""
    segments: tuple[SegmentReliability, ...]


class Reliability(Value):
    """Calibration and drift of a decision type's models."""

    decision_type: str
    window: Window
    reference: Window | None
    segment: str | None
    as_of: AwareDatetime
    models: tuple[ModelReliability, ...]


class Seen(NamedTuple):
    """What is known of a window."""

    labels: tuple[Labelled, ...]
    now: tuple[Portion, ...]
    then: tuple[Portion, ...] | None
    """Of the reference window, if there is one."""

    def of(self, model: str, segment: str | None = None) -> "Seen":
        """The part of one model, or of one of its segments."""

        def part(found: Iterable[Portion]) -> tuple[Portion, ...]:
            return tuple(k for k in found if k.model == model and segment in (None, k.segment))

        return Seen(
            tuple(x for x in self.labels if x.model == model and segment in (None, x.segment)),
            part(self.now),
            None if self.then is None else part(self.then),
        )


def models_of(seen: Seen) -> tuple[ModelReliability, ...]:
    """Every model that anything is known of, in the order of their names."""
    return tuple(_model(name, seen.of(name)) for name in sorted(_names(seen)))


def _names(seen: Seen) -> set[str]:
    return {x.model for x in seen.labels} | {k.model for k in (*seen.now, *(seen.then or ()))}


def _model(name: str, seen: Seen) -> ModelReliability:
    found = {x.segment for x in seen.labels} | {k.segment for k in (*seen.now, *(seen.then or ()))}
    parts = {value: seen.of(name, value) for value in found if value is not None}
    return ModelReliability(
        model=name,
        calibration=_calibration(seen),
        drift=_drift(seen),
        segments=tuple(
            SegmentReliability(
                segment=value, calibration=_calibration(parts[value]), drift=_drift(parts[value])
            )
            for value in sorted(parts)
        ),
    )


def points(labels: Iterable[Labelled]) -> list[Point]:
    """What may enter an estimate: a label of known probability, on a stated confidence."""
    return [
        Point(one.confidence, one.right, 1 / float(one.probability), one.n)
        for one in labels
        if one.confidence is not None and one.probability is not None
    ]


def _calibration(seen: Seen) -> Calibration:
    improbable = sum(one.n for one in seen.labels if one.probability is None)
    return calibration(points(seen.labels), improbable)


def _drift(seen: Seen) -> Drift | None:
    if seen.then is None:
        return None
    now, then = _by_measure(seen.now), _by_measure(seen.then)

    def shift(measure: str) -> Shift:
        return shift_of(then.get(measure, {}), now.get(measure, {}))

    return Drift(
        confidence=shift("confidence"),
        lane=shift("lane"),
        reason_codes=shift("reason_code"),
        segment=shift_of(_by_segment(seen.then), _by_segment(seen.now)),
    )


def _by_measure(kinds: Iterable[Portion]) -> Mapping[str, Mapping[str, int]]:
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in kinds:
        found[one.measure][one.kind] += one.n
    return found


def _by_segment(kinds: Iterable[Portion]) -> Mapping[str, int]:
    found: Counter[str] = Counter()
    for one in kinds:
        if one.measure == "all" and one.segment is not None:
            found[one.segment] += one.n
    return found
