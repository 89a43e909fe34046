"""Where a decision stands after each event: the little of its state that several rows show."""

from decimal import Decimal
from typing import assert_never

from domain.decision import events as d
from domain.decision.state import Status
from domain.values import Disposition, ExceptionCode, Placement

PLACES = Decimal("1e-12")
"""A probability in a row has twelve decimals: as many as survive a trip through JSON numbers."""


def status_after(  # noqa: C901 - one line an event
    status: Status, level: int, event: d.LifeEvent
) -> Status:
    """The status after an event; `level` is how far up the ladder the decision stood before it."""
    match event:
        case d.Recommended():
            return Status.RECEIVED
        case d.RoutedToReview():
            return Status.IN_REVIEW
        case d.Escalated():
            return Status.ESCALATED
        case d.Held():
            return Status.HELD
        case d.InformationRequested():
            return Status.AWAITING_INFORMATION
        case d.InformationProvided():
            return _informed(status, level, event)
        case d.Reviewed() | d.Overridden():
            return _reviewed(event)
        case d.EscalationResolved():
            return Status.COMPLETED if event.action is None else status
        case d.ActionAuthorised():
            return Status.ACTIONED
        case d.ActionDelivered() | d.ActionReconciled():
            return Status.COMPLETED
        case d.ActionFailed():
            return Status.ACTION_FAILED
        case d.ActionUnknown():
            return Status.ACTION_UNKNOWN
        case d.Reversed():
            return Status.REVERSED
        case d.Expired():
            return Status.EXPIRED
        case d.Withdrawn():
            return Status.WITHDRAWN
        case d.Superseded():
            return Status.SUPERSEDED
        case _:
            return _unmoved(status, event)


def _informed(status: Status, level: int, event: d.InformationProvided) -> Status:
    if event.placement is None:
        return status
    return Status.ESCALATED if level else Status.IN_REVIEW


def _reviewed(event: d.Reviewed | d.Overridden) -> Status:
    if isinstance(event, d.Reviewed) and event.disposition is Disposition.RETURN:
        return Status.COMPLETED
    return Status.AWAITING_SECOND_REVIEW


Unmoving = (
    d.AutoActioned
    | d.HoldReleased
    | d.Claimed
    | d.Released
    | d.SecondReviewed
    | d.ReversalAuthorised
    | d.ReversalFailed
    | d.QualitySampled
    | d.QualityConfirmed
    | d.QualityOverturned
    | d.Contested
    | d.Answered
    | d.OutcomeObserved
    | d.DeadlineMissed
    | d.Rerouted
)


def _unmoved(status: Status, event: Unmoving) -> Status:
    """The events that leave a decision where it stands; a new one has to be sorted in here."""
    match event:
        case (
            d.AutoActioned()
            | d.HoldReleased()
            | d.Claimed()
            | d.Released()
            | d.SecondReviewed()
            | d.ReversalAuthorised()
            | d.ReversalFailed()
            | d.QualitySampled()
            | d.QualityConfirmed()
            | d.QualityOverturned()
            | d.Contested()
            | d.Answered()
            | d.OutcomeObserved()
            | d.DeadlineMissed()
            | d.Rerouted()
        ):
            return status
        case _:
            assert_never(event)


def level_after(level: int, event: d.LifeEvent, *, in_conflict: bool) -> int:
    """How far up the escalation owner's ladder; 0 is not escalated.

    Fresh input starts everything anew, but settles no conflict.
    """
    match event:
        case d.Escalated():
            return event.level
        case d.Rerouted():
            return level if in_conflict else 0
        case d.AutoActioned() | d.RoutedToReview():
            return 0
        case _:
            return level


def routing_of(event: d.LifeEvent) -> d.Routing | None:
    """What routing said, where the event carries it."""
    match event:
        case d.AutoActioned() | d.RoutedToReview() | d.Escalated() | d.Held():
            return event.routing
        case _:
            return None


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


def placement_of(event: d.LifeEvent) -> Placement | None:
    """Where the event puts the decision to wait for somebody; a receipt is not waited for here."""
    match event:
        case (
            d.RoutedToReview()
            | d.Escalated()
            | d.Held()
            | d.InformationRequested()
            | d.InformationProvided()
            | d.ActionFailed()
            | d.ActionUnknown()
        ):
            return event.placement
        case _:
            return None


def in_places(probability: Decimal | None) -> Decimal | None:
    """A probability as rows keep it."""
    return None if probability is None else probability.quantize(PLACES).normalize()
