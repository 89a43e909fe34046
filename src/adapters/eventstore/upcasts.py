"""Upcasts: how what was stored in an older schema reads in the next one."""

from typing import Any

from adapters.eventstore.codec import Upcast
from domain.decision import events as d


def _unplaced(content: dict[str, Any]) -> dict[str, Any]:
    """Nobody wrote down where it waits, back then."""
    return content | {"placement": None}


UPCASTS: dict[tuple[str, int], Upcast] = {
    (event.TOPIC, 1): _unplaced for event in (d.ReversalFailed, d.QualityOverturned, d.Contested)
}
