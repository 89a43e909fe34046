"""People's conversations with the desk: review, information, escalation, four eyes, arbitration."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from application.arbitrating import Arbitrate, arbitrate_conflict
from application.desk import NoAuthority, NoSuchDecision, PreconditionFailed
from application.reviewing import Claim, claim, review
from application.trail import trail_line
from domain.admission import InvalidInput
from domain.conflict import ConflictClosed, NotInConflict
from domain.conflict import Status as ConflictStatus
from domain.decision.refusals import (
    InConflict,
    LeaseHeld,
    NoLease,
    NotAPerson,
    OtherInForce,
    SamePerson,
    WrongSeat,
)
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, Status
from domain.values import ExceptionCode, Lane
from tests.application.office import Office, an_office, caller, run
from tests.domain.builders import HOUR, LARGE, OTHER_ID, SMALL, SUSPICIOUS, a_recommendation

REPLACE = a_recommendation("replace")


def in_review(office: Office) -> Decision:
    return office.recommend(context=LARGE).decision


def a_conflict(office: Office) -> tuple[Decision, Decision]:
    """A refund and a replacement stand against each other on one order."""
    one = office.recommend(context=LARGE).decision
    other = office.recommend("other-bot", recommendation=REPLACE).decision
    return office.decision(one.id), other


# ── review


def test_a_review_reads_like_a_story() -> None:
    office = an_office()
    id = in_review(office).id
    office.choose(id, "override", action="replace", reason_code="OVR.STOCK", comment="in stock")
    office.report(id)
    lines = [trail_line(event) for event in run(office.desk.history(id))]
    assert [(line.who, line.what) for line in lines] == [
        ("bot", "recommended refund for order 17 at 0.95 confidence and 0.10 risk"),
        ("policy version 1", "asked for review in refunds: amount 400 is above 100"),
        ("rae", "took it on until 12:15:00"),
        ("rae", "chose replace instead (OVR.STOCK): in stock"),
        ("rae", "authorised replace"),
        ("bot", "reported the action delivered"),
    ]


def test_giving_it_back_lets_someone_else_take_it() -> None:
    office = an_office()
    id = in_review(office).id
    office.claim(id)
    with pytest.raises(LeaseHeld):
        office.claim(id, "sam")
    office.release(id)
    assert office.choose(id, who="sam").decision.authority == "person"


def test_a_lease_runs_out() -> None:
    office = an_office()
    id = in_review(office).id
    office.claim(id)
    office.pass_time(timedelta(minutes=15))
    with pytest.raises(NoLease):
        office.release(id)
    assert office.claim(id, "sam").decision.lease


@pytest.mark.parametrize(
    ("who", "rule"),
    [
        ("ana", WrongSeat),
        ("audra", NoAuthority),
        ("bot", NotAPerson),
        ("stranger", NoAuthority),
    ],
)
def test_nobody_but_a_reviewer_reviews(who: str, rule: type[Exception]) -> None:
    office = an_office()
    id = in_review(office).id
    history = office.history(id)
    with pytest.raises(rule):
        office.claim(id, who)
    assert office.history(id) == history


def test_a_command_may_name_the_version_it_is_about() -> None:
    office = an_office()
    waiting = in_review(office)
    rae = caller("rae")
    stale = type(rae)(rae.identity, if_match=waiting.version - 1)
    with pytest.raises(PreconditionFailed):
        run(claim(waiting.id, Claim(), stale, office.desk))
    fresh = type(rae)(rae.identity, if_match=waiting.version)
    assert run(claim(waiting.id, Claim(), fresh, office.desk)).decision.lease


def test_what_nobody_recommended_is_not_reviewed() -> None:
    with pytest.raises(NoSuchDecision):
        an_office().claim(OTHER_ID)


def test_a_repeated_disposition_answers_the_same_and_adds_nothing() -> None:
    office = an_office()
    id = in_review(office).id
    lease = office.claim(id).decision.lease
    assert lease is not None
    choice = Choice.model_validate(
        {
            "disposition": "uphold",
            "lease_token": str(lease.token),
            "action_digest": lease.action_digest,
        }
    )
    first = run(review(id, choice, caller("rae", "k1"), office.desk))
    length = office.length()
    again = run(review(id, choice, caller("rae", "k1"), office.desk))
    assert (again.decision, again.replayed) == (first.decision, True)
    assert office.length() == length


# ── information


def test_a_decision_held_for_an_input_is_routed_once_it_comes() -> None:
    office = an_office()
    held = office.recommend(context={}).decision
    assert (held.status, held.missing, held.lane) == (Status.HELD, ("amount",), None)
    after = office.inform(held.id, SMALL).decision
    assert (after.status, after.lane, after.missing) == (Status.ACTIONED, Lane.AUTOMATE, ())
    assert office.topics(held.id)[:5] == [
        "recommended",
        "held",
        "information_provided",
        "hold_released",
        "auto_actioned",
    ]


def test_another_input_than_the_missing_one_leaves_it_held() -> None:
    office = an_office()
    held = office.recommend(context={}).decision
    after = office.inform(held.id, {"suspicious": False}).decision
    assert (after.status, after.missing) == (Status.HELD, ("amount",))


def test_information_must_fit_the_schema() -> None:
    office = an_office()
    held = office.recommend(context={}).decision
    with pytest.raises(InvalidInput):
        office.inform(held.id, {"amount": "a lot"})


def test_what_a_reviewer_asked_for_brings_it_back_to_the_queue() -> None:
    office = an_office()
    id = in_review(office).id
    asked = office.choose(id, "request_info", comment="which items?").decision
    assert asked.status is Status.AWAITING_INFORMATION
    back = office.inform(id, {}).decision
    assert (back.status, back.placement and back.placement.queue) == (Status.IN_REVIEW, "refunds")
    assert office.choose(id, who="sam").decision.authority == "person"


def test_what_the_escalation_owner_asked_for_brings_it_back_to_them() -> None:
    office = an_office()
    id = office.recommend(recommendation=a_recommendation(confidence="0.3")).decision.id
    office.choose(id, "request_info", "di")
    back = office.inform(id, {}).decision
    assert (back.status, back.placement and back.placement.person) == (Status.ESCALATED, "di")


def test_an_auditor_supplies_nothing() -> None:
    office = an_office()
    held = office.recommend(context={}).decision
    with pytest.raises(NoAuthority):
        office.inform(held.id, {"amount": 40}, who="audra")


# ── escalation


def test_what_a_reviewer_refers_the_escalation_owner_resolves() -> None:
    office = an_office()
    id = in_review(office).id
    referred = office.choose(id, "refer", comment="above my head").decision
    assert (referred.status, referred.lane, referred.level) == (
        Status.ESCALATED,
        Lane.ESCALATE,
        1,
    )
    with pytest.raises(WrongSeat):
        office.claim(id, "rae")
    resolved = office.choose(id, "modify", "di", parameters={"to": "account"}).decision
    assert (resolved.action, resolved.parameters) == ("refund", {"to": "account"})


def test_an_escalation_may_end_with_no_action() -> None:
    office = an_office()
    id = office.recommend(recommendation=a_recommendation(confidence="0.3")).decision.id
    closed = office.choose(id, "return", "di").decision
    assert (closed.status, closed.action) == (Status.COMPLETED, None)
    assert run(office.desk.log.live_on("refund", "order 17")) == frozenset()


def test_a_missed_deadline_takes_it_from_the_reviewer_to_the_owner() -> None:
    office = an_office()
    id = in_review(office).id
    office.claim(id)
    office.pass_time(3 * HOUR)
    late = office.strike(id).decision
    assert (late.status, late.lease, late.authority) == (Status.ESCALATED, None, None)
    with pytest.raises(WrongSeat):
        office.claim(id)


# ── four eyes


def test_two_people_who_agree_authorise() -> None:
    office = an_office()
    id = office.recommend(context=SUSPICIOUS).decision.id
    once = office.choose(id).decision
    assert (once.status, once.authority) == (Status.AWAITING_SECOND_REVIEW, None)
    with pytest.raises(SamePerson):
        office.claim(id, "rae")
    assert office.choose(id, who="sam").decision.authority == "person"


def test_two_people_who_disagree_leave_it_to_the_escalation_owner() -> None:
    office = an_office()
    id = office.recommend(context=SUSPICIOUS).decision.id
    office.choose(id)
    after = office.choose(id, "override", "sam", action="replace", reason_code="OVR.X").decision
    assert (after.status, after.authority) == (Status.ESCALATED, None)
    assert office.choose(id, who="di").decision.action == "refund"


# ── arbitration


def test_the_winner_goes_on_and_the_loser_ends() -> None:
    office = an_office()
    one, other = a_conflict(office)
    conflict = office.arbitrate(one.conflict, other.id)
    assert (conflict.status, conflict.winner) == (ConflictStatus.CLOSED, other.id)
    won, lost = office.decision(other.id), office.decision(one.id)
    assert (won.status, won.lane, won.conflict) == (Status.ACTIONED, Lane.AUTOMATE, None)
    assert (lost.status, lost.exceptions[-1]) == (Status.SUPERSEDED, ExceptionCode.SUPERSEDED)
    assert run(office.desk.log.live_on("refund", "order 17")) == {other.id}


def test_the_winner_is_routed_like_any_other() -> None:
    office = an_office()
    one, _ = a_conflict(office)
    office.arbitrate(one.conflict, one.id)
    assert office.decision(one.id).status is Status.IN_REVIEW


def test_where_none_of_them_wins_all_of_them_end() -> None:
    office = an_office()
    one, other = a_conflict(office)
    office.arbitrate(one.conflict, None)
    for id in (one.id, other.id):
        assert office.decision(id).status is Status.EXPIRED
        assert office.decision(id).exceptions[-1] is ExceptionCode.CONFLICT


def test_a_conflict_is_arbitrated_once() -> None:
    office = an_office()
    one, other = a_conflict(office)
    office.arbitrate(one.conflict, one.id)
    with pytest.raises(ConflictClosed):
        office.arbitrate(one.conflict, other.id)


def test_only_one_of_them_wins() -> None:
    office = an_office()
    one, _ = a_conflict(office)
    with pytest.raises(NotInConflict):
        office.arbitrate(one.conflict, OTHER_ID)


@pytest.mark.parametrize("who", ["ana", "rae", "bot", "audra"])
def test_only_the_escalation_owner_arbitrates(who: str) -> None:
    office = an_office()
    one, _ = a_conflict(office)
    with pytest.raises(NoAuthority):
        office.arbitrate(one.conflict, one.id, who)


def test_a_repeated_arbitration_adds_nothing() -> None:
    office = an_office()
    one, _ = a_conflict(office)
    first = office.arbitrate(one.conflict, one.id, key="k1")
    length = office.length()
    assert office.arbitrate(one.conflict, one.id, key="k1") == first
    assert office.length() == length


def test_two_arbitrations_at_once_settle_it_once() -> None:
    office = an_office()
    one, _ = a_conflict(office)
    conflict = one.conflict
    assert conflict is not None
    command = Arbitrate(winner=one.id, reason_code="ESC.BETTER")

    async def both() -> list[Any]:
        calls = (
            arbitrate_conflict(conflict, command, caller("di", "k1"), office.desk) for _ in range(2)
        )
        return await asyncio.gather(*calls)

    first, second = run(both())
    assert first == second
    assert office.topics(conflict) == ["opened", "arbitrated", "closed"]


def test_what_is_held_in_a_conflict_waits_for_nobody_else() -> None:
    office = an_office()
    one, _ = a_conflict(office)
    with pytest.raises(InConflict):
        office.claim(one.id)
    with pytest.raises(InConflict):
        office.inform(one.id, {"amount": 40})


def test_a_conflict_nobody_arbitrates_is_escalated_not_approved() -> None:
    office = an_office()
    one, other = a_conflict(office)
    office.pass_time(2 * HOUR)
    for id in (one.id, other.id):
        late = office.strike(id).decision
        assert (late.status, late.authority) == (Status.ESCALATED, None)


def test_a_conflict_that_was_escalated_is_still_settled_by_one_arbitration() -> None:
    office = an_office()
    one, other = a_conflict(office)
    office.pass_time(2 * HOUR)
    for id in (one.id, other.id):
        office.strike(id)
        with pytest.raises(InConflict):
            office.choose(id, who="di")
    office.arbitrate(one.conflict, other.id)
    assert office.decision(other.id).action == "replace"
    assert office.decision(one.id).status is Status.SUPERSEDED


def test_what_is_in_force_already_can_not_be_overruled_by_choosing_another() -> None:
    office = an_office()
    allowed = office.recommend().decision
    other = office.recommend("other-bot", recommendation=a_recommendation("replace")).decision
    with pytest.raises(OtherInForce):
        office.arbitrate(other.conflict, other.id)
    office.arbitrate(other.conflict, allowed.id)
    assert office.decision(other.id).status is Status.SUPERSEDED
    assert office.decision(allowed.id).status is Status.ACTIONED
