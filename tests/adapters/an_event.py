"""Events of no business, to test storage with."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import uuid_utils.compat as uuid_utils

from adapters.eventstore.codec import Codec
from application.ports import Append, CommandKey, SubjectEntry
from domain.model import Actor, ActorKind, Event, Stamp, envelope

ACTOR = Actor(kind=ActorKind.SERVICE, id="teller")
NOON = datetime(2031, 4, 1, 12, 0, tzinfo=UTC)


class Noted(Event):
    """Something was noted."""

    TOPIC: ClassVar[str] = "test.noted"
    text: str = ""


class Counted(Event):
    """Something was counted."""

    TOPIC: ClassVar[str] = "test.counted"
    amount: int


def a_codec() -> Codec:
    return Codec([Noted, Counted])


def an_id() -> UUID:
    return UUID(bytes=uuid_utils.uuid7().bytes)


def noted(stream: UUID, version: int = 1, text: str = "") -> Noted:
    stamp = Stamp(at=NOON, actor=ACTOR, correlation_id=stream)
    return Noted(**envelope(stream, version, stamp), text=text)


def counted(stream: UUID, version: int = 1, amount: int = 1) -> Counted:
    stamp = Stamp(at=NOON, actor=ACTOR, correlation_id=stream)
    return Counted(**envelope(stream, version, stamp), amount=amount)


def append(
    *events: Event,
    expects: Iterable[tuple[UUID, int]] = (),
    key: str | None = None,
    content: bytes = b"content",
    enters: SubjectEntry | None = None,
    leaves: Iterable[UUID] = (),
) -> Append:
    command = CommandKey("teller/note", key, content) if key is not None else None
    return Append(events, tuple(expects), command, enters, tuple(leaves))


def entry(decision: UUID, subject: str = "customer 7", seen: Iterable[UUID] = ()) -> SubjectEntry:
    return SubjectEntry("refund", subject, decision, frozenset(seen))
