"""The example policy of support triage does what its rules say."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.authoring import parse_guardrail
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import evaluate, trace, within_limits_text
from domain.guardrail.facts import BUILT_IN, Choice, Number, Tags
from domain.values import FactValue, Lane

SAMPLES = Path(__file__).parents[2] / "samples"
TEXT = (SAMPLES / "support_triage_guardrail.yaml").read_text("utf-8")
FACTS = {
    **BUILT_IN,
    "amount": Number(min=Decimal(0), decimals=2, unit="EUR", required=False),
    "tier": Choice(values=("basic", "silver", "gold", "platinum")),
    "fraud_score": Number(min=Decimal(0), max=Decimal(1), required=False),
    "topics": Tags(required=False),
}
POLICY = parse_guardrail(TEXT, FACTS)
USUAL: dict[str, FactValue] = {
    "confidence": Decimal("0.94"),
    "risk": Decimal("0.12"),
    "action": "refund",
    "amount": Decimal("20.00"),
    "tier": "basic",
    "fraud_score": Decimal("0.10"),
    "topics": frozenset({"billing"}),
}
REFUND = (
    "action is refund and amount 512.50 is above 200.00 and tier basic is not one of gold, platinum"
)
SHARES = st.integers(0, 100).map(lambda percent: Decimal(percent) / 100)


def case(**changes: FactValue | None) -> dict[str, FactValue]:
    merged = {**USUAL, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def test_the_usual_case_is_automated_and_says_why() -> None:
    assert evaluate(POLICY, USUAL) == (Lane.AUTOMATE, "automate", (), None, None, False, ())
    assert within_limits_text(POLICY, USUAL).startswith(
        "confidence 0.94 is at least 0.90 and risk 0.12 is at most 0.30 and action refund is one of"
    )


@pytest.mark.parametrize(
    ("changes", "lane", "deciding", "reason", "text"),
    [
        (
            {"risk": Decimal("0.45")},
            "review",
            "low-risk",
            "RISK_ABOVE_LIMIT",
            "risk 0.45 is above 0.30",
        ),
        (
            {"confidence": Decimal("0.75")},
            "review",
            "confident",
            "CONFIDENCE_BELOW_LIMIT",
            "confidence 0.75 is under 0.90",
        ),
        (
            {"confidence": None},
            "review",
            "confident",
            "CONFIDENCE_BELOW_LIMIT",
            "confidence is missing",
        ),
        (
            {"action": "delete"},
            "review",
            "allowed",
            "ACTION_NOT_ALLOWED",
            "action delete is not one of refund, replace, reset_password, reply_only",
        ),
        (
            {"confidence": Decimal("0.55")},
            "escalate",
            "uncertain",
            "LOW_CONFIDENCE",
            "confidence 0.55 is under 0.60",
        ),
        (
            {"amount": Decimal("512.50")},
            "review",
            "refund-limit",
            "REFUND_LIMIT",
            REFUND,
        ),
        (
            {"amount": None},
            "review",
            "refund-limit",
            "CANNOT_CHECK.REFUND_LIMIT",
            "amount is missing",
        ),
        (
            {"fraud_score": Decimal("0.80")},
            "escalate",
            "fraud",
            "FRAUD",
            "fraud_score 0.80 is at least 0.80",
        ),
        ({"fraud_score": None}, "review", "fraud", "CANNOT_CHECK.FRAUD", "fraud_score is missing"),
        (
            {"topics": frozenset({"self_harm"})},
            "escalate",
            "sensitive",
            "SENSITIVE_TOPIC",
            "topics contains self_harm",
        ),
    ],
)
def test_each_limit_and_rule_decides_where_it_says(
    changes: dict[str, FactValue | None], lane: str, deciding: str, reason: str, text: str
) -> None:
    verdict = evaluate(POLICY, case(**changes))
    assert (verdict.lane, verdict.deciding) == (lane, deciding)
    said = next(part for part in verdict.contributions if part.id == deciding)
    assert (said.reason, said.text) == (reason, text)


def test_a_refund_at_the_limit_or_to_a_gold_customer_is_automated() -> None:
    assert evaluate(POLICY, case(amount=Decimal("200.00"))).lane is Lane.AUTOMATE
    assert evaluate(POLICY, case(amount=Decimal(900), tier="gold")).lane is Lane.AUTOMATE


def test_a_missing_required_fact_goes_to_review_and_is_named() -> None:
    verdict = evaluate(POLICY, case(tier=None, risk=None), {"risk": "1.2 is out of range"})
    assert verdict.lane is Lane.REVIEW
    assert verdict.missing == ("risk", "tier")
    assert verdict.contributions[0].text == "risk is missing: 1.2 is out of range"


def test_the_deciding_rule_gives_queue_service_level_and_four_eyes() -> None:
    verdict = evaluate(POLICY, case(topics=frozenset({"legal"}), confidence=Decimal("0.5")))
    assert (verdict.deciding, verdict.queue) == ("sensitive", "specialists")
    assert (verdict.sla, verdict.four_eyes) == (timedelta(minutes=30), True)
    assert [part.id for part in verdict.contributions] == ["confident", "uncertain", "sensitive"]


def test_the_trace_lists_every_test_with_the_value_it_saw() -> None:
    lines = {line.id: line for line in trace(POLICY, case(amount=None))}
    assert len(lines) == 7
    tests = lines["refund-limit"].tests
    assert [(t.text, t.seen, t.result) for t in tests] == [
        ("action is refund", "refund", True),
        ("amount > 200.00", None, None),
        ("tier in [gold, platinum]", "basic", False),
    ]
    assert lines["refund-limit"].result is None


@given(SHARES, SHARES, SHARES)
def test_more_risk_is_never_laxer(risk: Decimal, more: Decimal, confidence: Decimal) -> None:
    low, high = sorted((risk, more))
    lanes = [evaluate(POLICY, case(risk=r, confidence=confidence)).lane for r in (low, high)]
    assert lanes[0].caution <= lanes[1].caution


@given(SHARES, SHARES, SHARES)
def test_more_confidence_is_never_stricter(one: Decimal, two: Decimal, risk: Decimal) -> None:
    low, high = sorted((one, two))
    lanes = [evaluate(POLICY, case(risk=risk, confidence=c)).lane for c in (low, high)]
    assert lanes[0].caution >= lanes[1].caution


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{value: 0.30}", '{value: 0.3, why: "asked for"}'),
        ("title: Support triage", "title: Triage"),
        ("why: Recoverable, but the customer notices", "why: It matters"),
        ("# the numbers a risk owner signs", "# other words"),
        ("review:   {queue: support-l1,    sla: 4h}", "review: {sla: 240m, queue: support-l1}"),
        ("action is refund and", "action == refund and"),
        ("unless: tier in [gold, platinum]", "unless: (tier in [gold,platinum])"),
    ],
)
def test_prose_spelling_and_order_of_keys_change_no_digest(old: str, new: str) -> None:
    assert old in TEXT
    assert parse_guardrail(TEXT.replace(old, new), FACTS).digest == POLICY.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{value: 0.30}", "{value: 0.31}"),
        ("confidence < $low_confidence", "confidence <= $low_confidence"),
        ("queue: support-l1", "queue: support-l2"),
        ("reason: FRAUD", "reason: FRAUDULENT"),
        ("rate: 0.05", "rate: 0.06"),
        ("four_eyes: true", "four_eyes: false"),
    ],
)
def test_every_change_of_meaning_changes_the_digest(old: str, new: str) -> None:
    assert old in TEXT
    assert parse_guardrail(TEXT.replace(old, new), FACTS).digest != POLICY.digest


def test_a_changed_copy_has_its_own_digest() -> None:
    digest = POLICY.digest
    assert POLICY.model_copy(update={"rules": ()}).digest != digest


def test_the_stored_policy_is_the_parsed_one() -> None:
    stored = json.loads(POLICY.model_dump_json())
    assert stored["limits"][0]["require"]["value"] == "0.90"
    assert Guardrail.model_validate(stored) == POLICY
