"""Notifying: people hear where they work that something waits for them, is late, or has halted.

A notice is a view with a link, never the record: it names a decision type, a queue and a moment,
and nothing of what the decision is about. What nobody needs to know any more is not said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from pydantic import AwareDatetime

from application.delivering import Attempt
from application.desk import Desk
from application.ports import Positioned
from domain import halting as h
from domain.decision import events as d
from domain.decision.state import Decision, Status
from domain.decision.unsettled import RAISED
from domain.decision_type import events as t
from domain.model import Event, Seat, Value
from domain.values import Placement, Receipt


class Occasion(StrEnum):
    """What a notice is about."""

    WAITING = "waiting"
    DEADLINE_NEAR = "deadline_near"
    DEADLINE_MISSED = "deadline_missed"
    RAISED = "raised"
    HALTED = "halted"


OCCASIONS: dict[type[Event], Occasion] = {
    d.RoutedToReview: Occasion.WAITING,
    d.Escalated: Occasion.WAITING,
    d.Held: Occasion.WAITING,
    d.InformationProvided: Occasion.WAITING,
    d.Reviewed: Occasion.WAITING,
    d.Overridden: Occasion.WAITING,
    d.DeadlineNear: Occasion.DEADLINE_NEAR,
    d.DeadlineMissed: Occasion.DEADLINE_MISSED,
    d.ActionFailed: Occasion.RAISED,
    d.ActionUnknown: Occasion.RAISED,
    d.ReversalFailed: Occasion.RAISED,
    d.QualityOverturned: Occasion.RAISED,
    d.Contested: Occasion.RAISED,
    t.Suspended: Occasion.HALTED,
    t.BreakerTripped: Occasion.HALTED,
    h.Halted: Occasion.HALTED,
}


class Wish(Value):
    """What one channel wants to hear of; what is not named does not matter."""

    channel: str
    decision_type: str | None = None
    queue: str | None = None
    seat: Seat | None = None
    of: frozenset[Occasion] = frozenset(Occasion)

    def covers(self, notice: "Notice") -> bool:
        """Whether a notice is for this channel. A halt is in no queue, and everyone's."""
        place, halted = notice.placement, notice.occasion is Occasion.HALTED
        return (
            notice.occasion in self.of
            and (self.decision_type is None or notice.decision_type in (None, self.decision_type))
            and (self.queue is None or (place is not None and place.queue == self.queue) or halted)
            and (self.seat is None or (place is not None and place.seat is self.seat) or halted)
        )


class Notice(Value):
    """What somebody should know."""

    id: UUID
    """The event's: whoever gets it twice knows it again."""
    occasion: Occasion
    decision_type: str | None
    """None where it is about all of them."""
    text: str
    at: AwareDatetime
    path: str
    """Where all of it is."""
    placement: Placement | None = None


class Notifier(Protocol):
    """Reaches people in one place; never raises for what happens there."""

    async def notify(self, notice: Notice) -> Attempt:
        """Say it once. `final` says that this one is not worth another try."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """The follower that a place where people work is."""

    wishes: Sequence[Wish]
    notifier: Notifier
    desk: Desk

    @property
    def topics(self) -> Sequence[str]:
        """What there may be something to say about."""
        of = frozenset[Occasion]().union(*(wish.of for wish in self.wishes))
        return tuple(event.TOPIC for event, occasion in OCCASIONS.items() if occasion in of)

    @property
    def stays(self) -> bool:
        """What can't be said here is passed over: the record has it all the same."""
        return False

    def wants(self, told: Positioned) -> bool:
        """Whether anyone here asked for this decision type."""
        name = getattr(told.event, "decision_type", None)
        return name is None or any(wish.decision_type in (None, name) for wish in self.wishes)

    async def tell(self, told: Positioned) -> Attempt:
        """Say it, if somebody still needs to know."""
        notice = await notice_of(told.event, self.desk)
        if notice is None or not any(wish.covers(notice) for wish in self.wishes):
            return Attempt(Receipt.DELIVERED, "nobody here needs to know")
        return await self.notifier.notify(notice)


async def notice_of(event: Event, desk: Desk) -> Notice | None:
    """What there is to say about an event now; None where it is over."""
    match event:
        case t.Suspended() | t.BreakerTripped():
            return await _halted(event, desk)
        case h.Halted():
            return await _all_halted(event, desk)
        case d.DecisionEvent() if type(event) in OCCASIONS:
            return _on(event, await desk.decision(event.originator_id), desk)
        case _:
            return None


async def _halted(event: t.Suspended | t.BreakerTripped, desk: Desk) -> Notice | None:
    state = await desk.decision_type(event.decision_type)
    if state is None or not state.halted:
        return None
    by = "the circuit breaker" if isinstance(event, t.BreakerTripped) else event.actor.id
    text = f"{event.decision_type}: automation was halted by {by}; people decide until it resumes"
    return _notice(event, event.decision_type, text, f"/v1/decision-types/{event.decision_type}")


async def _all_halted(event: h.Halted, desk: Desk) -> Notice | None:
    if not h.is_on(await desk.kill_switches(), event.model):
        return None
    what = "all decisions" if event.model is None else f"whatever {event.model} recommends"
    text = f"{what}: automation was halted by {event.actor.id}; people decide until it is allowed"
    return _notice(event, None, text, "/v1/halt")


def _on(event: d.DecisionEvent, decision: Decision, desk: Desk) -> Notice | None:
    place = _still_waits(event, decision, desk)
    if place is None:
        return None
    text = f"{decision.decision_type}: {_said(event, place)}"
    return _notice(event, decision.decision_type, text, f"/v1/decisions/{decision.id}", place)


def _still_waits(event: d.DecisionEvent, decision: Decision, desk: Desk) -> Placement | None:
    """Where what an event began still waits; None once somebody has it, or it is over."""
    place = decision.placement
    taken = decision.lease is not None and decision.lease.is_live(desk.clock.now())
    match event:
        case d.Reviewed() | d.Overridden():
            waits = decision.status is Status.AWAITING_SECOND_REVIEW and not taken
        case d.RoutedToReview() | d.Escalated() | d.Held() | d.InformationProvided():
            fresh = not taken and decision.first_review is None
            waits = decision.waits and fresh and event.placement == place
        case d.ActionFailed() | d.ActionUnknown():
            waits = decision.is_open and event.placement == place
        case d.DeadlineNear():
            waits = decision.waits and place is not None and place.due_at == event.due_at
        case d.DeadlineMissed():
            waits = decision.is_open
        case d.ReversalFailed() | d.QualityOverturned() | d.Contested():
            raised = RAISED[type(event)]
            found = [each for each in decision.unsettled if each.exception is raised]
            return (found[0].placement or event.placement) if found else None
        case _:
            waits = False
    return place if waits else None


def _said(event: d.DecisionEvent, place: Placement) -> str:
    until = f"until {place.due_at:%Y-%m-%d %H:%M} UTC"
    match event:
        case d.Escalated():
            said = f"a decision was escalated to {place.seat.spoken}, {until}"
        case d.Held():
            said = f"a decision is held ({event.exception}) for {place.seat.spoken}, {until}"
        case d.InformationProvided():
            said = f"what was asked for came in; the decision waits in {place.queue} {until}"
        case d.Reviewed() | d.Overridden():
            said = f"a decision waits in {place.queue} for a second pair of eyes, {until}"
        case d.DeadlineNear():
            said = f"a decision in {place.queue} is due soon: {until}"
        case d.DeadlineMissed():
            said = f"a decision was not made by {event.due_at:%Y-%m-%d %H:%M} UTC"
        case d.ActionFailed():
            said = f"an action failed; it waits in {place.queue} {until}"
        case d.ActionUnknown():
            said = f"nobody knows whether an action was done; it waits in {place.queue} {until}"
        case d.ReversalFailed() | d.QualityOverturned() | d.Contested():
            said = f"{RAISED[type(event)]} was raised over a decision; {place.queue}, {until}"
        case _:
            said = f"a decision waits for review in {place.queue} {until}"
    return said


def _notice(
    event: Event,
    decision_type: str | None,
    text: str,
    path: str,
    placement: Placement | None = None,
) -> Notice:
    return Notice(
        id=event.id,
        occasion=OCCASIONS[type(event)],
        decision_type=decision_type,
        text=text,
        at=event.timestamp,
        path=path,
        placement=placement,
    )
