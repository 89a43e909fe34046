"""Conditions as the unary tests of a DMN table: one cell for each fact that is asked about."""

from collections.abc import Iterator
from typing import NamedTuple

from domain.guardrail.canonical import written_number
from domain.guardrail.conditions import (
    ORDERED,
    And,
    Compare,
    Condition,
    Constant,
    Contains,
    In,
    Missing,
    Not,
    Or,
    facts_of,
)
from domain.guardrail.wording import condition_text


class NoCell(Exception):
    """A condition that no cell can say."""

    def __init__(self, condition: Condition, why: str, hint: str | None = None) -> None:
        super().__init__(why)
        self.what = condition_text(condition)
        self.hint = hint


class Cell(NamedTuple):
    """A cell under a fact: its unary tests, and whether they must not hold."""

    fact: str
    tests: str
    negated: bool = False

    def __str__(self) -> str:
        return f"not({self.tests})" if self.negated else self.tests

    @property
    def asks_for_a_value(self) -> bool:
        """Whether no engine lets a missing value pass; to some, null is unlike everything."""
        return not self.negated and "!=" not in self.tests

    def opposite(self) -> "Cell":
        return Cell(self.fact, self.tests, not self.negated)


def cells_of(condition: Condition) -> list[Cell]:
    """The cells that together say a condition, or `NoCell`."""
    parts = condition.of if isinstance(condition, And) else (condition,)
    return [_cell(part) for part in _ranged(parts)]


def _ranged(parts: tuple[Condition, ...]) -> Iterator[Condition]:
    """A lower and an upper bound that stand side by side are one range."""
    waiting = list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if waiting and _span(both := And(of=(part, waiting[-1]))) is not None:
            waiting.pop()
            yield both
        else:
            yield part


def _cell(part: Condition) -> Cell:
    inner = part.of if isinstance(part, Not) else part
    facts = sorted(facts_of(inner))
    if len(facts) > 1:
        raise NoCell(
            part,
            f"a cell asks about one fact, and this is one test of {' and '.join(facts)}",
            "Make a rule, or a limit, of each part.",
        )
    if not condition_text(part).isprintable():
        raise NoCell(part, "it has a character that a cell can't show")
    return Cell(facts[0], _tests(inner), isinstance(part, Not))


def _tests(condition: Condition) -> str:
    match condition:
        case Or(of=parts) if all(_is_value(part) for part in parts):
            raise NoCell(
                condition,
                "a list of values in a cell is one test, and these are several",
                f"Write `{min(facts_of(condition))} in [...]`.",
            )
        case Or(of=parts):
            return ", ".join(_test(part) for part in parts)
        case In(values=values) if len(values) > 1:
            return ", ".join(map(_constant, values))
        case _:
            return _test(condition)


def _test(condition: Condition) -> str:
    match condition:
        case Compare(op=op, type="level") if op in ORDERED:
            raise NoCell(
                condition,
                "DMN knows no order of words",
                f"Write `{condition.fact} in [...]`, of {', '.join(condition.order)}.",
            )
        case Compare(op="==", value=value):
            return _constant(value)
        case Compare(op="!=", value=value):
            return f"? != {_constant(value)}"
        case Compare(op=op, value=value):
            return f"{op} {_constant(value)}"
        case In(values=values):
            return f"? in ({', '.join(map(_constant, values))})"
        case Contains(value=word):
            return f"list contains(?, {_constant(word)})"
        case Missing():
            return "null"
        case And() if (span := _span(condition)) is not None:
            return span
        case _:
            raise NoCell(
                condition, "it is nested deeper than a cell is", "Make several rules of it."
            )


def _span(both: And) -> str | None:
    """A range, if that is what two bounds are."""
    # What two tests of a number compare it with are numbers: the checker can't see that.
    match both.of:
        case (
            Compare(type="number", op=">" | ">=" as above, value=low) as first,
            Compare(type="number", op="<" | "<=" as below, value=high) as second,
        ) if first.fact == second.fact and low < high:  # type: ignore[operator]
            start, end = "[" if above == ">=" else "(", "]" if below == "<=" else ")"
            return f"{start}{_constant(low)}..{_constant(high)}{end}"
        case _:
            return None


def _is_value(part: Condition) -> bool:
    return isinstance(part, Compare) and part.op == "==" and part.type != "yes_no"


def _constant(value: Constant) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return written_number(value)
