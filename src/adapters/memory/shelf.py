"""Rehearsals in memory: done in a thread, forgotten with the process."""

import asyncio
from collections.abc import Callable, Coroutine
from threading import Lock, Thread
from typing import Any
from uuid import UUID

from application.rehearsal.report import Report
from application.rehearsing import Asked, Standing, State


class MemoryShelf:
    """Where rehearsals stand."""

    def __init__(self) -> None:
        self._standing: dict[UUID, Standing] = {}
        self._lock = Lock()

    async def open(self, id: UUID, asked: Asked) -> bool:
        """Begin one; False where it stands there already."""
        with self._lock:
            new = Standing(id=id, asked=asked, state="running")
            return self._standing.setdefault(id, new) is new

    async def find(self, id: UUID) -> Standing | None:
        """How it stands."""
        return self._standing.get(id)

    async def running(self) -> int:
        """How many run."""
        with self._lock:
            return sum(one.state == "running" for one in self._standing.values())

    async def beat(self, id: UUID, done: int, total: int) -> bool:
        """Say how far it is; False where it is not wanted any more."""
        return self._changed(id, done=done, total=total)

    async def close(
        self, id: UUID, state: State, *, problem: str | None = None, report: Report | None = None
    ) -> bool:
        """End a running one; False where it had ended."""
        return self._changed(id, state=state, problem=problem, report=report)

    def _changed(self, id: UUID, **changes: object) -> bool:
        with self._lock:
            before = self._standing.get(id)
            if before is None or before.state != "running":
                return False
            self._standing[id] = before.model_copy(update=changes)
            return True


class ThreadRunner:
    """Does each rehearsal in a thread with an event loop of its own."""

    def __init__(self, perform: Callable[[UUID], Coroutine[Any, Any, None]]) -> None:
        self._perform = perform

    def start(self, id: UUID) -> None:
        """Begin."""
        Thread(target=lambda: asyncio.run(self._perform(id)), name="remit-rehearsal").start()
