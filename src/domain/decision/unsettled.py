"""What was raised over an action and waits for somebody: until it is undone, or answered."""

from domain.decision.events import (
    Answered,
    Contested,
    LifeEvent,
    QualityOverturned,
    ReversalFailed,
    Reversed,
)
from domain.values import ExceptionCode, Unsettled

RAISED: dict[type[LifeEvent], ExceptionCode] = {
    ReversalFailed: ExceptionCode.REVERSAL_FAILED,
    QualityOverturned: ExceptionCode.QA_OVERTURNED,
    Contested: ExceptionCode.CONTESTED,
}


def unsettled_after(before: tuple[Unsettled, ...], event: LifeEvent) -> tuple[Unsettled, ...]:
    """What waits after an event; the state and the rows fold it alike."""
    match event:
        case ReversalFailed() | QualityOverturned() | Contested():
            code = RAISED[type(event)]
            raised = Unsettled(exception=code, since=event.timestamp, placement=event.placement)
            return (*_without(before, code), raised)
        case Answered():
            return _without(before, event.exception)
        case Reversed():
            return ()
        case _:
            return before


def _without(unsettled: tuple[Unsettled, ...], code: ExceptionCode) -> tuple[Unsettled, ...]:
    return tuple(each for each in unsettled if each.exception is not code)
