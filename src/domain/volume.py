"""Eligible volume: how many cases there were in a period, as the system they come from counts them.

Only that system knows what never came here, so nothing is inferred from our own intake. What it
says of a period is a fact; what it says of it later is another one, and the first one stays.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache, reduce
from typing import Any, ClassVar, assert_never
from uuid import UUID, uuid5

from pydantic import Field

from domain.model import Aggregate, Event, Forbidden, Malformed, Stamp, Value, envelope

VOLUMES = UUID("6f1c4ed8-6f0b-5f0c-9d5e-0c6f1b1f2a06")
"""Namespace of volumes' stream ids."""
PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
LARGEST_COUNT = 10**12


class VolumeEvent(Event):
    """A fact about the cases of one decision type in one period."""

    decision_type: str
    period: str
    """A day, a month or a year (UTC), as ISO 8601 names it."""
    eligible: int
    bypassed: int | None
    source: str


class Declared(VolumeEvent):
    """The source system said how many cases there were in a period."""

    TOPIC: ClassVar[str] = "volume.declared"


class Corrected(VolumeEvent):
    """The source system counted a period again and found another number."""

    TOPIC: ClassVar[str] = "volume.corrected"
    reason: str | None = None


LifeEvent = Declared | Corrected


class Volume(Value):
    """What a source system says of a period."""

    period: str = Field(max_length=10)
    """A day, a month or a year (UTC): 2026-03-25, 2026-03, 2026."""
    eligible: int = Field(ge=0, le=LARGEST_COUNT)
    """How many cases there were, with or without a recommendation."""
    bypassed: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """How many of them had an outcome that was recorded outside of this path, where known."""
    source: str = Field(min_length=1, max_length=200)
    """The system that counted them."""


class Volumes(Aggregate):
    """What was said of the periods of one year of one decision type."""

    decision_type: str
    said: dict[str, Volume]


class NoSuchPeriod(Malformed):
    """A period is a day, a month or a year of the calendar, and has begun."""

    CODE = "REJ.period"


class PeriodsOverlap(Forbidden):
    """What is counted by days is not counted by months as well: each case counts once."""

    CODE = "REJ.periods_overlap"


class MoreThanAll(Malformed):
    """No more cases can have passed by than there were."""

    CODE = "REJ.volume_bypassed"


@cache
def stream_id(decision_type: str, year: str) -> UUID:
    """The stream of one year of a decision type's volume."""
    return uuid5(VOLUMES, f"{decision_type}/{year}")


def declare(
    state: Volumes | None, decision_type: str, volume: Volume, reason: str | None, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Put on record what a period held; said again it adds nothing, said otherwise it corrects."""
    _require_period(volume.period, stamp.at)
    if volume.bypassed is not None and volume.bypassed > volume.eligible:
        raise MoreThanAll(f"bypassed: found {volume.bypassed}, allowed is up to {volume.eligible}")
    said = state.said if state else {}
    for other in said:
        if other != volume.period and (
            other.startswith(volume.period) or volume.period.startswith(other)
        ):
            raise PeriodsOverlap(f"period: found {volume.period}, declared already is {other}")
    before = said.get(volume.period)
    if before == volume:
        return ()
    id = stream_id(decision_type, volume.period[:4])
    head = envelope(id, (state.version if state else 0) + 1, stamp)
    fact: dict[str, Any] = {"decision_type": decision_type, **volume.model_dump()}
    if before is None:
        return (Declared(**head, **fact),)
    return (Corrected(**head, **fact, reason=reason),)


def first_day(period: str) -> date:
    """The day that a period begins with; `ValueError` if it is none."""
    if not PERIOD.fullmatch(period):
        raise ValueError(period)
    return date.fromisoformat(period + "-01-01"[len(period) - 4 :])


def _require_period(period: str, at: datetime) -> None:
    allowed = "a day, month or year (UTC) that has begun, such as 2026-03-25, 2026-03 or 2026"
    try:
        begun = first_day(period) <= at.astimezone(UTC).date()
    except ValueError:
        begun = False
    if not begun:
        raise NoSuchPeriod(f"period: found {period[:60]}, allowed is {allowed}")


def fold(events: Iterable[LifeEvent], state: Volumes | None = None) -> Volumes | None:
    """The state after these events."""
    return reduce(evolve, events, state)


def evolve(state: Volumes | None, event: LifeEvent) -> Volumes:
    """Fold one event into the state. Total: recorded history is never refused."""
    match event:
        case Declared() | Corrected():
            said = Volume.model_construct(
                period=event.period,
                eligible=event.eligible,
                bypassed=event.bypassed,
                source=event.source,
            )
        case _:
            assert_never(event)
    if state is None:
        return Volumes(
            id=event.originator_id,
            version=event.originator_version,
            decision_type=event.decision_type,
            said={event.period: said},
        )
    return state.after(event, said=state.said | {event.period: said})
