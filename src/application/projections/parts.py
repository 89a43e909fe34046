"""Parts of a fold: each says something of a row, and is told of those events that concern it."""

from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from domain.decision import events as d

Changes = dict[str, Any]
"""What one event changes in a row."""

Part = Callable[[Any, Any], Changes]
"""Of a row and an event; the parameter `event` names the kinds of event that it is told of."""


def sorted_by_event(*parts: Part) -> dict[type[d.DecisionEvent], tuple[Part, ...]]:
    """The parts that each event of a life concerns, in the order given: looking them up once
    costs less than every part's asking what kind of event it has before it."""
    heard = [(part, _events(part)) for part in parts]
    return {
        event: tuple(part for part, events in heard if event in events)
        for event in get_args(d.LifeEvent)
    }


def _events(part: Part) -> tuple[type[d.DecisionEvent], ...]:
    named = get_type_hints(part)["event"]
    return get_args(named) or (named,)
