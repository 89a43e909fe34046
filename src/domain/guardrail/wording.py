"""Wording: what a test says and how it came out, in sentences a reviewer can repeat."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from domain.guardrail.conditions import (
    And,
    Compare,
    Condition,
    Constant,
    Contains,
    In,
    Judge,
    Leaf,
    Missing,
    Not,
    Operator,
    Or,
    Truth,
    judge,
    leaves,
)
from domain.guardrail.facts import Facts, clipped
from domain.values import FactValue

Unusables = Mapping[str, str]
"""Why a missing fact is missing, where more is known than that: by fact, in words."""

Explainer = Callable[[Facts, Truth, Unusables], Iterable[str]]

_OPPOSITE: dict[Operator, Operator] = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
}
_ORDER_WORDS: dict[Operator, str] = {
    "<": "under",
    "<=": "at most",
    ">": "above",
    ">=": "at least",
}


class Checked(NamedTuple):
    """One test as it went: its text, the value it saw (nothing when missing) and the result."""

    text: str
    fact: str
    seen: FactValue | None
    result: Truth


class ReadyTest(NamedTuple):
    """One test, ready to be asked and recorded often."""

    text: str
    fact: str
    judge: Judge

    def asked(self, facts: Facts) -> Checked:
        return Checked(self.text, self.fact, facts.get(self.fact), self.judge(facts))


def ready_tests(condition: Condition) -> tuple[ReadyTest, ...]:
    """The tests of a condition, in the author's order."""
    return tuple(ReadyTest(leaf_text(leaf), leaf.fact, judge(leaf)) for leaf in leaves(condition))


def tests(condition: Condition, facts: Facts) -> tuple[Checked, ...]:
    """Every test of a condition, in the author's order, with the value it saw and its result."""
    return tuple(test.asked(facts) for test in ready_tests(condition))


def number(value: Decimal) -> str:
    """A number in plain digits, as written: never an exponent."""
    return format(value, "f")


def condition_text(condition: Condition) -> str:
    """A condition in the language policies are written in."""
    match condition:
        case Not(of=inner):
            return f"not ({condition_text(inner)})"
        case And(of=parts):
            return " and ".join(_grouped(part) for part in parts)
        case Or(of=parts):
            return " or ".join(_grouped(part) for part in parts)
        case _:
            return leaf_text(condition)


def leaf_text(leaf: Leaf) -> str:
    """One test in the language policies are written in."""
    match leaf:
        case Compare(type="yes_no", fact=fact):
            return fact if (leaf.op == "==") == (leaf.value is True) else f"not {fact}"
        case Compare(fact=fact, op=op, value=value):
            word = {"==": "is", "!=": "is not"}.get(op, op) if leaf.type != "number" else op
            return f"{fact} {word} {_constant(value)}"
        case In(fact=fact, values=values):
            return f"{fact} in [{', '.join(_constant(value) for value in values)}]"
        case Contains(fact=fact, value=value):
            return f"{fact} contains {_constant(value)}"
        case Missing(fact=fact):
            return f"{fact} is missing"


def because(condition: Condition, facts: Facts, result: Truth, unusable: Unusables) -> str:
    """Why a condition came out as it did: the tests that made it so, with their numbers."""
    return said(explainer(condition)(facts, result, unusable))


def said(causes: Iterable[str]) -> str:
    """Causes as one sentence, each once."""
    return " and ".join(dict.fromkeys(causes))


def missing_text(fact: str, unusable: Unusables) -> str:
    """That a fact is missing, and why if that is known."""
    return f"{fact} is missing: {unusable[fact]}" if fact in unusable else f"{fact} is missing"


def explainer(condition: Condition) -> Explainer:
    """Why a condition comes out as it does, made ready to be asked often."""
    match condition:
        case Not(of=inner):
            explain = explainer(inner)
            return lambda facts, result, unusable: explain(
                facts, None if result is None else not result, unusable
            )
        case And(of=parts) | Or(of=parts):
            return _joined(tuple((judge(part), explainer(part)) for part in parts))
        case _:
            return lambda facts, result, unusable: (_cause(condition, facts, result, unusable),)


def _joined(parts: tuple[tuple[Judge, Explainer], ...]) -> Explainer:
    def explain(facts: Facts, result: Truth, unusable: Unusables) -> Iterable[str]:
        for ask, why in parts:
            if ask(facts) is result:  # the others had no say in this result
                yield from why(facts, result, unusable)

    return explain


def _cause(leaf: Leaf, facts: Facts, result: Truth, unusable: Unusables) -> str:
    if isinstance(leaf, Missing):
        return missing_text(leaf.fact, unusable) if result else f"{leaf.fact} is known"
    if result is None:
        return missing_text(leaf.fact, unusable)
    return _PHRASES[leaf.node](leaf, facts.get(leaf.fact), result)


def _compare_phrase(leaf: Compare, seen: FactValue | None, result: bool) -> str:
    op = leaf.op if result else _OPPOSITE[leaf.op]
    if leaf.type == "yes_no":
        return f"{leaf.fact} is {_seen(seen)}"
    if op in _ORDER_WORDS:
        return f"{leaf.fact} {_seen(seen)} is {_ORDER_WORDS[op]} {_spoken(leaf.value)}"
    if op == "==":
        return f"{leaf.fact} is {_spoken(leaf.value)}"
    return f"{leaf.fact} is {_seen(seen)}, not {_spoken(leaf.value)}"


def _in_phrase(leaf: In, seen: FactValue | None, result: bool) -> str:
    listed = ", ".join(_spoken(value) for value in leaf.values[:12])
    more = "" if len(leaf.values) <= 12 else f", … ({len(leaf.values)} in all)"
    return f"{leaf.fact} {_seen(seen)} is {'' if result else 'not '}one of {listed}{more}"


def _contains_phrase(leaf: Contains, _seen: FactValue | None, result: bool) -> str:
    verb = "contains" if result else "does not contain"
    return f"{leaf.fact} {verb} {clipped(leaf.value)}"


_PHRASES: dict[str, Callable[..., str]] = {
    "compare": _compare_phrase,
    "in": _in_phrase,
    "contains": _contains_phrase,
}


def _seen(value: FactValue | None) -> str:
    return "" if value is None or isinstance(value, frozenset) else _spoken(value)


def _spoken(value: Constant) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return number(value)
        case str():
            return clipped(value)


def _constant(value: Constant) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return number(value)
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return value if _is_word(value) else f'"{escaped}"'


def _is_word(value: str) -> bool:
    plain = value.replace("_", "").replace("-", "")
    return plain.isascii() and plain.isalnum() and value[0].isalpha() and value not in KEYWORDS


KEYWORDS = frozenset(
    ("and", "or", "not", "is", "in", "contains", "missing", "present", "true", "false")
)
"""Words with a meaning of their own in a condition; as a constant they are quoted."""


def _grouped(part: Condition) -> str:
    text = condition_text(part)
    return f"({text})" if isinstance(part, And | Or) else text
