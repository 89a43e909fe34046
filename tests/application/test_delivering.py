"""What became of an action, and what people say of it afterwards."""

import pytest

from application.desk import NoAuthority
from domain.decision.refusals import (
    ActionUnsettled,
    AlreadyObserved,
    NotEnded,
    NothingToReport,
    NotProducer,
    NotReversible,
    NotSampled,
    WrongSeat,
)
from domain.decision.state import Decision, Status
from domain.decision_type.commands import NotYourSeat
from domain.guardrail.document import Sampling
from domain.values import ExceptionCode, Receipt
from tests.application.office import Office, an_adoption, an_office, run
from tests.domain.builders import DAY, LARGE, a_guardrail, a_recommendation


def delivered(office: Office) -> Decision:
    return office.report(office.recommend().decision.id).decision


def test_a_delivered_action_leaves_the_subject_free() -> None:
    office = an_office()
    done = delivered(office)
    assert (done.status, done.receipt) == (Status.COMPLETED, Receipt.DELIVERED)
    assert run(office.desk.log.live_on("refund", "order 17")) == frozenset()


@pytest.mark.parametrize(
    ("told", "code"),
    [("failed", ExceptionCode.ACTION_FAILED), ("unknown", ExceptionCode.ACTION_UNKNOWN)],
)
@pytest.mark.parametrize("who", ["bot", "ana", "bo", "di"])
@pytest.mark.parametrize("found", ["delivered", "failed"])
def test_what_failed_or_is_unknown_waits_until_someone_reconciles_it(
    told: str, code: ExceptionCode, who: str, found: str
) -> None:
    office = an_office()
    id = office.recommend().decision.id
    waiting = office.report(id, told).decision
    assert (waiting.is_open, waiting.exceptions) == (True, (code,))
    after = office.report(id, found, who).decision
    if (who, told) == ("bot", found):
        assert after == waiting, "the same receipt again adds nothing"
    else:
        assert (after.status, after.receipt) == (Status.COMPLETED, found)


def test_an_unknown_outcome_is_not_reconciled_by_not_knowing() -> None:
    office = an_office()
    id = office.recommend().decision.id
    office.report(id, "unknown")
    with pytest.raises(ActionUnsettled):
        office.report(id, "unknown", "di")


@pytest.mark.parametrize("who", ["other-bot", "rae", "audra", "quinn"])
@pytest.mark.parametrize("first", [None, "failed", "unknown"])
def test_who_had_no_part_in_it_reports_nothing(who: str, first: str | None) -> None:
    office = an_office()
    id = office.recommend().decision.id
    if first is not None:
        office.report(id, first)
    history = office.history(id)
    with pytest.raises(NoAuthority if who == "audra" else NotProducer):
        office.report(id, "delivered", who)
    assert office.history(id) == history


def test_nothing_is_reported_on_what_was_never_authorised() -> None:
    office = an_office()
    with pytest.raises(NothingToReport):
        office.report(office.recommend(context=LARGE).decision.id)


def test_an_owner_has_it_undone_and_the_producer_says_when() -> None:
    office = an_office()
    id = delivered(office).id
    assert office.reverse(id).decision.reversal_authorised
    undone = office.report(id).decision
    assert (undone.status, undone.reversal_authorised) == (Status.REVERSED, False)


def test_a_reversal_that_failed_may_be_ordered_again() -> None:
    office = an_office()
    id = delivered(office).id
    office.reverse(id)
    failed = office.report(id, "failed").decision
    assert failed.exceptions == (ExceptionCode.REVERSAL_FAILED,)
    assert office.reverse(id, "di").decision.reversal_authorised


def test_what_cannot_be_undone_is_not() -> None:
    office = an_office()
    id = office.recommend(recommendation=a_recommendation("close_account")).decision.id
    office.choose(id)
    office.report(id)
    with pytest.raises(NotReversible):
        office.reverse(id)


@pytest.mark.parametrize("who", ["bo", "cy", "rae"])
def test_only_two_of_the_owners_have_it_undone(who: str) -> None:
    office = an_office()
    id = delivered(office).id
    with pytest.raises(NotYourSeat):
        office.reverse(id, who)


def test_a_quality_check_comes_once_and_may_overturn() -> None:
    always = (Sampling.model_validate({"id": "qa", "of": "automate", "rate": 1}),)
    office = Office().adopt(an_adoption(guardrail=a_guardrail(sampling=always)))
    id = delivered(office).id
    with pytest.raises(WrongSeat):
        office.judge(id, who="rae")
    judged = office.judge(id, "overturn").decision
    assert (judged.status, judged.quality_verdict) == (Status.COMPLETED, False)
    assert judged.exceptions == (ExceptionCode.QA_OVERTURNED,)
    with pytest.raises(NotSampled):
        office.judge(id)


def test_a_completed_decision_is_contested_once_and_stays_completed() -> None:
    office = an_office()
    id = delivered(office).id
    contested = office.contest(id).decision
    assert (contested.contested, contested.status) == (True, Status.COMPLETED)
    with pytest.raises(NotEnded):
        office.contest(id)


def test_what_proved_right_is_recorded_once() -> None:
    office = an_office()
    id = delivered(office).id
    assert office.observe(id).decision.outcome_correct is True
    with pytest.raises(AlreadyObserved):
        office.observe(id, correct=False)


@pytest.mark.parametrize("who", ["audra", "quinn"])
def test_who_only_looks_neither_contests_nor_observes(who: str) -> None:
    office = an_office()
    id = delivered(office).id
    with pytest.raises((WrongSeat, NoAuthority)):
        office.contest(id, who)
    with pytest.raises((WrongSeat, NoAuthority)):
        office.observe(id, who=who)


def test_a_timer_after_the_end_changes_nothing() -> None:
    office = an_office()
    id = office.recommend().decision.id
    office.report(id, "delivered")
    length = office.length()
    office.pass_time(400 * DAY)
    office.strike(id)
    assert office.length() == length


@pytest.mark.parametrize("first", [None, "failed", "unknown"])
def test_a_moment_that_came_is_acted_upon_once(first: str | None) -> None:
    office = an_office()
    id = office.recommend().decision.id
    if first is not None:
        office.report(id, first)
    office.pass_time(400 * DAY)
    length = office.length()
    office.strike(id)
    office.strike(id)
    assert office.length() == length + 1
