"""Intake: what a source system declared of the periods within a window, and what came here of it.

A period that the window cuts is left out on both sides, and so is one that nobody declared: a share
of unlike things would be no share.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from application.metrics.facts import DecisionFacts
from application.metrics.periods import period_window, whole_days
from application.metrics.window import Window
from domain.model import Value


class DeclaredVolume(Value):
    """How many cases there were in a period, as the system they come from counts them."""

    decision_type: str
    period: str
    eligible: int
    bypassed: int | None = None


class Intake(NamedTuple):
    """Sums over the declared periods that lie within a window."""

    periods: int = 0
    eligible: int = 0
    received: int = 0
    """Decisions received in these periods."""
    bypassed: int = 0
    told: int = 0
    """The eligible of those periods of which is known how many passed by."""


def intake(
    volumes: Iterable[DeclaredVolume],
    cases: Iterable[DecisionFacts],
    window: Window,
    as_of: datetime,
) -> Intake:
    """What was declared of a window, beside what came here."""
    within = whole_days(window, as_of) or window
    counted = [
        (one, period)
        for one in volumes
        if (period := period_window(one.period)).since >= within.since
        and period.until <= within.until
    ]
    if not counted:
        return Intake()
    spans: dict[str, list[Window]] = {}
    for one, period in counted:
        spans.setdefault(one.decision_type, []).append(period)
    return Intake(
        periods=len(counted),
        eligible=sum(one.eligible for one, _ in counted),
        received=sum(
            not case.is_test
            and any(span.holds(case.received_at) for span in spans.get(case.decision_type, ()))
            for case in cases
        ),
        bypassed=sum(one.bypassed or 0 for one, _ in counted),
        told=sum(one.eligible for one, _ in counted if one.bypassed is not None),
    )
