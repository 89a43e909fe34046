"""The event stream goes on where it broke off: each event once, in order, while writers go on."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from a_running_service import TYPE, Running, a_running_service

from adapters.demo.cases import real_cases

DECISIONS = 150
WRITERS = 3
STREAM = {"Accept": "text/event-stream"}


@dataclass
class Client:
    """Reads a stream as a browser does: an event counts once its empty line has come."""

    last: str = "0"
    got: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    drops: int = 0

    async def read(self, service: Running, most: int) -> None:
        """Read so many bytes, and drop the connection in the middle of whatever that is."""
        headers = service.header | STREAM | {"Last-Event-ID": self.last}
        rest = b""
        async with service.session.get("/v1/events", headers=headers) as response:
            assert response.status == 200
            async for chunk in _bytes(response, most):
                rest += chunk
                *whole, rest = rest.replace(b"\r\n", b"\n").split(b"\n\n")
                for each in whole:
                    self._take(each)
            response.close()
        self.drops += 1

    def _take(self, block: bytes) -> None:
        lines = [line.split(": ", 1) for line in block.decode().splitlines() if ": " in line]
        fields = dict(line for line in lines if len(line) == 2)
        if "data" in fields:
            self.last = fields["id"]
            event = json.loads(fields["data"])
            assert (event["position"], event["type"]) == (int(self.last), fields["event"])
            self.got.append(event)


async def _bytes(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    """At most so many bytes; less if nothing comes for a while."""
    left = most
    while left > 0:
        try:
            async with asyncio.timeout(0.5):
                chunk = await response.content.read(left)
        except TimeoutError:
            return
        left -= len(chunk)
        yield chunk


def test_a_client_that_drops_again_and_again_misses_and_doubles_nothing(
    database_url: str, tmp_path: Path
) -> None:
    asyncio.run(_dropping(database_url, tmp_path))


async def _dropping(url: str, directory: Path) -> None:
    bodies = iter([case.body for case in real_cases([TYPE])][:DECISIONS])
    async with a_running_service(url, directory) as service:

        async def write() -> None:
            for body in bodies:
                said = await service.recommend(body)
                assert said.status == 201, said
                await asyncio.sleep(0.01)

        async def follow(client: Client, dice: random.Random, writing: asyncio.Future[Any]) -> None:
            while not writing.done() or client.drops < 20:
                await client.read(service, dice.randrange(1, 9_000))
            while client.last != await newest(service):
                await client.read(service, 200_000)

        clients = [Client() for _ in range(3)]
        writing = asyncio.gather(*(write() for _ in range(WRITERS)))
        dice = random.Random(4711)
        await asyncio.gather(writing, *(follow(client, dice, writing) for client in clients))
        feed = await everything(service)
    for client in clients:
        assert client.drops >= 20
        assert client.got == feed
    assert sum(event["type"] == "decision.recommended" for event in feed) == DECISIONS


async def everything(service: Running) -> list[dict[str, Any]]:
    """The feed as pages give it."""
    found: list[dict[str, Any]] = []
    after = "0"
    while True:
        asked = {"after": after, "limit": "500"}
        async with service.session.get("/v1/events", params=asked, headers=service.header) as said:
            page = await said.json()
        if page["next"] == after:
            return found
        found += page["items"]
        after = page["next"]


async def newest(service: Running) -> str:
    """The id of the last event there is for this caller."""
    return str((await everything(service))[-1]["position"])
