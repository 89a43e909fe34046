"""A service hands over what its AI suggests and learns who acts."""

from datetime import timedelta
from decimal import Decimal

import pytest

from application.desk import KeyReused, NoAuthority, NoSuchDecisionType
from application.governing import Switch, suspend
from application.recommending import NotActive
from domain.admission import InvalidInput
from domain.decision.events import AttemptRejected
from domain.decision.refusals import AlreadyDecided, InConflict
from domain.decision.state import Status
from domain.decision_type import commands as types
from domain.guardrail.document import Sampling
from domain.model import Seat
from domain.values import ExceptionCode, Lane, Stage
from tests.application.office import Office, an_adoption, an_office, caller, run
from tests.domain.builders import (
    ANA,
    HOUR,
    LARGE,
    NOON,
    SMALL,
    a_definition,
    a_guardrail,
    a_recommendation,
    by,
)

REPLACE = a_recommendation("replace")


# ── alone on its subject


def test_within_limits_the_answer_is_the_authorised_action() -> None:
    office = an_office()
    decision = office.recommend().decision
    assert (decision.status, decision.lane, decision.action) == (
        Status.ACTIONED,
        Lane.AUTOMATE,
        "refund",
    )
    assert decision == office.decision(decision.id)


@pytest.mark.parametrize(("rate", "marked"), [("0", False), ("1", True)])
def test_a_share_of_what_automates_is_drawn_for_a_quality_check(rate: str, marked: bool) -> None:
    sampling = (Sampling.model_validate({"id": "qa", "of": "automate", "rate": rate}),)
    office = Office().adopt(an_adoption(guardrail=a_guardrail(sampling=sampling)))
    drawn = office.recommend().decision
    assert ("quality_sampled" in office.topics(drawn.id)) is marked
    assert drawn.quality is not None
    assert drawn.quality.sampled is marked


def test_at_stage_partial_the_lot_is_recorded() -> None:
    share = a_definition(stage=Stage.PARTIAL, partial_share=Decimal("0.5"))
    office = Office().adopt(an_adoption(share))
    lanes = set()
    for number in range(20):
        decision = office.recommend(subject=f"order {number}").decision
        assert decision.routing is not None
        assert decision.routing.draw is not None
        assert (decision.routing.draw < 2**63) == (decision.lane is Lane.AUTOMATE)
        assert office.replayed(decision.id).verdict == "match"
        lanes.add(decision.lane)
    assert lanes == {Lane.AUTOMATE, Lane.REVIEW}


# ── refused


def test_invalid_input_leaves_only_the_attempt() -> None:
    office = an_office()
    before = office.length()
    with pytest.raises(InvalidInput, match="amount"):
        office.recommend(context={"amount": "a lot", "colour": "red"})
    (left,) = office.log()[before:]
    assert isinstance(left.event, AttemptRejected)
    assert (left.event.operation, left.event.code) == ("recommend", "EXC.INVALID_INPUT")
    assert left.event.field == "context.amount"
    assert left.event.actor.id == "bot"
    assert left.event.actor.seat is Seat.PRODUCER


def test_an_action_that_is_not_permitted_leaves_only_the_attempt() -> None:
    office = an_office()
    before = office.length()
    with pytest.raises(InvalidInput, match="did you mean refund"):
        office.recommend(recommendation=a_recommendation("refunds"))
    assert [type(left.event) for left in office.log()[before:]] == [AttemptRejected]


@pytest.mark.parametrize("who", ["ana", "rae", "audra", "stranger", "strange-bot"])
def test_only_a_producer_recommends(who: str) -> None:
    office = an_office()
    before = office.length()
    with pytest.raises(NoAuthority):
        office.recommend(who)
    assert office.length() == before


def test_what_nobody_wrote_down_takes_no_recommendations() -> None:
    with pytest.raises(NoSuchDecisionType):
        Office().recommend()


def retire(office: Office) -> None:
    state = run(office.desk.decision_type("refund"))
    assert state is not None
    run(office.desk.record(types.retire(state, by(ANA)), caller("ana")))


def test_what_is_retired_takes_no_recommendations() -> None:
    office = an_office()
    retire(office)
    with pytest.raises(NotActive):
        office.recommend()


# ── repeated


def test_a_repeated_recommendation_answers_as_the_first_time() -> None:
    office = an_office()
    first = office.recommend(key="k1")
    office.report(first.decision.id)
    length = office.length()
    again = office.recommend(key="k1")
    assert (again.decision, again.replayed, first.replayed) == (first.decision, True, False)
    assert office.length() == length


def test_the_same_key_with_other_content_is_another_command() -> None:
    office = an_office()
    office.recommend(key="k1")
    length = office.length()
    with pytest.raises(KeyReused):
        office.recommend(key="k1", context=LARGE)
    assert office.length() == length


def test_two_producers_may_use_the_same_key() -> None:
    office = an_office()
    first = office.recommend(key="k1")
    other = office.recommend("other-bot", subject="order 18", key="k1")
    assert other.decision.id != first.decision.id


def test_what_was_accepted_is_answered_even_when_its_type_takes_no_more() -> None:
    office = an_office()
    first = office.recommend(key="k1")
    retire(office)
    assert office.recommend(key="k1").decision == first.decision


def test_what_was_accepted_is_answered_even_when_the_schema_has_changed() -> None:
    office = an_office()
    first = office.recommend(key="k1")
    narrower = a_definition(actions={"replace": a_definition().actions["replace"]})
    office.adopt(an_adoption(narrower))
    length = office.length()
    assert office.recommend(key="k1").decision == first.decision
    assert office.length() == length


# ── what governs


def test_the_kill_switch_holds_for_the_very_next_decision() -> None:
    office = an_office()
    office.suspend()
    halted = office.recommend().decision
    assert (halted.lane, halted.exceptions) == (Lane.REVIEW, (ExceptionCode.AUTOMATION_HALTED,))
    office.resume()
    assert office.recommend(subject="order 18").decision.lane is Lane.AUTOMATE


def test_the_kill_switch_holds_wherever_it_was_pulled() -> None:
    """Another process has its own copy of what governs; no stale copy may decide."""
    here = an_office()
    here.recommend()
    there = Office(here.clock)
    there.desk.log = here.desk.log
    run(suspend("refund", Switch(reason_code="HALT.ODD"), caller("di"), there.desk))
    assert here.recommend(subject="order 18").decision.lane is Lane.REVIEW


def test_a_stale_copy_refuses_nothing_either() -> None:
    """Where another process has widened the schema, this one must not refuse by the old one."""
    here = Office().adopt(an_adoption(a_definition(context={}), a_guardrail(rules=())))
    here.recommend(context={})
    there = Office(here.clock)
    there.desk.log = here.desk.log
    there.adopt()
    assert here.recommend(subject="order 18", context=SMALL).decision.context["amount"] == "40"


# ── beside others on its subject


def test_a_newer_recommendation_of_the_same_producer_takes_the_olders_place() -> None:
    office = an_office()
    old = office.recommend(context=LARGE).decision
    new = office.recommend(recommendation=REPLACE).decision
    assert office.decision(old.id).status is Status.SUPERSEDED
    assert (new.previous, new.status) == (old.id, Status.ACTIONED)
    assert run(office.desk.log.live_on("refund", "order 17")) == {new.id}


def test_what_is_authorised_is_not_superseded() -> None:
    office = an_office()
    old = office.recommend().decision
    new = office.recommend(context=LARGE).decision
    assert office.decision(old.id).status is Status.ACTIONED
    assert new.previous is None


def test_two_producers_who_propose_different_actions_are_both_held() -> None:
    office = an_office()
    one = office.recommend(context=LARGE).decision
    other = office.recommend("other-bot", recommendation=REPLACE).decision
    one = office.decision(one.id)
    assert one.conflict == other.conflict
    for held in (one, other):
        assert (held.status, held.held_for) == (Status.HELD, ExceptionCode.CONFLICT)
        assert held.authority is None
    conflict = office.conflict(one.conflict)
    assert conflict.decisions == (one.id, other.id)
    assert conflict.subject == "order 17"


def test_two_producers_who_propose_the_same_action_would_have_it_done_twice() -> None:
    office = an_office()
    one = office.recommend().decision
    other = office.recommend("other-bot").decision
    assert (one.status, other.status) == (Status.ACTIONED, Status.HELD)
    assert office.conflict(other.conflict).decisions == (one.id, other.id)


def test_what_does_no_harm_when_done_twice_is_no_conflict() -> None:
    office = an_office()
    office.recommend(recommendation=a_recommendation("apologise"))
    again = office.recommend("other-bot", recommendation=a_recommendation("apologise")).decision
    assert again.lane is Lane.AUTOMATE


def test_once_it_was_delivered_the_same_action_is_a_new_matter() -> None:
    office = an_office()
    office.report(office.recommend().decision.id)
    assert office.recommend("other-bot").decision.lane is Lane.AUTOMATE


def test_a_third_joins_the_conflict() -> None:
    office = an_office()
    one = office.recommend(context=LARGE).decision
    other = office.recommend("other-bot", recommendation=REPLACE).decision
    third = office.recommend("third-bot", recommendation=a_recommendation("apologise")).decision
    conflict = office.conflict(other.conflict)
    assert conflict.decisions == (one.id, other.id, third.id)
    assert third.conflict == conflict.id


def test_what_is_authorised_already_is_not_held_but_the_newcomer_is() -> None:
    office = an_office()
    one = office.recommend().decision
    other = office.recommend("other-bot", recommendation=REPLACE).decision
    assert office.decision(one.id).status is Status.ACTIONED
    assert other.status is Status.HELD
    assert office.conflict(other.conflict).decisions == (one.id, other.id)


def test_what_has_ended_conflicts_with_nothing() -> None:
    office = an_office()
    done = office.recommend().decision
    office.report(done.id)
    assert office.recommend("other-bot", recommendation=REPLACE).decision.lane is Lane.AUTOMATE


def test_a_conflict_that_was_escalated_is_still_the_one_a_newcomer_joins() -> None:
    office = an_office()
    one = office.recommend(context=LARGE).decision
    other = office.recommend("other-bot", recommendation=REPLACE).decision
    office.pass_time(2 * HOUR)
    for id in (one.id, other.id):
        office.strike(id)
    third = office.recommend("third-bot", recommendation=a_recommendation("apologise")).decision
    assert third.conflict == other.conflict
    assert office.decision(one.id).status is Status.ESCALATED
    office.arbitrate(third.conflict, other.id)
    ends = [office.decision(id).status for id in (one.id, other.id, third.id)]
    assert ends == [Status.SUPERSEDED, Status.ACTIONED, Status.SUPERSEDED]


def test_there_is_one_conflict_on_a_subject_whoever_stands_against_whom() -> None:
    office = an_office()
    sorry = a_recommendation("apologise")
    allowed = office.recommend().decision
    other = office.recommend("other-bot", recommendation=sorry).decision
    third = office.recommend("third-bot", recommendation=sorry).decision
    assert allowed.status is Status.ACTIONED
    assert third.conflict == other.conflict


# ── refreshing, taking back


def test_fresh_input_is_routed_again() -> None:
    office = an_office()
    waiting = office.recommend(context=LARGE).decision
    after = office.refresh(waiting.id, "2", SMALL).decision
    assert (after.status, after.subject_version) == (Status.ACTIONED, "2")
    assert office.replayed(waiting.id).verdict == "match"


def test_without_fresh_input_it_expires() -> None:
    office = an_office()
    waiting = office.recommend(context=LARGE).decision
    after = office.refresh(waiting.id, "2", None).decision
    assert (after.status, after.exceptions[-1]) == (Status.EXPIRED, ExceptionCode.STALE_SUBJECT)


def test_fresh_input_does_not_slip_out_of_a_conflict() -> None:
    office = an_office()
    one = office.recommend(context=LARGE).decision
    office.recommend("other-bot", recommendation=REPLACE)
    with pytest.raises(InConflict):
        office.refresh(one.id, "2", SMALL)
    newer = office.recommend(context=SMALL).decision
    assert (newer.status, newer.previous) == (Status.HELD, one.id)
    office.arbitrate(newer.conflict, newer.id)
    assert office.decision(newer.id).status is Status.ACTIONED


def test_the_producer_withdraws_while_nothing_is_authorised() -> None:
    office = an_office()
    waiting = office.recommend(context=LARGE).decision
    assert office.withdraw(waiting.id).decision.status is Status.WITHDRAWN
    assert run(office.desk.log.live_on("refund", "order 17")) == frozenset()
    done = office.recommend().decision
    with pytest.raises(AlreadyDecided):
        office.withdraw(done.id)


def test_what_nobody_decides_in_its_time_expires() -> None:
    office = an_office()
    waiting = office.recommend(context=LARGE, expires_at=NOON + HOUR).decision
    assert office.strike(waiting.id).decision.status is Status.IN_REVIEW
    office.pass_time(timedelta(hours=1))
    assert office.strike(waiting.id).decision.status is Status.EXPIRED
    length = office.length()
    office.strike(waiting.id)
    office.strike(waiting.id)
    assert office.length() == length
