"""Playing the cases: services recommend, the recorded outcomes answer for the reviewers."""

import asyncio
import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from adapters.demo.cases import RealCase
from adapters.demo.cast import REVIEWERS, Cast
from adapters.trouble import Trouble

CONCURRENCY = 32
BATCH = 20


def _batches(cases: list[RealCase]) -> list[list[RealCase]]:
    """The cases as their producers send them: a few at a time, each producer its own."""
    batches: list[list[RealCase]] = []
    filling: dict[str, list[RealCase]] = {}
    for case in cases:
        batch = filling.setdefault(case.decision_type, [])
        batch.append(case)
        if len(batch) == BATCH:
            batches.append(filling.pop(case.decision_type))
    return [*batches, *filling.values()]


class Refused(Trouble):
    """The service answered what the demo did not expect: the demo stops rather than pretend."""


@dataclass(slots=True)
class Played:
    """What came back, counted as it came."""

    lanes: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By decision type."""
    example: str | None = None
    """A decision with a story worth telling: reviewed, and overridden."""


@dataclass(slots=True)
class Player:
    """A client of the service with everyone's keys in hand."""

    session: aiohttp.ClientSession
    cast: Cast
    played: Played = field(default_factory=Played)

    async def play(self, batch: list[RealCase], tick: Callable[[], None]) -> None:
        """Play one batch to its end."""
        reviewers = itertools.cycle(REVIEWERS)
        for case, decision in zip(batch, await self._submit(batch), strict=True):
            await self._follow_up(case, decision, next(reviewers))
            tick()

    async def _submit(self, batch: list[RealCase]) -> list[dict[str, Any]]:
        """Hand over a batch, a line a recommendation; the answers come in the same order."""
        headers = self.cast.header(self.cast.producer(batch[0].decision_type)) | {
            "Content-Type": "application/x-ndjson",
            "Idempotency-Key": f"{batch[0].decision_type}/{batch[0].body['subject']}",
        }
        lines = b"".join(json.dumps(case.body).encode() + b"\n" for case in batch)
        path = "/v1/decisions/batch"
        async with self.session.post(path, data=lines, headers=headers) as answer:
            content = await answer.text()
        answers: list[dict[str, Any]] = [json.loads(line) for line in content.splitlines()]
        refused = [one for one in answers if "lane" not in one]
        if refused or len(answers) != len(batch):
            raise Refused(f"{path}: {refused[0] if refused else content[:500]}")
        return answers

    async def _follow_up(self, case: RealCase, decision: dict[str, Any], reviewer: str) -> None:
        """Let people decide what policy left to them, and report what was done."""
        self.played.lanes[case.decision_type][decision["lane"] or "held"] += 1
        if decision["state"] == "in_review":
            decision = await self._dispose(decision, case, reviewer, "review")
        elif decision["state"] == "escalated":
            owner = self.cast.escalation_owners[case.decision_type]
            decision = await self._dispose(decision, case, owner, "resolve")
        if decision["state"] == "awaiting_second_review":
            second = next(person for person in REVIEWERS if person != reviewer)
            decision = await self._dispose(decision, case, second, "review")
        here, producer = f"/v1/decisions/{decision['id']}", self.cast.producer(case.decision_type)
        if decision["state"] == "actioned":
            await self.post(f"{here}/receipt", producer, {"status": "delivered"})
        if decision["authority"] == "policy":  # of the others, a person has said what was right
            await self.post(f"{here}/outcome", producer, _outcome(case))

    async def _dispose(
        self, decision: dict[str, Any], case: RealCase, person: str, how: str
    ) -> dict[str, Any]:
        here = f"/v1/decisions/{decision['id']}"
        claimed = await self.post(f"{here}/claim", person, {})
        choice = {
            "lease_token": claimed["lease"]["token"],
            "action_digest": claimed["action_digest"],
            **_choice(case),
        }
        if not case.was_right and how == "review" and self.played.example is None:
            self.played.example = decision["id"]
        return await self.post(f"{here}/{how}", person, choice)

    async def post(self, path: str, person: str, body: dict[str, Any]) -> dict[str, Any]:
        """One command; anything but success ends the demo."""
        headers = self.cast.header(person)
        async with self.session.post(path, json=body, headers=headers) as answer:
            content: dict[str, Any] = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(f"{path} as {person}: {answer.status} {content}")
            return content

    async def get(self, path: str, person: str) -> dict[str, Any]:
        """One question."""
        async with self.session.get(path, headers=self.cast.header(person)) as answer:
            content: dict[str, Any] = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(f"{path} as {person}: {answer.status} {content}")
            return content


async def play_all(players: list[Player], cases: list[RealCase], tick: Callable[[], None]) -> None:
    """Play every case, a few batches at a time, each player at a service process of its own."""
    waiting = iter(_batches(cases))

    async def play_some(player: Player) -> None:
        for batch in waiting:
            await player.play(batch, tick)

    async with asyncio.TaskGroup() as group:
        for place in range(CONCURRENCY):
            group.create_task(play_some(players[place % len(players)]))


def _choice(case: RealCase) -> dict[str, Any]:
    """What a reviewer who knew the outcome would say."""
    if case.was_right:
        return {"disposition": "uphold"}
    return {
        "disposition": "override",
        "action": case.actual,
        "reason_code": "OVR.WRONG_ACTION",
        "comment": "the record shows otherwise",
    }


def _outcome(case: RealCase) -> dict[str, Any]:
    observed = case.resolved_at.isoformat() if case.resolved_at else case.body["recommended_at"]
    return {"actual_action": case.actual, "observed_at": observed}
