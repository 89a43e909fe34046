"""Subscriptions and bookmarks in memory, forgotten with the process."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from application.following import Bookmark
from application.subscribing import Standing, Subscription


class MemoryFollowers:
    """Who is told of what happens, and how far each has been told."""

    def __init__(self) -> None:
        self._subscriptions: dict[UUID, Subscription] = {}
        self._bookmarks: dict[str, Bookmark] = {}
        self._held: set[str] = set()

    async def add(self, subscription: Subscription, position: int) -> bool:
        """Keep a subscription; False where its id is taken."""
        if subscription.id in self._subscriptions:
            return False
        self._subscriptions[subscription.id] = subscription
        self._bookmarks[str(subscription.id)] = Bookmark(position=position)
        return True

    async def find(self, id: UUID) -> Standing | None:
        """How one stands."""
        found = self._subscriptions.get(id)
        return None if found is None else Standing(found, self._bookmarks[str(id)])

    async def all(self) -> Sequence[Standing]:
        """How all stand, the oldest first."""
        found = sorted(self._subscriptions.values(), key=lambda one: (one.created_at, one.id))
        return [Standing(one, self._bookmarks[str(one.id)]) for one in found]

    async def change(self, subscription: Subscription) -> bool:
        """Keep other secrets; False where it is gone."""
        before = self._subscriptions.get(subscription.id)
        if before is None:
            return False
        changed = before.model_copy(update={"secrets": subscription.secrets})
        self._subscriptions[subscription.id] = changed
        return True

    async def resume(self, id: UUID, position: int | None) -> bool:
        """Let it go on; False where it is gone."""
        before = self._bookmarks.get(str(id))
        if before is None:
            return False
        self._bookmarks[str(id)] = before.at(before.position if position is None else position)
        return True

    async def remove(self, id: UUID) -> bool:
        """Forget it; False where it was gone."""
        self._bookmarks.pop(str(id), None)
        return self._subscriptions.pop(id, None) is not None

    async def due(self, now: datetime, newest: int) -> Sequence[str]:
        """Who has something to be told now, by name."""
        return [name for name, at in self._bookmarks.items() if at.is_due(now, newest)]

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[Bookmark | None]:
        """A follower's bookmark, for nobody else meanwhile; None if it is gone or held."""
        if name in self._held:
            yield None
            return
        self._held.add(name)
        try:
            yield self._bookmarks.get(name)
        finally:
            self._held.discard(name)

    async def move(self, name: str, seen: Bookmark, to: Bookmark) -> bool:
        """Move a held bookmark; False where it is no longer as it was seen."""
        before = self._bookmarks.get(name)
        if before is None or before.position != seen.position:
            return False
        self._bookmarks[name] = to
        return True

    async def begin(self, name: str, position: int) -> None:
        """Keep a bookmark from here on, unless there is one of this name."""
        self._bookmarks.setdefault(name, Bookmark(position=position))
