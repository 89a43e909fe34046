"""Hearing at once that something was appended, by whichever process."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
from psycopg import AsyncConnection

log = logging.getLogger(__name__)

LISTEN = "LISTEN remit_events"
POLL = 1.0


class Listener:
    """One connection that listens for the whole process, and wakes whoever follows the log."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._followers: set[asyncio.Event] = set()
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def changes(self) -> AsyncIterator[None]:
        """Ticks at once, after each append, and once a second whatever happens."""
        changed = asyncio.Event()
        changed.set()
        self._followers.add(changed)
        if self._task is None:
            self._task = asyncio.create_task(self._listen_for_ever(), name="remit-listener")
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await changed.wait()
                changed.clear()
                yield
        finally:
            self._followers.discard(changed)

    def _wake(self) -> None:
        for follower in self._followers:
            follower.set()

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except (OSError, psycopg.Error) as error:
                log.warning("listening was interrupted: %s", error)
                await asyncio.sleep(POLL)

    async def _listen(self) -> None:
        async with await AsyncConnection.connect(self._url, autocommit=True) as connection:
            await connection.execute(LISTEN)
            # What was appended before LISTEN took hold would otherwise wait for the next append.
            self._wake()
            async for _ in connection.notifies():
                self._wake()
