"""Facts: what a policy may speak about, by type, and how a raw value becomes a known one.

A fact is normalised once, at the door, and recorded. What can't be understood is *missing*, with
its reason; it is never guessed.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from difflib import get_close_matches
from operator import not_
from typing import Annotated, Literal, NamedTuple, cast

from pydantic import Field, JsonValue

from domain.model import Value
from domain.values import FactValue

Facts = Mapping[str, FactValue]
"""The known facts of one case. A missing fact has no entry."""

Personal = Annotated[bool, Field(exclude_if=not_)]
"""Whether a fact is about a person and can be erased: no policy may ask about it.

Stored only where it is so, and no part of a policy's digest, which never has one.
"""


class YesNo(Value):
    """True or false."""

    type: Literal["yes_no"] = "yes_no"
    required: bool = True
    personal: Personal = False


class Number(Value):
    """A decimal number, with its bounds (inclusive), unit and number of decimals."""

    type: Literal["number"] = "number"
    required: bool = True
    personal: Personal = False
    min: Decimal | None = None
    max: Decimal | None = None
    decimals: int = Field(default=6, ge=0, le=12)
    unit: str | None = None


class Choice(Value):
    """One of a few values without order."""

    type: Literal["choice"] = "choice"
    required: bool = True
    personal: Personal = False
    values: tuple[str, ...] = Field(min_length=1)


class Level(Value):
    """One of a few values in order, from the lowest to the highest."""

    type: Literal["level"] = "level"
    required: bool = True
    personal: Personal = False
    values: tuple[str, ...] = Field(min_length=1)


class Code(Value):
    """A string compared only for equality."""

    type: Literal["code"] = "code"
    required: bool = True
    personal: Personal = False
    max_length: int = Field(default=200, ge=1, le=10_000)


class Tags(Value):
    """A set of words; `values` closes it."""

    type: Literal["tags"] = "tags"
    required: bool = True
    personal: Personal = False
    values: tuple[str, ...] | None = None


FactType = Annotated[YesNo | Number | Choice | Level | Code | Tags, Field(discriminator="type")]

_CLASSES: dict[str, type] = {"yes_no": bool, "number": Decimal, "tags": frozenset}


def class_of(fact_type: FactType) -> type:
    """What a known fact of this type is made of."""
    return _CLASSES.get(fact_type.type, str)


def is_sound(value: FactValue | None, kind: type) -> bool:
    """Whether a fact is known, and is what it was declared to be."""
    endless = isinstance(value, Decimal) and not value.is_finite()
    return isinstance(value, kind) and not endless


BUILT_IN: dict[str, FactType] = {
    "confidence": Number(min=Decimal(0), max=Decimal(1), required=False),
    "risk": Number(min=Decimal(0), max=Decimal(1)),
    "action": Code(),
}
"""The facts every policy has besides its decision type's context."""


class Unusable(NamedTuple):
    """A raw value that says nothing, and why: the fact is missing, with this reason."""

    kind: Literal["absent", "wrong_type", "not_a_value", "out_of_range", "too_long"]
    reason: str


class Problem(NamedTuple):
    """One thing wrong with a context: the field, what was found in it and what is allowed."""

    field: str
    found: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.field}: found {self.found}; allowed is {self.allowed}"


ABSENT = Unusable("absent", "no value was given")

_DECIMAL_TEXT = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_LARGEST = 30  # digits before the point: beyond any amount of money, within exact arithmetic
_TOO_LARGE = 10**_LARGEST
_EXACT = Context(prec=80)
_SHOWN = 60


def normalise(name: str, fact_type: FactType, raw: object) -> FactValue | Unusable:
    """What a raw value says as a fact of this type, or why it says nothing.

    Numbers are rounded to the declared decimals towards the stricter side: `confidence` down,
    everything else up, because more of it (risk, amount, score) is read as more to care about.
    """
    if raw is None:
        return ABSENT
    match fact_type:
        case YesNo():
            return raw if isinstance(raw, bool) else _wrong(fact_type, raw)
        case Number():
            return _number(name, fact_type, raw)
        case Choice() | Level():
            return _one_of(fact_type, raw)
        case Code():
            return _code(fact_type, raw)
        case Tags():
            return _tags(fact_type, raw)


def check_context(
    context: Mapping[str, JsonValue], declared: Mapping[str, FactType]
) -> tuple[dict[str, FactValue], tuple[Problem, ...]]:
    """The known facts of a context, and everything in it that its decision type doesn't allow.

    A declared fact that is absent or null is no problem: it is missing.
    """
    facts: dict[str, FactValue] = {}
    problems: list[Problem] = []
    for name, raw in context.items():
        fact_type = declared.get(name)
        if fact_type is None:
            problems.append(Problem(clipped(name), "an unknown field", _known(name, declared)))
            continue
        value = normalise(name, fact_type, raw)
        if not isinstance(value, Unusable):
            facts[name] = value
        elif value.kind != "absent":
            problems.append(Problem(name, found(raw), allowed(fact_type)))
    return facts, tuple(problems)


def missing_required(facts: Facts, declared: Mapping[str, FactType]) -> tuple[str, ...]:
    """The required facts that aren't known, by name."""
    return tuple(sorted(n for n, t in declared.items() if t.required and facts.get(n) is None))


def allowed(fact_type: FactType) -> str:
    """What a fact of this type may hold, in a person's words."""
    match fact_type:
        case YesNo():
            return "true or false"
        case Number():
            return _allowed_number(fact_type)
        case Choice() | Level():
            return "one of " + _listed(fact_type.values)
        case Code():
            return f"a text of at most {fact_type.max_length} characters"
        case Tags(values=None):
            return "a list of words"
        case Tags():
            return "a list of words out of " + _listed(fact_type.values or ())


def found(raw: object) -> str:
    """A raw value as a person may see it in a message: never longer than a line."""
    match raw:
        case bool():
            return "true" if raw else "false"
        case str():
            return f'"{clipped(raw)}"'
        case int() if abs(raw) >= 10**_LARGEST:
            return "a number too large to show"
        case int() | float() | Decimal():
            return clipped(str(raw))
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null" if raw is None else "a value of another kind"


def clipped(text: str) -> str:
    """A text on one line, cut where it gets too long to read in a message."""
    if len(text) <= _SHOWN and text.isprintable():
        return text
    line = "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[: _SHOWN + 1]
    )
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The known word that someone who wrote this one probably meant."""
    close = get_close_matches(word[:_SHOWN], list(known), n=1)
    return close[0] if close else None


def _number(name: str, fact_type: Number, raw: object) -> Decimal | Unusable:
    value = _decimal(raw)
    if value is None:
        return _wrong(fact_type, raw)
    if not value.is_finite():
        return Unusable("not_a_value", f"{found(raw)} is no number that can be compared")
    below = fact_type.min is not None and value < fact_type.min
    above = fact_type.max is not None and value > fact_type.max
    if below or above or (value and value.adjusted() >= _LARGEST):
        return Unusable("out_of_range", f"{found(raw)} is not {allowed(fact_type)}")
    return _rounded(
        value, fact_type.decimals, ROUND_FLOOR if name == "confidence" else ROUND_CEILING
    )


def _decimal(raw: object) -> Decimal | None:
    match raw:
        case float():
            return Decimal(repr(float(raw)))
        case Decimal():
            return raw
        case bool():  # Python counts it among the integers; a person doesn't
            return None
        case int() if abs(raw) >= _TOO_LARGE:
            return Decimal(f"{'-' if raw < 0 else ''}1e{_LARGEST}")
        case int():
            return Decimal(raw)
        case str() if _DECIMAL_TEXT.fullmatch(raw):  # money travels as a decimal string
            return Decimal(raw)
        case _:
            return None


def _rounded(value: Decimal, decimals: int, rounding: str) -> Decimal:
    if not value:
        return Decimal(0)  # there is no negative zero in business
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -decimals <= exponent <= 0:
        return value
    return value.quantize(
        Decimal(1).scaleb(-decimals if exponent != 0 else 0), rounding=rounding, context=_EXACT
    )


def _one_of(fact_type: Choice | Level, raw: object) -> str | Unusable:
    if not isinstance(raw, str):
        return _wrong(fact_type, raw)
    if raw not in fact_type.values:
        return Unusable("out_of_range", f"{found(raw)} is not {allowed(fact_type)}")
    return raw


def _code(fact_type: Code, raw: object) -> str | Unusable:
    if not isinstance(raw, str):
        return _wrong(fact_type, raw)
    if len(raw) > fact_type.max_length:
        return Unusable("too_long", f"{found(raw)} is not {allowed(fact_type)}")
    return raw


def _tags(fact_type: Tags, raw: object) -> frozenset[str] | Unusable:
    if not isinstance(raw, list | tuple | set | frozenset):
        return _wrong(fact_type, raw)
    words: set[str] = set()
    for word in cast(Iterable[object], raw):
        if not isinstance(word, str):
            return Unusable("wrong_type", f"a list with {found(word)} is not a list of words")
        if fact_type.values is not None and word not in fact_type.values:
            return Unusable("out_of_range", f"{found(word)} is not among {allowed(fact_type)}")
        words.add(word)
    return frozenset(words)


def _wrong(fact_type: FactType, raw: object) -> Unusable:
    return Unusable("wrong_type", f"{found(raw)} is not {allowed(fact_type)}")


def _allowed_number(fact_type: Number) -> str:
    unit = f" {fact_type.unit}" if fact_type.unit else ""
    match fact_type.min, fact_type.max:
        case None, None:
            return "a number" + (f" in{unit}" if unit else "")
        case None, most:
            return f"a number of at most {most}{unit}"
        case least, None:
            return f"a number of at least {least}{unit}"
        case least, most:
            return f"a number from {least} to {most}{unit}"


def _listed(words: tuple[str, ...]) -> str:
    shown = ", ".join(clipped(word) for word in words[:20])
    return shown if len(words) <= 20 else f"{shown}, … ({len(words)} in all)"


def _known(name: str, declared: Mapping[str, FactType]) -> str:
    meant = did_you_mean(name, declared)
    if meant is not None:
        return f"did you mean {meant}?"
    return "one of " + _listed(tuple(sorted(declared))) if declared else "no field at all"
