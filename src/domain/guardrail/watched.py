"""Breakers, compared: which streams are watched more closely, and which less."""

from collections.abc import Callable, Iterator

from domain.breakers import Breaker, Stream, breaker_of
from domain.guardrail.canonical import plain_number
from domain.guardrail.document import Guardrail

Edited = Callable[[Guardrail], Guardrail]


def breaker_edits(old: Guardrail, new: Guardrail) -> Iterator[tuple[str, Edited]]:
    """Each stream whose breaker was stated, taken away or changed."""
    before, after = old.breakers or {}, new.breakers or {}
    for stream in Stream:
        if before.get(stream) != after.get(stream):
            text = f"breaker {stream}: {_said(old, stream)} → {_said(new, stream)}"
            yield text, lambda g, s=stream: _with(g, s, after.get(s))  # type: ignore[misc]


def less_watched(old: Guardrail, new: Guardrail) -> bool:
    """Whether any stream would warn or trip later, or not any more."""
    return any(
        _later(breaker_of(old.breakers, stream), breaker_of(new.breakers, stream))
        for stream in Stream
    )


def more_watched(old: Guardrail, new: Guardrail) -> bool:
    return less_watched(new, old)


def _later(before: Breaker | None, after: Breaker | None) -> bool:
    """A higher limit, more proof asked for, or a budget that has to last longer."""
    if before is None or after is None:
        return before is not None
    return (
        after.limit > before.limit or after.delta < before.delta or after.horizon > before.horizon
    )


def _said(guardrail: Guardrail, stream: Stream) -> str:
    breaker = breaker_of(guardrail.breakers, stream)
    if breaker is None:
        return "none"
    limit, delta = plain_number(breaker.limit), plain_number(breaker.delta)
    return f"at most {limit}, delta {delta}, horizon {breaker.horizon}"


def _with(guardrail: Guardrail, stream: Stream, now: Breaker | None) -> Guardrail:
    kept = {s: breaker for s, breaker in (guardrail.breakers or {}).items() if s is not stream}
    if now is not None:
        kept[stream] = now
    return guardrail.model_copy(update={"breakers": kept or None})
