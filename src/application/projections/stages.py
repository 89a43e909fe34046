"""Stages: the human part from entering a queue until somebody disposes of it, held to a deadline.

Escalating at a timeout stays within the stage, which is then missed; a referral, a disagreement
and a first pair of eyes each end one stage and begin the next. A question leaves it open.
"""

from datetime import datetime

from application.projections.feedback_row import FeedbackRow
from application.projections.parts import Changes
from domain.decision import events as d
from domain.values import Disposition


def staged(
    row: FeedbackRow,
    event: d.RoutedToReview
    | d.Escalated
    | d.InformationRequested
    | d.InformationProvided
    | d.DeadlineMissed
    | d.Reviewed
    | d.Overridden
    | d.SecondReviewed
    | d.EscalationResolved
    | d.Held
    | d.Rerouted,
) -> Changes:
    """The stages after an event."""
    match event:
        case d.RoutedToReview():
            return cut_short(row, event.timestamp) | _entered(row, event, event.placement.due_at)
        case d.Escalated():
            return _escalated(row, event)
        case d.InformationRequested() | d.InformationProvided():
            return _moved(row, event)
        case d.DeadlineMissed():
            return {} if row.stage_due_at is None else {"stage_due_at": event.due_at}
        case d.Reviewed() | d.Overridden():
            return _disposed(row, event)
        case d.SecondReviewed() | d.EscalationResolved():
            return _closed(row, event.timestamp)
        case d.Held() | d.Rerouted():
            return cut_short(row, event.timestamp)


def _entered(row: FeedbackRow, event: d.LifeEvent, due_at: datetime) -> Changes:
    entered = row.entered_queue_at or event.timestamp
    return {"entered_queue_at": entered, "stage_due_at": due_at}


def _escalated(row: FeedbackRow, event: d.Escalated) -> Changes:
    if event.cause == "timeout" and row.stage_due_at is not None:
        return {}
    before = _closed if event.cause == "reviewer" else cut_short
    return before(row, event.timestamp) | _entered(row, event, event.placement.due_at)


def _moved(row: FeedbackRow, event: d.InformationRequested | d.InformationProvided) -> Changes:
    """An answer gives the open stage a new deadline, unless one was missed by then."""
    place = event.placement
    if place is None or row.stage_due_at is None or row.stage_due_at < event.timestamp:
        return {}
    return {"stage_due_at": place.due_at}


def _disposed(row: FeedbackRow, event: d.Reviewed | d.Overridden) -> Changes:
    """The next pair of eyes has until the same deadline."""
    returned = isinstance(event, d.Reviewed) and event.disposition is Disposition.RETURN
    closed = _closed(row, event.timestamp)
    again = row.four_eyes and not returned
    return closed | {"stage_due_at": row.due_at} if again else closed


def _closed(row: FeedbackRow, at: datetime) -> Changes:
    """Somebody disposed of it: in time, or not."""
    if row.stage_due_at is None:
        return {}
    return {
        "stages_due": row.stages_due + 1,
        "stages_missed": row.stages_missed + (at > row.stage_due_at),
        "stage_due_at": None,
    }


def cut_short(row: FeedbackRow, at: datetime) -> Changes:
    """Nobody has to dispose of it any more: it was due only if its deadline had passed."""
    if row.stage_due_at is None:
        return {}
    return _closed(row, at) if at > row.stage_due_at else {"stage_due_at": None}
