"""Wording: what a test says and how it came out, in sentences a reviewer can repeat."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from domain.guardrail.canonical import written_number
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

Explainer = Callable[[Facts, Truth, Unusables], Sequence[str]]

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
    leaf: Leaf
    fact: str
    judge: Judge

    def asked(self, facts: Facts) -> Checked:
        return Checked(self.text, self.fact, facts.get(self.fact), self.judge(facts))


def ready_tests(condition: Condition) -> tuple[ReadyTest, ...]:
    """The tests of a condition, in the author's order."""
    return tuple(
        ReadyTest(leaf_text(leaf), leaf, leaf.fact, judge(leaf)) for leaf in leaves(condition)
    )


def tests(condition: Condition, facts: Facts) -> tuple[Checked, ...]:
    """Every test of a condition, in the author's order, with the value it saw and its result."""
    return tuple(test.asked(facts) for test in ready_tests(condition))


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


def said(causes: Sequence[str]) -> str:
    """Causes as one sentence, each once."""
    return causes[0] if len(causes) == 1 else " and ".join(dict.fromkeys(causes))


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
            return _cause(condition)


def _joined(parts: tuple[tuple[Judge, Explainer], ...]) -> Explainer:
    def explain(facts: Facts, result: Truth, unusable: Unusables) -> Sequence[str]:
        causes: list[str] = []
        for ask, why in parts:
            if ask(facts) is result:  # the others had no say in this result
                causes.extend(why(facts, result, unusable))
        return causes

    return explain


_Phrase = Callable[[FactValue | None], str]
"""What there is to say about a test that came out one way, of the value it saw."""


def _cause(leaf: Leaf) -> Explainer:
    fact = leaf.fact
    if isinstance(leaf, Missing):
        return lambda _facts, result, unusable: (
            (missing_text(fact, unusable),) if result else (f"{fact} is known",)
        )
    held, failed = _phrase(leaf, True), _phrase(leaf, False)

    def cause(facts: Facts, result: Truth, unusable: Unusables) -> Sequence[str]:
        if result is None:
            return (missing_text(fact, unusable),)
        return ((held if result else failed)(facts.get(fact)),)

    return cause


def _phrase(leaf: Compare | In | Contains, result: bool) -> _Phrase:
    match leaf:
        case Compare():
            return _compare_phrase(leaf, leaf.op if result else _OPPOSITE[leaf.op])
        case In(fact=fact, values=values):
            listed = ", ".join(_spoken(value) for value in values[:12])
            more = "" if len(values) <= 12 else f", … ({len(values)} in all)"
            return _around(f"{fact} ", f" is {'' if result else 'not '}one of {listed}{more}")
        case Contains(fact=fact, value=value):
            verb = "contains" if result else "does not contain"
            return _always(f"{fact} {verb} {clipped(value)}")


def _compare_phrase(leaf: Compare, op: Operator) -> _Phrase:
    if leaf.type == "yes_no":
        return _around(f"{leaf.fact} is ", "")
    if op in _ORDER_WORDS:
        return _around(f"{leaf.fact} ", f" is {_ORDER_WORDS[op]} {_spoken(leaf.value)}")
    if op == "==":
        return _always(f"{leaf.fact} is {_spoken(leaf.value)}")
    return _around(f"{leaf.fact} is ", f", not {_spoken(leaf.value)}")


def _always(text: str) -> _Phrase:
    return lambda _: text


def _around(before: str, after: str) -> _Phrase:
    def phrase(seen: FactValue | None) -> str:
        told = written_number(seen) if isinstance(seen, Decimal) else _seen(seen)
        return f"{before}{told}{after}"

    return phrase


def _seen(value: FactValue | None) -> str:
    return "" if value is None or isinstance(value, frozenset) else _spoken(value)


def _spoken(value: Constant) -> str:
    if isinstance(value, Decimal):
        return written_number(value)
    return clipped(value) if isinstance(value, str) else "yes" if value else "no"


def _constant(value: Constant) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return written_number(value)
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
