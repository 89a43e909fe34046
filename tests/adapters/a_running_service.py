"""A real `remit serve` on a real port, with one decision type and a key for its producer."""

import subprocess
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.cases import CATALOGUE
from adapters.demo.cast import cast_for
from adapters.demo.service import free_port, running, until_ready
from adapters.identity.api_keys import write
from adapters.settings import Settings
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity

TYPE = "compliance_screening"
LOT_KEY = "a secret of the tests alone"
SETTINGS = Settings.model_validate({"lot_key": LOT_KEY})


@dataclass(frozen=True)
class Answered:
    """What the service said."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]


@dataclass
class Running:
    """The service's process, and a client of it."""

    process: "subprocess.Popen[bytes]"
    session: aiohttp.ClientSession
    header: dict[str, str]

    async def recommend(self, body: Mapping[str, Any], key: str | None = None) -> Answered:
        """Hand over a recommendation."""
        headers = self.header | ({"Idempotency-Key": key} if key else {})
        async with self.session.post("/v1/decisions", json=body, headers=headers) as said:
            return Answered(said.status, await said.json(), said.headers)

    async def get(self, path: str) -> Answered:
        """One question of the producer's."""
        async with self.session.get(path, headers=self.header) as said:
            return Answered(said.status, await said.json(), said.headers)


@asynccontextmanager
async def a_running_service(url: str, directory: Path, **settings: str) -> AsyncGenerator[Running]:
    """Adopt the decision type, start the service, wait until it is ready; stop it at the end."""
    adoption = read_adoption((CATALOGUE / f"{TYPE}.yaml").read_text(encoding="utf-8"))
    cast = cast_for([adoption.definition])
    write(directory / "keys.json", cast.records)
    async with postgres_desk(url, SETTINGS) as desk:
        await adopt(adoption, Caller(Identity("a test", "human")), desk)
    port = free_port()
    environment = {
        "REMIT_DATABASE_URL": url,
        "REMIT_API_KEYS": str(directory / "keys.json"),
        "REMIT_LOT_KEY": LOT_KEY,
        "REMIT_PORT": str(port),
    } | settings
    log = directory / "service.log"
    with running(environment, log, "serve", "--no-work") as process:
        many = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=many) as session:
            await until_ready(session, process, log)
            yield Running(process, session, cast.header(cast.producer(TYPE)))
