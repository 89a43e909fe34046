"""A person's data go when they ask, once for all, and nothing else moves."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import JsonValue

from adapters.assembly import codec
from adapters.memory.log import MemoryEventLog
from application.attempts import WITHHELD
from application.desk import Caller, CannotSeal, Desk, NoAuthority, PersonErased
from application.feed import EventView
from application.lots import LotDrawer
from application.ports import Append, Identity
from application.projections.audit_trail import AuditTrail
from application.submitting import hand_over
from application.trail import trail_line
from application.views import DecisionView
from domain.admission import InvalidInput
from domain.data_subject import NotForThisSeat
from domain.decision import events as d
from domain.decision.refusals import NobodysData
from tests.application.office import Office, an_adoption, caller, run
from tests.application.personal import (
    PersonalOffice,
    a_personal_adoption,
    a_personal_office,
)
from tests.domain.builders import SMALL, a_definition

ANN: dict[str, JsonValue] = {**SMALL, "name": "Ann Example", "account": 4711, "words": ["broken"]}


def shown(office: Office, id: UUID) -> DecisionView:
    return DecisionView.of(office.decision(id))


def test_an_erased_fact_is_null_and_said_to_be_erased() -> None:
    office = a_personal_office()
    id = office.recommend(context=ANN, data_subject="customer 7").decision.id
    assert shown(office, id).context["name"] == "Ann Example"
    assert shown(office, id).erased == ()
    assert office.erase("customer 7").erased
    after = shown(office, id)
    assert after.context == {
        "amount": "40",
        "suspicious": False,
        "name": None,
        "account": None,
        "words": None,
    }
    assert after.erased == ("account", "name", "words")


def test_the_subject_is_whose_data_they_are_unless_another_is_named() -> None:
    office = a_personal_office()
    id = office.recommend(subject="customer 7", context=ANN).decision.id
    named = office.recommend(subject="x", context=ANN, data_subject="customer 8").decision.id
    office.erase("customer 7")
    assert shown(office, id).erased
    assert not shown(office, named).erased
    office.erase("customer 8")
    assert shown(office, named).erased


def test_asked_again_nothing_is_held_and_nothing_is_recorded() -> None:
    office = a_personal_office()
    office.recommend(context=ANN, data_subject="customer 7")
    assert office.erase("customer 7").erased
    length = office.length()
    assert not office.erase("customer 7").erased
    assert not office.erase("nobody").erased
    assert office.length() == length


def test_an_erasure_is_recorded_without_a_word_about_the_person() -> None:
    office = a_personal_office()
    decision = office.recommend(context=ANN, data_subject="customer 7").decision
    office.erase("customer 7")
    erased = office.log()[-1]
    assert erased.event.TOPIC == "data_subject.erased"
    assert erased.event.originator_id == decision.data_subject
    assert "customer" not in EventView.of(erased.event).model_dump_json()
    assert AuditTrail().fold(None, erased).sentence == "erased a person's data"


def test_the_same_reference_is_someone_new_afterwards() -> None:
    office = a_personal_office()
    before = office.recommend(subject="a", context=ANN, data_subject="customer 7").decision
    office.erase("customer 7")
    after = office.recommend(subject="b", context=ANN, data_subject="customer 7").decision
    assert after.data_subject != before.data_subject
    assert shown(office, after.id).context["name"] == "Ann Example"
    assert shown(office, before.id).context["name"] is None
    assert office.erase("customer 7").erased
    assert shown(office, after.id).context["name"] is None


def test_one_person_is_one_id_in_all_their_decisions_and_nobody_elses() -> None:
    office = a_personal_office()
    said = [
        office.recommend(subject=f"s{n}", context=ANN, data_subject=who).decision.data_subject
        for n, who in enumerate(["ann", "ann", "bob"])
    ]
    assert said[0] == said[1] != said[2]
    assert all(id is not None and id.version == 4 for id in said)


NOT_ENTITLED = {
    "an administrator": Identity("root", "human", {"*": frozenset({"administrator"})}),
    "the decision owner": Identity("ana", "human", {"*": frozenset({"decision_owner"})}),
    "the risk owner of one type": Identity("cy", "human", {"refund": frozenset({"risk_owner"})}),
    "a service": Identity("bot", "service", {"*": frozenset({"risk_owner"})}),
    "nobody": Identity("guest", "human", {}),
}


@pytest.mark.parametrize("who", NOT_ENTITLED)
def test_only_the_risk_owner_of_all_types_erases_in_person(who: str) -> None:
    office = a_personal_office()
    id = office.recommend(context=ANN, data_subject="customer 7").decision.id
    with pytest.raises((NoAuthority, NotForThisSeat)):
        office.erase("customer 7", Caller(NOT_ENTITLED[who]))
    assert not shown(office, id).erased


def test_a_repeated_submission_does_not_make_an_erased_person_known_again() -> None:
    office = a_personal_office()
    first = office.recommend(context=ANN, data_subject="customer 7", key="k").decision
    office.erase("customer 7")
    again = office.recommend(context=ANN, data_subject="customer 7", key="k")
    assert again.replayed and again.decision.id == first.id
    assert again.decision.context["name"] is None
    assert not office.erase("customer 7").erased


def test_a_decision_about_someone_erased_takes_no_more_about_them_but_goes_on() -> None:
    office = a_personal_office()
    id = office.recommend(context={"name": "Ann"}, data_subject="customer 7").decision.id
    office.erase("customer 7")
    with pytest.raises(PersonErased):
        office.inform(id, {"amount": 40, "name": "Ann"})
    assert office.inform(id, {"amount": 40}).decision.lane == "review"
    assert shown(office, id).erased == ("name",)


def test_information_and_fresh_input_are_as_personal_as_what_came_first() -> None:
    office = a_personal_office()
    id = office.recommend(context={"name": "Ann"}, data_subject="customer 7").decision.id
    office.inform(id, {"amount": 400, "words": ["broken"]})
    assert shown(office, id).context["words"] == ["broken"]
    office.refresh(id, "2", {"amount": 500, "name": "Ann Other"})
    assert shown(office, id).context["name"] == "Ann Other"
    office.erase("customer 7")
    assert shown(office, id).erased == ("name",)
    stream = run(office.desk.log.stream(id))
    provided = [e for e in stream if isinstance(e, d.InformationProvided)]
    assert [e.context for e in provided] == [{"amount": "400", "words": None}]


def test_personal_facts_are_not_taken_where_nobody_was_named_for_them() -> None:
    office = PersonalOffice()
    office.adopt(an_adoption())
    id = office.recommend(context={}).decision.id
    office.adopt(a_personal_adoption())
    with pytest.raises(NobodysData, match="name"):
        office.inform(id, {"name": "Ann"})
    assert office.inform(id, {"amount": 40}).decision.lane == "review"


def test_a_fact_that_was_personal_decides_nothing_even_if_it_no_longer_is() -> None:
    """What can be erased must not be in a reason, nor change what replaying says."""
    office = a_personal_office()
    id = office.recommend(context={"name": "Ann", "account": 4711}, data_subject="x").decision.id
    loosened = a_definition(context=a_personal_adoption().definition.context)
    account = loosened.context["account"].model_copy(update={"personal": False})
    context = loosened.context | {"account": account}
    office.adopt(an_adoption(a_definition(context=context)))
    assert "account" not in office.decision(id).deciding_context
    office.inform(id, {"amount": 40})
    office.erase("x")
    assert office.replayed(id).verdict == "match"


def test_decisions_with_personal_facts_are_not_kept_in_memory() -> None:
    office = a_personal_office()
    kept = office.recommend(subject="a", context=SMALL).decision.id
    id = office.recommend(subject="b", context=ANN, data_subject="customer 7").decision.id
    assert office.desk.recall(id) is None
    assert office.desk.recall(kept) is not None
    claimed = office.recommend(subject="c", context={**ANN, "amount": 400}).decision.id
    office.claim(claimed)
    assert office.desk.recall(claimed) is None


def test_a_refused_attempt_leaves_no_trace_of_the_person() -> None:
    """The digest is for ever; one over a name could be found out by trying names."""
    digests = []
    for name, who in (("Ann", "customer 7"), ("Bob", "customer 8")):
        office = a_personal_office()
        with pytest.raises(InvalidInput, match="found -9"):
            office.recommend(context={"name": name, "amount": -9}, data_subject=who)
        attempt = office.log()[-1].event
        assert isinstance(attempt, d.AttemptRejected)
        assert attempt.field == "context.amount"
        digests.append(attempt.content_digest)
        assert not office.erase(who).erased
    assert digests[0] == digests[1]


def test_a_body_that_cannot_be_read_leaves_no_trace_of_the_person_either() -> None:
    office = a_personal_office()
    said = {"decision_type": "refund", "subject": 17, "context": {"name": "Ann Example"}}
    with pytest.raises(InvalidInput):
        run(hand_over(said, caller("bot"), office.desk))
    attempt = office.log()[-1].event
    assert isinstance(attempt, d.AttemptRejected)
    assert attempt.content_digest == WITHHELD
    assert "Ann" not in attempt.model_dump_json()


def test_a_bad_personal_value_is_told_to_the_caller_and_not_recorded() -> None:
    office = a_personal_office()
    with pytest.raises(InvalidInput, match="Ann Example"):
        office.recommend(context={**SMALL, "name": "Ann", "account": "Ann Example"})
    assert "Ann" not in "".join(p.event.model_dump_json() for p in office.log())


def test_the_trail_names_personal_facts_and_never_says_what_they_were() -> None:
    office = a_personal_office()
    id = office.recommend(context={"name": "Ann Example"}, data_subject="c").decision.id
    office.inform(id, {"amount": 40, "words": ["broken"]})
    stream: Any = run(office.desk.log.stream(id))
    said = " ".join(trail_line(event).what for event in stream)
    assert "supplied amount, words" in said
    assert "Ann" not in said and "broken" not in said


def test_personal_facts_are_adopted_only_where_they_can_be_sealed() -> None:
    office = PersonalOffice()
    drawer = LotDrawer(b"lots of a test", "test")
    office.desk = Desk(MemoryEventLog(codec()), office.clock, drawer)
    with pytest.raises(CannotSeal, match="REMIT_KEY_ENCRYPTION_KEY"):
        office.adopt(a_personal_adoption())
    assert office.length() == 0
    office.adopt()
    assert not office.erase("anyone").erased


def test_a_process_without_the_key_takes_no_personal_facts() -> None:
    able = a_personal_office()
    unable = replace(able.desk, log=MemoryEventLog(codec()))
    run(_copied(able, unable))
    office = PersonalOffice()
    office.desk = unable
    length = office.length()
    for context in (ANN, SMALL):
        with pytest.raises(CannotSeal):
            office.recommend(context=context)
    assert office.length() == length


async def _copied(office: Office, desk: Desk) -> None:
    for positioned in await office.desk.log.after(0):
        await desk.log.append(Append((positioned.event,)))
