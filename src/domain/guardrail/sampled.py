"""Sampling, compared: which shares of the decided cases are looked at more, and which less."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import zip_longest

from domain.guardrail.canonical import plain_number
from domain.guardrail.document import Guardrail, Sampling
from domain.values import Lane

Edited = Callable[[Guardrail], Guardrail]


def sampling_edits(old: Guardrail, new: Guardrail) -> Iterator[tuple[str, Edited]]:
    """Each line of sampling that was added, removed or changed."""
    before = {line.id: line for line in old.sampling}
    after = {line.id: line for line in new.sampling}
    for id in dict.fromkeys((*before, *after)):
        was, now = before.get(id), after.get(id)
        if was != now:
            text = f"sampling {id}: {_said(was)} → {_said(now)}"
            yield text, lambda g, i=id, n=now: _with(g, i, n)  # type: ignore[misc]


def less_checked(old: Guardrail, new: Guardrail) -> bool:
    """Whether any share of any lane is looked at less: fewer, or not any more."""
    return any(_less(_rates(old, lane), _rates(new, lane)) for lane in Lane)


def more_checked(old: Guardrail, new: Guardrail) -> bool:
    return less_checked(new, old)


def _rates(guardrail: Guardrail, lane: Lane) -> list[Decimal]:
    return sorted((line.rate for line in guardrail.sampling if line.of is lane), reverse=True)


def _less(before: list[Decimal], after: list[Decimal]) -> bool:
    return any(now < was for was, now in zip_longest(before, after, fillvalue=Decimal(0)))


def _said(line: Sampling | None) -> str:
    if line is None:
        return "none"
    queue = f" in {line.queue}" if line.queue else ""
    return f"{plain_number(line.rate)} of {line.of}{queue}"


def _with(guardrail: Guardrail, id: str, now: Sampling | None) -> Guardrail:
    kept = [now if line.id == id else line for line in guardrail.sampling]
    if now is not None and all(line.id != id for line in guardrail.sampling):
        kept.append(now)
    lines = tuple(line for line in kept if line is not None)
    return guardrail.model_copy(update={"sampling": lines})
