"""The section `thresholds`: what labels have to show before a threshold is recommended."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from adapters.authoring.fields import Fields, items, number, refuse, share, text
from adapters.authoring.nodes import Node, wrong
from domain.guardrail.document import MOST_THRESHOLDS, Thresholds
from domain.guardrail.facts import clipped

FIELDS = ("limit", "delta", "grid", "from", "method", "looks", "unjudged")
WHOLE = re.compile(r"[1-9][0-9]{0,5}")
DECIMALS = 4


def read_thresholds(node: Node, name: str) -> Thresholds:
    """The section, each part refused at its place."""
    part = Fields(node, f"`{name}`").only(*FIELDS)
    method = part.optional("method", _method) or "anytime"
    looks = part.optional("looks", _looks)
    if looks is not None and method != "exact":
        refuse(part.get("looks"), "`looks` is for `method: exact`; anytime holds at every look")
    return Thresholds(
        limit=_open(part.get("limit"), "limit"),
        delta=_open(part.get("delta"), "delta"),
        grid=_grid(part.get("grid"), "grid"),
        since=_day(part.get("from"), "from"),
        method=method,
        looks=looks or 1,
        unjudged=part.optional("unjudged", _unjudged) or "wrong",
    )


def _open(node: Node, name: str) -> Decimal:
    value = share(node, name)
    if not 0 < value < 1:
        refuse(node, f"`{name}` is more than 0 and less than 1")
    return value


def _grid(node: Node, name: str) -> tuple[Decimal, ...]:
    listed = items(node, name)
    if not 1 <= len(listed) <= MOST_THRESHOLDS:
        refuse(node, f"`{name}` has 1 to {MOST_THRESHOLDS} thresholds, not {len(listed)}")
    grid = tuple(_steps(listed, name))
    for at, (high, low) in enumerate(pairwise(grid), 1):
        if low >= high:
            refuse(
                listed[at],
                f"`{name}` goes down: {low} is not lower than {high} before it",
                "The walk starts where the model is surest, and ends at the first step that fails.",
            )
    return grid


def _steps(listed: list[Node], name: str) -> Iterator[Decimal]:
    for item in listed:
        step = share(item, name)
        if step != round(step, DECIMALS):
            refuse(item, f"a threshold has at most {DECIMALS} decimals, not {clipped(str(step))}")
        yield step


def _day(node: Node, name: str) -> date:
    said = text(node, name)
    try:
        return date.fromisoformat(said)
    except ValueError:
        refuse(node, f"`{name}` is a day, and {clipped(said)} is none", "Write 2026-03-25.")


def _looks(node: Node, name: str) -> int:
    said = number(node, name)
    if not WHOLE.fullmatch(str(said)):
        refuse(node, f"`{name}` is a whole number from 1 on, not {clipped(str(said))}")
    return int(said)


def _method(node: Node, name: str) -> Literal["anytime", "exact"]:
    match said := text(node, name):
        case "anytime" | "exact":
            return said
        case _:
            raise wrong(node.place, f"`{name}` is anytime or exact, not {clipped(said)}")


def _unjudged(node: Node, name: str) -> Literal["wrong", "withheld"]:
    match said := text(node, name):
        case "wrong" | "withheld":
            return said
        case _:
            raise wrong(node.place, f"`{name}` is wrong or withheld, not {clipped(said)}")
