"""Fifty people at two servers: each item of a queue goes to one of them, and none is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from a_running_service import LOT_KEY, SETTINGS
from a_service import REFUND, recommendation

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.service import free_port, running, until_ready
from adapters.identity.api_keys import issue, write
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity
from domain.model import Seat

PEOPLE = 50
ITEMS = 120
Json = dict[str, Any]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True)
class Office:
    """Two servers on one database, and everybody's key."""

    servers: tuple[aiohttp.ClientSession, aiohttp.ClientSession]
    keys: dict[str, str]

    async def post(self, who: str, path: str, body: Any = None) -> tuple[int, Json]:
        """A command, at the server that this person happens to be at."""
        server = self.servers[sum(map(ord, who)) % 2]
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        async with server.post(path, json=body or {}, headers=headers) as said:
            return said.status, await said.json() if said.status != 204 else {}

    async def get(self, who: str, path: str) -> Json:
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        async with self.servers[0].get(path, headers=headers) as said:
            assert said.status == 200, await said.text()
            found: Json = await said.json()
            return found


PERSONS = [f"rev-{n}" for n in range(PEOPLE)]


@asynccontextmanager
async def an_office(url: str, directory: Path) -> AsyncGenerator[Office]:
    seats = {"bot": Seat.PRODUCER, "audrey": Seat.AUDITOR, **dict.fromkeys(PERSONS, Seat.REVIEWER)}
    issued = {
        who: issue(who, who, "service" if who == "bot" else "human", {"refund": frozenset({seat})})
        for who, seat in seats.items()
    }
    write(directory / "keys.json", [record for _, record in issued.values()])
    async with postgres_desk(url, SETTINGS) as desk:
        await adopt(read_adoption(REFUND), Caller(Identity("operator", "human")), desk)
    async with AsyncExitStack() as stack:
        servers = []
        for n, more in enumerate([(), ("--no-work",)]):
            port, log = free_port(), directory / f"service-{n}.log"
            environment = {
                "REMIT_DATABASE_URL": url,
                "REMIT_API_KEYS": str(directory / "keys.json"),
                "REMIT_LOT_KEY": LOT_KEY,
                "REMIT_PORT": str(port),
            }
            process = stack.enter_context(running(environment, log, "serve", *more))
            many = aiohttp.TCPConnector(limit=0)
            session = aiohttp.ClientSession(f"http://127.0.0.1:{port}", connector=many)
            servers.append(await stack.enter_async_context(session))
            await until_ready(session, process, log)
        yield Office((servers[0], servers[1]), {who: key for who, (key, _) in issued.items()})


async def waiting(office: Office, count: int) -> list[str]:
    """As many decisions that wait in the queue, once it shows them."""
    answers = [
        await office.post("bot", "/v1/decisions", recommendation(f"claim-{n}", amount=500))
        for n in range(count)
    ]
    assert {status for status, _ in answers} == {201}
    async with asyncio.timeout(60):
        while True:
            queues = (await office.get("rev-0", "/v1/queues"))["items"]
            if sum(queue["waiting"] for queue in queues) == count:
                return [decision["id"] for _, decision in answers]
            await asyncio.sleep(0.1)


async def works(office: Office, who: str) -> list[str]:
    """Claim the next one until nothing is free."""
    claimed: list[str] = []
    while True:
        status, answer = await office.post(who, "/v1/queues/first-line/claim-next")
        if status == 204:
            return claimed
        assert status == 200, answer
        assert answer["lease"]["holder"] == who
        claimed.append(answer["decision"]["id"])


@pytest.mark.anyio
async def test_fifty_people_at_two_servers_share_a_queue(database_url: str, tmp_path: Path) -> None:
    async with an_office(database_url, tmp_path) as office:
        ids = await waiting(office, ITEMS)
        found = await asyncio.gather(*(works(office, who) for who in PERSONS))
        claimed = Counter(id for each in found for id in each)
        assert claimed == Counter(ids), "no item twice, and none lost"
        trails = [await office.get("audrey", f"/v1/decisions/{id}/trail") for id in ids[:20]]
        told = [line for trail in trails for line in trail["items"]]
        assert not [line for line in told if line.get("refused")], "nobody tried any of them"


@pytest.mark.anyio
async def test_of_fifty_who_claim_one_item_one_has_it(database_url: str, tmp_path: Path) -> None:
    async with an_office(database_url, tmp_path) as office:
        [id] = await waiting(office, 1)
        path = f"/v1/decisions/{id}/claim"
        answers = await asyncio.gather(*(office.post(who, path) for who in PERSONS))
        assert Counter(status for status, _ in answers) == {200: 1, 409: 49}
        [lease] = [answer["lease"] for status, answer in answers if status == 200]
        for status, problem in answers:
            if status == 409:
                assert problem["code"] == "REJ.lease_held"
                assert problem["holder"] == lease["holder"]
                assert problem["expires_at"] == lease["expires_at"]
        trail = (await office.get("audrey", f"/v1/decisions/{id}/trail"))["items"]
        refused = [line["who"] for line in trail if line.get("refused")]
        assert sorted(refused) == sorted(set(PERSONS) - {lease["holder"]})
        assert [line["version"] for line in trail[-49:]] == [trail[2]["version"]] * 49
        again = await asyncio.gather(*(office.post(who, path) for who in PERSONS))
        assert Counter(status for status, _ in again) == {200: 1, 409: 49}
