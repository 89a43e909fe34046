"""What time does to a decision that has ended: what was raised over it rings until it is answered."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domain.decision import acting, judging, timing
from domain.decision.acting import Report
from domain.decision.events import DeadlineMissed
from domain.decision.refusals import NotProducer
from domain.decision.state import Decision, Status
from domain.decision_type import commands as types
from domain.decision_type.commands import NotYourSeat
from domain.decision_type.state import DecisionType, fold
from domain.model import Seat
from domain.values import ExceptionCode, Receipt
from tests.domain.builders import (
    ANA,
    BOT,
    DAY,
    DI,
    HOUR,
    NOON,
    QUINN,
    REFUND,
    TIMER,
    a_person,
    automated,
    by,
    completed,
    reported,
    sampled,
    then,
)

FAY = a_person("fay", Seat.FALLBACK_OWNER)


def contested() -> Decision:
    return then(completed(), judging.contest(completed(), None, REFUND, by(ANA)))


def overturned() -> Decision:
    done = reported(sampled(), Receipt.DELIVERED)
    return then(done, judging.judge_quality(done, False, None, REFUND, by(QUINN)))


def reversing() -> Decision:
    return then(completed(), acting.reverse(completed(), "REV.MISTAKE", None, REFUND, by(ANA)))


def reversal_failed() -> Decision:
    failed = Report(status=Receipt.FAILED)
    return then(reversing(), acting.report(reversing(), failed, REFUND, by(BOT)))


RAISED: dict[ExceptionCode, Callable[[], Decision]] = {
    ExceptionCode.CONTESTED: contested,
    ExceptionCode.QA_OVERTURNED: overturned,
    ExceptionCode.REVERSAL_FAILED: reversal_failed,
}


def struck(decision: Decision, at: datetime) -> Decision:
    return then(decision, timing.strike(decision, REFUND, by(TIMER, at)))


def place_of(decision: Decision) -> tuple[Seat, str | None]:
    [waits] = decision.unsettled
    assert waits.placement is not None
    return waits.placement.seat, waits.placement.person


@pytest.mark.parametrize("code", RAISED)
def test_what_nobody_answers_goes_to_who_stands_above(code: ExceptionCode) -> None:
    raised = RAISED[code]()
    due = timing.next_moment(raised)
    assert due == NOON + 2 * HOUR
    missed = timing.strike(raised, REFUND, by(TIMER, due))
    assert [(e.exception, e.due_at) for e in missed if isinstance(e, DeadlineMissed)] == [
        (code, due)
    ]
    late = then(raised, missed)
    assert place_of(late) == (Seat.ESCALATION_OWNER, "fay")
    assert (late.status, late.action, late.exceptions) == (
        raised.status,
        raised.action,
        raised.exceptions,
    )
    assert late.unsettled[0].since == raised.unsettled[0].since


@pytest.mark.parametrize("code", RAISED)
def test_at_the_ladders_end_time_says_no_more(code: ExceptionCode) -> None:
    decision = RAISED[code]()
    for _ in range(2):
        due = timing.next_moment(decision)
        assert due is not None
        decision = struck(decision, due)
    assert timing.next_moment(decision) is None
    assert place_of(decision) == (Seat.ESCALATION_OWNER, "fay")
    assert timing.strike(decision, REFUND, by(TIMER, NOON + 400 * DAY)) == ()


@pytest.mark.parametrize("code", RAISED)
def test_whom_it_fell_to_may_answer_it(code: ExceptionCode) -> None:
    raised = RAISED[code]()
    with pytest.raises(NotYourSeat):
        judging.answer(raised, code, "STAYS", None, REFUND, by(FAY))
    late = struck(raised, NOON + 2 * HOUR)
    answered = then(late, judging.answer(late, code, "STAYS", None, REFUND, by(FAY)))
    assert answered.unsettled == ()
    assert timing.next_moment(answered) is None


def test_a_reversal_that_nobody_reports_on_is_an_exception() -> None:
    on_its_way = reversing()
    due = timing.next_moment(on_its_way)
    assert due is not None
    late = struck(on_its_way, due)
    [waits] = late.unsettled
    assert (waits.exception, waits.since) == (ExceptionCode.REVERSAL_FAILED, due)
    assert late.exceptions == (ExceptionCode.REVERSAL_FAILED,)
    assert late.reversal_authorised, "it may still be reported"
    undone = reported(late, Receipt.DELIVERED)
    assert (undone.status, undone.unsettled) == (Status.REVERSED, ())
    assert timing.next_moment(undone) is None


def test_a_second_reversal_has_a_deadline_of_its_own() -> None:
    again = then(
        reversal_failed(), acting.reverse(reversal_failed(), "REV.AGAIN", None, REFUND, by(DI))
    )
    assert again.reversal is not None
    due = again.reversal.due_at
    while (first := timing.next_moment(again)) != due:  # what was raised before rings for itself
        assert first is not None
        again = struck(again, first)
    late = struck(again, due)
    assert (late.reversal, [each.exception for each in late.unsettled]) == (
        None,
        [ExceptionCode.REVERSAL_FAILED],
    )
    rings = timing.next_moment(late)
    assert rings is not None
    assert rings > due


# ── the fallback owner and receipts


def without_owner() -> DecisionType:
    left = fold(types.vacate_owner(REFUND, Seat.DECISION_OWNER, by(ANA)), REFUND)
    assert left is not None
    return left


@pytest.mark.parametrize("first", [None, Receipt.FAILED, Receipt.UNKNOWN])
def test_where_the_seat_is_empty_the_fallback_owner_reconciles(first: Receipt | None) -> None:
    vacant = without_owner()
    due = automated() if first is None else reported(automated(), first)
    placed = due.placement
    assert placed is not None
    if placed.seat is Seat.ESCALATION_OWNER:
        vacant = fold(types.vacate_owner(vacant, Seat.ESCALATION_OWNER, by(DI)), vacant) or vacant
    delivered = Report(status=Receipt.DELIVERED)
    settled = then(due, acting.report(due, delivered, vacant, by(FAY)))
    assert settled.status is Status.COMPLETED


@pytest.mark.parametrize("first", [None, Receipt.FAILED, Receipt.UNKNOWN])
def test_nobody_stands_in_for_an_owner_who_is_there(first: Receipt | None) -> None:
    due = automated() if first is None else reported(automated(), first)
    with pytest.raises(NotProducer):
        acting.report(due, Report(status=Receipt.DELIVERED), REFUND, by(FAY))
