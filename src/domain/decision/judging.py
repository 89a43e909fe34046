"""Afterwards: quality verdicts, contests, and what proved right in the end."""

from datetime import datetime

from domain.decision.events import (
    Answered,
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
    NothingToAnswer,
    NotSampled,
    UnknownAction,
    WrongSeat,
)
from domain.decision.state import Decision, Status
from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.model import OWNER_SEATS, Actor, Seat, Stamp
from domain.values import ExceptionCode

Events = tuple[LifeEvent, ...]

ANSWERING_OWNERS = (Seat.DECISION_OWNER, Seat.RISK_OWNER, Seat.ESCALATION_OWNER)


def judge_quality(
    decision: Decision,
    confirms: bool,
    comment: str | None,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Events:
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
    said: dict[str, object] = {
        **decision.next(stamp),
        "decision_type": decision.decision_type,
        "comment": comment,
        "draw": decision.quality,
    }
    if confirms:
        return (QualityConfirmed.model_validate(said),)
    place = decision_type.place_exception(ExceptionCode.QA_OVERTURNED, stamp.at)
    return (QualityOverturned.model_validate(said | {"placement": place}),)


def contest(
    decision: Decision, comment: str | None, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """Object to a completed decision; someone not involved before must look."""
    _require_part(stamp.actor)
    if decision.status is not Status.COMPLETED:
        raise NotEnded(f"this one is {decision.status}")
    if decision.contested:
        raise NotEnded("this one is contested already")
    return (
        Contested(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            comment=comment,
            placement=decision_type.place_exception(ExceptionCode.CONTESTED, stamp.at),
        ),
    )


def answer(
    decision: Decision,
    exception: ExceptionCode,
    reason_code: str,
    comment: str | None,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Events:
    """Say why what was done stays as it is, though something was raised over it.

    An objection is answered by a person not involved before; a quality check's disagreement and a
    reversal that failed, by an owner who bears the business's, the risk's or the exception's side.
    """
    if not stamp.actor.is_person:
        raise NotAPerson(f"{stamp.actor.id} is a {stamp.actor.kind}")
    waits = next((each for each in decision.unsettled if each.exception is exception), None)
    stands_in = decision_type.stands_in(stamp.actor, waits.placement if waits else None)
    if exception is ExceptionCode.CONTESTED:
        _require_a_fresh_look(decision, decision_type, stamp.actor, stands_in=stands_in)
    elif not stands_in:
        require_seat(decision_type, stamp.actor, *ANSWERING_OWNERS)
    if waits is None:
        raise NothingToAnswer(f"{exception} does not wait for anybody here")
    return (
        Answered(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            exception=exception,
            reason_code=reason_code,
            comment=comment,
        ),
    )


def _require_a_fresh_look(
    decision: Decision, decision_type: DecisionType, actor: Actor, *, stands_in: bool
) -> None:
    if not stands_in and actor.seat not in (Seat.REVIEWER, Seat.QUALITY_REVIEWER):
        require_seat(decision_type, actor, *OWNER_SEATS)
    if actor.id in decision.involved:
        raise AlreadyInvolved(f"{actor.id} had a say in this one")


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
