"""The two doors a feature goes through: straight into the use cases, and over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Protocol, TypeVar
from uuid import UUID

from adapters.clock import HeldClock
from application.arbitrating import Arbitrate, arbitrate_conflict
from application.delivering import Reverse, report, reverse
from application.desk import Answer, Caller, Desk
from application.governing import Switch, resume, suspend
from application.informing import Inform, inform
from application.observing import Outcome, QualityVerdict, Remark, contest, judge, observe, withdraw
from application.ports import CommandKey, Identity
from application.recommending import Recommend, recommend
from application.replaying import replay
from application.reviewing import Claim, claim, release, resolve, review
from application.trail import trail_line
from application.views import ClaimView, DecisionView
from domain.decision.acting import Report
from domain.decision.reviewing import Choice
from domain.model import Refusal, Value

T = TypeVar("T")


class Nothing(Value):
    """A command that needs no particulars."""


Particulars = Choice | Inform | Report | Reverse | Outcome | QualityVerdict | Remark | Nothing


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


class Door(Protocol):
    """A way in. Each call answers as the service would, or raises `Refused`."""

    desk: Desk
    clock: HeldClock

    def recommend(self, by: Identity, command: Recommend, key: str) -> DecisionView: ...

    def claim(self, by: Identity, id: UUID, command: Claim) -> ClaimView: ...

    def act(self, by: Identity, id: UUID, verb: str, body: Particulars) -> DecisionView: ...

    def arbitrate(self, by: Identity, id: UUID, command: Arbitrate) -> None: ...

    def switch(self, by: Identity, name: str, verb: str, command: Switch) -> None: ...

    def decision(self, by: Identity, id: UUID) -> DecisionView: ...

    def trail(self, by: Identity, id: UUID) -> list[Line]: ...

    def replay(self, by: Identity, id: UUID) -> str: ...

    def measured(self, by: Identity, name: str, measure: tuple[str, str]) -> tuple[int, int]:
        """How many of how many decisions, by the chapter and name of a metric."""
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
    "withdraw": withdraw,
}


@dataclass
class Direct:
    """Straight into the use cases."""

    desk: Desk
    clock: HeldClock
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def recommend(self, by: Identity, command: Recommend, key: str) -> DecisionView:
        content = sha256(command.model_dump_json().encode()).digest()
        caller = Caller(by, command=CommandKey(f"{by.id} recommend", key, content))
        return DecisionView.of(self._ask(recommend(command, caller, self.desk)).decision)

    def claim(self, by: Identity, id: UUID, command: Claim) -> ClaimView:
        return ClaimView.of(self._ask(claim(id, command, Caller(by), self.desk)).decision)

    def act(self, by: Identity, id: UUID, verb: str, body: Particulars) -> DecisionView:
        return DecisionView.of(self._ask(_ACTS[verb](id, body, Caller(by), self.desk)).decision)

    def arbitrate(self, by: Identity, id: UUID, command: Arbitrate) -> None:
        self._ask(arbitrate_conflict(id, command, Caller(by), self.desk))

    def switch(self, by: Identity, name: str, verb: str, command: Switch) -> None:
        use_case = suspend if verb == "suspend" else resume
        self._ask(use_case(name, command, Caller(by), self.desk))

    def decision(self, by: Identity, id: UUID) -> DecisionView:
        return DecisionView.of(self._ask(self.desk.decision(id)))

    def trail(self, by: Identity, id: UUID) -> list[Line]:
        lines = map(trail_line, self._ask(self.desk.history(id)))
        return [Line(line.who, line.what) for line in lines]

    def replay(self, by: Identity, id: UUID) -> str:
        return self._ask(replay(id, self.desk)).verdict

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
