"""Silence: feedback that should come and does not. Nothing heard is not nothing wrong."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from functools import cache, reduce
from typing import Any, ClassVar, assert_never
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from domain.model import Aggregate, Event, Stamp, envelope

SILENCES = UUID("6f1c4ed8-6f0b-5f0c-9d5e-0c6f1b1f2a08")
"""Namespace of silences' stream ids."""


class Feed(StrEnum):
    """What feedback comes by."""

    OUTCOMES = "outcomes"
    """What proved right in the end."""
    VERDICTS = "verdicts"
    """What people say of automated decisions that the lot fell on."""
    VOLUME = "volume"
    """How many cases there were, as the source system says."""


class FeedbackEvent(Event):
    """A fact about the feedback on one decision type."""

    decision_type: str
    feed: Feed
    last_heard: AwareDatetime | None
    """When something last came by it, if ever."""


class Missing(FeedbackEvent):
    """Feedback that was due has not come for so long that nobody knows how well it goes."""

    TOPIC: ClassVar[str] = "feedback.missing"
    days: int
    """Whole days of silence that are too many."""


class Heard(FeedbackEvent):
    """Feedback that was missing comes again."""

    TOPIC: ClassVar[str] = "feedback.heard"


LifeEvent = Missing | Heard


class Silence(Aggregate):
    """By which feeds nothing comes that should."""

    decision_type: str
    missing: frozenset[Feed]


@cache
def stream_id(decision_type: str) -> UUID:
    """The stream of a decision type's silences."""
    return uuid5(SILENCES, decision_type)


def note(
    state: Silence | None,
    decision_type: str,
    missing: Collection[Feed],
    last_heard: Mapping[Feed, AwareDatetime | None],
    days: int,
    stamp: Stamp,
) -> tuple[LifeEvent, ...]:
    """Note each silence once, and once that it is over."""
    known = state.missing if state else frozenset[Feed]()
    began = [feed for feed in Feed if feed in missing and feed not in known]
    over = [feed for feed in Feed if feed in known and feed not in missing]
    version = state.version if state else 0

    def head(place: int, feed: Feed) -> dict[str, Any]:
        said = {"decision_type": decision_type, "feed": feed, "last_heard": last_heard.get(feed)}
        return {**envelope(stream_id(decision_type), version + place, stamp), **said}

    return (
        *(Missing(**head(n, feed), days=days) for n, feed in enumerate(began, 1)),
        *(Heard(**head(n, feed)) for n, feed in enumerate(over, 1 + len(began))),
    )


def fold(events: Iterable[LifeEvent], state: Silence | None = None) -> Silence | None:
    """The state after these events."""
    return reduce(evolve, events, state)


def evolve(state: Silence | None, event: LifeEvent) -> Silence:
    """Fold one event into the state. Total: recorded history is never refused."""
    before = state.missing if state else frozenset[Feed]()
    match event:
        case Missing():
            missing = before | {event.feed}
        case Heard():
            missing = before - {event.feed}
        case _:
            assert_never(event)
    if state is None:
        return Silence(
            id=event.originator_id,
            version=event.originator_version,
            decision_type=event.decision_type,
            missing=missing,
        )
    return state.after(event, missing=missing)
