"""Following: someone outside is told what happens, in the order of the log, each event once as far
as they confirm it.

How far each follower has come is a bookmark, which moves only when they have confirmed. Whoever
tells a follower holds their bookmark, so that of any number of workers one tells at a time.
"""

import logging
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import AwareDatetime

from application.delivering import Attempt
from application.ports import Clock, EventLog, Positioned
from domain.model import Value
from domain.values import Receipt

log = logging.getLogger(__name__)

PAGE = 200
"""How many events are read at once."""
MOST_PAGES = 10
"""How many times they are read in one turn: then it is looked at anew who the follower is."""
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
JITTER = 0.25
"""Waits differ by up to this share, so that what failed together does not come back together."""
PATIENCE = timedelta(hours=24)
"""How long nothing may succeed before a follower is left alone until somebody resumes it."""


class Bookmark(Value):
    """How far a follower has been told, and how it goes."""

    position: int
    attempts: int = 0
    """How often in a row the next event could not be told."""
    failing_since: AwareDatetime | None = None
    retry_at: AwareDatetime | None = None
    problem: str | None = None
    """What came of the last attempt, while it fails."""
    stopped: bool = False
    """Whether it is left alone until somebody resumes it; `problem` says why."""

    def at(self, position: int) -> "Bookmark":
        """Told up to here, and all is well."""
        return Bookmark(position=position)

    @property
    def rests(self) -> bool:
        """Whether it is left alone, for a while or until somebody resumes it."""
        return self.stopped or self.retry_at is not None

    def is_due(self, now: datetime, newest: int) -> bool:
        """Whether there is something to be told now."""
        waits = self.retry_at is not None and self.retry_at > now
        return self.position < newest and not self.stopped and not waits


class Bookmarks(Protocol):
    """Where bookmarks are kept."""

    async def due(self, now: datetime, newest: int) -> Sequence[str]:
        """Who has something to be told now, by name."""
        ...

    def hold(self, name: str) -> AbstractAsyncContextManager[Bookmark | None]:
        """A follower's bookmark, for nobody else meanwhile; None if it is gone or held."""
        ...

    async def move(self, name: str, seen: Bookmark, to: Bookmark) -> bool:
        """Move a held bookmark; False where it is no longer as it was seen."""
        ...

    async def begin(self, name: str, position: int) -> None:
        """Keep a bookmark from here on, unless there is one of this name."""
        ...


class Follower(Protocol):
    """Someone who is told."""

    @property
    def topics(self) -> Sequence[str]:
        """The events that they may want; none named are all."""
        ...

    @property
    def stays(self) -> bool:
        """Whether what can't be told is in the way of what follows, or passed over."""
        ...

    def wants(self, told: Positioned) -> bool:
        """Whether they are told of this event."""
        ...

    async def tell(self, told: Positioned) -> Attempt:
        """Tell it once, and say what came of it; never raises for what the follower does."""
        ...


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of telling a follower, whose bookmark is held meanwhile."""

    name: str
    follower: Follower
    bookmarks: Bookmarks
    events: EventLog
    clock: Clock
    stopping: Callable[[], bool] = lambda: False

    async def go_on(self, at: Bookmark) -> Bookmark | None:
        """Tell what happened since, up to the end of the log or until it fails.

        The bookmark as it stands afterwards; None where it is no longer this follower's.
        """
        for _ in range(MOST_PAGES):
            newest = await self.events.newest()  # before looking, so that nothing is passed over
            found = await self.events.after(at.position, limit=PAGE, topics=self.follower.topics)
            told = await self._tell(at, found)
            if told is None or told.rests or self.stopping():
                return told
            end = found[-1].position if len(found) == PAGE else max(newest, told.position)
            moved = await self._move(told, told.model_copy(update={"position": end}))
            if moved is None or len(found) < PAGE:
                return moved
            at = moved
        return at

    async def _tell(self, at: Bookmark, found: Sequence[Positioned]) -> Bookmark | None:
        for told in found:
            if self.stopping():
                return at
            if self.follower.wants(told):
                moved = await self._move(at, await self._told(at, told))
                if moved is None or moved.rests:
                    return moved
                at = moved
        return at

    async def _told(self, at: Bookmark, told: Positioned) -> Bookmark:
        attempt = await self.follower.tell(told)
        if attempt.status is not Receipt.DELIVERED and not at.attempts:
            log.warning("%s could not be told of %s: %s", self.name, told.event.id, attempt.detail)
        return after(at, told.position, attempt, self.follower.stays, self.clock.now())

    async def _move(self, at: Bookmark, to: Bookmark) -> Bookmark | None:
        if at == to or await self.bookmarks.move(self.name, at, to):
            return to
        return None


def after(at: Bookmark, position: int, attempt: Attempt, stays: bool, now: datetime) -> Bookmark:
    """Where a bookmark stands after an attempt to tell the event at a position."""
    if attempt.status is Receipt.DELIVERED or (attempt.final and not stays):
        return at.at(position)
    since, said = at.failing_since or now, attempt.detail
    weary = stays and not attempt.final and now - since >= PATIENCE
    if weary:
        said = f"nothing succeeded since {since:%Y-%m-%d %H:%M} UTC; the last answer: {said}"
    stopped = attempt.final or weary
    return Bookmark(
        position=at.position,
        attempts=at.attempts + 1,
        failing_since=since,
        retry_at=None if stopped else now + _wait(at.attempts, attempt.wait),
        problem=said,
        stopped=stopped,
    )


def _wait(attempts: int, asked: timedelta | None) -> timedelta:
    grown = min(FIRST_WAIT * 2 ** min(attempts, 20), LONGEST_WAIT)
    share = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    return asked or grown * share
