"""A fact is normalised once; what can't be understood is missing, with its reason."""

from decimal import Decimal
from typing import Any

import pytest

from domain.guardrail.facts import (
    BUILT_IN,
    Choice,
    Code,
    FactType,
    Level,
    Number,
    Tags,
    Unusable,
    YesNo,
    check_context,
    missing_required,
    normalise,
)

SHARE = Number(min=Decimal(0), max=Decimal(1), decimals=2)
MONEY = Number(decimals=2, unit="EUR")


@pytest.mark.parametrize(
    ("name", "kind", "raw", "known"),
    [
        ("confidence", SHARE, 0.899999, "0.89"),
        ("risk", SHARE, 0.300001, "0.31"),
        ("risk", SHARE, 0.3, "0.3"),
        ("amount", MONEY, 0.1 + 0.2, "0.31"),
        ("amount", MONEY, "200.00", "200.00"),
        ("amount", MONEY, -3, "-3"),
        ("amount", MONEY, -0.0, "0"),
        ("amount", MONEY, 1e22, "1E+22"),
        ("amount", MONEY, 5e-324, "0.01"),
    ],
)
def test_a_number_becomes_its_shortest_decimal_rounded_towards_the_stricter_side(
    name: str, kind: Number, raw: Any, known: str
) -> None:
    assert normalise(name, kind, raw) == Decimal(known)


@pytest.mark.parametrize(
    ("kind", "raw", "why"),
    [
        (SHARE, True, "wrong_type"),
        (SHARE, "high", "wrong_type"),
        (SHARE, [], "wrong_type"),
        (SHARE, float("nan"), "not_a_value"),
        (SHARE, float("inf"), "not_a_value"),
        (SHARE, 1.2, "out_of_range"),
        (SHARE, -0.0001, "out_of_range"),
        (MONEY, 10**4000, "out_of_range"),
        (MONEY, 1e300, "out_of_range"),
        (YesNo(), 1, "wrong_type"),
        (YesNo(), "true", "wrong_type"),
        (Choice(values=("a",)), "b", "out_of_range"),
        (Level(values=("a",)), None, "absent"),
        (Code(max_length=3), "abcd", "too_long"),
        (Code(), 3, "wrong_type"),
        (Tags(values=("a",)), ["b"], "out_of_range"),
        (Tags(), "a", "wrong_type"),
        (Tags(), ["a", 1], "wrong_type"),
    ],
)
def test_what_says_nothing_is_unusable_with_its_reason(kind: FactType, raw: Any, why: str) -> None:
    unusable = normalise("x", kind, raw)
    assert isinstance(unusable, Unusable)
    assert unusable.kind == why
    assert len(unusable.reason) < 300


def test_tags_are_a_set() -> None:
    assert normalise("topics", Tags(), ["b", "a", "b"]) == frozenset(("a", "b"))


def test_a_context_is_checked_field_by_field() -> None:
    declared: dict[str, FactType] = {
        "amount": MONEY,
        "tier": Choice(values=("gold",)),
        "note": Code(required=False),
    }
    facts, problems = check_context(
        {"amount": "x" * 500, "teir": "gold", "tier": "lead", "note": None}, declared
    )
    assert facts == {}
    assert [problem.field for problem in problems] == ["amount", "teir", "tier"]
    assert len(problems[0].found) < 80
    assert problems[0].allowed == "a number in EUR"
    assert problems[1].allowed == "did you mean tier?"
    assert problems[2] == ("tier", '"lead"', "one of gold")


def test_what_is_absent_is_missing_and_no_problem() -> None:
    facts, problems = check_context({"amount": None}, {"amount": MONEY, "vip": YesNo()})
    assert (facts, problems) == ({}, ())
    assert missing_required(facts, {**BUILT_IN, "amount": MONEY}) == ("action", "amount", "risk")
