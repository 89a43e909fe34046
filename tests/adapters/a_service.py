"""A service on a desk in memory: one decision type, and a key for everyone who has a part in it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from litestar import Litestar
from litestar.testing import TestClient

from adapters.assembly import memory_desk, read_adoption
from adapters.clock import HeldClock
from adapters.http.app import create_app
from adapters.http.parts import Trials
from adapters.identity.api_keys import ApiKeys, KeyRecord, issue
from adapters.memory.followers import MemoryFollowers
from adapters.memory.history import MemoryHistory
from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from adapters.memory.shelf import MemoryShelf, ThreadRunner
from adapters.settings import Settings
from application.desk import Caller, Desk
from application.governing import adopt
from application.ports import Identity
from application.rehearsing import perform
from application.shadowing import Figures
from application.subscribing import Outlets
from domain.model import Seat

REFUND = """
decision_type:
  name: refund
  title: Refunds
  purpose: Give customers their money back where that is right, at once where it is safe.
  owners:
    decision_owner: ana
    ai_product_owner: bo
    risk_owner: cy
    escalation_owner: di
  fallback_owner: eve
  actions:
    refund: recoverable
    reject: negligible
  context:
    amount: {type: number, min: 0, max: 1000000, decimals: 2}
    tier: {type: code, required: false, max_length: 40}
  stage: full
  service_levels: {review: 4h, escalate: 1h, receipt: 24h}
  exceptions:
    default: {seat: escalation_owner, queue: exceptions, deadline: 4h}
policy: |
  guardrail: v1
  policy: refund
  title: What the assistant may refund by itself
  routes:
    review:   {queue: first-line, sla: 4h}
    escalate: {queue: leads, sla: 1h}
  automate_only_if:
    - {id: confident, require: confidence >= 0.90, reason: CONFIDENCE_BELOW_LIMIT}
    - {id: low-risk,  require: risk <= 0.30,       reason: RISK_ABOVE_LIMIT}
  rules:
    - {id: uncertain, when: confidence < 0.50, then: escalate, reason: LOW_CONFIDENCE}
    - {id: large,     when: amount > 200,      then: review,   reason: AMOUNT}
  sampling:
    - {id: quality, of: automate, rate: 1, mode: check-after, queue: quality}
"""

SERVICES = {"bot": Seat.PRODUCER}
PEOPLE = {
    "ana": Seat.DECISION_OWNER,
    "bo": Seat.AI_PRODUCT_OWNER,
    "cy": Seat.RISK_OWNER,
    "di": Seat.ESCALATION_OWNER,
    "rae": Seat.REVIEWER,
    "sam": Seat.REVIEWER,
    "quinn": Seat.QUALITY_REVIEWER,
    "audrey": Seat.AUDITOR,
}

Json = dict[str, Any]


@dataclass
class Service:
    """The service and everyone's keys."""

    app: Litestar
    desk: Desk
    clock: HeldClock
    keys: dict[str, str]
    client: TestClient[Litestar] = field(init=False)

    def __post_init__(self) -> None:
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def header(self, who: str | None, **more: str) -> dict[str, str]:
        """What a request of this person carries; `_` in a name stands for `-`."""
        key = {"Authorization": f"Bearer {self.keys[who]}"} if who else {}
        return key | {name.replace("_", "-"): value for name, value in more.items()}

    def post(
        self, path: str, who: str | None = "bot", body: Any = None, **headers: str
    ) -> httpx.Response:
        """One command with JSON, or with bytes as they are."""
        if isinstance(body, bytes):
            sent = {"Content_Type": "application/json"} | headers
            return self.client.post(path, content=body, headers=self.header(who, **sent))
        if body is None:
            return self.client.post(path, headers=self.header(who, **headers))
        return self.client.post(path, json=body, headers=self.header(who, **headers))

    def get(self, path: str, who: str | None = "audrey", **headers: str) -> httpx.Response:
        """One question."""
        return self.client.get(path, headers=self.header(who, **headers))

    def recommended(self, subject: str = "claim-1", **changes: Any) -> Json:
        """The service's answer to a recommendation that it accepts."""
        answer = self.post("/v1/decisions", "bot", recommendation(subject, **changes))
        assert answer.status_code == 201, answer.text
        decision: Json = answer.json()
        return decision

    def claimed(self, id: str, who: str = "rae") -> Json:
        """The service's answer to a claim."""
        answer = self.post(f"/v1/decisions/{id}/claim", who, {})
        assert answer.status_code == 200, answer.text
        claim: Json = answer.json()
        return claim


def recommendation(
    subject: str = "claim-1",
    *,
    confidence: Any = 0.95,
    amount: Any = 50,
    **changes: Any,
) -> Json:
    """What the producer sends: by default within all limits."""
    return {
        "decision_type": "refund",
        "subject": subject,
        "recommendation": {"action": "refund", "confidence": confidence, "risk": 0.1},
        "model": {"name": "assistant", "version": "1"},
        "context": {"amount": amount},
    } | changes


def choice(claim: Json, disposition: str = "uphold", **more: Any) -> Json:
    """A disposition on what was claimed."""
    return {
        "disposition": disposition,
        "lease_token": claim["lease"]["token"],
        "action_digest": claim["action_digest"],
    } | more


def trials(desk: Desk, store: MemoryProjectionStore) -> Trials:
    """Where this service tries policies."""
    history = MemoryHistory(cast("MemoryEventLog", desk.log), store)
    shelf = MemoryShelf()
    runner = ThreadRunner(lambda asked: perform(asked, desk, history, shelf))
    return Trials(shelf, runner, Figures(history))


def a_service(**settings: Any) -> Service:
    """A fresh service."""
    clock = HeldClock()
    desk = memory_desk(clock)
    asyncio.run(adopt(read_adoption(REFUND), Caller(Identity("operator", "human")), desk))
    keys: dict[str, str] = {}
    records: list[KeyRecord] = []
    for who, seat in (SERVICES | PEOPLE).items():
        kind = "service" if who in SERVICES else "human"
        keys[who], record = issue(who, who, kind, {"refund": frozenset({seat})})
        records.append(record)
    everywhere = {"*": frozenset({Seat.PRODUCER})}
    keys["any-bot"], any_bot = issue("any-bot", "any-bot", "service", everywhere)
    all_seats = {"*": frozenset(Seat)}
    keys["everyone"], everyone = issue("everyone", "cy", "human", all_seats)
    keys["stranger"], stranger = issue("stranger", "stranger", "human", {})
    doors = ApiKeys([*records, any_bot, everyone, stranger])
    log = cast("MemoryEventLog", desk.log)
    store = MemoryProjectionStore(log)
    reader = MemoryReader(log, store)
    outlets = Outlets(MemoryFollowers(), frozenset({"warehouse"}))
    app = create_app(
        desk, doors, Settings.model_validate(settings), reader, trials(desk, store), outlets
    )
    return Service(app, desk, clock, keys)
