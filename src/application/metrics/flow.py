"""Flow: how much goes straight through, and what stops the rest."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, date
from typing import get_args

from application.metrics.facts import DecisionFacts, EscalationCause
from application.metrics.intervals import Proportion, proportion, share_of
from application.metrics.populations import (
    Cases,
    Populations,
    is_completed,
    is_taken_back,
)
from domain.model import Value


class Flow(Value):
    """How decisions flow: by policy alone, or by way of people and exceptions."""

    received: int
    """R."""
    ended: int
    """T."""
    straight_through_rate: Proportion
    clean_straight_through_rate: Proportion
    automation_rate: Proportion
    exception_rate: Proportion
    exception_rate_by_code: dict[str, Proportion]
    exception_volume: dict[str, dict[date, int]]
    """Exception events in the window, by code and day (UTC): all of them, also after an end."""
    escalation_rate: Proportion
    escalation_rate_by_cause: dict[str, Proportion]
    conflict_rate: Proportion


def flow(them: Populations) -> Flow:
    """Measure the flow of a window."""
    return Flow(
        received=len(them.received),
        ended=len(them.ended),
        straight_through_rate=share_of(
            "straight_through_rate/1", map(is_straight_through, them.ended)
        ),
        clean_straight_through_rate=share_of(
            "clean_straight_through_rate/1",
            (is_straight_through(case) and not is_taken_back(case) for case in them.ended),
        ),
        automation_rate=proportion("automation_rate/1", len(them.automated), len(them.ended)),
        exception_rate=share_of(
            "exception_rate/1", (bool(case.exceptions) for case in them.received)
        ),
        exception_rate_by_code=_by_code(them.received),
        exception_volume=_volume(them),
        escalation_rate=share_of(
            "escalation_rate/1", (bool(case.escalations) for case in them.received)
        ),
        escalation_rate_by_cause=_by_cause(them.received),
        conflict_rate=share_of("conflict_rate/1", (case.in_conflict for case in them.received)),
    )


def is_straight_through(case: DecisionFacts) -> bool:
    """Completed with its action delivered, and up to its end no person and no exception.

    What comes after the end does not cost it: a quality overturn and a reversal have their own
    metrics, and the clean rate leaves them out.
    """
    undisturbed = not case.human_before_end and not case.exceptions
    return is_completed(case) and undisturbed and case.delivered_at is not None


def _by_code(received: Cases) -> dict[str, Proportion]:
    counts = Counter(code for case in received for code in set(case.exceptions))
    return _rates("exception_rate/1", counts, sorted(counts), len(received))


def _by_cause(received: Cases) -> dict[str, Proportion]:
    """A decision that escalated for two causes counts once under each, and once in the whole."""
    counts = Counter[str](cause for case in received for cause in set(case.escalations))
    return _rates("escalation_rate/1", counts, get_args(EscalationCause), len(received))


def _rates(
    formula: str, counts: Counter[str], keys: Iterable[str], whole: int
) -> dict[str, Proportion]:
    return {key: proportion(formula, counts[key], whole) for key in keys}


def _volume(them: Populations) -> dict[str, dict[date, int]]:
    days: defaultdict[str, Counter[date]] = defaultdict(Counter)
    for case in them.every:
        for raised in case.exception_events:
            if them.window.holds(raised.at):
                days[raised.code][raised.at.astimezone(UTC).date()] += 1
    return {code: dict(sorted(days[code].items())) for code in sorted(days)}
