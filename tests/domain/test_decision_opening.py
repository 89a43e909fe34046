"""How a decision begins, where routing sends it, and how it may end before anyone acts."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.decision import conflicting, opening, reviewing, timing
from domain.decision.events import (
    ActionAuthorised,
    AutoActioned,
    Escalated,
    Expired,
    Held,
    HoldReleased,
    InformationProvided,
    QualitySampled,
    Recommended,
    Rerouted,
    RoutedToReview,
    Routing,
    Superseded,
    Withdrawn,
)
from domain.decision.opening import Lots
from domain.decision.refusals import AlreadyDecided, InConflict, NotHeld, NotProducer, WrongSeat
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, Status, digest_of_action
from domain.model import Actor, Refusal, Seat, Stamp, envelope
from domain.routing import SEMANTICS, Ruling
from domain.values import Disposition, ExceptionCode, Lane, Placement, Reason
from tests.domain.builders import (
    AUDRA,
    AUTHORISED,
    BOT,
    CONFLICT_ID,
    DAY,
    DI,
    ENDED,
    HOUR,
    ID,
    LARGE,
    MODEL,
    NO_POLICY,
    NOON,
    OTHER_BOT,
    OTHER_ID,
    POLICY,
    RAE,
    REFUND,
    SMALL,
    SUSPICIOUS,
    TIMER,
    a_decision,
    a_draw,
    a_person,
    a_recommendation,
    a_roster,
    a_submission,
    automated,
    awaiting_information,
    by,
    claimed,
    escalated,
    held_for_input,
    in_conflict,
    in_review,
    opened,
    ruling_on,
    then,
    without,
)

decided_or_ended = pytest.mark.parametrize("state", list(AUTHORISED | ENDED))
every_end = pytest.mark.parametrize("state", list(ENDED))
NO_CHOICE = Choice(disposition=Disposition.UPHOLD, lease_token="none", action_digest="none")


def a_decided(state: str) -> Decision:
    return (AUTHORISED | ENDED)[state]()


def the_routing(ruling: Ruling, **more: Any) -> Routing:
    return Routing(
        lane=ruling.lane,
        rule=ruling.rule,
        reasons=ruling.reasons,
        exceptions=ruling.exceptions,
        policy=ruling.policy,
        decision_type_version=REFUND.version,
        trace_digest=ruling.trace_digest,
        semantics=SEMANTICS,
        **more,
    )


# ── routed at once


def test_within_limits_the_action_is_authorised_at_once_on_the_policys_authority() -> None:
    submission = a_submission()
    policy = by(POLICY)
    assert opened(submission) == (
        Recommended(
            **envelope(ID, 1, by(BOT)),
            decision_type="refund",
            subject="order 17",
            recommendation=a_recommendation(),
            model=MODEL,
            context={"amount": "40", "suspicious": False},
        ),
        AutoActioned(
            **envelope(ID, 2, policy),
            decision_type="refund",
            routing=the_routing(ruling_on(submission)),
        ),
        ActionAuthorised(
            **envelope(ID, 3, policy),
            decision_type="refund",
            action="refund",
            parameters={"to": "card"},
            authority="policy",
            action_digest=digest_of_action(ID, "order 17", None, "refund", {"to": "card"}),
            placement=Placement(
                seat=Seat.DECISION_OWNER, person="ana", queue="receipts", due_at=NOON + DAY
            ),
        ),
    )


def test_what_the_lot_falls_on_is_marked_for_a_quality_check() -> None:
    draw = a_draw(sampled=True)
    first, acted, marked, authorised = opened(lots=Lots(quality=draw))
    assert isinstance(first, Recommended)
    assert isinstance(acted, AutoActioned)
    assert acted.quality == draw
    assert marked == QualitySampled(
        **envelope(ID, 3, by(POLICY)), decision_type="refund", draw=draw
    )
    assert isinstance(authorised, ActionAuthorised)


def test_what_the_lot_spares_is_not_marked() -> None:
    events = opened(lots=Lots(quality=a_draw(sampled=False)))
    assert not any(isinstance(event, QualitySampled) for event in events)


def test_outside_a_limit_a_person_reviews_in_the_queue_of_the_route() -> None:
    submission = a_submission(context=LARGE)
    assert opened(submission)[1:] == (
        RoutedToReview(
            **envelope(ID, 2, by(POLICY)),
            decision_type="refund",
            routing=the_routing(ruling_on(submission)),
            placement=Placement(
                seat=Seat.DECISION_OWNER, person="ana", queue="refunds", due_at=NOON + 3 * HOUR
            ),
        ),
    )


def test_four_eyes_are_asked_for_in_the_routing() -> None:
    submission = a_submission(context=SUSPICIOUS)
    (routed,) = opened(submission)[1:]
    assert isinstance(routed, RoutedToReview)
    assert routed.routing == the_routing(ruling_on(submission), four_eyes=True)


def test_high_uncertainty_goes_to_the_escalation_owner() -> None:
    submission = a_submission(a_recommendation(confidence="0.4"))
    ruling = ruling_on(submission)
    assert opened(submission)[1:] == (
        Escalated(
            **envelope(ID, 2, by(POLICY)),
            decision_type="refund",
            cause="exception",
            routing=the_routing(ruling),
            reason=Reason(code="EXC.LOW_CONFIDENCE", text=ruling.reasons[0].text),
            exception=ExceptionCode.LOW_CONFIDENCE,
            level=1,
            placement=Placement(
                seat=Seat.ESCALATION_OWNER, person="di", queue="leads", due_at=NOON + HOUR
            ),
        ),
    )


def test_without_a_policy_it_is_escalated_in_nobodys_name_to_the_exceptions_own_queue() -> None:
    (only,) = opened(policy=None)[1:]
    assert isinstance(only, Escalated)
    assert only.actor == NO_POLICY
    assert only.exception is ExceptionCode.NO_POLICY
    assert only.placement.queue == "exceptions-no_policy"


def test_a_missing_input_holds_the_decision_until_it_comes() -> None:
    submission = a_submission(context={"suspicious": False})
    assert opened(submission)[1:] == (
        Held(
            **envelope(ID, 2, by(POLICY)),
            decision_type="refund",
            exception=ExceptionCode.MISSING_INPUT,
            reason=Reason(code="EXC.MISSING_INPUT", text="waits for amount"),
            missing=("amount",),
            routing=the_routing(ruling_on(submission)),
            placement=Placement(
                seat=Seat.ESCALATION_OWNER,
                person="di",
                queue="exceptions-missing_input",
                due_at=NOON + 2 * HOUR,
            ),
        ),
    )


@pytest.mark.parametrize("context", [SMALL, LARGE])
def test_where_nobody_would_answer_for_it_it_is_escalated(context: dict[str, Any]) -> None:
    (escalated,) = opened(a_submission(context=context), without(Seat.DECISION_OWNER))[1:]
    assert isinstance(escalated, Escalated)
    assert (escalated.exception, escalated.vacant) == (ExceptionCode.OWNER_VACANT, False)
    assert escalated.reason.text == "the seat of decision owner is empty"
    assert escalated.placement.person == "di"


def test_an_empty_seat_falls_to_the_fallback_owner_and_the_event_says_so() -> None:
    uncertain = a_submission(a_recommendation(confidence="0.4"))
    (escalated,) = opened(uncertain, without(Seat.ESCALATION_OWNER))[1:]
    assert isinstance(escalated, Escalated)
    assert escalated.routing is not None
    assert escalated.routing.rule == "uncertain", "the empty seat is not what decided"
    assert ExceptionCode.OWNER_VACANT in escalated.routing.exceptions
    assert (escalated.placement.person, escalated.vacant) == ("fay", True)


def test_a_deadline_that_passes_to_an_empty_seat_says_so() -> None:
    waiting, late = in_review(), by(TIMER, NOON + 3 * HOUR)
    events = timing.miss_deadline(waiting, without(Seat.ESCALATION_OWNER), late)
    after = then(waiting, events)
    assert after.exceptions[-2:] == (ExceptionCode.REVIEW_TIMEOUT, ExceptionCode.OWNER_VACANT)
    assert after.placement is not None
    assert after.placement.person == "fay"


def test_a_conflict_that_waits_on_an_empty_seat_says_so() -> None:
    waiting, nobody = in_review(), without(Seat.ESCALATION_OWNER)
    held = conflicting.hold_for_conflict(waiting, CONFLICT_ID, nobody, by(OTHER_BOT))
    after = then(waiting, held)
    assert after.exceptions[-2:] == (ExceptionCode.CONFLICT, ExceptionCode.OWNER_VACANT)


# ── the roster


def test_where_nobody_may_review_it_is_escalated() -> None:
    (escalated,) = opened(a_submission(context=LARGE), a_roster("bot"))[1:]
    assert isinstance(escalated, Escalated)
    assert escalated.exception is ExceptionCode.NO_ELIGIBLE_REVIEWER
    assert escalated.reason.text == "1 person of the roster must review it, and nobody remains"


def test_where_two_must_look_and_one_may_it_is_escalated() -> None:
    (escalated,) = opened(a_submission(context=SUSPICIOUS), a_roster("rae", "bot"))[1:]
    assert isinstance(escalated, Escalated)
    assert escalated.exception is ExceptionCode.NO_ELIGIBLE_REVIEWER
    assert escalated.reason.text == "2 people of the roster must review it, and only rae remains"


@pytest.mark.parametrize(
    ("context", "roster"), [(LARGE, ["rae"]), (SUSPICIOUS, ["rae", "sam"]), (SMALL, [])]
)
def test_a_roster_that_suffices_escalates_nothing(
    context: dict[str, Any], roster: list[str]
) -> None:
    events = opened(a_submission(context=context), a_roster(*roster))
    assert not any(isinstance(event, Escalated) for event in events)


# ── held, informed, in conflict


def test_the_missing_fact_releases_the_hold() -> None:
    held = held_for_input()
    assert opening.provide_information(held, {"amount": "40"}, "found it", REFUND, by(BOT)) == (
        InformationProvided(
            **envelope(ID, 3, by(BOT)),
            decision_type="refund",
            context={"amount": "40"},
            comment="found it",
        ),
        HoldReleased(
            **envelope(ID, 4, by(BOT)),
            decision_type="refund",
            reason=Reason(code="ROUTE.INFORMATION_PROVIDED", text="amount came in"),
        ),
    )


def test_what_a_reviewer_asked_for_goes_back_to_their_queue_with_a_new_deadline() -> None:
    asked = awaiting_information()
    later = NOON + HOUR
    provided = InformationProvided(
        **asked.next(by(BOT, later)),
        decision_type="refund",
        context={},
        comment="both",
        placement=Placement(
            seat=Seat.DECISION_OWNER, person="ana", queue="refunds", due_at=later + 4 * HOUR
        ),
    )
    assert opening.provide_information(asked, {}, "both", REFUND, by(BOT, later)) == (provided,)
    assert then(asked, [provided]).status is Status.IN_REVIEW


def test_information_settles_no_conflict() -> None:
    for held in (in_conflict(), in_conflict(awaiting_information())):
        with pytest.raises(InConflict):
            opening.provide_information(held, {"amount": "1"}, None, REFUND, by(BOT))


@pytest.mark.parametrize("state", [in_review, escalated, automated])
def test_information_nobody_waits_for_is_refused(state: Callable[[], Decision]) -> None:
    with pytest.raises(NotHeld):
        opening.provide_information(state(), {"amount": "1"}, None, REFUND, by(BOT))


@pytest.mark.parametrize("actor", [AUDRA, a_person("guest")])
def test_an_auditor_reads_and_supplies_nothing(actor: Actor) -> None:
    for state in (held_for_input(), awaiting_information()):
        with pytest.raises(WrongSeat):
            opening.provide_information(state, {"amount": "1"}, None, REFUND, by(actor))


def test_a_conflict_holds_a_decision_wherever_it_waits() -> None:
    free = in_review()
    assert conflicting.hold_for_conflict(free, CONFLICT_ID, REFUND, by(OTHER_BOT)) == (
        Held(
            **free.next(by(OTHER_BOT)),
            decision_type="refund",
            exception=ExceptionCode.CONFLICT,
            reason=Reason(
                code="EXC.CONFLICT", text="another recommendation on order 17 stands against it"
            ),
            conflict=CONFLICT_ID,
            placement=Placement(
                seat=Seat.ESCALATION_OWNER,
                person="di",
                queue="exceptions-conflict",
                due_at=NOON + 2 * HOUR,
            ),
        ),
    )


@decided_or_ended
def test_a_conflict_holds_nothing_that_is_decided(state: str) -> None:
    with pytest.raises(AlreadyDecided):
        conflicting.hold_for_conflict(a_decided(state), CONFLICT_ID, REFUND, by(OTHER_BOT))


def test_the_winner_of_a_conflict_is_released_to_be_routed_again() -> None:
    held, reason = in_conflict(), Reason(code="APR.ARBITRATED", text="di chose this one")
    assert conflicting.release_conflict(held, reason, by(BOT)) == (
        HoldReleased(**held.next(by(BOT)), decision_type="refund", reason=reason),
    )


def test_only_a_decision_in_a_conflict_is_released_from_one() -> None:
    with pytest.raises(NotHeld):
        conflicting.release_conflict(held_for_input(), Reason(code="x", text="y"), by(BOT))


def test_who_loses_a_conflict_is_superseded_by_the_winner() -> None:
    held = in_conflict()
    assert conflicting.lose_conflict(held, OTHER_ID, by(BOT)) == (
        Superseded(**held.next(by(BOT)), decision_type="refund", by_decision=OTHER_ID),
    )


def test_where_nobody_wins_a_conflict_everyone_expires() -> None:
    held = in_conflict()
    assert conflicting.lose_conflict(held, None, by(BOT)) == (
        Expired(**held.next(by(BOT)), decision_type="refund", exception=ExceptionCode.CONFLICT),
    )


@pytest.mark.parametrize("free", [in_review, escalated, held_for_input, awaiting_information])
def test_a_deadline_escalates_the_choice_and_settles_nothing(free: Callable[[], Decision]) -> None:
    held = in_conflict(free())
    late = by(TIMER, NOON + DAY)
    after = then(held, timing.miss_deadline(held, REFUND, late))
    assert (after.status, after.level) == (Status.ESCALATED, held.level + 1)
    assert (after.in_conflict, after.conflict) == (True, CONFLICT_ID)
    assert not after.waits_for_a_person
    for command in (
        lambda: reviewing.claim(after, HOUR, REFUND, by(DI)),
        lambda: reviewing.resolve(after, NO_CHOICE, REFUND, by(DI)),
        lambda: reviewing.review(after, NO_CHOICE, REFUND, by(RAE)),
        lambda: opening.reroute(after, "2", {}, REFUND, by(BOT)),
        lambda: opening.provide_information(after, {}, None, REFUND, by(BOT)),
    ):
        with pytest.raises(InConflict):
            command()


def test_what_was_escalated_in_a_conflict_is_released_or_lost_by_arbitration_alone() -> None:
    held = in_conflict()
    late = then(held, timing.miss_deadline(held, REFUND, by(TIMER, NOON + DAY)))
    reason = Reason(code="APR.ARBITRATED", text="di chose this one")
    won = then(late, conflicting.release_conflict(late, reason, by(DI)))
    assert (won.in_conflict, won.conflict) == (False, None)
    lost = then(late, conflicting.lose_conflict(late, OTHER_ID, by(DI)))
    assert (lost.status, lost.in_conflict) == (Status.SUPERSEDED, False)


@pytest.mark.parametrize(
    ("action", "same", "stands_against"),
    [
        ("refund", "refund", True),
        ("refund", "replace", True),
        ("apologise", "apologise", False),
        ("apologise", "refund", True),
        ("not_an_action", "not_an_action", True),
    ],
)
def test_the_same_action_twice_is_a_conflict_unless_it_does_no_harm(
    action: str, same: str, stands_against: bool
) -> None:
    other = in_review(recommendation=a_recommendation(same))
    said = a_recommendation(action)
    assert bool(conflicting.against([other], said, "other-bot", REFUND)) is stands_against
    assert not conflicting.against([other], said, "bot", REFUND), "a newer word of its own"


def test_who_is_no_longer_in_a_conflict_does_not_lose_it() -> None:
    assert conflicting.lose_conflict(in_review(), OTHER_ID, by(BOT)) == ()


# ── the subject moves on


def test_fresh_input_starts_the_routing_anew() -> None:
    waiting = in_review()
    rerouted = Rerouted(
        **waiting.next(by(BOT)),
        decision_type="refund",
        subject_version="2",
        context={"amount": "20"},
    )
    assert opening.reroute(waiting, "2", {"amount": "20"}, REFUND, by(BOT)) == (rerouted,)
    after = then(waiting, [rerouted])
    assert (after.subject_version, after.context) == ("2", {"amount": "20"})
    assert after.exceptions[-1] is ExceptionCode.STALE_SUBJECT


def test_fresh_input_makes_up_for_what_was_missing() -> None:
    held = held_for_input()
    after = then(held, opening.reroute(held, "2", {"amount": "20"}, REFUND, by(BOT)))
    assert (after.held_for, after.missing) == (None, ())


def test_fresh_input_settles_no_conflict() -> None:
    held = in_conflict()
    with pytest.raises(InConflict):
        opening.reroute(held, "2", {"amount": "20"}, REFUND, by(BOT))


def test_fresh_input_that_was_once_taken_in_a_conflict_settled_none() -> None:
    """No command brings it about any more, but an old history may hold it."""
    held = in_conflict()
    fresh = Rerouted(
        **held.next(by(BOT)), decision_type="refund", subject_version="2", context={"amount": "20"}
    )
    after = then(held, [fresh])
    assert (after.held_for, after.conflict) == (ExceptionCode.CONFLICT, CONFLICT_ID)
    assert (after.level, after.in_conflict) == (held.level, True)


def test_without_fresh_input_a_stale_decision_expires() -> None:
    waiting = in_review()
    assert opening.expire_stale(waiting, by(BOT)) == (
        Expired(
            **waiting.next(by(BOT)),
            decision_type="refund",
            exception=ExceptionCode.STALE_SUBJECT,
        ),
    )


def test_a_newer_recommendation_takes_the_older_ones_place() -> None:
    waiting = in_review()
    assert opening.supersede(waiting, OTHER_ID, by(BOT)) == (
        Superseded(**waiting.next(by(BOT)), decision_type="refund", by_decision=OTHER_ID),
    )


def test_the_producer_takes_a_recommendation_back() -> None:
    waiting = in_review()
    assert opening.withdraw(waiting, "wrong order", by(BOT)) == (
        Withdrawn(**waiting.next(by(BOT)), decision_type="refund", comment="wrong order"),
    )


def test_nobody_but_the_producer_takes_a_recommendation_back() -> None:
    with pytest.raises(NotProducer):
        opening.withdraw(in_review(), None, by(OTHER_BOT))


BEFORE_ANYONE_ACTS: dict[str, Callable[[Decision, Stamp], object]] = {
    "reroute": lambda d, s: opening.reroute(d, "2", {}, REFUND, s),
    "supersede": lambda d, s: opening.supersede(d, OTHER_ID, s),
    "withdraw": lambda d, s: opening.withdraw(d, None, s),
    "expire_stale": opening.expire_stale,
}


@decided_or_ended
@pytest.mark.parametrize("command", list(BEFORE_ANYONE_ACTS))
def test_what_is_decided_is_not_taken_back(command: str, state: str) -> None:
    with pytest.raises(AlreadyDecided):
        BEFORE_ANYONE_ACTS[command](a_decided(state), by(BOT))


def test_a_history_starts_with_the_recommendation() -> None:
    with pytest.raises(TypeError, match="starts with Recommended"):
        a_decision(opened()[1:])


def test_every_refusal_says_which_rule_it_is() -> None:
    with pytest.raises(Refusal) as refused:
        opening.withdraw(in_review(), None, by(Actor(kind=OTHER_BOT.kind, id="thief")))
    assert refused.value.title == "Only the producer of a recommendation may do this."
    assert str(refused.value) == "bot made this recommendation, not thief"


def test_what_comes_back_from_an_escalation_to_review_is_a_reviewers_again() -> None:
    held = in_conflict(escalated())
    reason = Reason(code="APR.ARBITRATED", text="this one goes on")
    free = then(held, conflicting.release_conflict(held, reason, by(BOT)))
    ruling = ruling_on(a_submission(context=LARGE))
    assert ruling.lane is Lane.REVIEW
    routed = then(free, opening.dispatch(free, ruling, REFUND, Lots(), by(BOT)))
    assert (routed.status, routed.level) == (Status.IN_REVIEW, 0)
    assert claimed(routed).lease is not None
