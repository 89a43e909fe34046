"""A conflict: live recommendations on one subject that can't all be carried out."""

from collections.abc import Iterable
from enum import StrEnum
from functools import reduce
from typing import Any, ClassVar, assert_never
from uuid import UUID

from domain.model import Aggregate, Event, Forbidden, Malformed, Stamp, envelope


class ConflictEvent(Event):
    """A fact in the life of one conflict."""

    decision_type: str


class Opened(ConflictEvent):
    """Two recommendations on one subject can't both be carried out."""

    TOPIC: ClassVar[str] = "conflict.opened"
    subject: str
    decisions: tuple[UUID, ...]


class Joined(ConflictEvent):
    """One more recommendation on the subject came in."""

    TOPIC: ClassVar[str] = "conflict.joined"
    decision: UUID


class Arbitrated(ConflictEvent):
    """The escalation owner chose which recommendation goes on, if any."""

    TOPIC: ClassVar[str] = "conflict.arbitrated"
    winner: UUID | None
    reason_code: str
    comment: str | None = None


class Closed(ConflictEvent):
    """Nothing stands against anything on this subject any more."""

    TOPIC: ClassVar[str] = "conflict.closed"


LifeEvent = Opened | Joined | Arbitrated | Closed


class Status(StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    CLOSED = "closed"


class Conflict(Aggregate):
    """Who stands against whom, and what was arbitrated."""

    decision_type: str
    subject: str
    decisions: tuple[UUID, ...]
    status: Status = Status.OPEN
    winner: UUID | None = None


class ConflictClosed(Forbidden):
    """A conflict is arbitrated once."""

    CODE = "REJ.conflict_closed"


class NotInConflict(Malformed):
    """Only one of the conflicting decisions can win."""

    CODE = "REJ.not_in_conflict"


def open_conflict(
    id: UUID, decision_type: str, subject: str, decisions: tuple[UUID, ...], stamp: Stamp
) -> Opened:
    """Put decisions on one subject against each other."""
    return Opened(
        **envelope(id, 1, stamp),
        decision_type=decision_type,
        subject=subject,
        decisions=decisions,
    )


def join(conflict: Conflict, decisions: Iterable[UUID], stamp: Stamp) -> tuple[Joined, ...]:
    """Add those of these decisions that are not in it yet."""
    if conflict.status is Status.CLOSED:
        raise ConflictClosed(f"{conflict.id} is closed")
    new = [id for id in decisions if id not in conflict.decisions]
    return tuple(
        Joined(
            **conflict.next(stamp, ahead),
            decision_type=conflict.decision_type,
            decision=id,
        )
        for ahead, id in enumerate(new, start=1)
    )


def arbitrate(
    conflict: Conflict, winner: UUID | None, reason_code: str, comment: str | None, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Choose the one that goes on, or none, and close the conflict."""
    if conflict.status is Status.CLOSED:
        raise ConflictClosed(f"{conflict.id} is closed")
    if winner is not None and winner not in conflict.decisions:
        known = ", ".join(map(str, conflict.decisions))
        raise NotInConflict(f"winner: found {winner}, allowed are {known}")
    return (
        Arbitrated(
            **conflict.next(stamp),
            decision_type=conflict.decision_type,
            winner=winner,
            reason_code=reason_code,
            comment=comment,
        ),
        Closed(**conflict.next(stamp, 2), decision_type=conflict.decision_type),
    )


def fold(events: Iterable[LifeEvent], state: Conflict | None = None) -> Conflict | None:
    """The state after these events."""
    return reduce(evolve, events, state)


def evolve(state: Conflict | None, event: LifeEvent) -> Conflict:
    """Fold one event into the state. Total: recorded history is never refused."""
    if state is None:
        if not isinstance(event, Opened):
            raise TypeError(f"a conflict's history starts with Opened, not {event.TOPIC}")
        return Conflict(
            id=event.originator_id,
            version=event.originator_version,
            decision_type=event.decision_type,
            subject=event.subject,
            decisions=event.decisions,
        )
    return state.after(event, **_changes(state, event))


def _changes(state: Conflict, event: LifeEvent) -> dict[str, Any]:
    match event:
        case Opened():
            return {}
        case Joined():
            return {"decisions": (*state.decisions, event.decision)}
        case Arbitrated():
            return {"winner": event.winner}
        case Closed():
            return {"status": Status.CLOSED}
        case _:
            assert_never(event)
