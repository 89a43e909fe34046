"""Cells of a DMN table: the unary tests of one fact, read as conditions of our language."""

import json
import re
from typing import NamedTuple, NoReturn

from adapters.authoring.problems import AuthoringError, Problem
from domain.guardrail.facts import FactType, Number, Tags, YesNo, clipped

_QUOTED = r'"(?:[^"\\]|\\["\\])*"'
_STRING = re.compile(_QUOTED)
_TRUTH = re.compile("true|false")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_BOUND = re.compile(rf"(<=|>=|<|>)\s*({_NUMBER.pattern})", re.ASCII)
_RANGE = re.compile(rf"([\[\](])\s*({_NUMBER.pattern})\s*\.\.\s*({_NUMBER.pattern})\s*([\[\])])")
_UNLIKE = re.compile(r"\?\s*!=\s*(.+)", re.DOTALL)
_AMONG = re.compile(r"\?\s+in\s*\((.*)\)", re.DOTALL)
_HAS = re.compile(rf"list contains\s*\(\s*\?\s*,\s*({_QUOTED})\s*\)")
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_PARTS = re.compile(rf'{_QUOTED}|\((?:{_QUOTED}|[^()"])*\)|[^,"(]+|.', re.DOTALL)


class Tested(NamedTuple):
    """What a cell asks, in our language, and whether it wants that not to be so."""

    test: str
    negated: bool

    def __str__(self) -> str:
        return f"not ({self.test})" if self.negated else self.test

    def opposite(self) -> "Tested":
        return Tested(self.test, not self.negated)


def read_cell(cell: str, fact: str, kind: FactType) -> Tested:
    """What a cell under a fact asks."""
    negated = _NOT.fullmatch(cell)
    parts = split(negated[1] if negated else cell)
    listed = len(parts) > 1 and not isinstance(kind, YesNo)
    if listed and all(_literal(kind).fullmatch(part) for part in parts):
        test = f"{fact} in [{', '.join(parts)}]"
    else:
        tests = [_test(part, fact, kind) for part in parts]
        test = tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"
    return Tested(test, negated is not None)


def split(text: str) -> list[str]:
    """The parts between the commas that stand outside of quotes and brackets."""
    parts = [""]
    for piece in _PARTS.findall(text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def unquoted(cell: str) -> str:
    """The text that an output's cell says."""
    try:
        said = json.loads(cell, strict=False) if cell.startswith('"') else None
    except ValueError:
        said = None
    if not isinstance(said, str):
        refuse(f"the output {clipped(cell)} is no text in quotes, and has no counterpart")
    return said


def _test(part: str, fact: str, kind: FactType) -> str:
    literal = _literal(kind)
    if (bound := _BOUND.fullmatch(part)) is not None:
        return f"{fact} {bound[1]} {bound[2]}"
    if (span := _RANGE.fullmatch(part)) is not None:
        low = ">=" if span[1] == "[" else ">"
        high = "<=" if span[6] == "]" else "<"
        return f"({fact} {low} {span[2]} and {fact} {high} {span[4]})"
    if (other := _UNLIKE.fullmatch(part)) is not None and literal.fullmatch(other[1]):
        return f"{fact} != {other[1]}"
    if (among := _AMONG.fullmatch(part)) is not None and all(
        map(literal.fullmatch, split(among[1]))
    ):
        return f"{fact} in [{', '.join(split(among[1]))}]"
    if isinstance(kind, Tags) and (has := _HAS.fullmatch(part)) is not None:
        return f"{fact} contains {has[1]}"
    if part == "null":
        return f"{fact} is missing"
    if literal.fullmatch(part):
        return f"{fact} is {part}"
    raise refusal(
        f"`{clipped(part)}` has no counterpart: {_kind_of(part)}",
        "A cell has values, comparisons with a number, ranges, not(…), null or -.",
    )


def _literal(kind: FactType) -> re.Pattern[str]:
    match kind:
        case Number():
            return _NUMBER
        case YesNo():
            return _TRUTH
        case _:
            return _STRING


def _kind_of(part: str) -> str:
    if re.match(r"(date|time|duration|date and time)\s*\(|@", part):
        return "dates and times are not facts here; compute a number upstream"
    if re.search(r"\w\s*\(", part):
        return "there are no functions"
    if re.search(r"[*/+]|\w\s*-\s*\w", part):
        return "there is no arithmetic"
    return "a fact is compared with a constant only"


def refuse(message: str, hint: str | None = None) -> NoReturn:
    raise refusal(message, hint)


def refusal(message: str, hint: str | None = None) -> AuthoringError:
    """What has no counterpart, by its name; a table has no lines to point at."""
    return AuthoringError((Problem(1, 1, message, hint),))
