"""Those who use the service that is killed. Who got no answer asks again, by the same key."""

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from killing.office import TYPE, Office

GIVES_UP_AFTER = aiohttp.ClientTimeout(total=15)
REFUSED = frozenset({403, 409, 412})
"""What the rules may say to a person who comes too late."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """An answer that is one, and to what."""

    who: str
    what: str
    key: str
    status: int
    body: Json


@dataclass
class Crowd:
    """Everyone who asks, and all that they were told."""

    office: Office
    session: aiohttp.ClientSession
    told: list[Said] = field(default_factory=list[Said])
    faults: list[str] = field(default_factory=list[str])
    closing: bool = False
    lost: int = 0
    """How many requests were never answered, and asked again."""

    async def ask(self, who: str, what: str, path: str, body: Json, key: str) -> Said:
        """Ask until there is an answer."""
        headers = {"Authorization": f"Bearer {self.office.keys[who]}", "Idempotency-Key": key}
        while True:
            url = f"http://127.0.0.1:{random.choice(self.office.ports)}{path}"
            try:
                async with self.session.post(url, json=body, headers=headers) as answer:
                    content = await answer.json() if answer.status != 204 else {}
            except (aiohttp.ClientError, TimeoutError):
                self.lost += 1
            else:
                if answer.status != 503:
                    return self._told(Said(who, what, key, answer.status, content))
                self.lost += content["code"] == "REJ.outcome_unknown"
            await asyncio.sleep(random.uniform(0.05, 0.3))

    def _told(self, said: Said) -> Said:
        self.told.append(said)
        if said.status >= 300 and said.status not in REFUSED:
            self.faults.append(f"{said.what} by {said.who} was answered {said.status} {said.body}")
        return said

    async def recommend(self) -> None:
        """A producer, who sometimes sends the same thing twice."""
        while not self.closing:
            subject = f"claim {uuid4().hex[:12]}"
            confidence, amount = random.choice([(0.95, 50), (0.95, 500), (0.95, 500), (0.3, 50)])
            action = {"action": "refund", "confidence": confidence, "risk": 0.1}
            body = {
                "decision_type": TYPE,
                "subject": subject,
                "recommendation": action,
                "model": {"name": "assistant", "version": "1"},
                "context": {"amount": amount},
            }
            said = await self.ask("bot", "recommend", "/v1/decisions", body, subject[6:])
            if random.random() < 0.2:
                again = await self.ask("bot", "recommend", "/v1/decisions", body, said.key)
                if (again.body["id"], again.body["version"]) != (
                    said.body["id"],
                    said.body["version"],
                ):
                    self.faults.append(f"{said.key} was answered {said.body}, then {again.body}")
            await asyncio.sleep(random.uniform(0, 0.25))

    async def review(self, who: str, rival: str) -> None:
        """A reviewer, whom a rival begrudges what they took on."""
        await self._work(who, "review", itertools.repeat("first-line"), rival)

    async def resolve(self, who: str) -> None:
        """The escalation owner, with two queues."""
        await self._work(who, "resolve", itertools.cycle(["leads", "exceptions"]), None)

    async def _work(
        self,
        who: str,
        how: str,
        queues: "itertools.repeat[str] | itertools.cycle[str]",
        rival: str | None,
    ) -> None:
        for queue in queues:
            if self.closing:
                return
            body = {"lease_seconds": random.choice([1, 3, 60])}
            path = f"/v1/queues/{queue}/claim-next"
            claim = await self.ask(who, "claim", path, body, uuid4().hex)
            if claim.status != 200:
                await asyncio.sleep(0.2)
                continue
            here = f"/v1/decisions/{claim.body['decision']['id']}"
            if rival is not None and random.random() < 0.3:
                await self.ask(rival, "claim", f"{here}/claim", body, uuid4().hex)
            await asyncio.sleep(random.uniform(0, 0.3))
            if random.random() < 0.85:  # or they go away and never come back to it
                await self.ask(who, how, f"{here}/{how}", _choice(claim.body), uuid4().hex)

    def everyone(self) -> list[Callable[[], Any]]:
        """Who works here."""
        return [
            self.recommend,
            self.recommend,
            lambda: self.review("rae", "sam"),
            lambda: self.review("sam", "tom"),
            lambda: self.review("tom", "rae"),
            lambda: self.resolve("di"),
        ]


def _choice(claim: Json) -> Json:
    shown = {"lease_token": claim["lease"]["token"], "action_digest": claim["action_digest"]}
    match random.choice(["uphold", "uphold", "override", "return", "refer"]):
        case "override":
            more = {"disposition": "override", "action": "replace", "reason_code": "OVR.X"}
        case disposition:
            more = {"disposition": disposition}
    return shown | more
