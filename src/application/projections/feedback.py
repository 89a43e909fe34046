"""Feedback: the facts of each decision that the metrics and the search list are made of.

What counts up to the end stops at the end: exceptions, escalations and the human part. What comes
afterwards (verdicts, reversals, outcomes) goes into fields of its own.
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar

from application.metrics.facts import ExceptionRaised
from application.projections import Key
from application.projections.counting import counted_by_day
from application.projections.feedback_row import FeedbackRow
from application.projections.labels import labelled
from application.projections.of_decisions import OfDecisions
from application.projections.parts import Changes, sorted_by_event
from application.projections.settling import settled
from application.projections.stages import cut_short, staged
from application.projections.standing import (
    Levelling,
    Placing,
    Raising,
    exceptions_of,
    in_places,
    level_after,
    routing_of,
    status_after,
)
from domain.decision import events as d
from domain.decision.state import Status
from domain.decision.unsettled import unsettled_after
from domain.values import ExceptionCode, Lane, QualityDraw, Receipt, Unsettled


class Feedback(OfDecisions[FeedbackRow]):
    """One row a decision, for ever."""

    name: ClassVar[str] = "feedback"
    Row = FeedbackRow
    counts: ClassVar[str | None] = "feedback_counts"

    def counted(self, row: FeedbackRow) -> Iterator[tuple[Key, int]]:
        """What the metrics are made of."""
        return counted_by_day(row)

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
        """The facts after one more event. What a later part says overrides an earlier one."""
        status = status_after(Status(row.state), row.level, event)
        changes: Changes = {
            "state": status.value,
            "updated_version": event.originator_version,
            "touched_at": event.timestamp,
        }
        for part in PARTS[type(event)]:
            changes |= part(row, event)
        if row.end is None:
            changes["human_before_end"] = row.human_before_end or _by_a_person(event)
            if status.is_end:
                changes = cut_short(row, event.timestamp) | changes | _ended(status, event)
        if status.is_end:
            changes |= _rings_at(row, changes)
        return row.changed(changes)


def _by_a_person(event: d.LifeEvent) -> bool:
    return event.actor.is_person and not isinstance(event, LOOKING_ON)


LOOKING_ON = (d.Recommended, d.QualityConfirmed, d.QualityOverturned, d.Answered, d.OutcomeObserved)
"""What a person may say about a decision without having a part in what becomes of it."""


def _ended(status: Status, event: d.LifeEvent) -> Changes:
    return {"end": status.value, "ended_at": event.timestamp, "due_at": None}


def _levelled(row: FeedbackRow, event: Levelling) -> Changes:
    return {"level": level_after(row.level, event, in_conflict=row.held_in_conflict)}


def _routed(
    row: FeedbackRow, event: d.AutoActioned | d.RoutedToReview | d.Escalated | d.Held
) -> Changes:
    """The policy and the lane that it was first routed by; four eyes as it was last."""
    changes: Changes = {}
    if (routing := event.routing) is not None:
        changes = {
            "four_eyes": routing.four_eyes,
            "decision_type_version": routing.decision_type_version,
        }
        if row.decision_type_version is None and routing.policy is not None:
            policy = routing.policy
            changes |= {"policy_version": policy.version, "policy_hash": policy.hash}
    if row.lane is None and (lane := LANES.get(type(event))) is not None:
        changes["lane"] = lane
    return changes


LANES: dict[type[d.DecisionEvent], Lane] = {
    d.AutoActioned: Lane.AUTOMATE,
    d.RoutedToReview: Lane.REVIEW,
    d.Escalated: Lane.ESCALATE,
}


def _met(
    row: FeedbackRow,
    event: Raising | d.Reviewed | d.Overridden | d.EscalationResolved | d.ReversalAuthorised,
) -> Changes:
    """Reasons and exceptions, as met on the way."""
    codes, raised = _reason_codes(event), () if _late_again(row, event) else exceptions_of(event)
    changes: Changes = {}
    if raised:
        codes = (*codes, *(code.reason_code for code in raised))
        now = (ExceptionRaised(code=code.value, at=event.timestamp) for code in raised)
        changes["exception_events"] = (*row.exception_events, *now)
        if row.end is None:
            met = (code.value for code in raised)
            changes["exceptions"] = _each_once(row.exceptions, met)
            changes["in_conflict"] = row.in_conflict or ExceptionCode.CONFLICT in raised
    if codes:
        changes["reason_codes"] = _each_once(row.reason_codes, codes)
    return changes


def _late_again(row: FeedbackRow, event: d.LifeEvent) -> bool:
    """Whether a deadline was missed of what was raised before: that raises nothing anew."""
    if not isinstance(event, d.DeadlineMissed) or not event.concerns_the_end:
        return False
    return event.exception in {each.exception for each in row.unsettled}


def _each_once(known: tuple[str, ...], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


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


def _placed(row: FeedbackRow, event: Placing) -> Changes:
    """Where it waits for somebody, until its end."""
    place = event.placement
    if place is None or row.end is not None:
        return {}
    return {"queue": place.queue, "due_at": place.due_at}


def _held(row: FeedbackRow, event: d.Held) -> Changes:  # noqa: ARG001
    """It stands in a conflict until that is settled, also when a deadline passes."""
    return {"held_in_conflict": event.conflict is not None}


def _released(row: FeedbackRow, event: d.HoldReleased) -> Changes:  # noqa: ARG001
    return {"held_in_conflict": False}


def _claimed(row: FeedbackRow, event: d.Claimed) -> Changes:
    first = row.first_claimed_at or event.timestamp
    return {"first_claimed_at": first, "last_claimed_at": event.timestamp}


def _escalated(row: FeedbackRow, event: d.Escalated) -> Changes:
    return {"escalations": (*row.escalations, event.cause)} if row.end is None else {}


def _authorised(row: FeedbackRow, event: d.ActionAuthorised) -> Changes:
    """What was allowed, first on whose authority, and until when its receipt is due."""
    return {
        "final_action": event.action,
        "authorised_by": row.authorised_by or event.authority,
        "chosen_action": None,
        "due_at": event.placement.due_at,
    }


def _carried_out(
    row: FeedbackRow,  # noqa: ARG001
    event: d.ActionDelivered | d.ActionFailed | d.ActionUnknown | d.ActionReconciled | d.Reversed,
) -> Changes:
    """What became of the action."""
    match event:
        case d.ActionDelivered() | d.ActionReconciled(delivered=True):
            return {"receipt": Receipt.DELIVERED, "delivered_at": event.timestamp}
        case d.ActionFailed() | d.ActionReconciled():
            return {"receipt": Receipt.FAILED}
        case d.ActionUnknown():
            return {"receipt": Receipt.UNKNOWN}
        case d.Reversed():
            return {"reversed_at": event.timestamp}


def _checked(
    row: FeedbackRow,  # noqa: ARG001
    event: d.AutoActioned
    | d.QualitySampled
    | d.QualityConfirmed
    | d.QualityOverturned
    | d.OutcomeObserved,
) -> Changes:
    """The lot and the verdict. A lot counts where policy acted: nothing else is checked."""
    match event:
        case d.AutoActioned(quality=draw):
            return {} if draw is None else {"sampled": draw.sampled} | _rated(draw)
        case d.QualitySampled(draw=draw):
            return {"sampled": True, "quality_queue": draw.queue or QUALITY} | _rated(draw)
        case d.QualityConfirmed():
            return {"quality_verdict": "confirm"}
        case d.QualityOverturned():
            return {"quality_verdict": "overturn"}
        case d.OutcomeObserved():
            return {"outcome_correct": event.correct, "outcome_at": event.observed_at}


def _unsettled(
    row: FeedbackRow,
    event: d.ReversalFailed
    | d.QualityOverturned
    | d.Contested
    | d.Answered
    | d.Reversed
    | d.DeadlineMissed,
) -> Changes:
    """What was raised over what was done and waits for somebody."""
    return {"unsettled": unsettled_after(row.unsettled, event)}


def _reversing(
    row: FeedbackRow,
    event: d.ReversalAuthorised | d.Reversed | d.ReversalFailed | d.DeadlineMissed,
) -> Changes:
    """Until when a reversal must be reported."""
    match event:
        case d.ReversalAuthorised():
            return {"reversal_due_at": event.placement and event.placement.due_at}
        case d.DeadlineMissed() if event.due_at != row.reversal_due_at:
            return {}
        case _:
            return {"reversal_due_at": None}


def _rings_at(row: FeedbackRow, changes: Changes) -> Changes:
    """After the end: when time comes next for what was raised, or for a reversal."""
    unsettled: tuple[Unsettled, ...] = changes.get("unsettled", row.unsettled)
    due = [u.placement.due_at for u in unsettled if u.placement and not u.clock_stopped]
    if (reversal := changes.get("reversal_due_at", row.reversal_due_at)) is not None:
        due.append(reversal)
    return {"rings_at": min(due, default=None)}


def _rated(draw: QualityDraw) -> Changes:
    return {"sampling_rate": in_places(draw.rate)}


QUALITY = "quality"
"""The queue of quality checks where the policy names none."""

PARTS = sorted_by_event(
    _levelled,
    _routed,
    _met,
    _escalated,
    _placed,
    _held,
    _released,
    _claimed,
    staged,
    settled,
    _authorised,
    _carried_out,
    _checked,
    _unsettled,
    _reversing,
    labelled,
)
