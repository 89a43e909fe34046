"""What time alone does to a decision."""

import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decision import acting, opening, reviewing, timing
from domain.decision.acting import Report
from domain.decision.events import (
    ActionUnknown,
    DeadlineMissed,
    DeadlineNear,
    Escalated,
    Expired,
)
from domain.decision.state import Decision, Status
from domain.decision_type.definition import ServiceLevels
from domain.decision_type.state import DecisionType
from domain.model import Seat, Stamp
from domain.values import ExceptionCode, Lane, Placement, Reason, Receipt
from tests.domain.builders import (
    ANA,
    AUTHORISED,
    BOT,
    DAY,
    ENDED,
    HOUR,
    MINUTE,
    NOON,
    RAE,
    REFUND,
    TIMER,
    WAITING,
    a_choice,
    a_decision,
    a_decision_type,
    a_person,
    a_roster,
    automated,
    awaiting_information,
    awaiting_second_review,
    by,
    claimed,
    escalated,
    held_for_input,
    in_conflict,
    in_review,
    opened,
    reported,
    then,
)


def timer_at(when: datetime) -> Stamp:
    return by(TIMER, when)


SECOND = timedelta(seconds=1)
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


def test_each_missed_deadline_climbs_one_level_up_to_the_fallback_owner() -> None:
    first = then(in_review(), timing.miss_deadline(in_review(), REFUND, timer_at(NOON + 3 * HOUR)))
    second = then(first, timing.miss_deadline(first, REFUND, timer_at(NOON + 4 * HOUR)))
    assert [in_review().level, first.level, second.level] == [0, 1, 2]
    assert second.placement
    assert second.placement.person == REFUND.definition.fallback_owner


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
    missed, *_ = timing.strike(waiting, WARNING, LATE)
    assert isinstance(missed, DeadlineMissed)


@pytest.mark.parametrize("state", list(WAITING))
def test_whatever_waits_is_escalated_at_its_deadline(state: str) -> None:
    waiting = WAITING[state]()
    late = timer_at(NOON + 400 * DAY)
    after = then(waiting, timing.miss_deadline(waiting, REFUND, late))
    assert (after.status, after.lane) == (Status.ESCALATED, Lane.ESCALATE)
    assert after.authority is None


# ── the ladder's end


def at_the_top(waiting: Decision, kind: DecisionType = REFUND) -> Decision:
    """Nobody decided anywhere on the ladder; the last one's time is not up yet."""
    while not (waiting.placement and waiting.placement.person == kind.definition.fallback_owner):
        moment = timing.next_moment(waiting)
        assert moment is not None
        waiting = then(waiting, timing.strike(waiting, kind, timer_at(moment)))
    return waiting


def left_alone(waiting: Decision, kind: DecisionType = REFUND) -> Decision:
    top = at_the_top(waiting, kind)
    assert top.placement
    return then(top, timing.strike(top, kind, timer_at(top.placement.due_at)))


def with_safe_default(
    lane: Lane, kind: DecisionType = REFUND, code: ExceptionCode = ExceptionCode.REVIEW_TIMEOUT
) -> DecisionType:
    before = kind.definition.exceptions
    exceptions = before | {code: before[code].model_copy(update={"safe_default": lane})}
    definition = kind.definition.model_copy(update={"exceptions": exceptions})
    return kind.model_copy(update={"definition": definition})


BACK = with_safe_default(Lane.REVIEW)


def test_at_the_ladders_end_it_waits_for_whoever_acts_and_time_says_no_more() -> None:
    top = at_the_top(escalated())
    assert top.placement
    due = top.placement.due_at
    (missed,) = timing.strike(top, REFUND, timer_at(due))
    assert missed == DeadlineMissed(
        **top.next(timer_at(due)),
        decision_type="refund",
        due_at=due,
        exception=ExceptionCode.REVIEW_TIMEOUT,
        safe_default=Lane.ESCALATE,
    )
    left = then(top, (missed,))
    assert (left.status, left.level, left.placement) == (top.status, top.level, top.placement)
    assert left.clock_stopped
    assert timing.next_moment(left) is None
    assert timing.strike(left, REFUND, LATE) == timing.miss_deadline(left, REFUND, LATE) == ()


def test_where_the_safe_default_is_review_the_reviewers_find_it_again_first_in_line() -> None:
    left, top = left_alone(in_review(), BACK), at_the_top(in_review(), BACK)
    assert (left.status, left.lane, left.level) == (Status.IN_REVIEW, Lane.REVIEW, 0)
    assert left.placement and top.placement
    assert (left.placement.person, left.placement.due_at) == ("ana", top.placement.due_at)
    assert left.clock_stopped and timing.next_moment(left) is None
    assert claimed(left, RAE, NOON + 30 * DAY).lease


def test_the_safe_default_is_that_of_the_exception_that_had_people_asked() -> None:
    halted = with_safe_default(Lane.REVIEW, REFUND, ExceptionCode.AUTOMATION_HALTED)
    suspended = halted.model_copy(update={"suspended": True})
    asked = a_decision(opened(decision_type=suspended))
    assert asked.exceptions == (ExceptionCode.AUTOMATION_HALTED,)
    assert left_alone(asked, halted).status is Status.IN_REVIEW
    assert left_alone(in_review(), halted).status is Status.ESCALATED


@pytest.mark.parametrize("state", [escalated, held_for_input, in_conflict, awaiting_information])
def test_no_safe_default_lowers_the_authority_that_is_needed(state: Callable[[], Decision]) -> None:
    left = left_alone(state(), BACK)
    assert (left.status, left.lane) == (Status.ESCALATED, Lane.ESCALATE)
    assert left.clock_stopped


def test_a_second_review_that_nobody_gave_stays_with_who_stands_above() -> None:
    left = left_alone(awaiting_second_review(), BACK)
    assert (left.status, left.lane) == (Status.ESCALATED, Lane.ESCALATE)


def test_nothing_goes_back_to_reviewers_who_are_not_there() -> None:
    alone = with_safe_default(Lane.REVIEW, a_roster("bot"))
    assert left_alone(in_review(), alone).status is Status.ESCALATED


def test_a_decision_that_lapses_still_lapses_at_the_ladders_end() -> None:
    left = left_alone(in_review(expires_at=NOON + 30 * DAY))
    assert timing.next_moment(left) == NOON + 30 * DAY
    (expired,) = timing.strike(left, REFUND, LATE)
    assert isinstance(expired, Expired)


def test_a_question_asked_at_the_ladders_end_sets_the_clock_going_again() -> None:
    left, late = left_alone(escalated()), NOON + 30 * DAY
    fay = a_person("fay", Seat.FALLBACK_OWNER)
    taken = claimed(left, fay, late)
    asking = a_choice(taken, "request_info")
    asked = then(taken, reviewing.resolve(taken, asking, REFUND, by(fay, late)))
    assert timing.next_moment(asked) == late + HOUR
    answered = then(
        asked, opening.provide_information(asked, {}, "here", REFUND, by(BOT, late + MINUTE))
    )
    assert answered.placement and answered.placement.person == "fay"
    assert timing.next_moment(answered) == late + HOUR + MINUTE
    again = left_alone(answered)
    assert again.clock_stopped and again.status is Status.ESCALATED


@pytest.mark.parametrize("status", [Receipt.FAILED, Receipt.UNKNOWN])
def test_what_nobody_reconciles_is_not_asked_about_for_ever(status: Receipt) -> None:
    left = left_alone(reported(automated(), status))
    assert left.clock_stopped
    assert timing.strike(left, REFUND, LATE) == ()
    found = acting.report(left, Report(status=Receipt.DELIVERED), REFUND, by(ANA, NOON + 9 * DAY))
    assert then(left, found).status is Status.COMPLETED


@given(
    state=st.sampled_from([*WAITING.values(), *AUTHORISED.values(), *ENDED.values()]),
    lane=st.sampled_from([Lane.ESCALATE, Lane.REVIEW]),
    vacant=st.sets(st.sampled_from([Seat.ESCALATION_OWNER, Seat.DECISION_OWNER])),
    warns=st.booleans(),
    waits=st.lists(st.integers(0, 10**7), max_size=20),
)
def test_no_sequence_of_timeouts_authorises_anything_and_every_one_comes_to_an_end(
    state: Callable[[], Decision], lane: Lane, vacant: set[Seat], warns: bool, waits: list[int]
) -> None:
    decision = before = state()
    owners = {s: p for s, p in REFUND.owners.items() if s not in vacant}
    kind = with_safe_default(lane, WARNING if warns else REFUND)
    kind = kind.model_copy(update={"owners": owners})
    strikes = 0
    for late in itertools.chain(waits, itertools.repeat(0)):
        moment = timing.next_moment(decision)
        if moment is None:
            break
        events = timing.strike(decision, kind, timer_at(moment + late * SECOND))
        assert events, "a moment that has come brings something"
        decision, strikes = then(decision, events), strikes + 1
        assert strikes <= 10, "the ladder has an end"
    assert (decision.authority, decision.action) == (before.authority, before.action)
    assert timing.strike(decision, kind, timer_at(NOON + 10_000 * DAY)) == ()
    assert strikes == 0 or before.is_open
