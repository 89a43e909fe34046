"""A decision type as its events leave it."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache, reduce
from typing import Any, assert_never
from uuid import UUID, uuid5

from domain.decision_type.definition import Baseline, DecisionTypeDefinition
from domain.decision_type.events import (
    Activated,
    BaselineRegistered,
    BreakerCalmed,
    BreakerClosed,
    BreakerHalfOpened,
    BreakerTripped,
    BreakerWarned,
    Drafted,
    LifeEvent,
    OwnerAssigned,
    OwnerVacated,
    Resumed,
    Retired,
    StageChanged,
    StageProposed,
    Suspended,
)
from domain.model import OWNER_SEATS, Actor, Aggregate, Seat, Value
from domain.values import ExceptionCode, Placement, Stage

DECISION_TYPES = UUID("6f1c4ed8-6f0b-5f0c-9d5e-0c6f1b1f2a01")
"""Namespace of decision types' stream ids."""


class Status(StrEnum):
    """Where a decision type stands."""

    DRAFT = "draft"
    ACTIVE = "active"
    RETIRED = "retired"


class StageProposal(Value):
    """A stage one owner wants and another has yet to agree to."""

    stage: Stage
    partial_share: Decimal
    proposed_by: str
    seat: Seat


class DecisionType(Aggregate):
    """Who owns a kind of decision, and how far automation may go in it now."""

    definition: DecisionTypeDefinition
    owners: dict[Seat, str]
    status: Status = Status.DRAFT
    stage: Stage = Stage.ASSIST
    partial_share: Decimal = Decimal(0)
    proposal: StageProposal | None = None
    baseline: Baseline | None = None
    suspended: bool = False
    breaker_open: bool = False
    half_open: bool = False
    """Whether automation has begun again on trial, after the breaker was open."""
    tripped: str | None = None
    """The stream that tripped the breaker, until it is closed again."""
    warned: frozenset[str] = frozenset()
    """The streams whose evidence has begun to turn."""

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def halted(self) -> bool:
        """Whether the kill switch or the breaker holds automation back."""
        return self.suspended or self.breaker_open

    def owner(self, seat: Seat) -> str | None:
        return self.owners.get(seat)

    def vacant_seats(self) -> tuple[Seat, ...]:
        return tuple(seat for seat in OWNER_SEATS if seat not in self.owners)

    def seats_of(self, actor: Actor) -> frozenset[Seat]:
        """The owner seats this actor holds."""
        return frozenset(seat for seat, person in self.owners.items() if person == actor.id)

    def is_vacant(self, seat: Seat) -> bool:
        """Whether this is an owner's seat that nobody holds."""
        return seat in OWNER_SEATS and seat not in self.owners

    def answering(self, person: str, seat: Seat, placed_with: str | None = None) -> Seat | None:
        """The seat in which this person answers for what waits on `seat`, if they do.

        The fallback owner does while it is empty, and for what was placed with them until then.
        """
        if self.owner(seat) == person:
            return seat
        stands_in = self.is_vacant(seat) or placed_with == person
        if stands_in and person == self.definition.fallback_owner:
            return Seat.FALLBACK_OWNER
        return None

    def stands_in(self, actor: Actor, place: Placement | None) -> bool:
        """Whether this actor acts as fallback owner for what waits in this place, and may."""
        return (
            place is not None
            and actor.is_person
            and actor.seat is Seat.FALLBACK_OWNER
            and self.answering(actor.id, place.seat, place.person) is Seat.FALLBACK_OWNER
        )

    def shortage(self, needed: int, *, apart_from: Collection[str | None]) -> str | None:
        """Why so many people of the roster can't be found to review; None where they can."""
        roster = self.definition.reviewers
        if roster is None:
            return None
        left = [person for person in roster if person not in apart_from]
        if len(left) >= needed:
            return None
        people = "1 person" if needed == 1 else f"{needed} people"
        remain = f"only {left[0]} remains" if left else "nobody remains"
        return f"{people} of the roster must review it, and {remain}"

    def place(
        self, seat: Seat, queue: str, due_in: timedelta, at: datetime, *, people: bool = True
    ) -> Placement:
        """Where a decision waits. An empty seat falls to the fallback owner.

        People are warned, and have working hours; what services have to do is due by the clock.
        """
        person = None
        if seat in OWNER_SEATS:
            person = self.owners.get(seat, self.definition.fallback_owner)
        return Placement.model_construct(
            seat=seat,
            person=person,
            queue=queue,
            due_at=self._after(at, due_in) if people else at + due_in,
            warn_at=self._warn_at(due_in, at) if people else None,
        )

    def _after(self, at: datetime, working: timedelta) -> datetime:
        calendar = self.definition.calendar
        return at + working if calendar is None else calendar.after(at, working)

    def _warn_at(self, due_in: timedelta, at: datetime) -> datetime | None:
        share = self.definition.service_levels.warn_after
        if share is None:
            return None
        parts, whole = share.as_integer_ratio()
        return self._after(at, due_in * parts / whole)

    def place_on_ladder(self, level: int, queue: str, due_in: timedelta, at: datetime) -> Placement:
        """Where an escalation waits: with its owner first, from the second level on with the
        fallback owner, who stands above every seat."""
        place = self.place(Seat.ESCALATION_OWNER, queue, due_in, at)
        if level == 1:
            return place
        return place.model_copy(update={"person": self.definition.fallback_owner})

    def place_exception(self, code: ExceptionCode, at: datetime) -> Placement:
        """Where an exception of this class goes by default."""
        default = self.definition.exceptions[code]
        return self.place(default.seat, default.queue, default.deadline, at)


@cache
def stream_id(name: str) -> UUID:
    """The stream of the decision type of this name."""
    return uuid5(DECISION_TYPES, name)


def fold(events: Iterable[LifeEvent], state: DecisionType | None = None) -> DecisionType | None:
    """The state after these events."""
    return reduce(evolve, events, state)


def evolve(state: DecisionType | None, event: LifeEvent) -> DecisionType:
    """Fold one event into the state. Total: recorded history is never refused."""
    if state is None:
        return _drafted(event)
    return state.after(event, **_changes(state, event))


def _drafted(event: LifeEvent) -> DecisionType:
    if not isinstance(event, Drafted):
        raise TypeError(f"a decision type's history starts with Drafted, not {event.TOPIC}")
    return DecisionType(
        id=event.originator_id,
        version=event.originator_version,
        definition=event.definition,
        owners={},
        stage=event.definition.stage,
        partial_share=event.definition.partial_share,
    )


def _changes(state: DecisionType, event: LifeEvent) -> dict[str, Any]:
    match event:
        case Drafted():
            return {"definition": event.definition}
        case OwnerAssigned():
            return {"owners": state.owners | {event.seat: event.person}}
        case OwnerVacated():
            return {"owners": {s: p for s, p in state.owners.items() if s is not event.seat}}
        case BaselineRegistered():
            return {"baseline": event.baseline}
        case Activated():
            return {"status": Status.ACTIVE}
        case StageProposed():
            return {"proposal": _proposal(event)}
        case StageChanged():
            return {
                "stage": event.stage,
                "partial_share": event.partial_share,
                "proposal": None,
            }
        case Suspended():
            return {"suspended": True}
        case BreakerTripped():
            return {"breaker_open": True, "half_open": False, "tripped": event.stream}
        case Resumed():
            return {"suspended": False, "breaker_open": False}
        case Retired():
            return {"status": Status.RETIRED}
        case BreakerWarned():
            return {"warned": state.warned | {event.stream}}
        case BreakerCalmed():
            return {"warned": state.warned - {event.stream}}
        case BreakerHalfOpened():
            return {"breaker_open": False, "half_open": True, "warned": _NONE}
        case BreakerClosed():
            return {"half_open": False, "tripped": None, "warned": _NONE}
        case _:
            assert_never(event)


_NONE = frozenset[str]()


def _proposal(event: StageProposed) -> StageProposal:
    assert event.actor.seat is not None, "a stage is proposed from a seat"
    return StageProposal(
        stage=event.stage,
        partial_share=event.partial_share,
        proposed_by=event.actor.id,
        seat=event.actor.seat,
    )
