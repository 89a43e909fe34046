"""The service is killed in the middle of its load: what it acknowledged is there."""

import asyncio
import os
import signal
from pathlib import Path
from uuid import UUID

import aiohttp
from a_running_service import SETTINGS, TYPE, a_running_service

from adapters.assembly import postgres_desk
from adapters.demo.cases import real_cases


def test_a_killed_service_loses_no_acknowledged_decision(database_url: str, tmp_path: Path) -> None:
    asyncio.run(_killed_and_looked_at(database_url, tmp_path))


async def _killed_and_looked_at(url: str, directory: Path) -> None:
    acknowledged: list[tuple[UUID, int]] = []
    async with a_running_service(url, directory) as service:
        bodies = iter(case.body for case in real_cases([TYPE]))

        async def submit() -> None:
            try:
                for body in bodies:
                    said = await service.recommend(body)
                    assert said.status == 201, said
                    acknowledged.append((UUID(said.body["id"]), said.body["version"]))
                    if len(acknowledged) == 200:
                        os.kill(service.process.pid, signal.SIGKILL)
            except aiohttp.ClientError:
                return  # killed: this one was not acknowledged

        await asyncio.gather(*(submit() for _ in range(16)))
    assert len(acknowledged) >= 200
    async with postgres_desk(url, SETTINGS) as desk:
        for id, version in acknowledged:
            assert (await desk.decision(id)).version == version
