"""Slices: the same facts, by decision type, by reviewer, by day."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal, get_args

from application.metrics.facts import DecisionFacts
from application.metrics.window import Bucket, Window

Dimension = Literal[
    "decision_type", "policy_version", "model_version", "queue", "reviewer", "reason_code"
]
GroupBy = Dimension | Bucket
Sliced = tuple[str | None, Window, tuple[DecisionFacts, ...]]
"""A slice's key, the window it is measured over, and its facts."""

BUCKETS: tuple[Bucket, ...] = get_args(Bucket)


def slices(facts: Iterable[DecisionFacts], window: Window, by: GroupBy) -> Iterator[Sliced]:
    """Cut the facts by one dimension, in the order of the keys; those without one come first.

    Each decision is in one slice, except by reason code, where it is in one for each of its codes,
    and by time, where its receipt and its end may lie in different buckets.
    """
    match by:
        case "hour" | "day" | "week" | "month":
            yield from _by_time(facts, window, by)
        case _:
            yield from _by_dimension(facts, window, by)


def _by_dimension(
    facts: Iterable[DecisionFacts], window: Window, by: Dimension
) -> Iterator[Sliced]:
    found: defaultdict[str | None, list[DecisionFacts]] = defaultdict(list)
    for case in facts:
        for key in _KEYS[by](case):
            found[key].append(case)
    for key in sorted(found, key=lambda key: (key is not None, key or "")):
        yield key, window, tuple(found[key])


def _reason_codes(case: DecisionFacts) -> tuple[str | None, ...]:
    return tuple(dict.fromkeys(case.reason_codes)) or (None,)


def _policy(case: DecisionFacts) -> tuple[str | None]:
    """Versions are counted within a decision type, so its name goes with them."""
    none = case.policy_version is None
    return (None if none else f"{case.decision_type}@{case.policy_version}",)


def model_of(case: DecisionFacts) -> str:
    """The model, with its version."""
    return f"{case.model_name}@{case.model_version}"


_KEYS: dict[Dimension, Callable[[DecisionFacts], tuple[str | None, ...]]] = {
    "decision_type": lambda case: (case.decision_type,),
    "policy_version": _policy,
    "model_version": lambda case: (model_of(case),),
    "queue": lambda case: (case.queue,),
    "reviewer": lambda case: (case.disposed_by,),
    "reason_code": _reason_codes,
}


def _by_time(facts: Iterable[DecisionFacts], window: Window, by: Bucket) -> Iterator[Sliced]:
    found: defaultdict[datetime, list[DecisionFacts]] = defaultdict(list)
    parts: dict[datetime, Window] = {}
    for case in facts:
        own = {part.since: part for part in _parts_touched(case, window, by)}
        parts |= own
        for since in own:
            found[since].append(case)
    for since in sorted(parts):
        yield since.isoformat(), parts[since], tuple(found[since])


def _parts_touched(case: DecisionFacts, window: Window, by: Bucket) -> Iterator[Window]:
    """The buckets in which this decision counts for anything."""
    moments = (case.received_at, case.ended_at, case.disposed_at, case.stage_due_at)
    raised = (event.at for event in case.exception_events)
    for moment in (*moments, *raised):
        if moment is not None and window.holds(moment):
            yield window.part(moment, by)
