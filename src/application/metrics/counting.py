"""Counting: what one decision counts for, and the sums that every metric of a window is made of.

All sums are of whole numbers, so they add up the same in any order and can be kept as decisions
change: take away what the decision counted for before, add what it counts for now.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from json import JSONEncoder, loads
from typing import Any, NamedTuple

from application.metrics.calibration import in_units
from application.metrics.facts import DecisionFacts
from application.metrics.populations import (
    counts_as_end,
    is_automated,
    is_disposed,
    is_overridden,
    is_straight_through,
    is_taken_back,
)
from domain.values import Lane

REVERSAL_HORIZON = timedelta(days=30)
"""How long an automated action may take to prove wrong before it counts as having stood."""
DIGITS = 3
"""Durations are counted to so many significant digits: half a percent at the most beside."""


class Count(NamedTuple):
    """So many of a measure under a label, at the moment that says in which windows they count."""

    at: datetime
    measure: str
    label: str = ""
    n: int = 1


class Counts:
    """Sums by measure and label."""

    def __init__(self, sums: Mapping[tuple[str, str], int]) -> None:
        self._labels: dict[str, dict[str, int]] = {}
        for (measure, label), n in sums.items():
            if n:
                self._labels.setdefault(measure, {})[label] = n

    def __bool__(self) -> bool:
        return bool(self._labels)

    def and_more(self, sums: Mapping[tuple[str, str], int]) -> "Counts":
        """These, and some that are not among them."""
        both = Counts(sums)
        both._labels |= self._labels
        return both

    def n(self, measure: str) -> int:
        """How many, under whatever label."""
        return sum(self._labels.get(measure, {}).values())

    def by_label(self, measure: str) -> dict[str, int]:
        """How many under each label, in the order of the labels."""
        return dict(sorted(self._labels.get(measure, {}).items()))

    def by_parts(self, measure: str) -> Iterator[tuple[list[Any], int]]:
        """The same where a label has several parts."""
        for text, n in self.by_label(measure).items():
            yield loads(text), n

    def by_day(self, measure: str) -> dict[date, int]:
        """The same where a label is a day."""
        return {date.fromisoformat(day): n for day, n in self.by_label(measure).items()}


@lru_cache(maxsize=10_000, typed=True)
def label(*parts: str | int | bool | None) -> str:
    """A label of several parts."""
    return _written(parts)


_written = JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


@lru_cache(maxsize=10_000)
def day_of(moment: datetime) -> str:
    """The day of a moment, in UTC."""
    return moment.astimezone(UTC).date().isoformat()


def counted(case: DecisionFacts, horizon: timedelta = REVERSAL_HORIZON) -> Iterator[Count]:
    """What a decision counts for; a test or shadow decision counts for nothing.

    It belongs to the window of its end for rates and of its receipt for volumes.
    """
    if case.is_test:
        return
    yield from _received(case)
    for raised in case.exception_events:
        yield Count(raised.at, "raised", label(raised.code, day_of(raised.at)))
    if case.disposed_at is not None and case.disposed_by is not None:
        yield Count(case.disposed_at, "active", case.disposed_by)
    if case.ended_at is not None and counts_as_end(case):
        yield from _ended(case, case.ended_at)
        if is_automated(case):
            yield from _automated(case, case.ended_at, horizon)
        if is_disposed(case):
            yield from _disposed(case, case.ended_at)
        if case.label is not None:
            yield from _labelled(case, case.ended_at)


def _received(case: DecisionFacts) -> Iterator[Count]:
    at = case.received_at
    yield Count(at, "received")
    if case.exceptions:
        yield Count(at, "with_exception")
        yield from (Count(at, "exception", code) for code in set(case.exceptions))
    if case.escalations:
        yield Count(at, "escalated")
        yield from (Count(at, "cause", cause) for cause in set(case.escalations))
    if case.in_conflict:
        yield Count(at, "in_conflict")


def _ended(case: DecisionFacts, at: datetime) -> Iterator[Count]:
    yield Count(at, "ended")
    yield Count(at, "cycle", _duration(at - case.received_at))
    if case.first_claimed_at is not None and case.entered_queue_at is not None:
        yield Count(at, "touch", _duration(case.first_claimed_at - case.entered_queue_at))
    if is_straight_through(case):
        yield Count(at, "straight", "taken back" if is_taken_back(case) else "clean")
    if case.delivered_at is not None:
        yield Count(at, "acted_on")
    if case.stages_due:
        yield Count(at, "due", n=case.stages_due)
    if case.stages_missed:
        yield Count(at, "missed", n=case.stages_missed)
    if case.first_review_action is not None and case.second_review_action is not None:
        upheld = case.recommended_action
        pair = (case.first_review_action == upheld, case.second_review_action == upheld)
        yield Count(at, "pair", label(*pair))


def _automated(case: DecisionFacts, at: datetime, horizon: timedelta) -> Iterator[Count]:
    """By the day of the end, too: how many have been at risk long enough changes day by day."""
    day = day_of(at)
    yield Count(at, "automated", day)
    if reversed_within(case, horizon):
        yield Count(at, "reversed", day)
    if case.sampled and case.quality_verdict:
        rate = None if case.sampling_rate is None else str(case.sampling_rate.normalize())
        yield Count(at, "judged", label(case.quality_verdict, rate))


def reversed_within(case: DecisionFacts, horizon: timedelta) -> bool:
    """It was reversed before the horizon had passed since its end."""
    end, reversal = case.ended_at, case.reversed_at
    return end is not None and reversal is not None and reversal < end + horizon


def _disposed(case: DecisionFacts, at: datetime) -> Iterator[Count]:
    yield Count(at, "disposed")
    if is_overridden(case):
        yield Count(at, "overridden")
        if case.override_reason:
            yield Count(at, "reason", case.override_reason)
        turn = (case.decision_type, case.recommended_action, case.final_action)
        yield Count(at, "turn", label(*turn))
    if is_review(case):
        mix = (case.disposed_by, case.decision_type, case.recommended_action)
        yield Count(at, "review", label(*mix, agrees(case)))
        if case.dwell_seconds is not None and case.minimum_dwell_seconds is not None:
            short = case.dwell_seconds < case.minimum_dwell_seconds
            yield Count(at, "dwell", label(case.disposed_by, short))


def is_review(case: DecisionFacts) -> bool:
    """What a reviewer settled in the lane review: the escalation owner's choice is none."""
    return case.disposed_in is Lane.REVIEW and case.disposed_at is not None and is_disposed(case)


def agrees(case: DecisionFacts) -> bool:
    """The person saw it as the model did."""
    return not is_overridden(case)


def _labelled(case: DecisionFacts, at: datetime) -> Iterator[Count]:
    """With its probability as it is written; without one it is counted and never estimated from."""
    if case.label_probability is None:
        yield Count(at, "improbable")
    elif case.confidence is not None:
        probability = str(case.label_probability.normalize())
        yield Count(at, "point", label(in_units(case.confidence), case.label, probability))


def _duration(took: timedelta) -> str:
    """In microseconds, to three significant digits, halves away from nought."""
    exact = took // timedelta(microseconds=1)
    unit = int(10 ** max(0, len(str(abs(exact))) - DIGITS))
    near = (abs(exact) + unit // 2) // unit * unit
    return str(near if exact >= 0 else -near)


def sums_of(counts: Iterator[Count]) -> Counter[tuple[str, str]]:
    """The sums of these, whenever they were."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in counts:
        sums[one.measure, one.label] += one.n
    return sums
