"""The service is killed in the middle of its load: what it acknowledged is there."""

import asyncio
import os
import signal
from pathlib import Path
from uuid import UUID

import aiohttp

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.cases import CATALOGUE, real_cases
from adapters.demo.cast import cast_for
from adapters.demo.service import free_port, running, until_ready
from adapters.identity.api_keys import write
from adapters.settings import Settings
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity

TYPE = "compliance_screening"
LOT_KEY = "a secret of the tests alone"


def test_a_killed_service_loses_no_acknowledged_decision(database_url: str, tmp_path: Path) -> None:
    asyncio.run(_killed_and_looked_at(database_url, tmp_path))


async def _killed_and_looked_at(url: str, directory: Path) -> None:
    adoption = read_adoption((CATALOGUE / f"{TYPE}.yaml").read_text(encoding="utf-8"))
    cast = cast_for([adoption.definition])
    write(directory / "keys.json", cast.records)
    settings = Settings.model_validate({"lot_key": LOT_KEY})
    async with postgres_desk(url, settings) as desk:
        await adopt(adoption, Caller(Identity("a test", "human")), desk)
    port = free_port()
    environment = {
        "REMIT_DATABASE_URL": url,
        "REMIT_API_KEYS": str(directory / "keys.json"),
        "REMIT_LOT_KEY": LOT_KEY,
        "REMIT_PORT": str(port),
    }
    acknowledged: list[tuple[UUID, int]] = []
    log = directory / "service.log"
    with running(environment, log, "serve", "--no-work") as process:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            await until_ready(session, process, log)
            bodies = iter(case.body for case in real_cases([TYPE]))

            async def submit() -> None:
                headers = cast.header(cast.producer(TYPE))
                try:
                    for body in bodies:
                        async with session.post(
                            "/v1/decisions", json=body, headers=headers
                        ) as said:
                            decision = await said.json()
                            assert said.status == 201, decision
                            acknowledged.append((UUID(decision["id"]), decision["version"]))
                            if len(acknowledged) == 200:
                                os.kill(process.pid, signal.SIGKILL)
                except aiohttp.ClientError:
                    return  # killed: this one was not acknowledged

            await asyncio.gather(*(submit() for _ in range(16)))
    assert len(acknowledged) >= 200
    async with postgres_desk(url, settings) as desk:
        for id, version in acknowledged:
            assert (await desk.decision(id)).version == version
