"""Settling: whose disposition a decision's action rests on, and how long that person looked."""

from datetime import datetime
from decimal import Decimal

from application.projections.feedback_row import FeedbackRow
from application.projections.parts import Changes
from domain.decision import events as d
from domain.values import Disposition, Lane

UNSETTLED: Changes = {
    "disposed_at": None,
    "disposed_by": None,
    "disposed_in": None,
    "disposition": None,
    "override_reason": None,
    "dwell_seconds": None,
    "chosen_action": None,
}
"""A first review that nothing came of: it was escalated, held, overtaken or ended before."""


def settled(
    row: FeedbackRow,
    event: d.Reviewed
    | d.Overridden
    | d.SecondReviewed
    | d.EscalationResolved
    | d.Escalated
    | d.Held
    | d.Rerouted
    | d.Expired
    | d.Withdrawn
    | d.Superseded,
) -> Changes:
    """What the event says of the disposition. A return, a referral, a question settle nothing."""
    match event:
        case d.Reviewed() if event.disposition is not Disposition.RETURN:
            chosen = row.recommended_action
            return _by(row, event, Lane.REVIEW, event.disposition) | {"chosen_action": chosen}
        case d.Overridden():
            return _by(row, event, Lane.REVIEW, Disposition.OVERRIDE) | {
                "override_reason": event.reason_code,
                "chosen_action": event.action,
            }
        case d.SecondReviewed():
            return {
                "first_review_action": row.chosen_action,
                "second_review_action": event.action,
            }
        case d.EscalationResolved() if event.action is not None:
            overrides = event.disposition is Disposition.OVERRIDE
            return _by(row, event, Lane.ESCALATE, event.disposition) | {
                "override_reason": event.reason_code if overrides else None
            }
        case d.Escalated() | d.Held() | d.Rerouted():
            return UNSETTLED
        case d.Expired() | d.Withdrawn() | d.Superseded():
            return UNSETTLED if row.authorised_by is None else {}
        case _:
            return {}


def _by(row: FeedbackRow, event: d.LifeEvent, lane: Lane, disposition: Disposition) -> Changes:
    return {
        "disposed_at": event.timestamp,
        "disposed_by": event.actor.id,
        "disposed_in": lane,
        "disposition": disposition,
        "dwell_seconds": _seconds(row.last_claimed_at, event.timestamp),
    }


def _seconds(claimed: datetime | None, disposed: datetime) -> Decimal | None:
    """From the claim to the disposition; a clock set back in between shows nothing."""
    if claimed is None or disposed < claimed:
        return None
    took = disposed - claimed
    return Decimal(took.days * 86_400 + took.seconds) + Decimal(took.microseconds) / 1_000_000
