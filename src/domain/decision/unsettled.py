"""What was raised over an action and waits for somebody: until it is undone, or answered."""

from domain.decision.events import (
    Answered,
    Contested,
    DeadlineMissed,
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
        case DeadlineMissed() if event.concerns_the_end:
            return _moved(before, event)
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


def _moved(before: tuple[Unsettled, ...], event: DeadlineMissed) -> tuple[Unsettled, ...]:
    """It waits elsewhere now; a reversal that nobody reported on begins to wait for a person."""
    code = event.exception
    known = next((each for each in before if each.exception is code), None)
    moved = Unsettled(
        exception=code,
        since=known.since if known else event.timestamp,
        placement=event.placement or (known.placement if known else None),
        clock_stopped=event.placement is None or None,
    )
    return (*_without(before, code), moved)


def _without(unsettled: tuple[Unsettled, ...], code: ExceptionCode) -> tuple[Unsettled, ...]:
    return tuple(each for each in unsettled if each.exception is not code)
