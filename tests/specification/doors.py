"""The two doors a feature goes through: straight into the use cases, and over HTTP."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any, Literal, Protocol, TypeVar, cast
from uuid import UUID

import httpx
from litestar import Litestar

from adapters.assembly import memory_desk
from adapters.clock import HeldClock
from adapters.http.app import create_app
from adapters.identity.api_keys import ApiKeys, issue
from adapters.memory.followers import MemoryFollowers
from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from adapters.settings import Settings
from application import policy_life
from application.arbitrating import Arbitrate, arbitrate_conflict
from application.breaker_views import BreakersView, breakers_of
from application.certifying import Asked, thresholds
from application.declaring import DeclareVolume, declare_volume
from application.delivering import Reverse, report, reverse
from application.desk import Answer, Caller, Desk
from application.evidence.recommending import Recommendation
from application.explaining import DecisionExplanation, explain
from application.governing import (
    Switch,
    assign_owner,
    register_baseline,
    resume,
    set_stage,
    suspend,
    vacate_owner,
)
from application.halting import Halt, lift, pull
from application.informing import Inform, inform
from application.metrics.formulas import compute
from application.metrics.intervals import Proportion
from application.metrics.window import Window
from application.observing import (
    Outcome,
    QualityVerdict,
    Remark,
    Reply,
    answer,
    contest,
    judge,
    observe,
    withdraw,
)
from application.policy_views import views
from application.ports import CommandKey, Identity
from application.projections.feedback import Feedback
from application.projections.volumes import Volumes
from application.reading import Reader
from application.recounting import tell
from application.replaying import replay
from application.reviewing import Claim, claim, release, resolve, review
from application.sight.quality import view_of
from application.submitting import hand_over
from application.subscribing import Outlets, Resume, Rotate, Subscribe, look, rotate, subscribe
from application.subscribing import resume as go_on
from application.views import ClaimView, DecisionView
from application.waiting import claim_next
from domain.decision.acting import Report
from domain.decision.reviewing import Choice
from domain.decision_type.definition import Baseline
from domain.model import Refusal, Seat, Value
from domain.policy.gate import Floor
from domain.values import Stage

T = TypeVar("T")

BY_HAND = "measured by hand"


class Nothing(Value):
    """A command that needs no particulars."""


Particulars = (
    Choice | Inform | Report | Reverse | Outcome | QualityVerdict | Remark | Reply | Nothing
)


class Refused(Exception):
    """A rule said no: its code, the sentence it is known by, and this case."""

    def __init__(self, code: str, rule: str, case: str) -> None:
        super().__init__(f"{rule} ({code}: {case})")
        self.code = code
        self.rule = rule
        self.case = case


@dataclass(frozen=True)
class Line:
    """One line of an audit trail."""

    who: str
    what: str


@dataclass(frozen=True)
class Step:
    """Something an owner does to a version of the policy."""

    verb: str
    version: int = 0
    reason: str | None = None
    at: datetime | None = None


class Door(Protocol):
    """A way in. Each call answers as the service would, or raises `Refused`."""

    desk: Desk
    clock: HeldClock

    def recommend(self, by: Identity, words: dict[str, Any], key: str) -> DecisionView: ...

    def claim(self, by: Identity, id: UUID, command: Claim) -> ClaimView: ...

    def claim_next(self, by: Identity, queue: str) -> ClaimView | None:
        """Take on the next one of a queue; None where nothing is free."""
        ...

    def act(self, by: Identity, id: UUID, verb: str, body: Particulars) -> DecisionView: ...

    def arbitrate(self, by: Identity, id: UUID, command: Arbitrate) -> None: ...

    def switch(self, by: Identity, name: str, verb: str, command: Switch) -> None: ...

    def halt(self, by: Identity, verb: str, command: Halt) -> None:
        """Pull or lift a kill switch beyond a decision type's own."""
        ...

    def stage(self, by: Identity, name: str, stage: Stage) -> None:
        """Ask for an autonomy stage, or agree to one."""
        ...

    def breaker(self, by: Identity, name: str) -> tuple[str, bool]:
        """Where the circuit breaker stands, and whether it has warned."""
        ...

    def seat(self, by: Identity, name: str, seat: Seat, person: str | None) -> bool:
        """Give a seat to a person, or leave it empty."""
        ...

    def draft(self, by: Identity, name: str, text: str) -> None:
        """Write the next version of the policy."""
        ...

    def waive(self, by: Identity, name: str) -> None:
        """Ask for no specifications."""
        ...

    def step(self, by: Identity, name: str, step: Step) -> None:
        """Do something to a version of the policy."""
        ...

    def versions(self, by: Identity, name: str) -> dict[int, str]:
        """How far each version of the policy has come."""
        ...

    def declare(self, by: Identity, name: str, said: DeclareVolume) -> None:
        """Say how many cases there were."""
        ...

    def baseline(self, by: Identity, name: str, seconds: int) -> None:
        """Put on record how long a case took before go-live."""
        ...

    followers: MemoryFollowers
    """Who is told of what happens."""

    def subscribe(self, by: Identity, command: Subscribe) -> UUID:
        """Be told of events from now on."""
        ...

    def rotate(self, by: Identity, id: UUID) -> None:
        """Get a new secret; the old one stays for a day."""
        ...

    def resume(self, by: Identity, id: UUID) -> None:
        """Be told again."""
        ...

    def subscription(self, by: Identity, id: UUID) -> tuple[str, str | None]:
        """How a subscription stands, and what is wrong with it."""
        ...

    def decision(self, by: Identity, id: UUID) -> DecisionView: ...

    def trail(self, by: Identity, id: UUID) -> list[Line]: ...

    def replay(self, by: Identity, id: UUID) -> str: ...

    def explanation(self, by: Identity, id: UUID) -> DecisionExplanation: ...

    def measured(self, by: Identity, name: str, measure: tuple[str, str]) -> tuple[int, int]:
        """How many of how many decisions, by the chapter and name of a metric."""
        ...

    def certified(self, by: Identity, name: str, asked: Asked) -> Recommendation | None:
        """Which threshold is recommended, and what it rests on; None if no model was heard of."""
        ...

    def prepare(self, use_case: Coroutine[Any, Any, T]) -> T:
        """Set the scene: what every door does straight through the use cases."""
        ...

    def close(self) -> None: ...


async def _release(id: UUID, _: Nothing, caller: Caller, desk: Desk) -> Answer:
    return await release(id, caller, desk)


_ACTS: dict[str, Callable[[UUID, Any, Caller, Desk], Awaitable[Answer]]] = {
    "release": _release,
    "review": review,
    "resolve": resolve,
    "information": inform,
    "receipt": report,
    "reverse": reverse,
    "outcome": observe,
    "quality": judge,
    "contest": contest,
    "answer": answer,
    "withdraw": withdraw,
}


_STEPS = {
    "approve": policy_life.approve,
    "refuse": policy_life.refuse,
    "rollback": policy_life.roll_back,
    "retire": policy_life.retire,
}


@dataclass
class Direct:
    """Straight into the use cases."""

    desk: Desk
    clock: HeldClock
    followers: MemoryFollowers = field(default_factory=MemoryFollowers)
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def recommend(self, by: Identity, words: dict[str, Any], key: str) -> DecisionView:
        content = sha256(json.dumps(words).encode()).digest()
        caller = Caller(by, command=CommandKey(f"{by.id} recommend", key, content))
        return DecisionView.of(self._ask(hand_over(words, caller, self.desk)).decision)

    def claim(self, by: Identity, id: UUID, command: Claim) -> ClaimView:
        return ClaimView.of(self._ask(claim(id, command, Caller(by), self.desk)).decision)

    def claim_next(self, by: Identity, queue: str) -> ClaimView | None:
        reader = memory_reader(self.desk)
        taken = self._ask(claim_next(queue, Claim(), Caller(by), self.desk, reader))
        return ClaimView.of(taken.decision) if taken else None

    def act(self, by: Identity, id: UUID, verb: str, body: Particulars) -> DecisionView:
        return DecisionView.of(self._ask(_ACTS[verb](id, body, Caller(by), self.desk)).decision)

    def arbitrate(self, by: Identity, id: UUID, command: Arbitrate) -> None:
        self._ask(arbitrate_conflict(id, command, Caller(by), self.desk))

    def switch(self, by: Identity, name: str, verb: str, command: Switch) -> None:
        use_case = suspend if verb == "suspend" else resume
        self._ask(use_case(name, command, Caller(by), self.desk))

    def halt(self, by: Identity, verb: str, command: Halt) -> None:
        use_case = pull if verb == "halt" else lift
        self._ask(use_case(command, Caller(by), self.desk))

    def stage(self, by: Identity, name: str, stage: Stage) -> None:
        self._ask(set_stage(name, stage, Decimal(0), Caller(by), self.desk))

    def breaker(self, by: Identity, name: str) -> tuple[str, bool]:
        return seen_of(self._ask(breakers_of(name, Caller(by), self.desk)))

    def seat(self, by: Identity, name: str, seat: Seat, person: str | None) -> bool:
        if person is None:
            self._ask(vacate_owner(name, seat, Caller(by), self.desk))
        else:
            self._ask(assign_owner(name, seat, person, Caller(by), self.desk))
        return True

    def draft(self, by: Identity, name: str, text: str) -> None:
        self._ask(policy_life.draft(name, text, Caller(by), self.desk))

    def waive(self, by: Identity, name: str) -> None:
        floor = Floor(required=False)
        self._ask(policy_life.set_floor(name, floor, None, Caller(by), self.desk))

    def step(self, by: Identity, name: str, step: Step) -> None:
        caller, version, reason = Caller(by), step.version, step.reason
        match step.verb:
            case "propose":
                self._ask(policy_life.propose(name, version, (), reason, caller, self.desk))
            case "activate":
                self._ask(policy_life.activate(name, version, step.at, reason, caller, self.desk))
            case verb:
                self._ask(_STEPS[verb](name, version, reason, caller, self.desk))

    def versions(self, by: Identity, name: str) -> dict[int, str]:
        policy, events = self._ask(policy_life.history(name, Caller(by), self.desk))
        return {one.version: one.state for one in views(policy, events)} if policy else {}

    def declare(self, by: Identity, name: str, said: DeclareVolume) -> None:
        self._ask(declare_volume(name, said, Caller(by), self.desk))

    def baseline(self, by: Identity, name: str, seconds: int) -> None:
        measured = Baseline(cycle_time_p50_seconds=Decimal(seconds), source=BY_HAND)
        self._ask(register_baseline(name, measured, Caller(by), self.desk))

    def subscribe(self, by: Identity, command: Subscribe) -> UUID:
        found = self._ask(subscribe(command, Caller(by), self.desk, Outlets(self.followers)))
        return found[0].subscription.id

    def rotate(self, by: Identity, id: UUID) -> None:
        self._ask(rotate(id, Rotate(), Caller(by), self.desk, Outlets(self.followers)))

    def resume(self, by: Identity, id: UUID) -> None:
        self._ask(go_on(id, Resume(), Caller(by), self.desk, Outlets(self.followers)))

    def subscription(self, by: Identity, id: UUID) -> tuple[str, str | None]:
        standing = self._ask(look(id, Caller(by), Outlets(self.followers)))
        return standing.state, standing.bookmark.problem

    def decision(self, by: Identity, id: UUID) -> DecisionView:
        return view_of(self._ask(self.desk.decision(id)), Caller(by))

    def trail(self, by: Identity, id: UUID) -> list[Line]:
        lines, _ = self._ask(tell(id, Caller(by), self.desk))
        return [Line(line.who, line.what) for line in lines]

    def replay(self, by: Identity, id: UUID) -> str:
        return self._ask(replay(id, self.desk)).verdict

    def explanation(self, by: Identity, id: UUID) -> DecisionExplanation:
        return self._ask(explain(id, self.desk))

    def measured(self, by: Identity, name: str, measure: tuple[str, str]) -> tuple[int, int]:
        return counted(self.desk, self.clock, measure)

    def certified(self, by: Identity, name: str, asked: Asked) -> Recommendation | None:
        return self._ask(newest_model(name, asked, Caller(by), self.desk))

    def prepare(self, use_case: Coroutine[Any, Any, T]) -> T:
        return self._ask(use_case)

    def close(self) -> None:
        self._runner.close()

    def _ask(self, use_case: Awaitable[T]) -> T:
        async def asked() -> T:
            return await use_case

        try:
            return self._runner.run(asked())
        except Refusal as refusal:
            raise Refused(refusal.CODE, refusal.title, str(refusal)) from None


def memory_reader(desk: Desk) -> MemoryReader:
    """Reads what the log of this desk says."""
    assert isinstance(desk.log, MemoryEventLog)
    return MemoryReader(desk.log, MemoryProjectionStore(desk.log))


class Reads:
    """A reader of whichever log the one service has now."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __getattr__(self, name: str) -> Any:
        return getattr(memory_reader(self._desk), name)


def seen_of(view: BreakersView) -> tuple[str, bool]:
    """Where it stands, and whether any stream of it has warned."""
    return view.state.replace("_", " "), any(stream.warned for stream in view.streams)


def counted(desk: Desk, clock: HeldClock, measure: tuple[str, str]) -> tuple[int, int]:
    """A metric over everything that happened, from the facts folded out of the log."""
    assert isinstance(desk.log, MemoryEventLog)
    store, facts, volumes = MemoryProjectionStore(desk.log), Feedback(), Volumes()
    store.catch_up(facts)
    store.catch_up(volumes)
    day = timedelta(days=1)
    window = Window(since=clock.now() - 30 * day, until=clock.now() + day)
    report = compute(
        store.rows(facts).values(),
        window=window,
        as_of=clock.now(),
        volumes=list(store.rows(volumes).values()),
    )
    chapter, name = measure
    share: Proportion = getattr(getattr(report.metrics, chapter), name)
    return share.numerator, share.denominator


async def newest_model(
    name: str, asked: Asked, caller: Caller, desk: Desk
) -> Recommendation | None:
    """What is recommended for the newest version of the model, if there is one."""
    assert isinstance(desk.log, MemoryEventLog)
    reader = MemoryReader(desk.log, MemoryProjectionStore(desk.log))
    report = await thresholds(name, asked, caller, desk, reader)
    return report.recommendations[-1] if report.recommendations else None


class KeyRing(ApiKeys):
    """API keys that are issued as people walk in."""

    def __init__(self) -> None:
        super().__init__([])
        self._issued: dict[tuple[str, str], str] = {}

    def key_of(self, identity: Identity) -> str:
        """A key with the seats this identity holds now."""
        seats = {name: frozenset(map(Seat, held)) for name, held in identity.seats.items()}
        holds = (identity.id, repr(sorted((n, sorted(h)) for n, h in seats.items())))
        if holds not in self._issued:
            kind: Literal["human", "service"] = "human" if identity.kind == "human" else "service"
            key, record = issue(f"key-{len(self._issued)}", identity.id, kind, seats)
            super().__init__([*self._records.values(), record])
            self._issued[holds] = key
        return self._issued[holds]


@cache
def _service() -> tuple[Litestar, Desk, KeyRing, MemoryFollowers]:
    """One service for all scenarios, because it takes longer to put up than any of them."""
    desk, keys, followers = memory_desk(), KeyRing(), MemoryFollowers()
    reader = cast("Reader", Reads(desk))
    app = create_app(desk, keys, Settings(), reader, outlets=Outlets(followers))
    return app, desk, keys, followers


class Http:
    """Over HTTP, as a client would."""

    def __init__(self, desk: Desk, clock: HeldClock) -> None:
        app, self.desk, self._keys, self.followers = _service()
        vars(self.followers).update(vars(MemoryFollowers()))  # nobody of the scenario before
        self.desk.log, self.desk.clock = desk.log, clock
        self.clock = clock
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=cast("Any", app))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://remit.test/v1")

    def recommend(self, by: Identity, words: dict[str, Any], key: str) -> DecisionView:
        said = words["recommendation"]
        numbers = {n: _number(said[n]) for n in ("confidence", "risk") if n in said}
        body = json.dumps(words | {"recommendation": said | numbers})
        answer = self._send(by, "POST", "/decisions", body, key.replace(" ", "-"))
        return DecisionView.model_validate_json(answer)

    def claim(self, by: Identity, id: UUID, command: Claim) -> ClaimView:
        answer = self._send(by, "POST", f"/decisions/{id}/claim", _body(command))
        return ClaimView.model_validate_json(answer)

    def claim_next(self, by: Identity, queue: str) -> ClaimView | None:
        answer = self._send(by, "POST", f"/queues/{queue}/claim-next")
        return ClaimView.model_validate_json(answer) if answer else None

    def act(self, by: Identity, id: UUID, verb: str, body: Particulars) -> DecisionView:
        answer = self._send(by, "POST", f"/decisions/{id}/{verb}", _body(body))
        return DecisionView.model_validate_json(answer)

    def arbitrate(self, by: Identity, id: UUID, command: Arbitrate) -> None:
        self._send(by, "POST", f"/conflicts/{id}/arbitrate", _body(command))

    def switch(self, by: Identity, name: str, verb: str, command: Switch) -> None:
        self._send(by, "POST", f"/decision-types/{name}/{verb}", _body(command))

    def halt(self, by: Identity, verb: str, command: Halt) -> None:
        path = "/halt" if verb == "halt" else "/halt/lift"
        self._send(by, "POST", path, command.model_dump_json(exclude_none=True))

    def stage(self, by: Identity, name: str, stage: Stage) -> None:
        self._send(by, "POST", f"/decision-types/{name}/stage", {"stage": stage})

    def breaker(self, by: Identity, name: str) -> tuple[str, bool]:
        told = self._send(by, "GET", f"/decision-types/{name}/breakers")
        return seen_of(BreakersView.model_validate_json(told))

    def seat(self, by: Identity, name: str, seat: Seat, person: str | None) -> bool:
        path = f"/decision-types/{name}/owners/{seat}"
        if person is None:
            self._send(by, "DELETE", path)
        else:
            self._send(by, "PUT", path, {"person": person})
        return True

    def draft(self, by: Identity, name: str, text: str) -> None:
        self._send(by, "POST", f"/decision-types/{name}/policies", {"source": text})

    def waive(self, by: Identity, name: str) -> None:
        self._send(by, "PUT", f"/decision-types/{name}/policies/floor", {"required": False})

    def step(self, by: Identity, name: str, step: Step) -> None:
        path = f"/decision-types/{name}/policies/{step.version}/{step.verb}"
        at = step.at.isoformat() if step.at else None
        said = {"reason": step.reason, "at": at}
        self._send(by, "POST", path, {k: v for k, v in said.items() if v is not None})

    def versions(self, by: Identity, name: str) -> dict[int, str]:
        told = json.loads(self._send(by, "GET", f"/decision-types/{name}/policies"))
        return {one["version"]: one["state"] for one in told["items"]}

    def declare(self, by: Identity, name: str, said: DeclareVolume) -> None:
        self._send(by, "PUT", f"/decision-types/{name}/eligible-volume", _body(said))

    def baseline(self, by: Identity, name: str, seconds: int) -> None:
        said = {"cycle_time_p50_seconds": seconds, "source": BY_HAND}
        self._send(by, "POST", f"/decision-types/{name}/baseline", said)

    def subscribe(self, by: Identity, command: Subscribe) -> UUID:
        return UUID(json.loads(self._send(by, "POST", "/webhooks", _body(command)))["id"])

    def rotate(self, by: Identity, id: UUID) -> None:
        self._send(by, "POST", f"/webhooks/{id}/rotate", {})

    def resume(self, by: Identity, id: UUID) -> None:
        self._send(by, "POST", f"/webhooks/{id}/resume", {})

    def subscription(self, by: Identity, id: UUID) -> tuple[str, str | None]:
        found = json.loads(self._send(by, "GET", f"/webhooks/{id}"))
        return found["state"], found["problem"]

    def decision(self, by: Identity, id: UUID) -> DecisionView:
        return DecisionView.model_validate_json(self._send(by, "GET", f"/decisions/{id}"))

    def trail(self, by: Identity, id: UUID) -> list[Line]:
        lines = json.loads(self._send(by, "GET", f"/decisions/{id}/trail"))["items"]
        return [Line(line["who"], line["what"]) for line in lines]

    def replay(self, by: Identity, id: UUID) -> str:
        verdict: str = json.loads(self._send(by, "GET", f"/decisions/{id}/replay"))["verdict"]
        return verdict

    def explanation(self, by: Identity, id: UUID) -> DecisionExplanation:
        answer = self._send(by, "GET", f"/decisions/{id}/explanation")
        return DecisionExplanation.model_validate_json(answer)

    def measured(self, by: Identity, name: str, measure: tuple[str, str]) -> tuple[int, int]:
        return counted(self.desk, self.clock, measure)

    def certified(self, by: Identity, name: str, asked: Asked) -> Recommendation | None:
        return self._runner.run(newest_model(name, asked, Caller(by), self.desk))

    def prepare(self, use_case: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(use_case)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def _send(
        self, by: Identity, method: str, path: str, body: object = None, key: str | None = None
    ) -> bytes:
        headers = {"Authorization": f"Bearer {self._keys.key_of(by)}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        if body is not None:
            headers["Content-Type"] = "application/json"
        content = body if isinstance(body, str) else None if body is None else json.dumps(body)
        sent = self._client.request(method, path, content=content, headers=headers)
        response = self._runner.run(sent)
        if response.is_error:
            problem = response.json()
            raise Refused(problem["code"], problem["title"], problem["detail"])
        return response.content


def _number(text: str) -> float | str:
    """A number as a client's library writes it, NaN included; a word stays a word."""
    try:
        return float(text)
    except ValueError:
        return text


def _body(command: Value) -> dict[str, Any] | None:
    """A command as a client writes it: what is not said is left out."""
    return command.model_dump(mode="json", exclude_none=True) or None
