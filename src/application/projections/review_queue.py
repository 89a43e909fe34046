"""The review queues: what waits for a person, in which queue, until when, and who has it."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from application.projections import Row
from application.projections.of_decisions import OfDecisions
from application.projections.parts import Changes, sorted_by_event
from application.projections.standing import (
    Levelling,
    Placing,
    Raising,
    exceptions_of,
    in_places,
    level_after,
    status_after,
)
from domain.decision import events as d
from domain.decision.state import Status
from domain.model import Seat
from domain.values import ExceptionCode, Lane, Reason


class QueueItem(Row):
    """An open decision. It is in a queue while it waits; the row goes when the decision ends."""

    decision_type: str
    subject: str
    subject_version: str | None
    workflow: str | None
    producer: str
    action: str
    """The recommended action."""
    confidence: Decimal | None
    risk: Decimal | None
    received_at: AwareDatetime
    version: int
    """The version of the stream that the row is folded up to."""

    status: Status = Status.RECEIVED
    waits: bool = False
    """Whether someone other than the producer has something to do about it."""
    waits_for_a_person: bool = False
    """Whether a person may claim it: the others wait for information, a receipt, an arbitration."""
    queue: str | None = None
    seat: Seat | None = None
    person: str | None = None
    entered_at: AwareDatetime | None = None
    """When it came to where it waits now."""
    due_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    """When it lapses if nobody has decided by then."""
    rings_at: AwareDatetime | None = None
    """When time has something to say next (`domain.decision.timing.next_moment`)."""

    lane: Lane | None = None
    level: int = 0
    """How far up the escalation owner's ladder it stands; 0 is not escalated."""
    rule: str | None = None
    reasons: tuple[Reason, ...] = ()
    exceptions: tuple[ExceptionCode, ...] = ()
    missing: tuple[str, ...] = ()
    conflict: UUID | None = None
    holder: str | None = None
    """Who has it on lease, live or lapsed."""
    lease_expires_at: AwareDatetime | None = None
    four_eyes: bool = False
    first_reviewer: str | None = None
    """The first pair of eyes, while the second is awaited."""


NO_LEASE: Changes = {"holder": None, "lease_expires_at": None}
EndsALease = (
    d.Released
    | d.Reviewed
    | d.Overridden
    | d.SecondReviewed
    | d.EscalationResolved
    | d.ActionAuthorised
    | d.Rerouted
)


class ReviewQueue(OfDecisions[QueueItem]):
    """One row an open decision."""

    name: ClassVar[str] = "review_queue"
    Row = QueueItem

    def opened(self, event: d.Recommended) -> QueueItem:
        """A decision has begun; it waits for nobody yet."""
        return QueueItem(
            key=str(event.originator_id),
            decision_type=event.decision_type,
            subject=event.subject,
            subject_version=event.subject_version,
            workflow=event.workflow,
            producer=event.actor.id,
            action=event.recommendation.action,
            confidence=in_places(event.recommendation.confidence),
            risk=in_places(event.recommendation.risk),
            received_at=event.timestamp,
            version=event.originator_version,
            expires_at=event.expires_at,
            rings_at=event.expires_at,
        )

    def after(self, row: QueueItem, event: d.LifeEvent) -> QueueItem | None:
        """Gone with the decision's end; nothing that follows an end brings it back."""
        status = status_after(row.status, row.level, event)
        if status.is_end:
            return None
        changes: Changes = {
            "version": event.originator_version,
            "status": status,
            "waits": status not in (Status.RECEIVED, Status.ACTIONED),
        }
        for part in PARTS[type(event)]:
            changes |= part(row, event)
        conflict = changes.get("conflict", row.conflict)
        changes["waits_for_a_person"] = status.waits_for_a_person and conflict is None
        return row.changed(changes)


def _levelled(row: QueueItem, event: Levelling) -> Changes:
    return {"level": level_after(row.level, event, in_conflict=row.conflict is not None)}


def _routed(
    row: QueueItem,  # noqa: ARG001
    event: d.AutoActioned | d.RoutedToReview | d.Escalated | d.Held,
) -> Changes:
    routing = event.routing
    if routing is None:
        return {}
    return {
        "lane": routing.lane,
        "rule": routing.rule,
        "reasons": routing.reasons,
        "four_eyes": routing.four_eyes,
    }


def _raised(row: QueueItem, event: Raising) -> Changes:
    """The exceptions met so far, each once."""
    codes = exceptions_of(event)
    return {"exceptions": tuple(dict.fromkeys((*row.exceptions, *codes)))} if codes else {}


def _put_down(row: QueueItem, event: EndsALease) -> Changes:  # noqa: ARG001
    """Whoever had it on lease has it no more."""
    return NO_LEASE


def _placed(row: QueueItem, event: Placing) -> Changes:  # noqa: ARG001
    """Where it waits now; whoever had it on lease has it no more."""
    place = event.placement
    if place is None:
        return {}
    return NO_LEASE | {
        "queue": place.queue,
        "seat": place.seat,
        "person": place.person,
        "due_at": place.due_at,
        "entered_at": event.timestamp,
    }


def _ringing(row: QueueItem, event: Placing | d.DeadlineNear | d.ActionAuthorised) -> Changes:
    """When its time comes next: a warning, a deadline, or the end of its life."""
    match event:
        case d.DeadlineNear():
            return {"rings_at": _first(event.due_at, row.expires_at)}
        case d.ActionAuthorised():
            return {"rings_at": event.placement.due_at, "expires_at": None}
        case d.DeadlineMissed() if event.safe_default is not None:
            return {"rings_at": row.expires_at}
        case _:
            place = event.placement
            if place is None:
                return {}
            return {"rings_at": _first(place.warn_at or place.due_at, row.expires_at)}


def _first(moment: datetime, lapses: datetime | None) -> datetime:
    return moment if lapses is None else min(moment, lapses)


def _own(
    row: QueueItem,
    event: d.Escalated
    | d.Held
    | d.HoldReleased
    | d.Claimed
    | d.Reviewed
    | d.Overridden
    | d.ActionAuthorised
    | d.DeadlineMissed
    | d.Rerouted,
) -> Changes:
    """What only one kind of event changes."""
    match event:
        case d.Escalated():
            said = row.reasons if event.routing is None else event.routing.reasons
            return {
                "lane": Lane.ESCALATE,
                "first_reviewer": None,
                "reasons": said if event.reason in said else (*said, event.reason),
            }
        case d.Held():
            said = row.reasons if event.routing is None else event.routing.reasons
            return {
                "lane": row.lane,
                "missing": event.missing,
                "conflict": event.conflict,
                "first_reviewer": None,
                "reasons": (*said, event.reason),
            }
        case d.HoldReleased():
            return {"missing": (), "conflict": None}
        case d.Claimed():
            return {"holder": event.holder, "lease_expires_at": event.expires_at}
        case d.Reviewed() | d.Overridden():
            return {"first_reviewer": event.actor.id}
        case d.ActionAuthorised():
            nowhere = {"queue": None, "seat": None, "person": None, "due_at": None}
            return nowhere | {"first_reviewer": None}
        case d.DeadlineMissed():
            return {"lane": Lane.REVIEW} if event.safe_default is Lane.REVIEW else {}
        case d.Rerouted():
            asked = row.missing if row.conflict else ()
            return {"first_reviewer": None, "missing": asked}


PARTS = sorted_by_event(_levelled, _routed, _raised, _put_down, _placed, _ringing, _own)
