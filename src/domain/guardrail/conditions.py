"""Conditions: what a policy asks of the facts, as seven kinds of node.

The tree, not the author's text, is canonical: hashed, stored, replayed and analysed. Constants
stand in it with their type, so a tree read back years later needs nothing else to be evaluated.
Truth is three-valued (strong Kleene): a test on a missing fact is unknown, save `is missing`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, StrictBool, model_validator

from domain.guardrail.facts import Facts
from domain.model import Value

Truth = bool | None
"""True, false, or unknown."""

Constant = StrictBool | Decimal | str
FactKind = Literal["yes_no", "number", "choice", "level", "code", "tags"]
Operator = Literal["==", "!=", "<", "<=", ">", ">="]
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
ORDERED: frozenset[Operator] = frozenset(("<", "<=", ">", ">="))


def _with_typed(data: Any, name: str, read: "Callable[[object, Any], Any]") -> Any:
    """A stored number is a string; its node's type says that it is a number."""
    if not isinstance(data, dict):
        return data
    stored = cast(dict[str, Any], data)
    return {**stored, name: read(stored.get("type"), stored[name])} if name in stored else stored


def _typed(kind: object, constant: Any) -> Any:
    if kind != "number" or not isinstance(constant, str):
        return constant
    if not _NUMBER.fullmatch(constant):
        raise ValueError(f"{constant[:40]} is no number")
    return Decimal(constant)


def _all_typed(kind: object, constants: Any) -> Any:
    if not isinstance(constants, list | tuple):
        return constants
    return tuple(_typed(kind, constant) for constant in cast(Sequence[Any], constants))


class Compare(Value):
    """A fact against a constant. A level's order travels along when the test needs it."""

    node: Literal["compare"] = "compare"
    fact: str
    type: Literal["yes_no", "number", "choice", "level", "code"]
    op: Operator
    value: Constant
    order: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return _with_typed(data, "value", _typed)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _check_constant(self.type, self.value)
        if self.op in ORDERED and self.type not in ("number", "level"):
            raise ValueError(f"{self.op} needs an order, and {self.type} has none")
        if self.op in ORDERED and self.type == "level" and self.value not in self.order:
            raise ValueError(f"{self.value} is not a level of {self.fact}")
        return self


class In(Value):
    """A fact is one of some constants."""

    node: Literal["in"] = "in"
    fact: str
    type: Literal["number", "choice", "level", "code"]
    values: tuple[Constant, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        return _with_typed(data, "values", _all_typed)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for value in self.values:
            _check_constant(self.type, value)
        return self


class Contains(Value):
    """A set of tags has a word in it."""

    node: Literal["contains"] = "contains"
    fact: str
    value: str


class Missing(Value):
    """A fact is missing: the one test that always has an answer."""

    node: Literal["missing"] = "missing"
    fact: str


class Not(Value):
    """The opposite of a condition; of unknown, unknown."""

    node: Literal["not"] = "not"
    of: "Condition"


class And(Value):
    """All of some conditions."""

    node: Literal["and"] = "and"
    of: "tuple[Condition, ...]" = Field(min_length=1)


class Or(Value):
    """At least one of some conditions."""

    node: Literal["or"] = "or"
    of: "tuple[Condition, ...]" = Field(min_length=1)


Leaf = Compare | In | Contains | Missing
Condition = Annotated[
    Compare | In | Contains | Missing | Not | And | Or, Field(discriminator="node")
]
for _model in (Not, And, Or):
    _model.model_rebuild()

Judge = Callable[[Facts], Truth]
"""A condition made ready to be asked often."""


def evaluate_condition(condition: Condition, facts: Facts) -> Truth:
    """Whether a condition holds: true, false or unknown."""
    return judge(condition)(facts)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The tests a condition consists of, in the author's order."""
    match condition:
        case Not(of=inner):
            yield from leaves(inner)
        case And(of=parts) | Or(of=parts):
            for part in parts:
                yield from leaves(part)
        case _:
            yield condition


def facts_of(condition: Condition) -> frozenset[str]:
    """The names of the facts a condition asks about."""
    return frozenset(leaf.fact for leaf in leaves(condition))


def judge(condition: Condition) -> Judge:
    """The condition as a function of the facts, with everything decided that can be beforehand."""
    match condition:
        case Compare():
            return (
                _level_judge(condition)
                if condition.op in ORDERED and condition.order
                else (_compare_judge(condition))
            )
        case In(fact=fact, values=values):
            return _in_judge(fact, frozenset(values))
        case Contains(fact=fact, value=value):
            return _contains_judge(fact, value)
        case Missing(fact=fact):
            return lambda facts: facts.get(fact) is None
        case Not(of=inner):
            return _not_judge(judge(inner))
        case And(of=parts):
            return _all_judge(tuple(judge(part) for part in parts))
        case Or(of=parts):
            return _any_judge(tuple(judge(part) for part in parts))


def _check_constant(kind: str, value: Constant) -> None:
    wanted: type = {"yes_no": bool, "number": Decimal}.get(kind, str)
    if not isinstance(value, wanted) or (isinstance(value, Decimal) and not value.is_finite()):
        raise ValueError(f"{value!r} is no constant for a {kind} fact")


def _compare_judge(compare: Compare) -> Judge:
    fact = compare.fact
    constant: Any = compare.value

    def equal(facts: Facts) -> Truth:
        value = facts.get(fact)
        return None if value is None else value == constant

    def unequal(facts: Facts) -> Truth:
        value = facts.get(fact)
        return None if value is None else value != constant

    def less(facts: Facts) -> Truth:
        value: Any = facts.get(fact)
        return None if value is None else value < constant

    def at_most(facts: Facts) -> Truth:
        value: Any = facts.get(fact)
        return None if value is None else value <= constant

    def more(facts: Facts) -> Truth:
        value: Any = facts.get(fact)
        return None if value is None else value > constant

    def at_least(facts: Facts) -> Truth:
        value: Any = facts.get(fact)
        return None if value is None else value >= constant

    return {"==": equal, "!=": unequal, "<": less, "<=": at_most, ">": more, ">=": at_least}[
        compare.op
    ]


def level_results(compare: Compare) -> Mapping[object, bool]:
    """A level's order is known beforehand, so a comparison is a look-up of its result."""
    rank = {word: index for index, word in enumerate(compare.order)}
    bound = rank[str(compare.value)]
    return {
        word: {"<": at < bound, "<=": at <= bound, ">": at > bound, ">=": at >= bound}[compare.op]
        for word, at in rank.items()
    }


def _level_judge(compare: Compare) -> Judge:
    fact, results = compare.fact, level_results(compare)
    return lambda facts: results.get(facts.get(fact))


def _in_judge(fact: str, values: frozenset[Any]) -> Judge:
    def is_in(facts: Facts) -> Truth:
        value = facts.get(fact)
        return None if value is None else value in values

    return is_in


def _contains_judge(fact: str, word: str) -> Judge:
    def contains(facts: Facts) -> Truth:
        value: Any = facts.get(fact)
        return None if value is None else word in value

    return contains


def _not_judge(inner: Judge) -> Judge:
    def negated(facts: Facts) -> Truth:
        truth = inner(facts)
        return None if truth is None else not truth

    return negated


def _all_judge(parts: tuple[Judge, ...]) -> Judge:
    def all_hold(facts: Facts) -> Truth:
        result: Truth = True
        for part in parts:
            truth = part(facts)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return all_hold


def _any_judge(parts: tuple[Judge, ...]) -> Judge:
    def any_holds(facts: Facts) -> Truth:
        result: Truth = False
        for part in parts:
            truth = part(facts)
            if truth:
                return True
            if truth is None:
                result = None
        return result

    return any_holds
