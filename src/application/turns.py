"""Turns: a few at a time, the others in line, and the line ends somewhere."""

from asyncio import Semaphore
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from application.ports import Busy


class Turns:
    """Lets `at_once` through and keeps `waiting` in line; whoever comes then is sent away."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = Semaphore(at_once)
        self._room = waiting

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """One turn, when it comes. Raises `Busy` where the line has no room."""
        if not self._room:
            raise Busy("too many are in line already")
        self._room -= 1
        try:
            await self._free.acquire()
        finally:
            self._room += 1
        try:
            yield
        finally:
            self._free.release()
