"""Feedback: the facts of each decision that the metrics and the search list are made of.

What counts up to the end stops at the end: exceptions, escalations and the human part. What comes
afterwards (verdicts, reversals, outcomes) goes into fields of its own.
"""

from typing import ClassVar

from application.metrics.facts import ExceptionRaised
from application.projections.feedback_row import Changes, FeedbackRow
from application.projections.labels import labelled
from application.projections.of_decisions import OfDecisions
from application.projections.settling import settled
from application.projections.stages import staged
from application.projections.standing import (
    exceptions_of,
    in_places,
    level_after,
    placement_of,
    routing_of,
    status_after,
)
from domain.decision import events as d
from domain.decision.state import Status
from domain.decision.unsettled import unsettled_after
from domain.values import ExceptionCode, Lane, Receipt


class Feedback(OfDecisions[FeedbackRow]):
    """One row a decision, for ever."""

    name: ClassVar[str] = "feedback"
    Row = FeedbackRow

    def opened(self, event: d.Recommended) -> FeedbackRow:
        """A decision has begun."""
        return FeedbackRow(
            key=str(event.originator_id),
            decision_type=event.decision_type,
            subject=event.subject,
            workflow=event.workflow,
            producer=event.actor.id,
            model_name=event.model.name,
            model_version=event.model.version,
            state=Status.RECEIVED,
            updated_version=event.originator_version,
            recommended_action=event.recommendation.action,
            confidence=in_places(event.recommendation.confidence),
            risk=in_places(event.recommendation.risk),
            received_at=event.timestamp,
            touched_at=event.timestamp,
        )

    def after(self, row: FeedbackRow, event: d.LifeEvent) -> FeedbackRow:
        """The facts after one more event. Later parts see what earlier ones left."""
        status = status_after(Status(row.state), row.level, event)
        changes: Changes = {
            "state": status.value,
            "level": level_after(row.level, event, in_conflict=row.held_in_conflict),
            "updated_version": event.originator_version,
            "touched_at": event.timestamp,
        }
        changes |= _routed(row, event) | _met(row, event) | _placed(row, event)
        changes |= staged(row, event, ends=status.is_end) | settled(row, event)
        changes |= _acted(row, event) | _sampled(event) | labelled(row, event)
        changes["unsettled"] = unsettled_after(row.unsettled, event)
        if status.is_end and row.end is None:
            changes |= {"end": status.value, "ended_at": event.timestamp, "due_at": None}
        return row.model_copy(update=changes)


def _routed(row: FeedbackRow, event: d.LifeEvent) -> Changes:
    """The policy and the lane that it was first routed by; four eyes as it was last."""
    changes: Changes = {}
    if (routing := routing_of(event)) is not None:
        changes = {
            "four_eyes": routing.four_eyes,
            "decision_type_version": routing.decision_type_version,
        }
        if row.decision_type_version is None and routing.policy is not None:
            policy = routing.policy
            changes |= {"policy_version": policy.version, "policy_hash": policy.hash}
    if row.lane is None and (lane := _lane(event)) is not None:
        changes["lane"] = lane
    return changes


def _lane(event: d.LifeEvent) -> Lane | None:
    match event:
        case d.AutoActioned():
            return Lane.AUTOMATE
        case d.RoutedToReview():
            return Lane.REVIEW
        case d.Escalated():
            return Lane.ESCALATE
        case _:
            return None


def _met(row: FeedbackRow, event: d.LifeEvent) -> Changes:
    """Reasons, exceptions, escalations and people, as met on the way."""
    changes: Changes = {}
    raised = exceptions_of(event)
    if codes := (*_reason_codes(event), *(code.reason_code for code in raised)):
        changes["reason_codes"] = tuple(dict.fromkeys((*row.reason_codes, *codes)))
    if raised:
        now = (ExceptionRaised(code=code.value, at=event.timestamp) for code in raised)
        changes["exception_events"] = (*row.exception_events, *now)
    if row.end is None:
        changes |= _before_the_end(row, event, raised)
    return changes


def _before_the_end(
    row: FeedbackRow, event: d.LifeEvent, raised: tuple[ExceptionCode, ...]
) -> Changes:
    changes: Changes = {}
    if raised:
        codes = (code.value for code in raised)
        changes["exceptions"] = tuple(dict.fromkeys((*row.exceptions, *codes)))
    if isinstance(event, d.Escalated):
        changes["escalations"] = (*row.escalations, event.cause)
    if event.actor.is_person and not isinstance(event, LOOKING_ON):
        changes["human_before_end"] = True
    if ExceptionCode.CONFLICT in raised:
        changes["in_conflict"] = True
    return changes


QUALITY = "quality"
"""The queue of quality checks where the policy names none."""

LOOKING_ON = (d.Recommended, d.QualityConfirmed, d.QualityOverturned, d.Answered, d.OutcomeObserved)
"""What a person may say about a decision without having a part in what becomes of it."""


def _reason_codes(event: d.LifeEvent) -> tuple[str, ...]:
    routing = routing_of(event)
    codes = tuple(reason.code for reason in routing.reasons) if routing else ()
    match event:
        case d.Escalated() | d.Held():
            return (*codes, event.reason.code)
        case d.Reviewed() | d.EscalationResolved():
            return codes if event.reason_code is None else (*codes, event.reason_code)
        case d.Overridden() | d.ReversalAuthorised():
            return (*codes, event.reason_code)
        case _:
            return codes


def _placed(row: FeedbackRow, event: d.LifeEvent) -> Changes:
    if isinstance(event, d.ActionAuthorised):
        return {"due_at": event.placement.due_at}
    if isinstance(event, d.Claimed):
        first = row.first_claimed_at or event.timestamp
        return {"first_claimed_at": first, "last_claimed_at": event.timestamp}
    if isinstance(event, d.HoldReleased):
        return {"held_in_conflict": False}
    held = {"held_in_conflict": event.conflict is not None} if isinstance(event, d.Held) else {}
    place = placement_of(event)
    return held if place is None else held | {"queue": place.queue, "due_at": place.due_at}


def _acted(row: FeedbackRow, event: d.LifeEvent) -> Changes:
    """What was allowed, and what became of it."""
    match event:
        case d.ActionAuthorised():
            by = row.authorised_by or event.authority
            return {"final_action": event.action, "authorised_by": by, "chosen_action": None}
        case d.ActionDelivered():
            return {"receipt": Receipt.DELIVERED, "delivered_at": event.timestamp}
        case d.ActionFailed():
            return {"receipt": Receipt.FAILED}
        case d.ActionUnknown():
            return {"receipt": Receipt.UNKNOWN}
        case d.ActionReconciled(delivered=True):
            return {"receipt": Receipt.DELIVERED, "delivered_at": event.timestamp}
        case d.ActionReconciled():
            return {"receipt": Receipt.FAILED}
        case d.Reversed():
            return {"reversed_at": event.timestamp}
        case _:
            return {}


def _sampled(event: d.LifeEvent) -> Changes:
    """The lot and the verdict. A lot counts where policy acted: nothing else is checked."""
    match event:
        case d.AutoActioned(quality=draw) if draw is not None:
            return {"sampled": draw.sampled, "sampling_rate": in_places(draw.rate)}
        case d.QualitySampled(draw=draw):
            return {
                "sampled": True,
                "sampling_rate": in_places(draw.rate),
                "quality_queue": draw.queue or QUALITY,
            }
        case d.QualityConfirmed():
            return {"quality_verdict": "confirm"}
        case d.QualityOverturned():
            return {"quality_verdict": "overturn"}
        case d.OutcomeObserved():
            return {"outcome_correct": event.correct, "outcome_at": event.observed_at}
        case _:
            return {}
