"""Two real `remit serve` on one database, and producers who never stop recommending to both."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
from a_service import REFUND, recommendation

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.service import free_port, running, until_ready
from adapters.identity.api_keys import issue, write
from adapters.settings import Settings
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity, Positioned
from domain.model import Seat

LOT_KEY = "a secret of the tests alone"
SETTINGS = Settings.model_validate({"lot_key": LOT_KEY})
PEOPLE: dict[str, dict[str, Seat]] = {
    "bot": {"refund": Seat.PRODUCER},
    "quinn": {"refund": Seat.QUALITY_REVIEWER},
    "ana": {"refund": Seat.DECISION_OWNER},
    "cy": {"refund": Seat.RISK_OWNER},
    "olga": {"*": Seat.ESCALATION_OWNER},
    "rhea": {"*": Seat.RISK_OWNER},
}


@dataclass
class Two:
    """Both services, the keys to them, and what producers were told."""

    sessions: Sequence[aiohttp.ClientSession]
    keys: dict[str, str]
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _subjects: "count[int]" = field(default_factory=count)

    async def send(
        self, at: int, who: str, method: str, path: str, body: object = None
    ) -> dict[str, Any]:
        """One request to one of them, which accepts it."""
        headers = {"Authorization": f"Bearer {self.keys[who]}"}
        async with self.sessions[at].request(method, path, json=body, headers=headers) as said:
            answer: dict[str, Any] = await said.json()
            assert said.status < 300, answer
            return answer

    async def recommend(self, at: int, model: str = "assistant") -> dict[str, Any]:
        """Something that policy would automate."""
        body = recommendation(f"claim {next(self._subjects)}")
        body["model"] = {"name": model, "version": "1"}
        answer = await self.send(at, "bot", "POST", "/v1/decisions", body)
        self.told.append(answer)
        return answer

    @asynccontextmanager
    async def load(self, producers: int = 4, model: str = "assistant") -> AsyncGenerator[None]:
        """Producers at both, who never stop meanwhile."""
        done = asyncio.Event()

        async def produce(at: int) -> None:
            while not done.is_set():
                await self.recommend(at, model)

        working = [asyncio.create_task(produce(n % 2)) for n in range(2 * producers)]
        try:
            yield
        finally:
            done.set()
            await asyncio.gather(*working)

    async def until(self, many: int) -> None:
        """Wait until producers were told so much more."""
        wanted = len(self.told) + many
        while True:
            await asyncio.sleep(0.01)
            if len(self.told) >= wanted:
                return


@asynccontextmanager
async def two_services(
    url: str, directory: Path, *, breakers: str = "", work: bool = False
) -> AsyncGenerator[Two]:
    """Refunds live, two services up."""
    issued = {
        who: issue(who, who, "service" if who == "bot" else "human", _seats(held))
        for who, held in PEOPLE.items()
    }
    write(directory / "keys.json", [record for _, record in issued.values()])
    async with postgres_desk(url, SETTINGS) as desk:
        operator = Caller(Identity("operator", "human"))
        await adopt(read_adoption(REFUND + breakers), operator, desk)
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(_one(url, directory, n, work=work and n == 0))
            for n in range(2)
        ]
        yield Two(sessions, {who: key for who, (key, _) in issued.items()})


@asynccontextmanager
async def _one(
    url: str, directory: Path, number: int, *, work: bool
) -> AsyncGenerator[aiohttp.ClientSession]:
    port, log = free_port(), directory / f"service-{number}.log"
    environment = {
        "REMIT_DATABASE_URL": url,
        "REMIT_API_KEYS": str(directory / "keys.json"),
        "REMIT_LOT_KEY": LOT_KEY,
        "REMIT_PORT": str(port),
    }
    command = ("serve",) if work else ("serve", "--no-work")
    with running(environment, log, *command) as process:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            await until_ready(session, process, log)
            yield session


def _seats(held: dict[str, Seat]) -> dict[str, frozenset[Seat]]:
    return {name: frozenset({seat}) for name, seat in held.items()}


async def everything(url: str) -> Sequence[Positioned]:
    """The whole log."""
    async with postgres_desk(url, SETTINGS) as desk:
        return await desk.log.after(0, limit=1_000_000)


def id_of(answer: dict[str, Any]) -> UUID:
    return UUID(answer["id"])
