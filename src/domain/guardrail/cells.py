"""Cells: the finitely many values of a fact that a policy can tell apart.

Every test of a policy is true, false or unknown throughout a region, so one representative of each
speaks for all of its values. A representative is a value that the door could admit: on the grid of
the fact's decimals, within its bounds, one of its words. `None` stands for a missing fact.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from itertools import chain, combinations, count
from typing import NamedTuple

from domain.guardrail.canonical import plain_number, written_number
from domain.guardrail.conditions import Compare, Condition, Contains, In, Leaf, Missing, leaves
from domain.guardrail.document import AtLeastClaim, Guardrail, NeverClaim
from domain.guardrail.facts import (
    Choice,
    Code,
    FactType,
    Level,
    Number,
    Tags,
    YesNo,
    clipped,
)
from domain.values import FactValue

MOST_WORDS = 8
"""Up to so many words, all sets of them are listed; of more, none, one, all but one and all."""

_EXACT = Context(prec=90)
_BEYOND = Decimal(10) ** 30
"""No admitted number is as large as this (see `normalise`)."""
_VAST = Decimal(10) ** 29
"""What is larger needs no end to be told."""


class Region(NamedTuple):
    """Values of one fact that no test tells apart: one of them, and how a person reads them."""

    representative: FactValue | None
    text: str
    low: Decimal | None = None
    high: Decimal | None = None


def regions(
    guardrails: Sequence[Guardrail],
    also: Sequence[Condition] = (),
    declared: Mapping[str, FactType] | None = None,
) -> dict[str, tuple[Region, ...]]:
    """The regions of each fact that is asked about, in order, `missing` last.

    Where policies declare a fact differently, the last one does: it says what can come in. Facts
    that only claims ask about are declared by `declared`, or else taken as widely as they read.
    """
    tests = tests_of(guardrails, also)
    types = fact_types(guardrails, also, declared)
    return {name: regions_of(name, types[name], tests[name]) for name in sorted(tests)}


def fact_types(
    guardrails: Sequence[Guardrail],
    also: Sequence[Condition] = (),
    declared: Mapping[str, FactType] | None = None,
) -> dict[str, FactType]:
    """What each fact that is asked about can be."""
    known: dict[str, FactType] = dict(declared or {})
    for guardrail in guardrails:
        known.update(guardrail.facts)
    tests = tests_of(guardrails, also)
    return {name: known.get(name) or _as_read(tests[name]) for name in sorted(tests)}


def regions_of(name: str, fact_type: FactType, tests: Iterable[Leaf]) -> tuple[Region, ...]:
    """The regions of one fact under some tests, `missing` last."""
    tests = tuple(tests)
    missing = Region(None, f"{name} missing")
    match fact_type:
        case YesNo():
            known = [Region(True, f"{name} yes"), Region(False, f"{name} no")]
        case Number():
            known = _intervals(name, fact_type, _numbers(tests))
        case Choice() | Level():
            words = dict.fromkeys(fact_type.values)
            known = [Region(word, f"{name} {_shown(word)}") for word in words]
        case Code():
            known = _codes(name, fact_type, _constants(tests))
        case Tags():
            known = _sets(name, asked_words(fact_type, tests))
    return (*known, missing)


def asked_words(fact_type: Tags, tests: Iterable[Leaf]) -> tuple[str, ...]:
    """The words that are asked for and that the tags could hold."""
    words = dict.fromkeys(test.value for test in tests if isinstance(test, Contains))
    closed = fact_type.values
    return tuple(word for word in words if closed is None or word in closed)


def without_words(name: str, words: Sequence[str]) -> str:
    """None of some words is among the tags."""
    return f"{name} without {_listed(words)}" if words else f"{name} of any kind"


def interval_text(name: str, low: Decimal | None, high: Decimal | None) -> str:
    """A range of a number, both ends included."""
    if low is None:
        return f"{name} of any size" if high is None else f"{name} at most {written_number(high)}"
    if high is None:
        return f"{name} at least {written_number(low)}"
    return f"{name} {written_number(low)}" + ("" if low == high else f"..{written_number(high)}")


def range_text(name: str, first: Region, last: Region) -> str:
    """Neighbouring regions of a number, from one to another."""
    least = None if first.low is None or first.low <= -_VAST else _plain(first.low)
    most = None if last.high is None or last.high >= _VAST else _plain(last.high)
    return interval_text(name, least, most)


def other_text(name: str, codes: Sequence[str]) -> str:
    """Any code but some."""
    return f"{name} other than {_listed(codes)}" if codes else f"{name} of any kind"


def tests_of(
    guardrails: Sequence[Guardrail], also: Iterable[Condition]
) -> dict[str, tuple[Leaf, ...]]:
    """Every test that some policies ask of each fact, claims included."""
    found: dict[str, dict[Leaf, None]] = {}
    for condition in chain(*(_conditions(guardrail) for guardrail in guardrails), also):
        for leaf in leaves(condition):
            found.setdefault(leaf.fact, {})[leaf] = None
    return {name: tuple(tests) for name, tests in found.items()}


def _conditions(guardrail: Guardrail) -> Iterable[Condition]:
    yield from (limit.require for limit in guardrail.limits)
    yield from (rule.when for rule in guardrail.rules)
    yield from (c.when for c in guardrail.claims if isinstance(c, NeverClaim | AtLeastClaim))


def _as_read(tests: Iterable[Leaf]) -> FactType:
    """The widest type that some tests can be asked of, where none is declared."""
    for test in tests:
        match test:
            case Contains():
                return Tags(required=False)
            case Compare(type="level", order=order) if order:
                return Level(values=order, required=False)
            case Compare(type="number") | In(type="number"):
                return Number(decimals=12, required=False)
            case Compare(type="yes_no"):
                return YesNo(required=False)
            case Compare() | In() | Missing():
                continue
    return Code(max_length=10_000, required=False)


def _constants(tests: Iterable[Leaf]) -> tuple[object, ...]:
    """What a fact is compared with, each once, as it first occurs."""
    found: dict[object, None] = {}
    for test in tests:
        match test:
            case Compare(value=value):
                found[value] = None
            case In(values=values):
                found.update(dict.fromkeys(values))
            case _:
                continue
    return tuple(found)


def _numbers(tests: Iterable[Leaf]) -> list[Decimal]:
    return sorted(value for value in _constants(tests) if isinstance(value, Decimal))


def _intervals(name: str, fact_type: Number, constants: list[Decimal]) -> list[Region]:
    """Points and the gaps between them, on the grid of the fact's decimals."""
    step = Decimal(1).scaleb(-fact_type.decimals)
    least, most = _admitted(name, fact_type, step)
    cuts: list[tuple[Decimal, Decimal]] = []
    start = least
    for constant in constants:
        below = _EXACT.subtract(_on_grid(constant, step, ROUND_CEILING), step)
        above = _EXACT.add(_on_grid(constant, step, ROUND_FLOOR), step)
        cuts.append((start, min(below, most)))
        if _EXACT.subtract(above, below) == 2 * step and least <= constant <= most:
            cuts.append((constant, constant))
        start = max(start, above)
    cuts.append((start, most))
    return [_interval(name, fact_type, low, high) for low, high in cuts if low <= high]


def _interval(name: str, fact_type: Number, low: Decimal, high: Decimal) -> Region:
    """A region, represented by its end that is nearest to where the answer changes."""
    if low <= -_VAST:
        representative = Decimal(0) if high >= _VAST else high
    else:
        representative = high if low == fact_type.min and high < _VAST else low
    region = Region(_plain(representative), name, low, high)
    return region._replace(text=range_text(name, region, region))


def _admitted(name: str, fact_type: Number, step: Decimal) -> tuple[Decimal, Decimal]:
    """The smallest and the largest number that the door can let in, after rounding."""
    rounding = ROUND_FLOOR if name == "confidence" else ROUND_CEILING
    widest = _EXACT.subtract(_BEYOND, step)
    least = (
        _EXACT.minus(widest) if fact_type.min is None else _on_grid(fact_type.min, step, rounding)
    )
    most = widest if fact_type.max is None else _on_grid(fact_type.max, step, rounding)
    return least, most


def _on_grid(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return value.quantize(step, rounding=rounding, context=_EXACT)


def _plain(value: Decimal) -> Decimal:
    """A number without trailing zeros and without an exponent."""
    return Decimal(plain_number(value))


def _codes(name: str, fact_type: Code, constants: Iterable[object]) -> list[Region]:
    known = [c for c in constants if isinstance(c, str) and len(c) <= fact_type.max_length]
    other = Region(_another(known, fact_type.max_length), other_text(name, known))
    return [*(Region(code, f"{name} {_shown(code)}") for code in known), other]


def _another(known: Sequence[str], longest: int) -> str:
    """A code that is none of some."""
    taken = frozenset(known)
    if longest < len("other"):
        return next(char for char in map(chr, count(ord("a"))) if char not in taken)
    names = chain(("other",), (f"other{n}"[:longest] for n in count(2)))
    return next(
        name
        for name in chain(names if longest > 8 else ("other",), map(chr, count(ord("a"))))
        if name not in taken
    )


def _sets(name: str, words: tuple[str, ...]) -> list[Region]:
    """Sets of the asked words; what else is among the tags makes no difference."""
    sizes = list(range(len(words) + 1))
    if len(words) > MOST_WORDS:
        sizes = [0, 1, len(words) - 1, len(words)]
    return [
        Region(frozenset(some), _set_text(name, some, words))
        for size in sizes
        for some in combinations(words, size)
    ]


def _set_text(name: str, some: Sequence[str], words: Sequence[str]) -> str:
    if not some:
        return without_words(name, words)
    return f"{name} with {_listed(some)}"


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(_shown(word) for word in words[:12])
    return shown if len(words) <= 12 else f"{shown}, … ({len(words)} in all)"


def _shown(word: str) -> str:
    """A word as it is read; an empty one must not look like none."""
    return clipped(word) or '""'
