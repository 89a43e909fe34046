"""The section `thresholds`: read as written, refused at its place, exchanged, and compared."""

from datetime import date
from decimal import Decimal

import pytest

from adapters.authoring import AuthoringError, export_dmn, parse_guardrail
from domain.guardrail.difference import compare
from domain.guardrail.document import Guardrail, Thresholds
from domain.guardrail.facts import BUILT_IN
from domain.model import Seat

HEAD = """guardrail: v1
policy: page
automate_only_if: [{id: sure, require: confidence >= 0.9, reason: UNSURE}]
"""
LINES = {
    "limit": "0.05",
    "delta": "0.05",
    "grid": "[0.95, 0.90]",
    "from": "2026-03-01",
}


def section(**changed: str) -> str:
    lines = {name: line for name, line in (LINES | changed).items() if line}
    return "thresholds:\n" + "".join(f"  {name}: {line}\n" for name, line in lines.items())


def policy(**changed: str) -> Guardrail:
    return parse_guardrail(HEAD + section(**changed), BUILT_IN)


def refusal(**changed: str) -> str:
    with pytest.raises(AuthoringError) as refused:
        policy(**changed)
    return str(refused.value)


def test_it_is_read_as_it_is_written() -> None:
    assert policy().thresholds == Thresholds(
        limit=Decimal("0.05"),
        delta=Decimal("0.05"),
        grid=(Decimal("0.95"), Decimal("0.90")),
        since=date(2026, 3, 1),
    )
    exact = policy(method="exact", looks="3", unjudged="withheld").thresholds
    assert exact is not None
    assert (exact.method, exact.looks, exact.unjudged) == ("exact", 3, "withheld")


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("limit", "0", "`limit` is more than 0 and less than 1"),
        ("delta", "1", "`delta` is more than 0 and less than 1"),
        ("limit", "5%", "Write a share as a number"),
        ("limit", "", "limit"),
        ("grid", "[]", "`grid` has 1 to 1000 thresholds, not 0"),
        ("grid", "[0.9, 0.9]", "0.9 is not lower than 0.9 before it"),
        ("grid", "[0.9, 0.95]", "0.95 is not lower than 0.9 before it"),
        ("grid", "[0.98765]", "at most 4 decimals"),
        ("grid", "0.9", "`grid` is a list"),
        ("from", "yesterday", "Write 2026-03-25."),
        ("method", "guess", "`method` is anytime or exact, not guess"),
        ("looks", "2", "`looks` is for `method: exact`"),
        ("unjudged", "right", "`unjudged` is wrong or withheld, not right"),
        ("unit", "EUR", "unit"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(name: str, line: str, said: str) -> None:
    assert said in refusal(**{name: line})


def test_planned_looks_are_counted() -> None:
    assert "whole number" in refusal(method="exact", looks="0")


def test_without_it_a_policy_is_what_it_was() -> None:
    without = parse_guardrail(HEAD, BUILT_IN)
    assert "thresholds" not in without.model_dump_json()
    assert "thresholds" not in without.canonical()
    assert without.digest != policy().digest


def test_it_is_stored_and_comes_back() -> None:
    known = policy(method="exact", looks="3")
    assert Guardrail.model_validate_json(known.model_dump_json()) == known


def test_it_travels_beside_a_decision_table() -> None:
    assert "from: '2026-03-01'" in export_dmn(policy(), BUILT_IN)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("limit", "0.06"),
        ("delta", "0.1"),
        ("grid", "[0.95, 0.80]"),
        ("from", "2026-02-01"),
        ("method", "exact"),
        ("unjudged", "withheld"),
    ],
)
def test_whoever_asks_for_less_evidence_asks_the_risk_owner(name: str, line: str) -> None:
    found = compare(policy(), policy(**{name: line}))
    assert found.approver is Seat.RISK_OWNER
    assert "a threshold is certified on less evidence" in found.weakened
    assert [edit.bucket for edit in found.edits] == ["relaxed"]


def test_whoever_asks_for_more_asks_the_product_owner() -> None:
    for tighter in (policy(limit="0.01"), policy(delta="0.01")):
        found = compare(policy(), tighter)
        assert (found.approver, found.weakened) == (Seat.AI_PRODUCT_OWNER, ())
        assert [edit.bucket for edit in found.edits] == ["tighter"]
    added = compare(parse_guardrail(HEAD, BUILT_IN), policy())
    assert added.approver is Seat.AI_PRODUCT_OWNER
    removed = compare(policy(), parse_guardrail(HEAD, BUILT_IN))
    assert removed.approver is Seat.RISK_OWNER
