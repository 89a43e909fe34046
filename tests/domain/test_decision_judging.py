"""Afterwards: quality verdicts, contests, and what proved right in the end."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.decision import acting, judging
from domain.decision.acting import Report
from domain.decision.events import (
    Answered,
    Contested,
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
from domain.model import Actor, Refusal, Seat, Unauthorised
from domain.values import ExceptionCode, Receipt
from tests.domain.builders import (
    ANA,
    AUDRA,
    BO,
    BOT,
    CY,
    DAY,
    DI,
    EVERY_STATE,
    NOON,
    QUINN,
    RAE,
    REFUND,
    SAM,
    a_person,
    automated,
    by,
    completed,
    in_review,
    reported,
    sampled,
    then,
)

# ── quality


def test_a_quality_check_may_agree() -> None:
    drawn = sampled()
    events = judging.judge_quality(drawn, True, "right", REFUND, by(QUINN))
    assert events == (
        QualityConfirmed(
            **drawn.next(by(QUINN)), decision_type="refund", comment="right", draw=drawn.quality
        ),
    )
    assert then(drawn, events).quality_verdict is True


def test_a_quality_check_may_overturn_which_is_an_exception() -> None:
    drawn = sampled()
    events = judging.judge_quality(drawn, False, "wrong", REFUND, by(QUINN))
    assert events == (
        QualityOverturned(
            **drawn.next(by(QUINN)),
            decision_type="refund",
            comment="wrong",
            draw=drawn.quality,
            placement=REFUND.place_exception(ExceptionCode.QA_OVERTURNED, NOON),
        ),
    )
    assert then(drawn, events).exceptions == (ExceptionCode.QA_OVERTURNED,)


def test_a_quality_check_is_a_persons() -> None:
    robot = BOT.model_copy(update={"seat": Seat.QUALITY_REVIEWER})
    with pytest.raises(NotAPerson):
        judging.judge_quality(sampled(), True, None, REFUND, by(robot))


@pytest.mark.parametrize("actor", [ANA, RAE, AUDRA, a_person("guest")])
def test_a_quality_check_is_a_quality_reviewers(actor: Actor) -> None:
    with pytest.raises(WrongSeat):
        judging.judge_quality(sampled(), True, None, REFUND, by(actor))


def test_who_had_a_say_does_not_judge_it() -> None:
    drawn = sampled().model_copy(update={"involved": frozenset({"quinn"})})
    with pytest.raises(AlreadyInvolved):
        judging.judge_quality(drawn, True, None, REFUND, by(QUINN))


@pytest.mark.parametrize("state", [automated, in_review, completed])
def test_only_what_the_lot_fell_on_is_judged(state: Any) -> None:
    with pytest.raises(NotSampled):
        judging.judge_quality(state(), True, None, REFUND, by(QUINN))


def test_a_verdict_is_given_once() -> None:
    drawn = sampled()
    judged = then(drawn, judging.judge_quality(drawn, True, None, REFUND, by(QUINN)))
    with pytest.raises(NotSampled, match="already"):
        judging.judge_quality(
            judged, False, None, REFUND, by(a_person("quincy", Seat.QUALITY_REVIEWER))
        )


# ── contests


def test_a_completed_decision_may_be_contested() -> None:
    done = completed()
    assert judging.contest(done, "never ordered", REFUND, by(CY)) == (
        Contested(
            **done.next(by(CY)),
            decision_type="refund",
            comment="never ordered",
            placement=REFUND.place_exception(ExceptionCode.CONTESTED, NOON),
        ),
    )


@pytest.mark.parametrize("state", sorted(set(EVERY_STATE) - {"completed"}))
def test_nothing_else_may_be_contested(state: str) -> None:
    with pytest.raises(NotEnded):
        judging.contest(EVERY_STATE[state](), None, REFUND, by(CY))


def test_a_decision_is_contested_once() -> None:
    contested = then(completed(), judging.contest(completed(), None, REFUND, by(CY)))
    with pytest.raises(NotEnded):
        judging.contest(contested, None, REFUND, by(CY))


@pytest.mark.parametrize("actor", [AUDRA, a_person("guest")])
def test_an_auditor_reads_and_contests_nothing(actor: Actor) -> None:
    with pytest.raises(WrongSeat):
        judging.contest(completed(), None, REFUND, by(actor))


# ── answers

CONTEST, OVERTURN = ExceptionCode.CONTESTED, ExceptionCode.QA_OVERTURNED


def contested() -> Decision:
    return then(completed(), judging.contest(completed(), None, REFUND, by(CY)))


def overturned() -> Decision:
    return then(sampled(), judging.judge_quality(sampled(), False, None, REFUND, by(QUINN)))


def waiting(decision: Decision) -> list[ExceptionCode]:
    return [each.exception for each in decision.unsettled]


@pytest.mark.parametrize("actor", [RAE, SAM, QUINN, ANA, BO, DI])
def test_an_objection_waits_until_someone_not_involved_before_answers_it(actor: Actor) -> None:
    decision = contested()
    assert waiting(decision) == [CONTEST]
    events = judging.answer(decision, CONTEST, "REV.STANDS", "as agreed", REFUND, by(actor))
    assert events == (
        Answered(
            **decision.next(by(actor)),
            decision_type="refund",
            exception=CONTEST,
            reason_code="REV.STANDS",
            comment="as agreed",
        ),
    )
    after = then(decision, events)
    assert (waiting(after), after.status) == ([], Status.COMPLETED)
    with pytest.raises(NothingToAnswer):
        judging.answer(after, CONTEST, "X", None, REFUND, by(RAE if actor is SAM else SAM))


def test_who_objects_does_not_answer_the_objection() -> None:
    with pytest.raises(AlreadyInvolved):
        judging.answer(contested(), CONTEST, "REV.STANDS", None, REFUND, by(CY))


@pytest.mark.parametrize("actor", [BOT, AUDRA, a_person("guest"), a_person("mo", Seat.RISK_OWNER)])
@pytest.mark.parametrize("state", [contested, overturned])
def test_without_a_seat_nobody_answers(state: Callable[[], Decision], actor: Actor) -> None:
    (code,) = waiting(state())
    with pytest.raises(Unauthorised):
        judging.answer(state(), code, "REV.STANDS", None, REFUND, by(actor))


@pytest.mark.parametrize("actor", [ANA, CY, DI])
def test_what_a_quality_check_disagrees_with_waits_for_an_owner(actor: Actor) -> None:
    decision = overturned()
    assert waiting(decision) == [OVERTURN]
    after = then(decision, judging.answer(decision, OVERTURN, "REV.X", None, REFUND, by(actor)))
    assert waiting(after) == []


@pytest.mark.parametrize("actor", [RAE, QUINN, BO])
def test_a_quality_check_is_not_answered_by_others(actor: Actor) -> None:
    with pytest.raises(Unauthorised):
        judging.answer(overturned(), OVERTURN, "REV.X", None, REFUND, by(actor))


def test_a_reversal_settles_everything_that_was_raised() -> None:
    ordered = then(contested(), acting.reverse(contested(), "REV.X", None, REFUND, by(ANA)))
    failed = then(ordered, acting.report(ordered, Report(status=Receipt.FAILED), REFUND, by(BOT)))
    assert waiting(failed) == [CONTEST, ExceptionCode.REVERSAL_FAILED]
    again = then(failed, acting.reverse(failed, "REV.X", None, REFUND, by(ANA)))
    assert waiting(again) == waiting(failed)
    undone = then(again, acting.report(again, Report(status=Receipt.DELIVERED), REFUND, by(BOT)))
    assert (waiting(undone), undone.status) == ([], Status.REVERSED)


# ── outcomes


@pytest.mark.parametrize(
    ("correct", "actual", "known"),
    [
        (True, None, True),
        (False, None, False),
        (None, "refund", True),
        (None, "replace", False),
        (False, "replace", False),
    ],
)
def test_what_proved_right_is_said_outright_or_by_the_right_action(
    correct: bool | None, actual: str | None, known: bool
) -> None:
    done = completed()
    later = NOON + 3 * DAY
    assert judging.observe_outcome(done, correct, actual, later, REFUND, by(BOT)) == (
        OutcomeObserved(
            **done.next(by(BOT)),
            decision_type="refund",
            correct=known,
            actual_action=actual,
            observed_at=later,
        ),
    )


@pytest.mark.parametrize(
    ("correct", "actual", "rule"),
    [
        (None, None, IncompleteDisposition),
        (True, "replace", IncompleteDisposition),
        (False, "refund", IncompleteDisposition),
        (None, "bribe", UnknownAction),
    ],
)
def test_an_outcome_must_make_sense(
    correct: bool | None, actual: str | None, rule: type[Refusal]
) -> None:
    with pytest.raises(rule):
        judging.observe_outcome(completed(), correct, actual, NOON, REFUND, by(BOT))


def test_an_outcome_is_recorded_once() -> None:
    done = completed()
    known = then(done, judging.observe_outcome(done, True, None, NOON, REFUND, by(BOT)))
    with pytest.raises(AlreadyObserved):
        judging.observe_outcome(known, False, None, NOON, REFUND, by(BOT))


@pytest.mark.parametrize("actor", [AUDRA, a_person("guest")])
def test_an_auditor_reads_and_observes_nothing(actor: Actor) -> None:
    with pytest.raises(WrongSeat):
        judging.observe_outcome(completed(), True, None, NOON, REFUND, by(actor))


def test_an_outcome_may_be_known_before_the_decision_ends() -> None:
    waiting: Decision = reported(automated(), Receipt.UNKNOWN)
    assert judging.observe_outcome(waiting, True, None, NOON, REFUND, by(BOT))
