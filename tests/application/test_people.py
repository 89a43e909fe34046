"""Who answers where a seat is empty, and who may review where a roster names them."""

import pytest

from application.desk import NoAuthority
from domain.decision.refusals import NotOnRoster
from domain.decision.state import Status
from domain.model import Seat
from domain.values import ExceptionCode
from tests.application.office import an_adoption, an_office
from tests.application.test_reviewing import a_conflict
from tests.domain.builders import LARGE, SUSPICIOUS, a_definition, a_recommendation

# ── who stands in


def test_the_fallback_owner_claims_and_resolves_though_no_key_gives_them_a_seat() -> None:
    office = an_office()
    office.vacate("escalation_owner", "di")
    id = office.recommend(recommendation=a_recommendation(confidence="0.3")).decision.id
    assert office.decision(id).exceptions[-1] is ExceptionCode.OWNER_VACANT
    done = office.choose(id, who="fay").decision
    assert (done.action, done.authority) == ("refund", "person")
    by_whom = {(e.actor.id, e.actor.seat) for e in office.history(id) if e.actor.is_person}
    assert by_whom == {("fay", Seat.FALLBACK_OWNER)}


def test_who_just_took_the_seat_resolves_in_it_before_they_have_a_key_for_it() -> None:
    office = an_office()
    office.assign("escalation_owner", "nadia")
    id = office.recommend(recommendation=a_recommendation(confidence="0.3")).decision.id
    office.choose(id, who="nadia")
    by_whom = {(e.actor.id, e.actor.seat) for e in office.history(id) if e.actor.is_person}
    assert by_whom == {("nadia", Seat.ESCALATION_OWNER)}


def test_the_fallback_owner_arbitrates_where_the_seat_is_empty() -> None:
    office = an_office()
    one, other = a_conflict(office)
    with pytest.raises(NoAuthority):
        office.arbitrate(one.conflict, other.id, "fay")
    office.vacate("escalation_owner", "di")
    office.arbitrate(one.conflict, other.id, "fay")
    assert office.decision(other.id).action == "replace"


@pytest.mark.parametrize("who", ["fay", "stranger"])
def test_nobody_without_a_seat_stands_in_where_it_is_held(who: str) -> None:
    office = an_office()
    id = office.recommend(recommendation=a_recommendation(confidence="0.3")).decision.id
    with pytest.raises(NoAuthority):
        office.claim(id, who)


# ── the roster


def test_a_roster_that_shrinks_meanwhile_escalates_after_the_first_pair_of_eyes() -> None:
    office = an_office()
    id = office.recommend(context=SUSPICIOUS).decision.id
    office.adopt(an_adoption(a_definition(reviewers=("rae",))))
    after = office.choose(id).decision
    assert (after.status, after.authority) == (Status.ESCALATED, None)
    assert after.exceptions[-1] is ExceptionCode.NO_ELIGIBLE_REVIEWER
    with pytest.raises(NotOnRoster):
        office.claim(office.recommend(subject="order 18", context=LARGE).decision.id, "sam")
