"""Our listener: nothing that came before it listened waits for the next."""

import asyncio
from typing import Any

import psycopg
import pytest
from an_event import a_codec, an_id, append, noted

from adapters.postgres import listening
from adapters.postgres.log import PostgresEventLog

PATIENCE = 60


class Gate:
    """Lets the listener connect when it is told to."""

    def __init__(self) -> None:
        self.open = asyncio.Event()

    async def connect(self, *args: Any, **kwargs: Any) -> psycopg.AsyncConnection[Any]:
        await self.open.wait()
        return await psycopg.AsyncConnection.connect(*args, **kwargs)


def test_what_came_before_it_listened_wakes_a_follower(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "POLL", 3600.0)

    async def test() -> None:
        gate = Gate()
        monkeypatch.setattr(listening, "AsyncConnection", gate)
        async with asyncio.timeout(PATIENCE), PostgresEventLog(database_url, a_codec()) as log:
            changes = log.changes()
            await anext(changes)
            assert await log.after(0) == []
            position = await log.append(append(noted(an_id())))
            gate.open.set()
            await anext(changes)
            assert [p.position for p in await log.after(0)] == [position]

    asyncio.run(test())
