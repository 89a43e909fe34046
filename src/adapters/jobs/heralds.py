"""Heralds: each worker has one, which tells followers what happened. A follower is told by one
herald at a time: whoever holds their bookmark."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

from application.desk import Desk
from application.following import Bookmarks, Follower, Turn
from application.subscribing import Subscriptions
from application.telling import Sender, Subscriber

log = logging.getLogger(__name__)

AT_ONCE = 200
"""How many followers one worker tells at once: most of that time it waits for answers."""
BREATH = 0.2
"""Between two looks at who has something to be told."""
PAUSE = 2.0
"""Before it begins again after something went wrong."""
FINISHES_WITHIN = 8.0

Opened = Callable[[], AbstractAsyncContextManager[Bookmarks]]


class Followers(Protocol):
    """Who there is to be told."""

    async def find(self, name: str) -> Follower | None:
        """Who has this name; None if nobody has here."""
        ...

    async def begin(self, bookmarks: Bookmarks, newest: int) -> None:
        """Give everyone a bookmark who has none."""
        ...


class Subscribers:
    """Followers that are subscriptions: named by their ids, and begun when they were made."""

    def __init__(self, subscriptions: Subscriptions, sender: Sender) -> None:
        self._subscriptions = subscriptions
        self._sender = sender

    async def find(self, name: str) -> Follower | None:
        """The subscription of an id."""
        try:
            id = UUID(name)
        except ValueError:
            return None
        found = await self._subscriptions.find(id)
        return None if found is None else Subscriber(found.subscription, self._sender)

    async def begin(self, bookmarks: Bookmarks, newest: int) -> None:
        """Nothing to do."""


class Herald:
    """Looks who has something to be told, and tells them, each beside the others."""

    def __init__(self, desk: Desk, opened: Opened, *followers: Followers) -> None:
        self._desk = desk
        self._opened = opened
        self._followers = followers
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._ending = asyncio.Event()

    async def run(self) -> None:
        """Tell until cancelled; begin again after whatever ends it."""
        while True:
            try:
                async with self._opened() as bookmarks:
                    await self._tell(bookmarks)
            except Exception:
                log.exception("telling ended; it begins again in %.1f s", PAUSE)
            await asyncio.sleep(PAUSE)

    async def _tell(self, bookmarks: Bookmarks) -> None:
        events = self._desk.log
        newest = await events.newest()
        for each in self._followers:
            await each.begin(bookmarks, newest)
        try:
            async for _ in events.changes():
                await self._look(bookmarks)
                await asyncio.sleep(BREATH)
        finally:
            await self._end()

    async def _look(self, bookmarks: Bookmarks) -> None:
        newest = await self._desk.log.newest()
        for name in await bookmarks.due(self._desk.clock.now(), newest):
            if len(self._under_way) >= AT_ONCE:
                return
            if name not in self._under_way:
                task = asyncio.create_task(self._turn(name, bookmarks), name=f"follower {name}")
                self._under_way[name] = task

    async def _turn(self, name: str, bookmarks: Bookmarks) -> None:
        """What goes wrong with one stops none beside it."""
        try:
            async with bookmarks.hold(name) as at:
                follower = None if at is None else await self._find(name)
                if at is None or follower is None:
                    return
                desk = self._desk
                turn = Turn(name, follower, bookmarks, desk.log, desk.clock, self._ending.is_set)
                await turn.go_on(at)
        except Exception:
            log.exception("%s could not be told now", name)
            await asyncio.sleep(PAUSE)
        finally:
            del self._under_way[name]

    async def _find(self, name: str) -> Follower | None:
        for each in self._followers:
            if found := await each.find(name):
                return found
        return None

    async def _end(self) -> None:
        """Whoever is being told is told to the end of that, for a while."""
        self._ending.set()
        tasks = list(self._under_way.values())
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=FINISHES_WITHIN)
            for task in left:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._ending.clear()
