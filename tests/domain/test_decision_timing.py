"""What time alone does to a decision."""

from datetime import datetime
from decimal import Decimal

import pytest

from domain.decision import acting, timing
from domain.decision.acting import Report
from domain.decision.events import (
    ActionUnknown,
    DeadlineMissed,
    DeadlineNear,
    Escalated,
    Expired,
)
from domain.decision.state import Status
from domain.decision_type.definition import ServiceLevels
from domain.model import Seat, Stamp
from domain.values import ExceptionCode, Lane, Placement, Reason, Receipt
from tests.domain.builders import (
    AUTHORISED,
    BOT,
    DAY,
    ENDED,
    HOUR,
    MINUTE,
    NOON,
    REFUND,
    TIMER,
    WAITING,
    a_decision_type,
    automated,
    by,
    escalated,
    held_for_input,
    in_review,
    reported,
    then,
)


def timer_at(when: datetime) -> Stamp:
    return by(TIMER, when)


LATE = timer_at(NOON + 400 * DAY)


def test_a_missed_deadline_escalates_and_never_approves() -> None:
    waiting = in_review()
    due = NOON + 3 * HOUR
    assert timing.miss_deadline(waiting, REFUND, timer_at(due)) == (
        DeadlineMissed(
            **waiting.next(timer_at(due)),
            decision_type="refund",
            due_at=due,
            exception=ExceptionCode.REVIEW_TIMEOUT,
        ),
        Escalated(
            **waiting.next(timer_at(due), 2),
            decision_type="refund",
            cause="timeout",
            reason=Reason(code="ESC.TIMEOUT", text=f"nobody decided by {due.isoformat()}"),
            level=1,
            placement=Placement(
                seat=Seat.ESCALATION_OWNER,
                person="di",
                queue="exceptions-review_timeout",
                due_at=due + HOUR,
            ),
        ),
    )


def test_each_missed_deadline_climbs_one_level() -> None:
    first = escalated()
    second = then(first, timing.miss_deadline(first, REFUND, timer_at(NOON + HOUR)))
    third = then(second, timing.miss_deadline(second, REFUND, timer_at(NOON + 2 * HOUR)))
    assert [first.level, second.level, third.level] == [1, 2, 3]


def test_who_waits_in_vain_for_an_input_is_escalated_for_that_reason() -> None:
    held = held_for_input()
    missed, _ = timing.miss_deadline(held, REFUND, timer_at(NOON + 2 * HOUR))
    assert isinstance(missed, DeadlineMissed)
    assert missed.exception is ExceptionCode.MISSING_INPUT


def test_before_the_deadline_the_clock_says_nothing() -> None:
    early = timer_at(NOON + 3 * HOUR - MINUTE)
    assert timing.miss_deadline(in_review(), REFUND, early) == ()


def test_a_recommendation_whose_time_has_passed_ends_with_no_action() -> None:
    waiting = in_review(expires_at=NOON + HOUR)
    at = timer_at(NOON + HOUR)
    assert timing.expire(waiting, at) == (Expired(**waiting.next(at), decision_type="refund"),)


def test_before_its_time_has_passed_nothing_expires() -> None:
    waiting = in_review(expires_at=NOON + HOUR)
    assert timing.expire(waiting, timer_at(NOON + HOUR - MINUTE)) == ()


def test_without_a_time_to_live_nothing_expires() -> None:
    assert timing.expire(in_review(), timer_at(NOON + 400 * DAY)) == ()


@pytest.mark.parametrize("state", list(ENDED))
def test_a_timer_that_fires_after_the_end_changes_nothing(state: str) -> None:
    assert timing.strike(ENDED[state](), REFUND, LATE) == ()
    assert timing.next_moment(ENDED[state]()) is None


@pytest.mark.parametrize("state", list(AUTHORISED))
def test_what_is_decided_does_not_expire(state: str) -> None:
    assert timing.expire(AUTHORISED[state](), LATE) == ()


def test_an_action_without_a_receipt_becomes_an_exception_when_it_is_due() -> None:
    acted = automated()
    assert timing.next_moment(acted) == NOON + DAY
    (unknown,) = timing.strike(acted, REFUND, timer_at(NOON + DAY))
    assert isinstance(unknown, ActionUnknown)
    assert unknown.detail == f"no receipt came by {(NOON + DAY).isoformat()}"
    assert then(acted, (unknown,)).status is Status.ACTION_UNKNOWN


def test_a_receipt_that_comes_after_all_settles_it() -> None:
    acted = automated()
    unknown = then(acted, timing.strike(acted, REFUND, timer_at(NOON + DAY)))
    late = acting.report(unknown, Report(status=Receipt.DELIVERED), REFUND, by(BOT, NOON + 2 * DAY))
    assert then(unknown, late).status is Status.COMPLETED


@pytest.mark.parametrize("status", [Receipt.FAILED, Receipt.UNKNOWN])
def test_what_nobody_reconciles_goes_to_the_escalation_owner_and_on(status: Receipt) -> None:
    placed = {"seat": Seat.DECISION_OWNER, "person": "ana"}
    left = reported(automated(), status)
    assert left.placement
    left = left.model_copy(update={"placement": left.placement.model_copy(update=placed)})
    first = then(left, timing.strike(left, REFUND, LATE))
    second = then(first, timing.strike(first, REFUND, timer_at(NOON + 401 * DAY)))
    assert first.placement and second.placement
    assert (first.placement.seat, first.placement.person) == (Seat.ESCALATION_OWNER, "di")
    assert second.placement.person == REFUND.definition.fallback_owner
    assert (second.status, second.authority) == (left.status, left.authority)


def test_the_second_level_of_the_ladder_is_the_fallback_owner() -> None:
    first = escalated()
    second = then(first, timing.strike(first, REFUND, timer_at(NOON + HOUR)))
    assert second.placement
    assert second.placement.person == REFUND.definition.fallback_owner


WARNING = a_decision_type(
    service_levels=ServiceLevels(
        review=4 * HOUR, escalate=HOUR, receipt=DAY, warn_after=Decimal("0.75")
    )
)


def test_whoever_has_the_choice_is_warned_once_before_it_is_late() -> None:
    waiting = then(escalated(), timing.strike(escalated(), WARNING, timer_at(NOON + HOUR)))
    warned_at = NOON + HOUR + 45 * MINUTE
    assert timing.next_moment(waiting) == warned_at
    assert timing.strike(waiting, WARNING, timer_at(warned_at - MINUTE)) == ()
    (near,) = timing.strike(waiting, WARNING, timer_at(warned_at))
    assert isinstance(near, DeadlineNear)
    warned = then(waiting, (near,))
    assert timing.strike(warned, WARNING, timer_at(warned_at + MINUTE)) == ()
    assert timing.next_moment(warned) == NOON + 2 * HOUR


def test_a_timer_that_comes_late_warns_nobody_of_what_was_missed() -> None:
    waiting = then(escalated(), timing.strike(escalated(), WARNING, timer_at(NOON + HOUR)))
    missed, _ = timing.strike(waiting, WARNING, LATE)
    assert isinstance(missed, DeadlineMissed)


@pytest.mark.parametrize("state", list(WAITING))
def test_whatever_waits_is_escalated_at_its_deadline(state: str) -> None:
    waiting = WAITING[state]()
    late = timer_at(NOON + 400 * DAY)
    after = then(waiting, timing.miss_deadline(waiting, REFUND, late))
    assert (after.status, after.lane) == (Status.ESCALATED, Lane.ESCALATE)
    assert after.authority is None
