"""Reading together: while one query is on its way the next gathers; nobody waits for a timer."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

MOST_STREAMS = 200
MOST_UNDER_WAY = 2
"""The database answers one query while we take the other's answer apart."""

Row = tuple[Any, ...]
"""A stored event, the id of its stream first."""


class Gathering:
    """Reads of whole streams, each answered from a query that was sent after it was asked for."""

    def __init__(self, read: Callable[[Sequence[UUID]], Awaitable[Sequence[Row]]]) -> None:
        self._read = read
        self._waiting: defaultdict[UUID, list[asyncio.Future[list[Row]]]] = defaultdict(list)
        self._under_way: set[asyncio.Task[None]] = set()

    async def rows(self, stream: UUID) -> list[Row]:
        """The rows of one stream, in order."""
        answer: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._waiting[stream].append(answer)
        if len(self._under_way) < MOST_UNDER_WAY:
            task = asyncio.create_task(self._read_all(), name="remit-gathering")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return await answer

    async def _read_all(self) -> None:
        while self._waiting:
            ids = list(self._waiting)[:MOST_STREAMS]
            asked = {id: self._waiting.pop(id) for id in ids}
            try:
                found = await self._read(ids)
            except BaseException as error:
                _tell(asked, error)
                if not isinstance(error, Exception):
                    raise
            else:
                _answer(asked, found)


def _answer(asked: dict[UUID, list[asyncio.Future[list[Row]]]], found: Sequence[Row]) -> None:
    streams: dict[UUID, list[Row]] = {id: [] for id in asked}
    for row in found:
        streams[row[0]].append(row)
    for id, answers in asked.items():
        for answer in answers:
            if not answer.done():  # its caller may have gone away
                answer.set_result(streams[id])


def _tell(asked: dict[UUID, list[asyncio.Future[list[Row]]]], error: BaseException) -> None:
    for answers in asked.values():
        for answer in answers:
            if answer.done():
                continue
            if isinstance(error, Exception):
                answer.set_exception(error)
            else:
                answer.cancel()
