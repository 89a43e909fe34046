"""Explaining: which single fact, had it been another, would have made something true of a case.

Nothing is guessed. Only values on either side of a constant that the policy names can change the
truth of a test, so one of each region between them is tried, the nearest first; and each is asked
of the whole of what decides, which the caller gives.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import combinations, islice

from domain.guardrail.canonical import plain_number
from domain.guardrail.cells import Region, asked_words, regions_of, tests_of
from domain.guardrail.conditions import Leaf
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
    tests = tests_of((guardrail.model_copy(update={"claims": ()}),), ())
    found = [
        change
        for fact, asked in sorted(tests.items())
        if (change := _change(fact, guardrail.facts[fact], asked, facts, holds)) is not None
    ]
    return tuple(sorted(found, key=_size))


def _change(
    fact: str, kind: FactType, asked: Sequence[Leaf], facts: Facts, holds: Holds
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
    fact: str, kind: FactType, asked: Sequence[Leaf], seen: FactValue | None, does: _Does
) -> _Found:
    near = regions_of(fact, kind, asked)[:-1]  # the last is that it is missing
    match kind:
        case Number(unit=unit):
            found = _number(near, seen if isinstance(seen, Decimal) else None, does)
            return found and (found[0], f"{fact} had been {_range(*found[1:], unit)}")
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
            return _code(fact, near, does)


def _number(
    near: Sequence[Region], seen: Decimal | None, does: _Does
) -> tuple[Decimal, Decimal | None, Decimal | None] | None:
    """The nearest number that does, and how far on from there every number does."""
    values = [_nearest_in(region, seen) for region in near]
    order = sorted(range(len(near)), key=lambda at: 0 if seen is None else abs(values[at] - seen))
    at = next((at for at in order if does(values[at])), None)
    if at is None:
        return None
    below, above = at, at
    while below > 0 and does(values[below - 1]):
        below -= 1
    while above < len(near) - 1 and does(values[above + 1]):
        above += 1
    least = near[below].low if below else None
    most = near[above].high if above < len(near) - 1 else None
    return values[at], least, most


def _nearest_in(region: Region, seen: Decimal | None) -> Decimal:
    """The value of a region that is nearest to one that was seen."""
    if seen is None or region.low is None or region.high is None:
        return Decimal(str(region.representative))
    return min(max(seen, region.low), region.high)


def _range(least: Decimal | None, most: Decimal | None, unit: str | None) -> str:
    of = f" {unit}" if unit else ""
    if least is None:
        return "known" if most is None else f"at most {plain_number(most)}{of}"
    if most is None:
        return f"at least {plain_number(least)}{of}"
    to = f" to {plain_number(most)}" if least < most else ""
    return f"{'from ' if to else ''}{plain_number(least)}{to}{of}"


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


def _code(fact: str, near: Sequence[Region], does: _Does) -> _Found:
    """The words the policy names, and one that it doesn't."""
    *named, other = (str(region.representative) for region in near)
    if found := _one_of(fact, [word for word in named if does(word)]):
        return found
    if not does(other):
        return None
    but = f" but {', '.join(map(clipped, named[:6]))}" if named else ""
    return other, f"{fact} had been anything{but}"


def _tags(
    fact: str, kind: Tags, asked: Sequence[Leaf], seen: frozenset[str] | None, does: _Does
) -> _Found:
    """The fewest words to add or to leave out."""
    had = seen or frozenset()
    words = asked_words(kind, asked)
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
