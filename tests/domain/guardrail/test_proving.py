"""What proofs and differences say of a policy that a person wrote."""

from decimal import Decimal

import pytest

from adapters.authoring import parse_guardrail
from domain.guardrail.cells import regions
from domain.guardrail.difference import compare
from domain.guardrail.document import Guardrail, Rule
from domain.guardrail.facts import BUILT_IN, Choice, FactType, Number, Tags
from domain.guardrail.proving import Counterexample, DeadRule, TooComplexToProve, prove
from domain.model import Seat
from domain.values import Lane
from tests.domain.builders import a_guardrail, above

FACTS: dict[str, FactType] = {
    **BUILT_IN,
    "risk": Number(min=Decimal(0), max=Decimal(1), decimals=4),
    "amount": Number(min=Decimal(0), decimals=2),
    "tier": Choice(values=("gold", "standard"), required=False),
    "topics": Tags(required=False),
}
POLICY = """
guardrail: v1
policy: refunds
boundaries:
  max_risk: 0.30
  refund_limit: {value: 200.00, unit: EUR}
routes:
  review: {queue: desk, sla: 4h}
  escalate: {queue: leads, sla: 1h}
automate_only_if:
  - {id: low-risk, require: risk <= $max_risk, reason: RISK}
rules:
  - {id: large, when: amount > $refund_limit, unless: tier is gold, then: review, queue: refunds, sla: 2h, reason: LARGE}
  - {id: legal, when: topics contains legal, then: escalate, four_eyes: true, reason: LEGAL}
sampling:
  - {id: qa, of: automate, rate: 0.05, queue: quality}
claims:
  - {id: risk-cap, never: automate, when: risk > 0.30}
"""


def read(text: str) -> Guardrail:
    return parse_guardrail(text, FACTS)


def edited(*swaps: tuple[str, str]) -> Guardrail:
    text = POLICY
    for before, after in swaps:
        assert before in text
        text = text.replace(before, after)
    return read(text)


def test_a_claim_that_does_not_hold_is_refuted_by_a_case_the_door_could_admit() -> None:
    proofs = prove(edited(("max_risk: 0.30", "max_risk: 0.35")))
    (cap,) = proofs.claims
    assert not proofs.held
    facts = {"amount": "200", "risk": "0.3001"}
    assert cap.counterexample is not None
    assert cap.counterexample.lane is Lane.AUTOMATE
    assert {**cap.counterexample.facts, **facts} == cap.counterexample.facts | facts
    assert cap.counterexample.facts["risk"] == "0.3001"


def test_a_policy_that_gets_laxer_with_more_risk_is_refuted() -> None:
    calm = "  - {id: calm, when: risk < 0.1, then: escalate, reason: CALM}\n"
    proofs = prove(edited(("sampling:", calm + "sampling:")))
    more_risk = next(proof for proof in proofs.built_in if proof.id == "built-in:more-risk")
    example = more_risk.counterexample
    assert isinstance(example, Counterexample)
    assert (example.facts["risk"], example.lane) == ("0.0999", Lane.ESCALATE)
    assert (example.changed, example.then) == ({"risk": "0.1"}, Lane.AUTOMATE)


def test_a_claim_may_speak_of_facts_that_no_rule_asks_about() -> None:
    claim = "  - {id: harm, at_least: escalate, when: confidence < 0.2}\n"
    harm = prove(read(POLICY + claim), declared=FACTS).claims[-1]
    assert not harm.held
    assert harm.counterexample is not None
    assert "confidence" in harm.counterexample.facts
    assert prove(read(POLICY + claim)).claims[-1].held is False


def test_a_claim_about_values_that_cannot_come_in_holds() -> None:
    claim = "  - {id: high, never: automate, when: confidence > 1}\n"
    assert prove(read(POLICY + claim), declared=FACTS).claims[-1].held


def test_a_rule_that_another_covers_is_dead_and_one_that_cannot_be_true_too() -> None:
    more = (
        "  - {id: larger, when: amount > 500, unless: tier is gold, then: review, reason: LARGER}\n"
        "  - {id: impossible, when: risk > 0.5 and risk < 0.4, then: escalate, reason: NEVER}\n"
    )
    dead = prove(edited(("sampling:", more + "sampling:"))).dead
    assert dead == (DeadRule(id="larger", covered_by=("large",)), DeadRule(id="impossible"))


def test_a_boundary_is_one_edit_with_its_region() -> None:
    difference = compare(read(POLICY), edited(("max_risk: 0.30", "max_risk: 0.35")))
    (edit,) = difference.edits
    assert edit.sentences == (
        "boundary max_risk 0.30 → 0.35: RELAXED review → automate where risk 0.3001..0.35",
    )
    assert difference.approver is Seat.RISK_OWNER


@pytest.mark.parametrize(
    ("before", "after", "bucket", "approver"),
    [
        ("max_risk: 0.30", "max_risk: 0.25", "tighter", Seat.AI_PRODUCT_OWNER),
        ("queue: refunds", "queue: money", "rerouted", Seat.AI_PRODUCT_OWNER),
        ("sla: 2h", "sla: 3h", "rerouted", Seat.AI_PRODUCT_OWNER),
        ("four_eyes: true", "four_eyes: false", "rerouted", Seat.RISK_OWNER),
        ("rate: 0.05", "rate: 0.01", "relaxed", Seat.RISK_OWNER),
        ("rate: 0.05", "rate: 0.10", "tighter", Seat.AI_PRODUCT_OWNER),
        ("queue: quality", "queue: other", "rerouted", Seat.AI_PRODUCT_OWNER),
        ("then: escalate", "then: review", "relaxed", Seat.RISK_OWNER),
        ("reason: LARGE", "reason: BIG", "unchanged", Seat.AI_PRODUCT_OWNER),
        ("max_risk", "risk_cap", "unchanged", None),
        ("never: automate", "at_least: review", "unchanged", None),
    ],
)
def test_each_edit_has_its_bucket_and_somebody_to_approve_it(
    before: str, after: str, bucket: str, approver: Seat | None
) -> None:
    difference = compare(read(POLICY), edited((before, after)))
    assert [edit.bucket for edit in difference.edits] == [bucket]
    assert difference.approver is approver


def test_edits_that_mask_each_other_are_told_and_the_total_is_exact() -> None:
    twin = "  - {id: twin, require: risk <= $max_risk, reason: TWIN}\n"
    old = edited(("rules:", twin + "rules:"))
    first = edited(
        ("rules:", twin + "rules:"),
        ("{id: low-risk, require: risk <= $max_risk", "{id: low-risk, require: risk <= 0.5"),
    )
    assert compare(old, first).total == ()
    assert not compare(old, first).relaxes
    both = edited(
        ("rules:", twin.replace("$max_risk", "0.5") + "rules:"),
        ("{id: low-risk, require: risk <= $max_risk", "{id: low-risk, require: risk <= 0.5"),
    )
    difference = compare(old, both)
    assert [(edit.bucket, edit.made) for edit in difference.edits] == [("relaxed", "together")] * 2
    assert difference.relaxes


def test_a_first_version_is_the_risk_owners() -> None:
    difference = compare(None, read(POLICY))
    assert (difference.old, difference.approver) == (None, Seat.RISK_OWNER)
    assert difference.edits[0].effects[0].lane_after is Lane.AUTOMATE


def test_the_digest_of_a_difference_is_the_same_every_time() -> None:
    one, other = read(POLICY), edited(("max_risk: 0.30", "max_risk: 0.35"))
    assert compare(one, other).digest == compare(one, other).digest
    assert compare(one, other).digest != compare(other, one).digest


def test_what_costs_more_than_the_budget_is_refused_never_passed() -> None:
    with pytest.raises(TooComplexToProve, match="more than 10 tests"):
        prove(read(POLICY), budget=10)
    with pytest.raises(TooComplexToProve):
        compare(read(POLICY), edited(("max_risk: 0.30", "max_risk: 0.35")), budget=10)


def test_regions_have_values_that_the_door_could_admit() -> None:
    risk = regions([read(POLICY)])["risk"]
    texts = ["risk 0..0.2999", "risk 0.3", "risk 0.3001..1", "risk missing"]
    assert [region.text for region in risk] == texts
    assert [region.representative for region in risk] == [
        Decimal("0.2999"),
        Decimal("0.3"),
        Decimal("0.3001"),
        None,
    ]


def test_hundreds_of_edits_take_effort_that_is_counted() -> None:
    rules = tuple(
        Rule(id=f"r{n}", when=above("amount", str(n)), then=Lane.REVIEW, reason="R")
        for n in range(400)
    )
    with pytest.raises(TooComplexToProve):
        compare(a_guardrail(rules=rules), a_guardrail())
