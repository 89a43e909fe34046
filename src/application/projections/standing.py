"""Where a decision stands after each event: the little of its state that several rows show."""

from decimal import Decimal

from domain.decision import events as d
from domain.decision.state import Status
from domain.values import Disposition, ExceptionCode, Lane

PLACES = Decimal("1e-12")
"""A probability in a row has twelve decimals: as many as survive a trip through JSON numbers."""


MOVES: dict[type[d.DecisionEvent], Status | None] = {
    d.Recommended: Status.RECEIVED,
    d.AutoActioned: None,
    d.RoutedToReview: Status.IN_REVIEW,
    d.Escalated: Status.ESCALATED,
    d.Held: Status.HELD,
    d.HoldReleased: None,
    d.Claimed: None,
    d.Released: None,
    d.InformationRequested: Status.AWAITING_INFORMATION,
    d.InformationProvided: None,
    d.Reviewed: Status.AWAITING_SECOND_REVIEW,
    d.Overridden: Status.AWAITING_SECOND_REVIEW,
    d.SecondReviewed: None,
    d.EscalationResolved: None,
    d.ActionAuthorised: Status.ACTIONED,
    d.ActionDelivered: Status.COMPLETED,
    d.ActionFailed: Status.ACTION_FAILED,
    d.ActionUnknown: Status.ACTION_UNKNOWN,
    d.ActionReconciled: Status.COMPLETED,
    d.ReversalAuthorised: None,
    d.Reversed: Status.REVERSED,
    d.ReversalFailed: None,
    d.QualitySampled: None,
    d.QualityConfirmed: None,
    d.QualityOverturned: None,
    d.Contested: None,
    d.Answered: None,
    d.OutcomeObserved: None,
    d.DeadlineNear: None,
    d.DeadlineMissed: None,
    d.Rerouted: None,
    d.Expired: Status.EXPIRED,
    d.Withdrawn: Status.WITHDRAWN,
    d.Superseded: Status.SUPERSEDED,
}
"""Where each event puts a decision, whatever it says; None leaves it where it stands."""


def status_after(status: Status, level: int, event: d.LifeEvent) -> Status:
    """The status after an event; `level` is how far up the ladder the decision stood before it."""
    match event:
        case d.Reviewed(disposition=Disposition.RETURN) | d.EscalationResolved(action=None):
            return Status.COMPLETED
        case d.InformationProvided() if event.placement is not None:
            return Status.ESCALATED if level else Status.IN_REVIEW
        case d.DeadlineMissed(safe_default=Lane.REVIEW):
            return Status.IN_REVIEW
        case _:
            return MOVES[type(event)] or status


Levelling = d.AutoActioned | d.RoutedToReview | d.Escalated | d.DeadlineMissed | d.Rerouted
"""The events that may move a decision on the ladder."""


def level_after(level: int, event: Levelling, *, in_conflict: bool) -> int:
    """How far up the escalation owner's ladder; 0 is not escalated.

    Fresh input starts everything anew, but settles no conflict.
    """
    match event:
        case d.Escalated():
            return event.level
        case d.Rerouted():
            return level if in_conflict else 0
        case d.DeadlineMissed():
            return 0 if event.safe_default is Lane.REVIEW else level
        case d.AutoActioned() | d.RoutedToReview():
            return 0


def routing_of(event: d.LifeEvent) -> d.Routing | None:
    """What routing said, where the event carries it."""
    match event:
        case d.AutoActioned() | d.RoutedToReview() | d.Escalated() | d.Held():
            return event.routing
        case _:
            return None


Raising = (
    d.AutoActioned
    | d.RoutedToReview
    | d.Escalated
    | d.Held
    | d.DeadlineMissed
    | d.Expired
    | d.ActionFailed
    | d.ActionUnknown
    | d.ReversalFailed
    | d.QualityOverturned
    | d.Contested
    | d.Rerouted
    | d.Superseded
)
"""The events that may raise exceptions."""


def exceptions_of(event: d.LifeEvent) -> tuple[ExceptionCode, ...]:
    """The exceptions that an event raises; where routing spoke, they are routing's."""
    if (routing := routing_of(event)) is not None:
        return routing.exceptions
    match event:
        case d.Escalated() | d.Held():
            return event.raises
        case d.DeadlineMissed() | d.Expired():
            return (event.exception,)
        case _:
            code = RAISED_BY.get(type(event))
            return () if code is None else (code,)


RAISED_BY: dict[type[d.DecisionEvent], ExceptionCode] = {
    d.ActionFailed: ExceptionCode.ACTION_FAILED,
    d.ActionUnknown: ExceptionCode.ACTION_UNKNOWN,
    d.ReversalFailed: ExceptionCode.REVERSAL_FAILED,
    d.QualityOverturned: ExceptionCode.QA_OVERTURNED,
    d.Contested: ExceptionCode.CONTESTED,
    d.Rerouted: ExceptionCode.STALE_SUBJECT,
    d.Superseded: ExceptionCode.SUPERSEDED,
}


Placing = (
    d.RoutedToReview
    | d.Escalated
    | d.Held
    | d.InformationRequested
    | d.InformationProvided
    | d.ActionFailed
    | d.ActionUnknown
    | d.DeadlineMissed
)
"""The events that may put a decision to wait for somebody; a receipt is not waited for there."""


def in_places(probability: Decimal | None) -> Decimal | None:
    """A probability as rows keep it."""
    return None if probability is None else probability.quantize(PLACES).normalize()
