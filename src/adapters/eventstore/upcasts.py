"""The way up from older schemas of events: each entry lifts a topic from its schema to the next."""

from typing import Any

from adapters.eventstore.codec import Upcast


def _what_is_new_has_a_default(content: dict[str, Any]) -> dict[str, Any]:
    return content


def _unplaced(content: dict[str, Any]) -> dict[str, Any]:
    """Nobody wrote down where it waits, back then."""
    return content | {"placement": None}


UPCASTS: dict[tuple[str, int], Upcast] = {
    # 2: routing names its semantics (v1 until then), and whether the seat it goes to is empty
    ("decision.auto_actioned", 1): _what_is_new_has_a_default,
    ("decision.routed_to_review", 1): _what_is_new_has_a_default,
    ("decision.escalated", 1): _what_is_new_has_a_default,
    ("decision.held", 1): _what_is_new_has_a_default,
    # 2: where it waits until it is settled
    ("decision.reversal_failed", 1): _unplaced,
    ("decision.quality_overturned", 1): _unplaced,
    ("decision.contested", 1): _unplaced,
    # 2: a roster of reviewers
    ("decision_type.drafted", 1): _what_is_new_has_a_default,
}
