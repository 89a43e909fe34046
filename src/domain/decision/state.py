"""A decision as its events leave it, and the fold that makes it so. Folding never refuses."""

import json
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import reduce
from hashlib import sha256
from typing import Any, assert_never
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from domain.decision.events import (
    ActionAuthorised,
    ActionDelivered,
    ActionFailed,
    ActionReconciled,
    ActionUnknown,
    Answered,
    AutoActioned,
    Claimed,
    Contested,
    DeadlineMissed,
    DeadlineNear,
    Escalated,
    EscalationResolved,
    Expired,
    Held,
    HoldReleased,
    InformationProvided,
    InformationRequested,
    LifeEvent,
    OutcomeObserved,
    Overridden,
    QualityConfirmed,
    QualityOverturned,
    QualitySampled,
    Recommended,
    Released,
    Rerouted,
    ReversalAuthorised,
    ReversalFailed,
    Reversed,
    Reviewed,
    RoutedToReview,
    Routing,
    SecondReviewed,
    Superseded,
    Withdrawn,
)
from domain.decision.unsettled import unsettled_after
from domain.model import Aggregate, Value
from domain.values import (
    AuthorityKind,
    Disposition,
    ExceptionCode,
    Lane,
    ModelRef,
    Placement,
    QualityDraw,
    Receipt,
    Recommendation,
    Unsettled,
)


class Status(StrEnum):
    """Where a decision stands. The last five are ends; an ended decision never reopens."""

    RECEIVED = "received"
    HELD = "held"
    IN_REVIEW = "in_review"
    AWAITING_INFORMATION = "awaiting_information"
    AWAITING_SECOND_REVIEW = "awaiting_second_review"
    ESCALATED = "escalated"
    ACTIONED = "actioned"
    ACTION_FAILED = "action_failed"
    ACTION_UNKNOWN = "action_unknown"
    COMPLETED = "completed"
    REVERSED = "reversed"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"

    @property
    def is_end(self) -> bool:
        return self in ENDS

    @property
    def waits_for_a_person(self) -> bool:
        return self in WAITS_FOR_A_PERSON


ENDS = frozenset(
    {Status.COMPLETED, Status.REVERSED, Status.EXPIRED, Status.WITHDRAWN, Status.SUPERSEDED}
)
WAITS_FOR_A_PERSON = frozenset({Status.IN_REVIEW, Status.AWAITING_SECOND_REVIEW, Status.ESCALATED})


class Lease(Value):
    """A reviewer's time-bound exclusive right; the token is the claim event's own id."""

    token: UUID
    holder: str
    expires_at: AwareDatetime
    version: int
    """The version the reviewer saw: a disposition is about that one and no other."""
    action_digest: str

    def is_live(self, at: datetime) -> bool:
        return at < self.expires_at


class FirstReview(Value):
    """What the first pair of eyes decided, while the second is awaited."""

    person: str
    disposition: Disposition
    action: str
    parameters: dict[str, JsonValue]


class Decision(Aggregate):
    """Commands read this state and return the events they cause, or refuse."""

    decision_type: str
    subject: str
    subject_version: str | None
    producer: str
    recommendation: Recommendation
    model: ModelRef
    context: dict[str, JsonValue]
    workflow: str | None
    received_at: AwareDatetime
    recommended_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    previous: UUID | None
    data_subject: UUID | None = None
    personal: frozenset[str] = frozenset()
    """The names in the context that are about a person."""

    status: Status = Status.RECEIVED
    lane: Lane | None = None
    routing: Routing | None = None
    placement: Placement | None = None
    """Whose it is, where it waits and until when; after the end, whose it was last."""
    warned: bool = False
    """Whether somebody was warned of the deadline where it waits now."""
    clock_stopped: bool = False
    """Whether time has said its last: it stands at the ladder's end until somebody acts."""
    level: int = 0
    """How far up the escalation owner's ladder it stands; 0 is not escalated."""
    held_for: ExceptionCode | None = None
    missing: tuple[str, ...] = ()
    conflict: UUID | None = None
    lease: Lease | None = None
    first_review: FirstReview | None = None
    involved: frozenset[str] = frozenset()
    """People who have had a say: a contest goes to someone else."""

    action: str | None = None
    parameters: dict[str, JsonValue] | None = None
    authority: AuthorityKind | None = None
    endpoint: str | None = None
    """Where this service sends the action; absent where the producer carries it out."""
    receipt: Receipt | None = None
    reference: str | None = None
    reversal_authorised: bool = False
    reversal: Placement | None = None
    """Until when a reversal must be reported; absent once it was, or once that is late."""

    quality: QualityDraw | None = None
    quality_verdict: bool | None = None
    """Whether the quality check confirmed what was done; absent until someone looked."""
    contested: bool = False
    unsettled: tuple[Unsettled, ...] = ()
    """What was raised over what was done, and nobody has dealt with yet."""
    outcome_correct: bool | None = None
    exceptions: tuple[ExceptionCode, ...] = ()
    ended_at: AwareDatetime | None = None

    @property
    def is_open(self) -> bool:
        return not self.status.is_end

    @property
    def in_conflict(self) -> bool:
        """Whether it stands against others on its subject until somebody arbitrates."""
        return self.conflict is not None and self.is_open and self.authority is None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether a person may claim it."""
        return self.status.waits_for_a_person and not self.in_conflict

    @property
    def standing_action(self) -> str:
        """The action that is authorised, or the one that is recommended."""
        return self.action or self.recommendation.action

    @property
    def erased(self) -> tuple[str, ...]:
        """The personal facts that were known once: the person's data were erased."""
        if not self.personal:
            return ()
        return tuple(sorted(name for name in self.personal if self.context.get(name) is None))

    @property
    def deciding_context(self) -> dict[str, JsonValue]:
        """What of the context routing may look at: nothing that can be erased."""
        if not self.personal:
            return self.context
        return {name: fact for name, fact in self.context.items() if name not in self.personal}

    @property
    def waits(self) -> bool:
        """Whether someone other than the producer has something to do about it."""
        return self.is_open and self.status is not Status.ACTIONED

    @property
    def action_digest(self) -> str:
        """The digest of the exact action a reviewer is shown (SHA-256 over canonical JSON)."""
        return digest_of_action(
            self.id,
            self.subject,
            self.subject_version,
            self.recommendation.action,
            self.recommendation.parameters,
        )


def digest_of_action(
    decision: UUID,
    subject: str,
    subject_version: str | None,
    action: str,
    parameters: dict[str, JsonValue],
) -> str:
    """SHA-256 over the canonical JSON of one exact action on one subject, as `sha256:<hex>`."""
    shown = [str(decision), subject, subject_version, action, parameters]
    return f"sha256:{sha256(_canonical(shown).encode()).hexdigest()}"


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def fold(events: Iterable[LifeEvent], decision: Decision | None = None) -> Decision | None:
    """The state after these events."""
    return reduce(evolve, events, decision)


def evolve(decision: Decision | None, event: LifeEvent) -> Decision:
    """Fold one event into the state. Total: recorded history is never refused."""
    if decision is None:
        return _opened(event)
    return decision.after(event, **_changes(decision, event))


def _opened(event: LifeEvent) -> Decision:
    if not isinstance(event, Recommended):
        raise TypeError(f"a decision's history starts with Recommended, not {event.TOPIC}")
    return Decision.model_construct(
        id=event.originator_id,
        version=event.originator_version,
        decision_type=event.decision_type,
        subject=event.subject,
        subject_version=event.subject_version,
        producer=event.actor.id,
        recommendation=event.recommendation,
        model=event.model,
        context=event.context,
        workflow=event.workflow,
        received_at=event.timestamp,
        recommended_at=event.recommended_at,
        expires_at=event.expires_at,
        previous=event.previous,
        data_subject=event.data_subject,
        personal=frozenset(event.personal),
    )


def _changes(decision: Decision, event: LifeEvent) -> dict[str, Any]:
    """What one event changes. One line an event, in the order of a life."""
    match event:
        case Recommended():
            return {}
        case AutoActioned():
            return _routed(decision, event.routing) | {"quality": event.quality, "level": 0}
        case RoutedToReview():
            waiting = _waiting(Status.IN_REVIEW, event.placement)
            return _routed(decision, event.routing) | waiting | {"level": 0}
        case Escalated():
            return _escalated(decision, event)
        case Held():
            return _held(decision, event)
        case HoldReleased():
            return {"held_for": None, "missing": (), "conflict": None}
        case Claimed():
            return {"lease": _lease(event)}
        case Released():
            return {"lease": None}
        case InformationRequested():
            return _waiting(Status.AWAITING_INFORMATION, event.placement) | _involving(
                decision, event
            )
        case InformationProvided():
            return _informed(decision, event)
        case Reviewed():
            return _reviewed(decision, event)
        case Overridden():
            return _first_review(
                decision, event, Disposition.OVERRIDE, event.action, event.parameters
            )
        case SecondReviewed():
            return {"lease": None} | _involving(decision, event)
        case EscalationResolved():
            return _resolved(decision, event)
        case ActionAuthorised():
            return _authorised(decision, event)
        case ActionDelivered():
            return _ended(Status.COMPLETED, event) | {
                "receipt": Receipt.DELIVERED,
                "reference": event.reference,
            }
        case ActionFailed():
            return _waiting(Status.ACTION_FAILED, event.placement) | _raised(
                decision, ExceptionCode.ACTION_FAILED, {"receipt": Receipt.FAILED}
            )
        case ActionUnknown():
            return _waiting(Status.ACTION_UNKNOWN, event.placement) | _raised(
                decision, ExceptionCode.ACTION_UNKNOWN, {"receipt": Receipt.UNKNOWN}
            )
        case ActionReconciled():
            return _reconciled(decision, event)
        case ReversalAuthorised():
            awaited = {"reversal_authorised": True, "reversal": event.placement}
            return awaited | _involving(decision, event)
        case Reversed():
            return {
                "status": Status.REVERSED,
                "reversal_authorised": False,
                "reversal": None,
            } | _unsettled(decision, event)
        case ReversalFailed():
            changes = {"reversal_authorised": False, "reversal": None}
            changes |= _unsettled(decision, event)
            return _raised(decision, ExceptionCode.REVERSAL_FAILED, changes)
        case QualitySampled():
            return {"quality": event.draw}
        case QualityConfirmed():
            return {"quality_verdict": True} | _involving(decision, event)
        case QualityOverturned():
            return _raised(
                decision,
                ExceptionCode.QA_OVERTURNED,
                {"quality_verdict": False}
                | _involving(decision, event)
                | _unsettled(decision, event),
            )
        case Contested():
            changes = {"contested": True} | _unsettled(decision, event)
            return _raised(decision, ExceptionCode.CONTESTED, changes | _involving(decision, event))
        case Answered():
            return _unsettled(decision, event) | _involving(decision, event)
        case OutcomeObserved():
            return {"outcome_correct": event.correct}
        case DeadlineNear():
            return {"warned": True}
        case DeadlineMissed() if event.concerns_the_end:
            return _late_afterwards(decision, event)
        case DeadlineMissed():
            return _raised(decision, event.exception, _missed(event))
        case Rerouted():
            return _rerouted(decision, event)
        case Expired():
            return _raised(decision, event.exception, _ended(Status.EXPIRED, event))
        case Withdrawn():
            return _ended(Status.WITHDRAWN, event)
        case Superseded():
            return _raised(decision, ExceptionCode.SUPERSEDED, _ended(Status.SUPERSEDED, event))
        case _:
            assert_never(event)


def _routed(decision: Decision, routing: Routing) -> dict[str, Any]:
    return {
        "lane": routing.lane,
        "routing": routing,
        "exceptions": decision.exceptions + routing.exceptions,
    }


def _waiting(status: Status, placement: Placement) -> dict[str, Any]:
    return {"status": status, "lease": None} | _placed(placement)


def _placed(placement: Placement) -> dict[str, Any]:
    return {"placement": placement, "warned": False, "clock_stopped": False}


def _missed(event: DeadlineMissed) -> dict[str, Any]:
    """It waits elsewhere from now on, or has come to the ladder's end."""
    moved = {} if event.placement is None else _placed(event.placement)
    if event.safe_default is None:
        return moved
    back = {"status": Status.IN_REVIEW, "lane": Lane.REVIEW, "level": 0, "lease": None}
    return moved | {"clock_stopped": True} | (back if event.safe_default is Lane.REVIEW else {})


def _escalated(decision: Decision, event: Escalated) -> dict[str, Any]:
    """One level up. What stood in a conflict still does: it is the choice that escalates."""
    routed = {"routing": event.routing} if event.routing else {}
    return (
        {"exceptions": decision.exceptions + event.raises}
        | routed
        | _waiting(Status.ESCALATED, event.placement)
        | {"lane": Lane.ESCALATE, "level": event.level, "first_review": None, "held_for": None}
    )


def _held(decision: Decision, event: Held) -> dict[str, Any]:
    changes = _waiting(Status.HELD, event.placement) | {
        "held_for": event.exception,
        "missing": event.missing,
        "conflict": event.conflict,
        "first_review": None,
    }
    if event.routing is not None:
        changes |= {"routing": event.routing}
    return changes | {"exceptions": decision.exceptions + event.raises}


def _rerouted(decision: Decision, event: Rerouted) -> dict[str, Any]:
    """Everything starts anew, but fresh input settles no conflict."""
    changes: dict[str, Any] = {
        "subject_version": event.subject_version,
        "context": event.context,
        "data_subject": event.data_subject or decision.data_subject,
        "personal": frozenset(event.personal),
        "lease": None,
        "first_review": None,
    }
    if decision.conflict is None:
        changes |= {"level": 0, "held_for": None, "missing": ()}
    return _raised(decision, ExceptionCode.STALE_SUBJECT, changes)


def _lease(event: Claimed) -> Lease:
    return Lease(
        token=event.id,
        holder=event.holder,
        expires_at=event.expires_at,
        version=event.originator_version,
        action_digest=event.action_digest,
    )


def _informed(decision: Decision, event: InformationProvided) -> dict[str, Any]:
    context: dict[str, Any] = {
        "context": decision.context | event.context,
        "personal": (decision.personal - event.context.keys()) | frozenset(event.personal),
    }
    if event.placement is None:
        return context
    status = Status.ESCALATED if decision.level else Status.IN_REVIEW
    return context | _waiting(status, event.placement)


def _reviewed(decision: Decision, event: Reviewed) -> dict[str, Any]:
    if event.disposition is Disposition.RETURN:
        return _ended(Status.COMPLETED, event) | _involving(decision, event)
    return _first_review(
        decision, event, event.disposition, decision.recommendation.action, event.parameters
    )


def _first_review(
    decision: Decision,
    event: Reviewed | Overridden,
    disposition: Disposition,
    action: str,
    parameters: dict[str, JsonValue] | None,
) -> dict[str, Any]:
    first = FirstReview(
        person=event.actor.id,
        disposition=disposition,
        action=action,
        parameters=decision.recommendation.parameters if parameters is None else parameters,
    )
    return {
        "status": Status.AWAITING_SECOND_REVIEW,
        "first_review": first,
        "lease": None,
    } | _involving(decision, event)


def _resolved(decision: Decision, event: EscalationResolved) -> dict[str, Any]:
    involved = _involving(decision, event)
    if event.action is None:
        return _ended(Status.COMPLETED, event) | involved
    return {"lease": None} | involved


def _authorised(decision: Decision, event: ActionAuthorised) -> dict[str, Any]:
    return {
        "status": Status.ACTIONED,
        "action": event.action,
        "parameters": event.parameters,
        "authority": event.authority,
        "endpoint": event.endpoint,
        "lease": None,
        "receipt": None,
    } | _placed(event.placement)


def _reconciled(decision: Decision, event: ActionReconciled) -> dict[str, Any]:
    if event.delivered:
        return _ended(Status.COMPLETED, event) | {
            "receipt": Receipt.DELIVERED,
            "reference": event.reference,
        }
    return _ended(Status.COMPLETED, event) | {"receipt": Receipt.FAILED}


def _ended(status: Status, event: LifeEvent) -> dict[str, Any]:
    return {
        "status": status,
        "lease": None,
        "held_for": None,
        "ended_at": event.timestamp,
    }


def _raised(
    decision: Decision, exception: ExceptionCode, changes: dict[str, Any]
) -> dict[str, Any]:
    return {"exceptions": (*decision.exceptions, exception)} | changes


def _unsettled(decision: Decision, event: LifeEvent) -> dict[str, Any]:
    return {"unsettled": unsettled_after(decision.unsettled, event)}


def _late_afterwards(decision: Decision, event: DeadlineMissed) -> dict[str, Any]:
    """What was raised waits elsewhere; nothing of what was done changes."""
    changes = _unsettled(decision, event)
    if decision.reversal is not None and decision.reversal.due_at == event.due_at:
        changes["reversal"] = None
    known = {each.exception for each in decision.unsettled}
    return changes if event.exception in known else _raised(decision, event.exception, changes)


def _involving(decision: Decision, event: LifeEvent) -> dict[str, Any]:
    return {"involved": decision.involved | {event.actor.id}}
