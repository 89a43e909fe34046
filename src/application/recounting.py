"""Recounting: a decision's history for people, with what was refused on it at its place."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from application.desk import Caller, Desk, NoSuchDecision
from application.explaining import told
from application.refused import attempts_on
from application.sight import quality, second_review
from application.trail import TrailLine, refusal_line
from domain.decision.events import AttemptRejected, LifeEvent


class Place(NamedTuple):
    """Where a line stands: behind which version, and as which attempt there; 0 is the event."""

    version: int
    attempt: int


START = Place(0, 0)


async def tell(
    id: UUID,
    caller: Caller | None,
    desk: Desk,
    after: Place = START,
    limit: int | None = None,
) -> tuple[list[TrailLine], Place | None]:
    """The lines behind a place, and the place where they go on, if they do.

    Without a caller nobody knows who reads: what is not for everybody is withheld.
    """
    history = await desk.history(id)
    if not history:
        raise NoSuchDecision(f"id: found {id}")
    if caller is not None:
        caller.require_any_seat(history[0].decision_type)
    refused = await attempts_on(id, desk)
    places = sorted(place for place in (*map(_of, history), *map(_at, refused)) if place > after)
    shown = places if limit is None else places[:limit]
    lines = await _lines(history, refused, shown, caller, desk)
    return lines, shown[-1] if len(places) > len(shown) else None


def _of(event: LifeEvent) -> Place:
    return Place(event.originator_version, 0)


def _at(attempt: AttemptRejected) -> Place:
    return Place(attempt.at_version or 0, attempt.originator_version)


async def _lines(
    history: Sequence[LifeEvent],
    refused: Sequence[AttemptRejected],
    places: Sequence[Place],
    caller: Caller | None,
    desk: Desk,
) -> list[TrailLine]:
    lines = {_at(attempt): refusal_line(attempt) for attempt in refused}
    versions = {place.version for place in places if not place.attempt}
    of_events = await told(history, desk, versions)
    if caller is not None:
        of_events = await quality.trail_for(of_events, history, caller, desk)
    lines |= {Place(line.version, 0): line for line in of_events}
    for event in history:
        if _of(event) in lines and await second_review.withheld(event, caller, desk):
            hidden = {"what": second_review.SENTENCE}
            lines[_of(event)] = lines[_of(event)].model_copy(update=hidden)
    return [lines[place] for place in places if place in lines]
