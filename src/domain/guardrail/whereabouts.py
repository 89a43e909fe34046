"""Whereabouts: the cells of a box as a person reads them, fact by fact."""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import JsonValue

from domain.guardrail.cells import Region, other_text, range_text
from domain.guardrail.facts import Code, Number, clipped
from domain.guardrail.searching import Box
from domain.guardrail.space import Space

_MOST = 12


def region_texts(space: Space, box: Box) -> list[tuple[str, str]]:
    """Each fact that is not free in a box, with the values it has there."""
    told: list[tuple[str, str]] = []
    for number, cells in enumerate(box):
        variable = space.variables[number]
        if cells != variable.every:
            kept = [at for at in range(len(variable.regions)) if cells >> at & 1]
            told.append((variable.fact, _told(space, variable.fact, kept, variable.regions)))
    return list(dict.fromkeys(told))


def facts_text(facts: Mapping[str, JsonValue]) -> str:
    """A case in one line; a fact that isn't named is missing."""
    return ", ".join(f"{name} {_value_text(value)}" for name, value in facts.items()) or (
        "nothing is known"
    )


def _value_text(value: JsonValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return f"[{', '.join(clipped(str(word)) for word in value)}]"
        case _:
            return clipped(str(value)) or '""'


def _told(space: Space, fact: str, kept: list[int], every: Sequence[Region]) -> str:
    last = len(every) - 1  # the missing fact
    if kept == list(range(last)):
        return f"{fact} known"
    match space.types[fact]:
        case Number():
            texts = [range_text(fact, every[a], every[b]) for a, b in _runs(kept, last)]
        case Code() if last - 1 in kept:
            gone = [str(every[at].representative) for at in range(last - 1) if at not in kept]
            texts = [other_text(fact, gone)]
        case _:
            texts = [every[at].text for at in kept if at != last]
    if last in kept:
        texts.append(every[last].text)
    rest = [text.removeprefix(f"{fact} ") for text in texts[1:_MOST]]
    more = (f"{len(texts) - _MOST} more",) if len(texts) > _MOST else ()
    return " or ".join((texts[0], *rest, *more))


def _runs(kept: list[int], last: int) -> Iterator[tuple[int, int]]:
    """Neighbouring regions, from the first to the last of each run."""
    known = [at for at in kept if at != last]
    start = 0
    for n in range(1, len(known) + 1):
        if n == len(known) or known[n] != known[n - 1] + 1:
            yield known[start], known[n - 1]
            start = n
