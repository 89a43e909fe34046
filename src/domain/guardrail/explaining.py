"""Explaining: which single fact, had it been another, would have made something true of a case.

Nothing is guessed. Only values on either side of a constant that the policy names can change the
truth of a test, so these are tried, the nearest first; and each is asked of the whole of what
decides, which the caller gives.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from itertools import combinations, islice

from domain.guardrail.canonical import plain_number
from domain.guardrail.conditions import Compare, Contains, In, Leaf, leaves
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import (
    Choice,
    Code,
    Facts,
    FactType,
    Level,
    Number,
    Tags,
    YesNo,
    clipped,
)
from domain.model import Value
from domain.values import FactValue

Holds = Callable[[Facts], bool]
"""Whether a case with these facts is as it is wished to be."""

MOST_TAG_SETS = 2_000
"""So many sets of words are tried, the smallest change first; beyond them nothing is promised."""
_EXACT = Context(prec=80)


class Change(Value):
    """One fact that would alone have made the difference: what it was, what it would have to be."""

    fact: str
    seen: FactValue | None
    value: FactValue | None
    """The nearest value that does; nothing where the fact would have to be missing."""
    text: str
    """All values around it that do as well, as a sentence goes on after "if only"."""


def single_changes(guardrail: Guardrail, facts: Facts, holds: Holds) -> tuple[Change, ...]:
    """For each fact the smallest change that alone makes it hold, the smallest of all first."""
    tests: dict[str, list[Leaf]] = {}
    for condition in (*(x.require for x in guardrail.limits), *(x.when for x in guardrail.rules)):
        for leaf in leaves(condition):
            tests.setdefault(leaf.fact, []).append(leaf)
    found = [
        change
        for fact, asked in sorted(tests.items())
        if (change := _change(fact, guardrail.facts[fact], asked, facts, holds)) is not None
    ]
    return tuple(sorted(found, key=_size))


def _change(
    fact: str, kind: FactType, asked: list[Leaf], facts: Facts, holds: Holds
) -> Change | None:
    seen = facts.get(fact)

    def does(value: FactValue) -> bool:
        return value != seen and holds({**facts, fact: value})

    found = _nearest(fact, kind, asked, seen, does)
    if found is None and seen is not None and holds({n: v for n, v in facts.items() if n != fact}):
        found = None, f"{fact} had been unknown"
    if found is None:
        return None
    return Change(fact=fact, seen=seen, value=found[0], text=f"{found[1]} ({_was(kind, seen)})")


_Found = tuple[FactValue | None, str] | None
_Does = Callable[[FactValue], bool]


def _nearest(
    fact: str, kind: FactType, asked: list[Leaf], seen: FactValue | None, does: _Does
) -> _Found:
    match kind:
        case Number():
            return _number(fact, kind, asked, seen if isinstance(seen, Decimal) else None, does)
        case Level():
            return _level(fact, kind, seen, does)
        case Tags():
            return _tags(fact, kind, asked, seen if isinstance(seen, frozenset) else None, does)
        case YesNo():
            return next(
                ((v, f"{fact} had been {_word(v)}") for v in (True, False) if does(v)), None
            )
        case Choice(values=values):
            return _one_of(fact, [value for value in values if does(value)])
        case Code():
            return _code(fact, kind, asked, does)


def _number(
    fact: str, kind: Number, asked: list[Leaf], seen: Decimal | None, does: _Does
) -> _Found:
    """The nearest number that does, and how far on from there every number does."""
    tried = sorted(beside(kind, _constants(asked)))
    if seen is None:
        near: Iterable[Decimal] = tried
    else:
        near = sorted(tried, key=lambda value: abs(_EXACT.subtract(value, seen)))
    nearest = next((value for value in near if does(value)), None)
    if nearest is None:
        return None
    at = tried.index(nearest)
    below, above = at, at
    while below > 0 and does(tried[below - 1]):
        below -= 1
    while above < len(tried) - 1 and does(tried[above + 1]):
        above += 1
    least = None if below == 0 else tried[below]
    most = None if above == len(tried) - 1 else tried[above]
    return nearest, f"{fact} had been {_range(least, most, nearest, kind.unit)}"


def beside(kind: Number, constants: Iterable[Decimal]) -> set[Decimal]:
    """Each constant as the fact can hold it, its neighbours, and the ends of what is allowed."""
    step = Decimal(1).scaleb(-kind.decimals)
    values: set[Decimal] = set()
    for constant in (*constants, *(end for end in (kind.min, kind.max) if end is not None)):
        low = constant.quantize(step, rounding=ROUND_FLOOR, context=_EXACT)
        high = constant.quantize(step, rounding=ROUND_CEILING, context=_EXACT)
        values |= {low, high, _EXACT.subtract(low, step), _EXACT.add(high, step)}
    return {
        value
        for value in values
        if (kind.min is None or value >= kind.min) and (kind.max is None or value <= kind.max)
    } or {Decimal(0)}


def _constants(asked: Iterable[Leaf]) -> Iterator[Decimal]:
    for leaf in asked:
        match leaf:
            case Compare(value=Decimal() as value):
                yield value
            case In(values=values):
                yield from (value for value in values if isinstance(value, Decimal))
            case _:
                pass


def _range(least: Decimal | None, most: Decimal | None, value: Decimal, unit: str | None) -> str:
    of = f" {unit}" if unit else ""
    match least, most:
        case None, None:
            return "known"
        case None, Decimal():
            return f"at most {plain_number(most)}{of}"
        case Decimal(), None:
            return f"at least {plain_number(least)}{of}"
        case _ if least == most:
            return f"{plain_number(value)}{of}"
        case _:
            return f"from {_plain(least)} to {_plain(most)}{of}"


def _plain(value: Decimal | None) -> str:
    return "" if value is None else plain_number(value)


def _level(fact: str, kind: Level, seen: FactValue | None, does: _Does) -> _Found:
    rank = {word: index for index, word in enumerate(kind.values)}
    start = rank.get(str(seen), 0)
    near = sorted(kind.values, key=lambda word: abs(rank[word] - start))
    nearest = next((word for word in near if does(word)), None)
    return None if nearest is None else (nearest, f"{fact} had been {clipped(nearest)}")


def _one_of(fact: str, values: Sequence[str]) -> _Found:
    """Values without an order are equally near: all that do are named."""
    if not values:
        return None
    shown = " or ".join(clipped(value) for value in values[:6])
    return values[0], f"{fact} had been {shown}{' …' if len(values) > 6 else ''}"


def _code(fact: str, kind: Code, asked: list[Leaf], does: _Does) -> _Found:
    """The words the policy names, and one that it doesn't."""
    named = list(dict.fromkeys(_words(asked)))
    if found := _one_of(fact, [word for word in named if does(word)]):
        return found
    other = next((w for w in _others() if w not in named and len(w) <= kind.max_length), None)
    if other is None or not does(other):
        return None
    return other, f"{fact} had been anything but {', '.join(map(clipped, named[:6]))}"


def _words(asked: Iterable[Leaf]) -> Iterator[str]:
    for leaf in asked:
        match leaf:
            case Compare(value=str() as value) | Contains(value=value):
                yield value
            case In(values=values):
                yield from (value for value in values if isinstance(value, str))
            case _:
                pass


def _others() -> Iterator[str]:
    yield "other"
    yield from (f"other{number}" for number in range(1_000))
    yield from "xyzabcdefghijklmnopqrstuvw"


def _tags(
    fact: str, kind: Tags, asked: list[Leaf], seen: frozenset[str] | None, does: _Does
) -> _Found:
    """The fewest words to add or to leave out."""
    had = seen or frozenset()
    words = [
        word
        for word in dict.fromkeys(_words(asked))
        if word in had or kind.values is None or word in kind.values
    ]
    sizes = (combinations(words, size) for size in range(len(words) + 1))
    for toggled in islice((some for size in sizes for some in size), MOST_TAG_SETS):
        value = had.symmetric_difference(toggled)
        if does(value):
            return value, f"{fact} had been known" if not toggled else _toggled(fact, had, toggled)
    return None


def _toggled(fact: str, had: frozenset[str], toggled: Sequence[str]) -> str:
    without = ", ".join(clipped(word) for word in toggled if word in had)
    added = ", ".join(clipped(word) for word in toggled if word not in had)
    parts = [f"without {without}"] * bool(without) + [f"with {added}"] * bool(added)
    return f"{fact} had been {' and '.join(parts)}"


def _was(kind: FactType, seen: FactValue | None) -> str:
    if seen is None:
        return "it is unknown"
    unit = f" {kind.unit}" if isinstance(kind, Number) and kind.unit else ""
    return f"it is {_word(seen)}{unit}"


def _word(value: FactValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return plain_number(value)
        case str():
            return clipped(value)
        case frozenset():
            return clipped(", ".join(sorted(value))) or "empty"


def _size(change: Change) -> tuple[int, Decimal]:
    """Numbers by how far they would have to move, then the rest, then what would be unknown."""
    if isinstance(change.seen, Decimal) and isinstance(change.value, Decimal):
        return 0, abs(change.value - change.seen) / max(abs(change.seen), abs(change.value))
    return (2 if change.value is None else 1), Decimal(0)
