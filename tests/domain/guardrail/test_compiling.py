"""What is compiled means what is written to be read: `reference.py`, byte for byte."""

import json
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import FACTS, conditions, guardrails, known_facts, rules

from domain.guardrail.conditions import And, Compare, Condition, In, Not, Or, evaluate_condition
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.evaluate import (
    Compiled,
    evaluate,
    evaluate_traced,
    trace_digest,
    within_limits_text,
)
from domain.guardrail.facts import Code, Number
from domain.values import FactValue, Lane

Known = dict[str, FactValue]
ODD = st.one_of(
    st.booleans(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from([Decimal("-0.00"), Decimal("1E+30"), Decimal("0E+3"), Decimal("1.500E-9")]),
    st.text(alphabet=st.characters(codec="utf-8"), max_size=70),
    st.frozensets(st.text(alphabet=st.characters(codec="utf-8"), max_size=4)),
    st.integers(),
    st.none(),
)
FACTS_OF_ANY_KIND = st.one_of(
    known_facts(),
    st.dictionaries(st.sampled_from(sorted(FACTS)), ODD),
    st.builds(
        lambda one, two: one | two,
        known_facts(),
        st.dictionaries(st.sampled_from(sorted(FACTS)), ODD),
    ),
)


@given(guardrails(), FACTS_OF_ANY_KIND)
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_the_compiled_policy_is_the_one_that_is_written_to_be_read(
    guardrail: Guardrail, facts: Known
) -> None:
    expected = reference.verdict(guardrail, facts)
    assert evaluate(guardrail, facts) == expected
    assert Compiled(guardrail).lane(facts) is expected.lane
    assert evaluate_traced(guardrail, facts) == (expected, reference.trace_digest(guardrail, facts))
    assert trace_digest(guardrail, facts) == reference.trace_digest(guardrail, facts)
    if expected.lane is Lane.AUTOMATE:
        assert within_limits_text(guardrail, facts) == reference.within_limits(guardrail, facts)


@given(conditions(), known_facts())
def test_a_condition_comes_out_as_it_reads(condition: Condition, facts: Known) -> None:
    assert evaluate_condition(condition, facts) is reference.holds(condition, facts)


def of_one_rule(when: Condition, facts: dict[str, Any] = FACTS) -> Guardrail:
    return Guardrail(
        policy="one",
        facts=facts,
        rules=(Rule(id="it", when=when, then=Lane.ESCALATE, reason="IT"),),
    )


AMOUNT = Compare(fact="amount", type="number", op=">", value=Decimal(200))


@pytest.mark.parametrize("depth", [1, 50, 150])
def test_nesting_as_deep_as_can_be_stored_is_no_deeper_when_compiled(depth: int) -> None:
    deep: Condition = AMOUNT
    for step in range(depth):
        deep = (Not(of=deep), And(of=(deep, AMOUNT)), Or(of=(AMOUNT, deep)))[step % 3]
    guardrail = of_one_rule(deep)
    for facts in ({}, {"amount": Decimal(200)}, {"amount": Decimal(201)}):
        known: Known = dict(facts)
        expected = reference.verdict(guardrail, known)
        assert Compiled(guardrail).lane(known) is expected.lane
        assert evaluate_traced(guardrail, known) == (
            expected,
            reference.trace_digest(guardrail, known),
        )


def test_a_condition_as_wide_as_a_condition_may_be_is_compiled() -> None:
    codes = Or(of=tuple(In(fact="country", type="code", values=(f"C{i}",)) for i in range(2_000)))
    guardrail = of_one_rule(codes)
    assert Compiled(guardrail).lane({"country": "C1999"}) is Lane.ESCALATE
    assert evaluate_traced(guardrail, {"country": "DE"})[0].lane is Lane.AUTOMATE


def test_a_policy_of_very_many_rules_is_compiled_in_bounded_time() -> None:
    many = tuple(
        Rule(
            id=f"r{number}",
            when=Compare(fact="amount", type="number", op=">", value=Decimal(number)),
            then=Lane.REVIEW,
            reason="MANY",
        )
        for number in range(3_000)
    )
    guardrail = Guardrail.model_construct(
        policy="many", facts={"amount": FACTS["amount"]}, rules=many
    )
    started = process_time()
    verdict, digest = evaluate_traced(guardrail, {"amount": Decimal("0.5")})
    assert [part.id for part in verdict.contributions] == ["r0"]
    assert digest == reference.trace_digest(guardrail, {"amount": Decimal("0.5")})
    assert process_time() - started < 60, "it grows with the rules' number, not with its square"


@pytest.mark.parametrize(
    "hostile",
    [
        "');import os;('",
        "\n    raise SystemExit",
        "k0",
        "known",
        "policy",
        "__builtins__",
        "{}",
        '"""',
        "\\",
    ],
)
def test_nothing_an_author_writes_is_ever_run(hostile: str) -> None:
    facts = {hostile: Code(required=False)}
    when = And(
        of=(
            Compare(fact=hostile, type="code", op="==", value=hostile),
            In(fact=hostile, type="code", values=(hostile, "other")),
        )
    )
    guardrail = of_one_rule(when, facts)
    seen: Known = {hostile: hostile}
    assert Compiled(guardrail).lane(seen) is Lane.ESCALATE
    assert evaluate_traced(guardrail, seen)[1] == reference.trace_digest(guardrail, seen)


def test_a_guardrail_without_limits_and_rules_speaks_against_nothing() -> None:
    empty = Guardrail(policy="empty", facts={})
    assert Compiled(empty).lane({}) is Lane.AUTOMATE
    assert evaluate_traced(empty, {}) == (
        reference.verdict(empty, {}),
        reference.trace_digest(empty, {}),
    )
    assert within_limits_text(empty, {}) == "no limit and no rule speaks against"


def test_two_spellings_of_one_policy_keep_their_own_traces() -> None:
    """Their digests are equal, yet each trace quotes its own policy, whichever was asked first."""

    def limited(digits: str) -> Guardrail:
        at_most = Compare(fact="risk", type="number", op="<=", value=Decimal(digits))
        return Guardrail(
            policy="spelt",
            facts={"risk": Number()},
            limits=(Limit(id="low-risk", require=at_most, reason="RISK"),),
        )

    short, long = limited("0.3"), limited("0.30")
    assert short.digest == long.digest
    facts: Known = {"risk": Decimal("0.1")}
    assert [trace_digest(policy, facts) for policy in (short, long)] == [
        reference.trace_digest(policy, facts) for policy in (short, long)
    ]
    assert within_limits_text(long, facts) == "risk 0.1 is at most 0.30"


@given(guardrails(), rules(name="one-more"), known_facts())
def test_an_added_rule_is_heard_by_what_is_compiled(
    guardrail: Guardrail, rule: Rule, facts: Known
) -> None:
    more = guardrail.model_copy(update={"rules": (*guardrail.rules, rule)})
    assert evaluate_traced(more, facts)[0] == reference.verdict(more, facts)


VECTORS: Any = json.loads(
    (Path(__file__).parents[2] / "samples" / "guardrail_vectors.json").read_text("utf-8")
)


def test_the_agreed_vectors_hold_for_what_is_written_to_be_read() -> None:
    from test_vectors import fact

    for case in VECTORS["cases"]:
        guardrail = Guardrail.model_validate(VECTORS["guardrails"][case["guardrail"]]["guardrail"])
        facts = {name: fact(written) for name, written in case["facts"].items()}
        assert reference.trace_digest(guardrail, facts) == case["trace_digest"]
        assert reference.verdict(guardrail, facts).lane == case["lane"]
