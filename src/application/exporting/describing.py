"""Describing: an event as process mining has it, with flat attributes and no free text."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from domain.decision import events as d
from domain.model import Actor, ActorKind, Event
from domain.values import Placement

Plain = str | int | float | bool | datetime
NAMED = (
    "action",
    "actual_action",
    "agrees",
    "authority",
    "cause",
    "correct",
    "delivered",
    "disposition",
    "due_at",
    "exception",
    "level",
    "reason_code",
)
"""Fields of events that are words, numbers or moments; comments and rationales are none of them."""


class Thing(NamedTuple):
    """What an event is about, or who had a part in it."""

    kind: str
    id: str
    qualifier: str


def attributes(event: Event) -> dict[str, Plain]:
    """What there is to say of an event, flat."""
    return dict(_attributes(event))


def _attributes(event: Event) -> Iterator[tuple[str, Plain]]:
    yield "version", event.originator_version
    yield "actor_kind", str(event.actor.kind)
    if event.actor.seat is not None:
        yield "seat", str(event.actor.seat)
    for name in NAMED:
        if (value := plain(getattr(event, name, None))) is not None:
            yield name, value
    if isinstance(event, d.Recommended):
        yield from _recommended(event)
    if (routing := getattr(event, "routing", None)) is not None:
        yield from _routed(routing)
    place = getattr(event, "placement", None)
    if isinstance(place, Placement):
        yield "queue", place.queue
        yield "waits_for", str(place.seat)
        yield "due_at", place.due_at


def _recommended(event: d.Recommended) -> Iterator[tuple[str, Plain]]:
    said = event.recommendation
    yield "action", said.action
    for name, value in (("confidence", said.confidence), ("risk", said.risk)):
        if value is not None:
            yield name, float(value)


def _routed(routing: d.Routing) -> Iterator[tuple[str, Plain]]:
    yield "lane", str(routing.lane)
    yield "rule", routing.rule
    yield "reasons", ";".join(reason.code for reason in routing.reasons)
    if routing.policy is not None:
        yield "policy_version", routing.policy.version


def plain(value: object) -> Plain | None:
    """A value as a flat attribute; None where it is none."""
    match value:
        case bool() | int() | float() | datetime():
            return value
        case Decimal():
            return float(value)
        case str():
            return str(value)
        case _:
            return None


def things(event: d.LifeEvent, subject: str) -> Iterator[Thing]:
    """What an event is about, and who had a part in it."""
    name = event.decision_type
    yield Thing("decision", str(event.originator_id), "decision")
    yield Thing("subject", f"subject:{name}:{subject}", "subject")
    yield Thing("decision_type", f"decision_type:{name}", "decision type")
    if (who := actor(event.actor, name)) is not None:
        yield who
    routing = getattr(event, "routing", None)
    if routing is not None and routing.policy is not None:
        version = f"policy:{name}:{routing.policy.version}"
        if who is None or who.id != version:
            yield Thing("policy_version", version, "routed by")


def actor(who: Actor, decision_type: str) -> Thing | None:
    """Who did it; the clock is nobody."""
    match who.kind:
        case ActorKind.HUMAN:
            return Thing("person", f"person:{who.id}", str(who.seat or "by"))
        case ActorKind.SERVICE:
            return Thing("service", f"service:{who.id}", str(who.seat or "by"))
        case ActorKind.POLICY:
            return Thing("policy_version", f"policy:{decision_type}:{who.id}", "routed by")
        case ActorKind.TIMER:
            return None
