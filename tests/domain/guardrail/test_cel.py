"""Printed to CEL, a condition means what it means here, to two libraries that know nothing of us.

One is written in Rust, the other is Google's in C++. What they make an error of is unknown to us.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Any

import cel as rust
import pytest
from cel_expr_python import cel as cpp
from hypothesis import given, settings
from strategies import FACTS, conditions, guardrails, known_facts

from domain.guardrail.cel import (
    NotForCel,
    condition_for_cel,
    facts_for_cel,
    outcome_for_cel,
    policy_for_cel,
    scales,
)
from domain.guardrail.conditions import (
    And,
    Compare,
    Condition,
    Contains,
    In,
    Missing,
    Not,
    Or,
    Truth,
    evaluate_condition,
)
from domain.guardrail.document import Guardrail, Rule
from domain.guardrail.evaluate import Compiled
from domain.guardrail.facts import Choice, Code, Level, Number, Tags, YesNo
from domain.values import FactValue, Lane

PAIRS = 12_000
FACT_SETS = 8  # to a condition
Known = dict[str, FactValue]
Ask = Callable[[dict[str, Any]], Any]

MAP = cpp.Type.Map(cpp.Type.STRING, cpp.Type.DYN)
ENVIRONMENT = cpp.NewEnv(variables={"facts": MAP})


def asked_of_rust(text: str) -> Ask:
    """An answer, or None for an error."""
    program = rust.compile(text)

    def ask(facts: dict[str, Any]) -> Any:
        try:
            return program.execute({"facts": facts})
        except KeyError:  # a missing key; anything else is a defect
            return None

    return ask


def asked_of_cpp(text: str) -> Ask:
    expression = ENVIRONMENT.compile(text)

    def ask(facts: dict[str, Any]) -> Any:
        answer = expression.eval(data={"facts": facts})
        if answer.type() == cpp.Type.ERROR:
            assert "NOT_FOUND" in str(answer.value()), answer.value()
            return None
        return answer.value()

    return ask


LIBRARIES = pytest.mark.parametrize("asked_of", [asked_of_rust, asked_of_cpp], ids=["rust", "cpp"])
SCALES = {name: fact.decimals for name, fact in FACTS.items() if isinstance(fact, Number)}
WORDS = (
    "legal",
    "billing",
    "self_harm",
    "DE",
    'a "quoted" \\ word',
    "Grüße",
    "𝄞",
    "line\nbreak",
    "\x1f\x7f\u2028",
    "",
)


# Not among them is U+0000: see `test_the_cpp_binding_cuts_a_text_at_its_zero_character`.


class Dice:
    """Conditions and facts at random, many and fast, the same in every run."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def value(self, name: str) -> FactValue:
        match FACTS[name]:
            case YesNo():
                return self.random.random() < 0.5
            case Number(decimals=2):
                return Decimal(self.random.choice((0, 1, 19999, 20000, 20001, 100000))) / 100
            case Number():
                return (
                    Decimal(self.random.choice((0, 1, 299999, 300000, 300001, 999999, 1000000)))
                    / 1_000_000
                )
            case Choice(values=values) | Level(values=values):
                return self.random.choice(values)
            case Code():
                return self.random.choice(WORDS)
            case Tags():
                return frozenset(self.random.sample(WORDS, self.random.randrange(3)))

    def facts(self) -> Known:
        return {name: self.value(name) for name in FACTS if self.random.random() < 0.7}

    def test(self) -> Condition:
        name = self.random.choice(list(FACTS))
        kind = FACTS[name]
        if self.random.random() < 0.1:
            return Missing(fact=name)
        if isinstance(kind, Tags):
            return Contains(fact=name, value=self.random.choice(WORDS))
        if not isinstance(kind, YesNo) and self.random.random() < 0.3:
            values = tuple(self.value(name) for _ in range(self.random.randrange(1, 5)))
            return In.model_validate({"fact": name, "type": kind.type, "values": values})
        signs = (
            ("==", "!=", "<", "<=", ">", ">=") if isinstance(kind, Number | Level) else ("==", "!=")
        )
        order = kind.values if isinstance(kind, Level) else ()
        return Compare.model_validate(
            {
                "fact": name,
                "type": kind.type,
                "op": self.random.choice(signs),
                "value": self.value(name),
                "order": order,
            }
        )

    def condition(self, depth: int = 4) -> Condition:
        roll = self.random.random()
        if depth == 0 or roll < 0.3:
            return self.test()
        if roll < 0.45:
            return Not(of=self.condition(depth - 1))
        parts = tuple(self.condition(depth - 1) for _ in range(self.random.randrange(1, 4)))
        return And(of=parts) if roll < 0.72 else Or(of=parts)


def cases(seed: int, pairs: int) -> Iterator[tuple[Condition, list[Known]]]:
    dice = Dice(seed)
    for _ in range(pairs // FACT_SETS):
        yield dice.condition(), [dice.facts() for _ in range(FACT_SETS)]


@LIBRARIES
def test_no_condition_and_no_facts_are_judged_otherwise_by_a_cel_library(
    asked_of: Callable[[str], Ask],
) -> None:
    met: dict[Truth, int] = {True: 0, False: 0, None: 0}
    for condition, several in cases(seed=20_261, pairs=PAIRS):
        text = condition_for_cel(condition, SCALES)
        ask = asked_of(text)
        for facts in several:
            ours = evaluate_condition(condition, facts)
            theirs = ask(facts_for_cel(facts, SCALES))
            assert theirs is ours, (text, facts, theirs, ours)
            met[ours] += 1
    assert sum(met.values()) == PAIRS
    assert min(met.values()) > PAIRS / 20, "each result is met often"


@LIBRARIES
@given(condition=conditions(), facts=known_facts())
@settings(max_examples=50)
def test_what_authors_could_have_written_is_judged_alike(
    asked_of: Callable[[str], Ask], condition: Condition, facts: Known
) -> None:
    ask = asked_of(condition_for_cel(condition, SCALES))
    assert ask(facts_for_cel(facts, SCALES)) is evaluate_condition(condition, facts)


@LIBRARIES
@given(guardrail=guardrails(), facts=known_facts())
@settings(max_examples=40, deadline=None)
def test_a_whole_policy_gives_its_lane_in_cel(
    asked_of: Callable[[str], Ask], guardrail: Guardrail, facts: Known
) -> None:
    lane = asked_of(outcome_for_cel(guardrail))(facts_for_cel(facts, scales(guardrail)))
    assert lane == Compiled(guardrail).lane(facts)


def compare(fact: str, op: str, value: object, kind: str = "number") -> Compare:
    return Compare.model_validate({"fact": fact, "type": kind, "op": op, "value": value})


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (compare("amount", ">", Decimal("200.00")), "facts.amount > 20000"),
        (compare("confidence", ">=", Decimal("0.9")), "facts.confidence >= 900000"),
        (compare("amount", "<", Decimal("-0.5")), "facts.amount < -50"),
        (compare("vip", "==", True, "yes_no"), "facts.vip == true"),
        (Missing(fact="vip"), "!has(facts.vip)"),
        (compare("for", "==", "x", "code"), 'facts["for"] == "x"'),
        (Missing(fact="two words"), '!("two words" in facts)'),
        (Contains(fact="topics", value="self_harm"), '"self_harm" in facts.topics'),
        (
            compare("country", "!=", 'a"\\\n𝄞\x00', "code"),
            'facts.country != "a\\"\\\\\\u000a𝄞\\u0000"',
        ),
        (
            Compare(
                fact="severity", type="level", op=">=", value="high", order=("low", "high", "top")
            ),
            '{"low": 0, "high": 1, "top": 2}[facts.severity] >= 1',
        ),
        (
            And(
                of=(Missing(fact="vip"), Or(of=(Not(of=Missing(fact="vip")), Missing(fact="risk"))))
            ),
            "(!has(facts.vip) && (!(!has(facts.vip)) || !has(facts.risk)))",
        ),
    ],
)
def test_what_is_printed_can_be_read(condition: Condition, text: str) -> None:
    assert condition_for_cel(condition, SCALES) == text
    for asked_of in (asked_of_rust, asked_of_cpp):
        assert asked_of(text)({}) is evaluate_condition(condition, {})


def test_a_number_is_compared_exactly_where_doubles_would_fail() -> None:
    """The trap that whole numbers avoid: to both libraries a hair above 200 is 200."""
    hair = Decimal("200.00000000000000001")
    condition = compare("amount", ">", Decimal(200))
    known = {"amount": 16}
    with pytest.raises(NotForCel):
        facts_for_cel({"amount": hair}, {"amount": 17})
    assert facts_for_cel({"amount": Decimal("200.0000000000000001")}, known) == {
        "amount": 2000000000000000001
    }
    for asked_of in (asked_of_rust, asked_of_cpp):
        assert asked_of("facts.amount > 200.0")({"amount": float(hair)}) is False
        seen = facts_for_cel({"amount": Decimal("200.0000000000000001")}, known)
        assert asked_of(condition_for_cel(condition, known))(seen) is True


def test_the_cpp_binding_cuts_a_text_at_its_zero_character() -> None:
    """A defect of cel-expr-python 0.1.3, of what Python hands it: why no random text has U+0000."""
    condition = compare("country", "==", "a\x00b", "code")
    text = condition_for_cel(condition, {})
    facts: Known = {"country": "a\x00b"}
    assert evaluate_condition(condition, facts) is True
    assert asked_of_rust(text)(facts_for_cel(facts, {})) is True
    assert asked_of_cpp(text)(facts_for_cel(facts, {})) is False
    assert asked_of_cpp("size(facts.country)")(facts_for_cel(facts, {})) == 1


def guardrail_on(condition: Condition, **facts: Any) -> Guardrail:
    return Guardrail(
        policy="one",
        facts=facts,
        rules=(Rule(id="it", when=condition, then=Lane.ESCALATE, reason="IT"),),
    )


def test_a_constant_finer_than_its_fact_makes_the_unit_finer() -> None:
    fine = guardrail_on(
        compare("amount", ">", Decimal("0.305")), amount=Number(decimals=2, required=False)
    )
    assert scales(fine) == {"amount": 3}
    assert "facts.amount > 305" in policy_for_cel(fine)
    assert facts_for_cel({"amount": Decimal("0.31")}, scales(fine)) == {"amount": 310}


@pytest.mark.parametrize("value", ["9300000000000000000", "-1e30", "0.001"])
def test_a_number_that_cel_has_no_whole_number_for_is_refused_by_name(value: str) -> None:
    with pytest.raises(NotForCel, match=r"^amount: found "):
        facts_for_cel({"amount": Decimal(value)}, {"amount": 0})


@LIBRARIES
def test_a_word_that_is_no_level_errs_and_is_not_taken_for_a_low_one(
    asked_of: Callable[[str], Ask],
) -> None:
    severe = Compare(fact="severity", type="level", op=">=", value="high", order=("low", "high"))
    ask = asked_of(condition_for_cel(severe, {}))
    assert ask({"severity": "extreme"}) is None
    assert evaluate_condition(severe, {"severity": "extreme"}) is None


def test_nothing_but_lines_of_cel_and_comments_is_printed_of_a_policy() -> None:
    guardrail = guardrail_on(compare("amount", ">", Decimal(5)), amount=Number(decimals=2))
    assert policy_for_cel(guardrail).splitlines() == [
        f"// policy {guardrail.digest}, in CEL; a missing fact has no key in `facts`",
        "//   facts.amount counts 10^-2",
        "// rule it: if true, escalate; on an error, review",
        "facts.amount > 500",
    ]
