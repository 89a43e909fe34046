"""Afterwards: quality verdicts, contests, and what proved right in the end."""

from datetime import datetime

from domain.decision.events import (
    Contested,
    LifeEvent,
    OutcomeObserved,
    QualityConfirmed,
    QualityOverturned,
)
from domain.decision.refusals import (
    AlreadyInvolved,
    AlreadyObserved,
    IncompleteDisposition,
    NotAPerson,
    NotEnded,
    NotSampled,
    UnknownAction,
    WrongSeat,
)
from domain.decision.state import Decision, Status
from domain.decision_type.state import DecisionType
from domain.model import Actor, Seat, Stamp

Events = tuple[LifeEvent, ...]


def judge_quality(decision: Decision, confirms: bool, comment: str | None, stamp: Stamp) -> Events:
    """Say whether what was done automatically was right: once, by a person not involved before."""
    if not stamp.actor.is_person:
        raise NotAPerson(f"{stamp.actor.id} is a {stamp.actor.kind}")
    if stamp.actor.seat is not Seat.QUALITY_REVIEWER:
        raise WrongSeat(f"{stamp.actor.id} does not act as quality reviewer here")
    if decision.quality is None or not decision.quality.sampled:
        raise NotSampled("the lot did not fall on this one")
    if decision.quality_verdict is not None:
        raise NotSampled("this one has its verdict already")
    if stamp.actor.id in decision.involved:
        raise AlreadyInvolved(f"{stamp.actor.id} had a say in this one")
    verdict = QualityConfirmed if confirms else QualityOverturned
    return (verdict(**decision.next(stamp), decision_type=decision.decision_type, comment=comment),)


def contest(decision: Decision, comment: str | None, stamp: Stamp) -> Events:
    """Object to a completed decision; someone not involved before must look."""
    _require_part(stamp.actor)
    if decision.status is not Status.COMPLETED:
        raise NotEnded(f"this one is {decision.status}")
    if decision.contested:
        raise NotEnded("this one is contested already")
    return (
        Contested(**decision.next(stamp), decision_type=decision.decision_type, comment=comment),
    )


def observe_outcome(
    decision: Decision,
    correct: bool | None,
    actual_action: str | None,
    observed_at: datetime,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Events:
    """Record what proved right: said outright, or by naming the action that would have been."""
    _require_part(stamp.actor)
    if decision.outcome_correct is not None:
        raise AlreadyObserved("its outcome is on record")
    if correct is None and actual_action is None:
        raise IncompleteDisposition("correct, actual_action: found neither; one is needed")
    if actual_action is not None and actual_action not in decision_type.definition.actions:
        allowed = ", ".join(sorted(decision_type.definition.actions))
        raise UnknownAction(f"actual_action: found {actual_action}, allowed are {allowed}")
    right = actual_action == decision.recommendation.action
    if actual_action is not None and correct is not None and correct != right:
        raise IncompleteDisposition(f"correct: found {correct}, but actual_action says {right}")
    return (
        OutcomeObserved(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            correct=right if correct is None else correct,
            actual_action=actual_action,
            observed_at=observed_at,
        ),
    )


def _require_part(actor: Actor) -> None:
    if not actor.takes_part:
        raise WrongSeat(f"{actor.id} has no seat here that takes part in a decision")
