"""People work while everything under them is killed: `PYTHONPATH=src:.:tests/adapters python -m killing SECONDS`."""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import psycopg
from aiohttp import web
from killing.judging import History, faults_of_a_life, faults_of_answers, faults_of_deliveries
from killing.office import DECISION_TYPE, LOT_KEY, Office
from killing.people import GIVES_UP_AFTER, Crowd

from adapters.assembly import postgres_desk, read_adoption
from adapters.postgres.embedded import Server, embedded
from adapters.postgres.migrations import migrate
from adapters.settings import Settings
from adapters.worker import catch_up, positions, projection_names, verify
from application.desk import Caller, Desk
from application.governing import adopt
from application.ports import Identity
from domain.decision_type.state import DecisionType
from tests.adapters.webhooks.receivers import a_receiver

SETTLES_WITHIN = 240.0
"""Seconds until nothing is left to do, on a machine however slow."""
LEFT = """
    SELECT key FROM review_queue WHERE rings_at IS NOT NULL UNION SELECT key FROM deliveries LIMIT 1
"""


@dataclass
class Receiver:
    """It does what it is told once, and does not always say so."""

    arrived: list[UUID] = field(default_factory=list[UUID])
    done: set[UUID] = field(default_factory=set[UUID])

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        id = UUID(request.headers["webhook-id"])
        self.arrived.append(id)
        await asyncio.sleep(random.uniform(0, 0.3))
        dice = random.random()
        if dice < 0.1 and id not in self.done:
            return web.Response(status=503)
        self.done.add(id)
        if dice > 0.97:
            assert request.transport is not None
            request.transport.abort()
        return web.Response()


async def play(seconds: float, directory: Path) -> dict[str, Any]:
    """Let people work and kill what they work with; when all is quiet again, judge."""
    receiver = Receiver()
    with embedded(directory / "database", keep=False) as url:
        migrate(url)
        kind = await _adopted(url)
        async with a_receiver(receiver) as (address, _):
            server = Server((directory / "database").resolve())
            office = Office(url, server, directory, address)
            async with _a_crowd(office) as crowd:
                kills = await _killed(office, crowd, seconds)
                quiet = await _settled(url)
            office.close()
        return await _judged(url, kind, crowd, receiver) | {"kills": kills, "settled after": quiet}


async def _adopted(url: str) -> DecisionType:
    async with _a_desk(url) as desk:
        caller = Caller(Identity("a test", "human"))
        return (await adopt(read_adoption(DECISION_TYPE), caller, desk)).decision_type


@asynccontextmanager
async def _a_desk(url: str) -> AsyncGenerator[Desk]:
    settings = Settings.model_validate({"lot_key": LOT_KEY})
    async with postgres_desk(url, settings) as desk:
        yield desk


@asynccontextmanager
async def _a_crowd(office: Office) -> AsyncGenerator[Crowd]:
    office.furnish()
    office.start()
    many = aiohttp.TCPConnector(limit=0)
    try:
        async with aiohttp.ClientSession(connector=many, timeout=GIVES_UP_AFTER) as session:
            yield Crowd(office, session)
    finally:
        office.close()


async def _killed(office: Office, crowd: Crowd, seconds: float) -> Counter[str]:
    """Everyone finishes what they began once the killing is over."""
    async with asyncio.TaskGroup() as group:
        for work in crowd.everyone():
            group.create_task(work())
        await asyncio.to_thread(office.until_ready)
        kills = await asyncio.to_thread(lambda: Counter(office.kills(seconds)))
        await asyncio.to_thread(office.until_ready)
        crowd.closing = True
    return kills


async def _settled(url: str) -> float:
    """Wait until neither time nor a receiver has anything left to say."""
    began = time.monotonic()
    while time.monotonic() < began + SETTLES_WITHIN:
        if await asyncio.to_thread(_is_quiet, url):
            break
        await asyncio.sleep(0.5)
    return round(time.monotonic() - began, 1)


def _is_quiet(url: str) -> bool:
    if any(behind for _, _, behind in positions(url)):
        return False
    with psycopg.connect(url) as connection:
        return connection.execute(LEFT).fetchone() is None


async def _judged(url: str, kind: DecisionType, crowd: Crowd, receiver: Receiver) -> dict[str, Any]:
    histories = await _histories(url)
    faults = [*crowd.faults]
    for id, history in histories.items():
        faults += [f"{id}: {fault}" for fault in faults_of_a_life(history, kind)]
    faults += faults_of_answers(crowd.told, histories, _commands(url))
    faults += faults_of_deliveries(histories, receiver.arrived, frozenset(receiver.done))
    faults += await asyncio.to_thread(_faults_of_projections, url)
    counts = Counter(event.TOPIC for history in histories.values() for event in history)
    return {
        "decisions": len(histories),
        "events": dict(sorted(counts.items())),
        "answered": dict(Counter(f"{said.what} {said.status}" for said in crowd.told)),
        "lost answers": crowd.lost,
        "arrived": len(receiver.arrived),
        "faults": faults,
    }


async def _histories(url: str) -> dict[str, History]:
    with psycopg.connect(url) as connection:
        query = (
            "SELECT DISTINCT originator_id FROM remit_events WHERE topic ^@ 'decision.recommended.'"
        )
        ids = [row[0] for row in connection.execute(query)]
    async with _a_desk(url) as desk:
        return {str(id): await desk.history(id) for id in ids}


def _commands(url: str) -> dict[str, tuple[str, int]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT key, stream, version FROM commands").fetchall()
    return {key: (str(stream), version) for key, stream, version in rows}


def _faults_of_projections(url: str) -> list[str]:
    catch_up(url)
    return [f"{name}: {fault}" for name in projection_names() for fault in verify(url, name)]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("seconds", type=float)
    given = arguments.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="remit-kills-"))
    verdict = asyncio.run(play(given.seconds, directory))
    if verdict["faults"]:
        verdict["logs"] = str(directory)
    else:
        shutil.rmtree(directory)
    print(json.dumps(verdict, indent=2))
    sys.exit(bool(verdict["faults"]))


if __name__ == "__main__":
    main()
