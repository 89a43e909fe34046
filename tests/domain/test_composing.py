"""The organisation's policy beside the type's own: the strictest wins, and both are recorded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.admission import facts_of
from domain.composing import is_shared
from domain.guardrail.conditions import Compare
from domain.guardrail.document import Guardrail, Limit, Route, Routes, Rule
from domain.guardrail.facts import BUILT_IN, Code, FactType, Level, Number, YesNo
from domain.policy.aggregate import PolicyVersion
from domain.routing import Case, Ruling, route
from domain.values import Lane
from tests.domain.builders import (
    CONTEXT,
    HOUR,
    MINUTE,
    REFUND,
    RULES,
    a_guardrail,
    a_policy,
    a_recommendation,
    above,
    at_most,
)


def organisation(*rules: Rule, facts: dict[str, FactType] | None = None) -> PolicyVersion:
    """A policy of the whole organisation: no risk above 0.2 anywhere, and these rules."""
    guardrail = Guardrail(
        policy="organisation",
        facts={**BUILT_IN, **(CONTEXT if facts is None else facts)},
        routes=Routes(review=Route(queue="house", sla=HOUR)),
        limits=(Limit(id="house-risk", require=at_most("risk", "0.2"), reason="HOUSE_RISK"),),
        rules=rules,
    )
    return a_policy(guardrail, version=7)


LARGE = Rule(id="house-large", when=above("amount", "50"), then=Lane.REVIEW, reason="HOUSE_LARGE")


def ruled(
    beside: PolicyVersion | None,
    *,
    risk: str = "0.10",
    confidence: str | None = "0.95",
    amount: int | None = 40,
    policy: PolicyVersion | None = RULES,
    semantics: str = "v3",
) -> Ruling:
    said = a_recommendation(confidence=confidence, risk=risk)
    context = {} if amount is None else {"amount": amount}
    facts = facts_of(said, {**context, "suspicious": False}, REFUND.definition)
    return route(Case(said, facts, organisation=beside), REFUND, policy, semantics)


def test_where_both_agree_it_automates_and_both_are_named() -> None:
    ruling = ruled(organisation())
    assert (ruling.lane, ruling.policy, ruling.organisation) == (
        Lane.AUTOMATE,
        RULES.ref,
        organisation().ref,
    )


def test_the_organisation_makes_it_stricter_and_its_rule_is_named_as_its_own() -> None:
    ruling = ruled(organisation(), risk="0.25")
    assert (ruling.lane, ruling.rule, ruling.queue) == (
        Lane.REVIEW,
        "organisation:house-risk",
        "house",
    )


def test_the_shortest_service_level_of_both_holds() -> None:
    quick = LARGE.model_copy(update={"sla": 5 * MINUTE})
    ruling = ruled(organisation(quick), amount=400)
    assert (ruling.rule, ruling.sla) == ("organisation:house-large", 5 * MINUTE)


def test_a_rule_about_a_fact_that_the_type_does_not_have_asks_for_review() -> None:
    asked = Rule(
        id="abroad",
        when=Compare(fact="abroad", type="yes_no", op="==", value=True),
        then=Lane.ESCALATE,
        reason="ABROAD",
    )
    ruling = ruled(organisation(asked, facts={"abroad": YesNo()}))
    assert (ruling.lane, ruling.missing) == (Lane.REVIEW, ())
    assert [reason.code for reason in ruling.reasons] == ["ROUTE.CANNOT_CHECK.ABROAD"]


def test_dollars_are_no_euros() -> None:
    dollars: dict[str, FactType] = {"amount": Number(unit="USD")}
    assert ruled(organisation(LARGE, facts=dollars)).lane is Lane.REVIEW
    assert ruled(organisation(LARGE)).lane is Lane.AUTOMATE


def test_an_input_that_the_type_could_have_is_waited_for() -> None:
    only_confidence = a_policy(a_guardrail(rules=(), facts=dict(BUILT_IN)))
    ruling = ruled(organisation(LARGE), amount=None, policy=only_confidence)
    assert ruling.missing == ("amount",)


def test_without_a_policy_of_its_own_a_type_escalates_whatever_the_organisation_says() -> None:
    ruling = ruled(organisation(LARGE), amount=None, policy=None)
    assert (ruling.lane, ruling.rule, ruling.missing) == (Lane.ESCALATE, "NO_POLICY", ())


@pytest.mark.parametrize("semantics", ["v1", "v2"])
def test_older_routing_knew_of_no_organisation(semantics: str) -> None:
    with_it = ruled(organisation(), risk="0.25", semantics=semantics)
    assert with_it == ruled(None, risk="0.25", semantics=semantics)
    assert with_it.organisation is None


def test_routing_without_an_organisation_says_what_it_said_before() -> None:
    for risk in ("0.1", "0.25", "0.9"):
        assert ruled(None, risk=risk) == ruled(None, risk=risk, semantics="v2")


SHARE = st.decimals(min_value=0, max_value=1, places=2)


@given(SHARE, SHARE | st.none(), st.integers(0, 500) | st.none())
def test_it_is_at_least_as_strict_as_each_of_them(
    risk: Decimal, confidence: Decimal | None, amount: int | None
) -> None:
    sure = None if confidence is None else str(confidence)
    house = organisation(LARGE)
    both = ruled(house, risk=str(risk), confidence=sure, amount=amount)
    own = ruled(None, risk=str(risk), confidence=sure, amount=amount)
    theirs = ruled(None, risk=str(risk), confidence=sure, amount=amount, policy=house)
    strictest = max(own.lane.caution, theirs.lane.caution)
    assert both.lane.caution == strictest
    assert set(own.reasons) <= set(both.reasons)


def test_facts_are_shared_by_name_and_kind() -> None:
    assert is_shared(Number(unit="EUR", decimals=2), Number(unit="EUR", required=False))
    assert not is_shared(Level(values=("a", "b")), Level(values=("b", "a")))
    assert not is_shared(Code(), Number())
    assert not is_shared(Code(), None)


def test_the_case_carries_it_through_other_facts() -> None:
    case = Case(a_recommendation(), {}, organisation=organisation())
    assert case._replace(facts={"amount": Decimal(1)}).organisation == organisation()
