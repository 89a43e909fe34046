"""Flow: how much goes straight through, and what stops the rest."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import get_args

from application.metrics.counting import Counts
from application.metrics.facts import EscalationCause
from application.metrics.intervals import Proportion, proportion
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


def flow(them: Counts) -> Flow:
    """Measure the flow of a window."""
    received, ended = them.n("received"), them.n("ended")
    straight, codes = them.by_label("straight"), them.by_label("exception")
    causes = get_args(EscalationCause)

    def of_received(formula: str, measure: str) -> Proportion:
        return proportion(formula, them.n(measure), received)

    return Flow(
        received=received,
        ended=ended,
        straight_through_rate=proportion("straight_through_rate/1", sum(straight.values()), ended),
        clean_straight_through_rate=proportion(
            "clean_straight_through_rate/1", straight.get("clean", 0), ended
        ),
        automation_rate=proportion("automation_rate/1", them.n("automated"), ended),
        exception_rate=of_received("exception_rate/1", "with_exception"),
        exception_rate_by_code=_rates("exception_rate/1", codes, codes, received),
        exception_volume=_volume(them),
        escalation_rate=of_received("escalation_rate/1", "escalated"),
        # A decision that escalated for two causes counts once under each, and once in the whole.
        escalation_rate_by_cause=_rates(
            "escalation_rate/1", them.by_label("cause"), causes, received
        ),
        conflict_rate=of_received("conflict_rate/1", "in_conflict"),
    )


def _rates(
    formula: str, counts: Mapping[str, int], keys: Iterable[str], whole: int
) -> dict[str, Proportion]:
    return {key: proportion(formula, counts.get(key, 0), whole) for key in keys}


def _volume(them: Counts) -> dict[str, dict[date, int]]:
    days: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for (code, day), n in them.by_parts("raised"):
        days[code][date.fromisoformat(day)] = n
    return {code: dict(sorted(days[code].items())) for code in sorted(days)}
