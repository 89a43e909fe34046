"""Promises, compared: what labels have to show before a threshold is recommended, more or less."""

from collections.abc import Callable, Iterator

from domain.guardrail.canonical import plain_number
from domain.guardrail.document import Guardrail, Thresholds

Edited = Callable[[Guardrail], Guardrail]


def promise_edits(old: Guardrail, new: Guardrail) -> Iterator[tuple[str, Edited]]:
    """What was edited of the section, as one."""
    if old.thresholds != new.thresholds:
        text = f"thresholds: {_said(old.thresholds)} → {_said(new.thresholds)}"
        yield text, lambda g: g.model_copy(update={"thresholds": new.thresholds})


def promises_less(old: Guardrail, new: Guardrail) -> bool:
    """Whether a threshold can be had for less: a looser limit, more risk, a weaker test, none.

    A grid or a start that is chosen anew may have been chosen by labels already seen.
    """
    was, now = old.thresholds, new.thresholds
    if was is None or now is None:
        return was is not None
    return (
        now.limit > was.limit
        or now.delta > was.delta
        or (now.method, was.method) == ("exact", "anytime")
        or (now.method == was.method and now.looks < was.looks)
        or (now.unjudged, was.unjudged) == ("withheld", "wrong")
        or now.grid != was.grid
        or now.since != was.since
    )


def _said(promise: Thresholds | None) -> str:
    if promise is None:
        return "none"
    limit, delta = plain_number(promise.limit), plain_number(promise.delta)
    looks = f" in {promise.looks} looks" if promise.method == "exact" else ""
    steps = ", ".join(map(plain_number, promise.grid))
    return (
        f"at most {limit} wrong at risk {delta}, {promise.method}{looks}, "
        f"over {steps}, from {promise.since}, unjudged {promise.unjudged}"
    )
