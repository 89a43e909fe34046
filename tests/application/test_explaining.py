"""Explaining a decision: under the rules that spoke, and with all that routing says besides."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.explaining import NotExplained, explain, explained, told, with_facts
from domain.guardrail.conditions import Compare
from domain.guardrail.document import Rule
from domain.guardrail.facts import BUILT_IN
from domain.routing import Case, route
from domain.values import Lane, Recommendation, Stage
from tests.application.office import Office, an_adoption, an_office, run
from tests.domain.builders import a_decision_type, a_definition, a_guardrail, a_policy, above

LARGE = {"amount": "120", "suspicious": False}
STAGES = st.sampled_from((Stage.OBSERVE, Stage.ASSIST, Stage.FULL))
ACTIONS = st.sampled_from(("apologise", "refund", "replace", "close_account"))
TENTHS = st.integers(0, 10).map(lambda tenth: Decimal(tenth) / 10)


def test_the_one_thing_in_the_way_is_named_with_the_value_that_would_do() -> None:
    office = an_office()
    decision = office.recommend(context=LARGE).decision
    found = run(explain(decision.id, office.desk))
    (amount,) = [c for c in found.explanation.changes if c.fact == "amount"]
    assert (amount.seen, amount.value) == ("120", "100")
    assert found.explanation.sentence.endswith(
        "it would have been automated, if only amount had been at most 100 EUR (it is 120 EUR)"
    )
    assert found.explanation.deciding is not None
    assert found.explanation.deciding.id == found.rule == decision.routing.rule  # type: ignore[union-attr]


def test_what_no_fact_can_change_is_said() -> None:
    office = an_office()
    office.suspend()
    decision = office.recommend().decision
    found = run(explain(decision.id, office.desk)).explanation
    assert found.changes == ()
    assert [reason.text for reason in found.standing] == ["the kill switch of refund is on"]
    assert found.sentence.endswith(
        "no other value of a single fact would have had it automated: the kill switch of refund is on"
    )


def test_a_decision_is_explained_under_the_rules_that_spoke_then() -> None:
    office = an_office()
    decision = office.recommend(context=LARGE).decision
    before = run(explain(decision.id, office.desk))
    office.suspend()
    assert run(explain(decision.id, office.desk)) == before


def test_a_decision_in_conflict_was_not_routed_yet_or_is_explained() -> None:
    office = an_office()
    office.recommend(context=LARGE)
    second = office.recommend("other-bot", context=LARGE).decision
    if second.routing is None:
        with pytest.raises(NotExplained, match="was not routed yet"):
            run(explain(second.id, office.desk))


def test_the_trail_tells_it_where_it_was_routed() -> None:
    office = an_office()
    id = office.recommend(context=LARGE).decision.id
    lines = run(told(office.history(id), office.desk))
    routed = [line for line in lines if line.explanation]
    assert [line.version for line in routed] == [2]
    assert "if only amount had been at most 100 EUR" in (routed[0].explanation or "")


def test_another_policy_since_then_changes_no_explanation_of_the_past() -> None:
    office = an_office()
    decision = office.recommend(context=LARGE).decision
    before = run(explain(decision.id, office.desk))
    when = Compare(fact="amount", type="number", op=">", value=Decimal(10))
    stricter = a_guardrail().model_copy(
        update={"rules": (Rule(id="ten", when=when, then=Lane.ESCALATE, reason="TEN"),)}
    )
    Office.adopt(office, an_adoption(guardrail=stricter))
    assert run(explain(decision.id, office.desk)) == before


@given(
    st.builds(Recommendation, action=ACTIONS, confidence=st.none() | TENTHS, risk=TENTHS),
    st.integers(0, 20_000).map(lambda cents: Decimal(cents) / 100),
    st.sampled_from((True, False, None)),
    STAGES,
    st.booleans(),
)
def test_every_change_is_confirmed_by_all_of_routing(
    recommendation: Recommendation,
    amount: Decimal,
    suspicious: bool | None,
    stage: Stage,
    needs_review: bool,
) -> None:
    definition = a_definition(recoverable_needs_review=needs_review)
    decision_type = a_decision_type().model_copy(update={"definition": definition, "stage": stage})
    policy = a_policy()
    facts = {
        "action": recommendation.action,
        "risk": recommendation.risk,
        "confidence": recommendation.confidence,
        "amount": amount,
        "suspicious": suspicious,
    }
    case = Case(recommendation, {name: v for name, v in facts.items() if v is not None})
    found = explained(case, route(case, decision_type, policy), decision_type, policy)
    if stage is not Stage.FULL:
        assert found.changes == () and found.standing
    for change in found.changes:
        value = Decimal(str(change.value)) if change.fact in NUMBERS else change.value
        other = with_facts(case, {**case.facts, change.fact: value})  # type: ignore[dict-item]
        assert route(other, decision_type, policy).lane is Lane.AUTOMATE


NUMBERS = {"amount", "confidence", "risk"}


def test_what_the_organisations_policy_asks_is_explained_beside_the_types_own() -> None:
    stricter = Rule(
        id="house-risk", when=above("risk", "0.05"), then=Lane.REVIEW, reason="HOUSE_RISK"
    )
    house = a_policy(
        a_guardrail(facts={"risk": BUILT_IN["risk"]}, limits=(), rules=(stricter,), sampling=())
    )
    kind, policy = a_decision_type(), a_policy()
    said = Recommendation(action="refund", confidence=Decimal("0.95"), risk=Decimal("0.10"))
    facts = {"action": "refund", "confidence": said.confidence, "risk": said.risk}
    known = {**facts, "amount": Decimal(20), "suspicious": False}
    case = Case(said, known, organisation=house)  # type: ignore[dict-item]
    ruling = route(case, kind, policy)
    assert (ruling.lane, ruling.rule) == (Lane.REVIEW, "organisation:house-risk")
    found = explained(case, ruling, kind, policy)
    assert found.deciding is not None
    assert found.deciding.id == "organisation:house-risk"
    assert [(change.fact, change.value) for change in found.changes] == [("risk", "0.05")]
    alone = route(case, kind, policy, "v2")
    assert explained(case, alone, kind, policy, "v2").changes == ()
