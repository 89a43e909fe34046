"""What became of an action: receipts, reconciliation, reversal."""

import pytest

from domain.decision import acting
from domain.decision.acting import Report
from domain.decision.events import (
    ActionDelivered,
    ActionFailed,
    ActionReconciled,
    ActionUnknown,
    ReversalAuthorised,
    ReversalFailed,
    Reversed,
)
from domain.decision.refusals import (
    ActionUnsettled,
    NotAPerson,
    NothingToReport,
    NotProducer,
    NotReversible,
)
from domain.decision.state import Decision, Status
from domain.decision_type.commands import NotYourSeat
from domain.model import Actor, Seat
from domain.values import ExceptionCode, Placement, Receipt
from tests.domain.builders import (
    ANA,
    AUDRA,
    BO,
    BOT,
    CY,
    DAY,
    DI,
    ENDED,
    EVERY_STATE,
    HOUR,
    NOON,
    OTHER_BOT,
    RAE,
    REFUND,
    WAITING,
    a_person,
    a_recommendation,
    automated,
    by,
    completed,
    in_review,
    reported,
    reversed_again,
    reviewed,
    then,
    to_be_reversed,
)

DELIVERED = Report(status=Receipt.DELIVERED, reference="R-1", detail="by transfer")
FAILED = Report(status=Receipt.FAILED, reference="R-1", detail="card closed")
UNKNOWN = Report(status=Receipt.UNKNOWN, reference="R-1", detail="timed out")


def placed(code: ExceptionCode) -> Placement:
    return Placement(
        seat=Seat.ESCALATION_OWNER,
        person="di",
        queue=f"exceptions-{code.lower()}",
        due_at=NOON + 2 * HOUR,
    )


# ── receipts


def test_a_delivered_action_completes_the_decision() -> None:
    due = automated()
    events = acting.report(due, DELIVERED, REFUND, by(BOT))
    assert events == (
        ActionDelivered(
            **due.next(by(BOT)), decision_type="refund", reference="R-1", detail="by transfer"
        ),
    )
    assert then(due, events).status is Status.COMPLETED


def test_a_failed_action_becomes_an_exception_for_a_person() -> None:
    due = automated()
    assert acting.report(due, FAILED, REFUND, by(BOT)) == (
        ActionFailed(
            **due.next(by(BOT)),
            decision_type="refund",
            reference="R-1",
            detail="card closed",
            placement=placed(ExceptionCode.ACTION_FAILED),
        ),
    )


def test_an_unknown_outcome_becomes_an_exception_for_a_person() -> None:
    due = automated()
    assert acting.report(due, UNKNOWN, REFUND, by(BOT)) == (
        ActionUnknown(
            **due.next(by(BOT)),
            decision_type="refund",
            reference="R-1",
            detail="timed out",
            placement=placed(ExceptionCode.ACTION_UNKNOWN),
        ),
    )


def test_the_decision_owner_may_report_in_the_producers_place() -> None:
    assert reported(automated(), Receipt.DELIVERED, ANA).status is Status.COMPLETED


@pytest.mark.parametrize("actor", [OTHER_BOT, RAE, AUDRA, DI, BOT.model_copy(update={"id": "ana"})])
def test_nobody_else_reports_what_became_of_it(actor: Actor) -> None:
    with pytest.raises(NotProducer):
        acting.report(automated(), DELIVERED, REFUND, by(actor))


@pytest.mark.parametrize("status", list(Receipt))
def test_reporting_the_same_receipt_again_adds_nothing(status: Receipt) -> None:
    told = reported(automated(), status)
    assert acting.report(told, Report(status=status), REFUND, by(BOT)) == ()


@pytest.mark.parametrize("state", [*WAITING, "expired", "withdrawn", "superseded"])
def test_a_receipt_reports_on_an_action_in_force(state: str) -> None:
    with pytest.raises(NothingToReport):
        acting.report((WAITING | ENDED)[state](), DELIVERED, REFUND, by(BOT))


def test_what_is_delivered_did_not_fail_afterwards() -> None:
    with pytest.raises(NothingToReport):
        acting.report(completed(), FAILED, REFUND, by(BOT))


# ── reconciliation


@pytest.mark.parametrize("before", [Receipt.FAILED, Receipt.UNKNOWN])
@pytest.mark.parametrize("actor", [ANA, BO, DI, BOT])
def test_who_found_out_reconciles_it(before: Receipt, actor: Actor) -> None:
    open_question = reported(automated(), before)
    events = acting.report(open_question, DELIVERED, REFUND, by(actor))
    assert events == (
        ActionReconciled(
            **open_question.next(by(actor)),
            decision_type="refund",
            delivered=True,
            reference="R-1",
            detail="by transfer",
        ),
    )
    after = then(open_question, events)
    assert (after.status, after.receipt) == (Status.COMPLETED, Receipt.DELIVERED)


def test_a_person_confirms_that_it_failed() -> None:
    after = reported(reported(automated(), Receipt.FAILED), Receipt.FAILED, DI)
    assert (after.status, after.receipt) == (Status.COMPLETED, Receipt.FAILED)


@pytest.mark.parametrize("actor", [OTHER_BOT, RAE, AUDRA])
def test_who_had_no_part_in_it_does_not_reconcile_it(actor: Actor) -> None:
    with pytest.raises(NotProducer):
        acting.report(reported(automated(), Receipt.UNKNOWN), DELIVERED, REFUND, by(actor))


def test_to_reconcile_is_to_know() -> None:
    with pytest.raises(ActionUnsettled):
        acting.report(reported(automated(), Receipt.UNKNOWN), UNKNOWN, REFUND, by(DI))
    with pytest.raises(ActionUnsettled):
        acting.report(reported(automated(), Receipt.FAILED), UNKNOWN, REFUND, by(DI))


# ── reversal


@pytest.mark.parametrize("owner", [ANA, DI])
def test_an_owner_may_have_a_delivered_action_undone(owner: Actor) -> None:
    done = completed()
    assert acting.reverse(done, "REV.MISTAKE", "wrong card", REFUND, by(owner)) == (
        ReversalAuthorised(
            **done.next(by(owner)),
            decision_type="refund",
            reason_code="REV.MISTAKE",
            comment="wrong card",
            placement=Placement(
                seat=Seat.DECISION_OWNER, person="ana", queue="receipts", due_at=NOON + DAY
            ),
        ),
    )


@pytest.mark.parametrize(
    "actor", [BO, CY, RAE, a_person("ana"), a_person("eve", Seat.DECISION_OWNER)]
)
def test_nobody_else_has_it_undone(actor: Actor) -> None:
    with pytest.raises(NotYourSeat):
        acting.reverse(completed(), "REV.X", None, REFUND, by(actor))


def test_a_service_has_nothing_undone() -> None:
    robot = BOT.model_copy(update={"id": "ana", "seat": Seat.DECISION_OWNER})
    with pytest.raises(NotAPerson):
        acting.reverse(completed(), "REV.X", None, REFUND, by(robot))


@pytest.mark.parametrize("state", sorted(set(EVERY_STATE) - {"completed"}))
def test_only_a_delivered_action_is_undone(state: str) -> None:
    with pytest.raises(NotReversible):
        acting.reverse(EVERY_STATE[state](), "REV.X", None, REFUND, by(ANA))


def test_what_ended_with_no_action_has_nothing_to_undo() -> None:
    with pytest.raises(NotReversible):
        acting.reverse(reviewed(in_review(), "return"), "REV.X", None, REFUND, by(ANA))


def test_an_irreversible_action_is_not_undone() -> None:
    waiting = in_review(recommendation=a_recommendation("close_account"))
    if waiting.status is Status.IN_REVIEW:
        waiting = reviewed(waiting)
    done = reported(waiting, Receipt.DELIVERED)
    with pytest.raises(NotReversible, match="irreversible"):
        acting.reverse(done, "REV.X", None, REFUND, by(ANA))


def test_a_reversal_is_authorised_once() -> None:
    with pytest.raises(NotReversible, match="already"):
        acting.reverse(to_be_reversed(), "REV.X", None, REFUND, by(ANA))


def test_the_receipt_of_a_reversal_ends_it_as_reversed() -> None:
    going = to_be_reversed()
    events = acting.report(going, DELIVERED, REFUND, by(BOT))
    assert events == (Reversed(**going.next(by(BOT)), decision_type="refund", reference="R-1"),)
    assert then(going, events).status is Status.REVERSED


def test_a_reversal_that_failed_is_an_exception_and_may_be_tried_again() -> None:
    going = to_be_reversed()
    events = acting.report(going, FAILED, REFUND, by(BOT))
    assert events == (
        ReversalFailed(
            **going.next(by(BOT)),
            decision_type="refund",
            detail="card closed",
            placement=REFUND.place_exception(ExceptionCode.REVERSAL_FAILED, NOON),
        ),
    )
    after = then(going, events)
    assert after.exceptions[-1] is ExceptionCode.REVERSAL_FAILED
    assert acting.reverse(after, "REV.MISTAKE", None, REFUND, by(ANA))


def test_a_reversal_has_no_unknown_outcome() -> None:
    with pytest.raises(ActionUnsettled):
        acting.report(to_be_reversed(), UNKNOWN, REFUND, by(BOT))


def test_nobody_but_who_carries_it_out_reports_on_a_reversal() -> None:
    with pytest.raises(NotProducer):
        acting.report(to_be_reversed(), DELIVERED, REFUND, by(OTHER_BOT))


def test_a_reversed_decision_never_reopens() -> None:
    after: Decision = reversed_again()
    with pytest.raises(NothingToReport):
        acting.report(after, FAILED, REFUND, by(BOT))
