"""Histories: a decision as it was, what happened to it, and the same told to people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self, TypeVar
from uuid import UUID

from pydantic import Field, model_validator

from adapters.http.answers import Page
from adapters.http.bodies import Moment
from adapters.http.cursors import cursor, mark_at
from application.desk import Caller, Desk, NoSuchDecision
from application.feed import decision_type_of, page_of
from application.recounting import Place, tell
from application.sight import events_for
from application.trail import TrailLine
from domain.decision.events import LifeEvent, Recommended
from domain.decision.state import Decision
from domain.model import NotFound, Value

NEWEST_POSSIBLE = 2**31 - 1
Item = TypeVar("Item")


class NotThen(NotFound):
    """A thing can be seen as it was at a moment in its life."""

    CODE = "REJ.version_unknown"


class When(Value):
    """The moment to look at: a version or a time, not both; now, if neither is given."""

    at_version: int | None = Field(default=None, ge=1, le=NEWEST_POSSIBLE)
    as_of: Moment | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.at_version is not None and self.as_of is not None:
            raise ValueError("at_version or as_of, not both")
        return self


class Paging(Value):
    """Which part of a list."""

    cursor: str | None = Field(default=None, max_length=2_000)
    limit: int = Field(default=100, ge=1, le=500)


class _Seen(Value):
    """What the page before ended with: a version, and an attempt there if one was refused."""

    version: int = Field(ge=0, le=NEWEST_POSSIBLE)
    attempt: int = Field(default=0, ge=0, le=NEWEST_POSSIBLE)


async def decision_at(id: UUID, when: When, caller: Caller, desk: Desk) -> Decision:
    """The decision at a moment, for anyone who has a seat where it belongs."""
    version = when.at_version
    if when.as_of is not None:
        version = _version_at(await desk.history(id), id, when.as_of)
    decision = await desk.decision(id, up_to=version)
    caller.require_any_seat(decision.decision_type)
    if version is not None and version > decision.version:
        raise NotThen(f"at_version: found {version}, the newest is {decision.version}")
    return decision


def _version_at(history: Sequence[LifeEvent], id: UUID, moment: datetime) -> int:
    if not history:
        raise NoSuchDecision(f"id: found {id}")
    passed = [event.originator_version for event in history if event.timestamp <= moment]
    if not passed:
        raise NotThen(f"as_of: found {moment.isoformat()}, before it was received")
    return passed[-1]


async def events_of(id: UUID, paging: Paging, caller: Caller, desk: Desk) -> bytes:
    """What happened to a decision, in order: a page of CloudEvents as JSON."""
    history = list(await desk.log.told(id))
    if not history or history[0].topic != Recommended.TOPIC:
        raise NoSuchDecision(f"id: found {id}")
    caller.require_any_seat(decision_type_of(history[0]))
    part, next = _part(history, paging)
    return page_of(await events_for(part, caller, desk), next)


async def trail_of(id: UUID, paging: Paging, caller: Caller, desk: Desk) -> Page[TrailLine]:
    """The same as sentences, and what was refused beside it."""
    seen = mark_at(paging.cursor, _Seen) or _Seen(version=0)
    after = Place(seen.version, seen.attempt)
    lines, end = await tell(id, caller, desk, after, paging.limit)
    next = cursor(_Seen(version=end.version, attempt=end.attempt)) if end else None
    return Page[TrailLine](items=lines, next=next)


def _part(history: list[Item], paging: Paging) -> tuple[list[Item], str | None]:
    seen = mark_at(paging.cursor, _Seen)
    start = seen.version if seen else 0
    end = start + paging.limit
    return history[start:end], cursor(_Seen(version=end)) if end < len(history) else None
