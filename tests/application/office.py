"""An office: a desk in memory with its people and services, and a clock that someone holds."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

from pydantic import JsonValue

from adapters.assembly import memory_desk
from adapters.clock import HeldClock
from application.arbitrating import Arbitrate, arbitrate_conflict
from application.delivering import Reverse, report, reverse
from application.desk import Answer, Caller, Desk
from application.governing import (
    Adoption,
    Switch,
    adopt,
    assign_owner,
    resume,
    suspend,
    vacate_owner,
)
from application.informing import Inform, Refresh, inform, refresh
from application.observing import (
    Outcome,
    QualityVerdict,
    Remark,
    contest,
    judge,
    observe,
    withdraw,
)
from application.ports import CommandKey, Identity, Positioned
from application.recommending import Recommend, recommend
from application.replaying import DecisionReplay, replay
from application.reviewing import Claim, claim, release, resolve, review
from application.timing import strike
from domain.conflict import Conflict
from domain.decision.acting import Report
from domain.decision.events import LifeEvent
from domain.decision.reviewing import Choice
from domain.decision.state import Decision
from domain.decision_type.definition import DecisionTypeDefinition
from domain.decision_type.state import DecisionType
from domain.guardrail.document import Guardrail
from domain.model import Seat
from domain.values import Receipt, Recommendation
from tests.domain.builders import MODEL, NOON, SMALL, a_definition, a_guardrail, a_recommendation

T = TypeVar("T")

SEATS = {
    "ana": "decision_owner",
    "bo": "ai_product_owner",
    "cy": "risk_owner",
    "di": "escalation_owner",
    "rae": "reviewer",
    "sam": "reviewer",
    "quinn": "quality_reviewer",
    "audra": "auditor",
    "bot": "producer",
    "other-bot": "producer",
    "third-bot": "producer",
}


def run(doing: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(doing)


def caller(name: str, key: str | None = None, content: str = "") -> Caller:
    """Someone of the office, with an idempotency key if they gave one."""
    kind = "service" if name.endswith("bot") else "human"
    seats = {"refund": frozenset({SEATS[name]})} if name in SEATS else {}
    command = CommandKey(name, key, sha256(content.encode()).digest()) if key else None
    return Caller(Identity(name, kind, seats), command=command)


def an_adoption(
    definition: DecisionTypeDefinition | None = None, guardrail: Guardrail | None = None
) -> Adoption:
    return Adoption(
        definition or a_definition(), "the text", "sha256:text", guardrail or a_guardrail()
    )


@dataclass
class Office:
    """Every use case as one call: who, what, and the decision it is about."""

    clock: HeldClock = field(default_factory=lambda: HeldClock(NOON))
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        self.desk = memory_desk(self.clock)

    def adopt(self, adoption: Adoption | None = None) -> "Office":
        run(adopt(adoption or an_adoption(), caller("operator"), self.desk))
        return self

    def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)

    # what happened

    def log(self) -> list[Positioned]:
        return list(run(self.desk.log.after(0, limit=100_000)))

    def length(self) -> int:
        return len(self.log())

    def topics(self, id: UUID) -> list[str]:
        """What happened to a decision, each event by the last word of its topic."""
        events = run(self.desk.log.stream(id))
        return [event.TOPIC.partition(".")[2] for event in events]

    def history(self, id: UUID) -> list[LifeEvent]:
        return run(self.desk.history(id))

    def decision(self, id: UUID) -> Decision:
        return run(self.desk.decision(id))

    def conflict(self, id: UUID | None) -> Conflict:
        assert id is not None
        return run(self.desk.conflict(id))

    def replayed(self, id: UUID) -> DecisionReplay:
        return run(replay(id, self.desk))

    # what people and services do

    def recommend(
        self,
        who: str = "bot",
        subject: str = "order 17",
        recommendation: Recommendation | None = None,
        context: dict[str, JsonValue] | None = None,
        key: str | None = None,
        **more: Any,
    ) -> Answer:
        command = Recommend(
            decision_type="refund",
            subject=subject,
            recommendation=recommendation or a_recommendation(),
            model=MODEL,
            context=SMALL if context is None else context,
            **more,
        )
        calling = caller(who, key, command.model_dump_json())
        return run(recommend(command, calling, self.desk))

    def claim(self, id: UUID, who: str = "rae", key: str | None = None) -> Answer:
        return run(claim(id, Claim(), caller(who, key), self.desk))

    def release(self, id: UUID, who: str = "rae", key: str | None = None) -> Answer:
        return run(release(id, caller(who, key), self.desk))

    def choose(
        self,
        id: UUID,
        disposition: str = "uphold",
        who: str = "rae",
        key: str | None = None,
        **more: Any,
    ) -> Answer:
        """Claim it, and dispose of it: a review as reviewer, an escalation as its owner."""
        lease = self.claim(id, who).decision.lease
        assert lease is not None
        choice = Choice.model_validate(
            {
                "disposition": disposition,
                "lease_token": str(lease.token),
                "action_digest": lease.action_digest,
                **more,
            }
        )
        dispose = review if SEATS.get(who) == "reviewer" else resolve
        return run(dispose(id, choice, caller(who, key), self.desk))

    def inform(
        self, id: UUID, context: dict[str, JsonValue], who: str = "bot", key: str | None = None
    ) -> Answer:
        return run(inform(id, Inform(context=context), caller(who, key), self.desk))

    def refresh(
        self,
        id: UUID,
        version: str,
        context: dict[str, JsonValue] | None,
        who: str = "bot",
        key: str | None = None,
    ) -> Answer:
        fresh = Refresh(subject_version=version, context=context)
        return run(refresh(id, fresh, caller(who, key), self.desk))

    def report(
        self, id: UUID, status: str = "delivered", who: str = "bot", key: str | None = None
    ) -> Answer:
        receipt = Report(status=Receipt(status))
        return run(report(id, receipt, caller(who, key), self.desk))

    def reverse(self, id: UUID, who: str = "ana", key: str | None = None) -> Answer:
        why = Reverse(reason_code="REV.MISTAKE")
        return run(reverse(id, why, caller(who, key), self.desk))

    def judge(
        self, id: UUID, verdict: str = "confirm", who: str = "quinn", key: str | None = None
    ) -> Answer:
        said = QualityVerdict.model_validate({"verdict": verdict})
        return run(judge(id, said, caller(who, key), self.desk))

    def contest(self, id: UUID, who: str = "ana", key: str | None = None) -> Answer:
        return run(contest(id, Remark(), caller(who, key), self.desk))

    def withdraw(self, id: UUID, who: str = "bot", key: str | None = None) -> Answer:
        return run(withdraw(id, Remark(), caller(who, key), self.desk))

    def observe(
        self, id: UUID, correct: bool = True, who: str = "bot", key: str | None = None
    ) -> Answer:
        outcome = Outcome(correct=correct, observed_at=self.clock.now())
        return run(observe(id, outcome, caller(who, key), self.desk))

    def arbitrate(
        self,
        conflict: UUID | None,
        winner: UUID | None,
        who: str = "di",
        key: str | None = None,
    ) -> Conflict:
        assert conflict is not None
        command = Arbitrate(winner=winner, reason_code="ESC.BETTER")
        return run(arbitrate_conflict(conflict, command, caller(who, key), self.desk))

    def suspend(self, who: str = "ana", key: str | None = None) -> DecisionType:
        why = Switch(reason_code="HALT.ODD")
        return run(suspend("refund", why, caller(who, key), self.desk))

    def resume(self, who: str = "cy", key: str | None = None) -> DecisionType:
        why = Switch(reason_code="HALT.CLEARED")
        return run(resume("refund", why, caller(who, key), self.desk))

    def vacate(self, seat: str, who: str = "ana") -> DecisionType:
        return run(vacate_owner("refund", Seat(seat), caller(who), self.desk))

    def assign(self, seat: str, person: str, who: str = "ana") -> DecisionType:
        return run(assign_owner("refund", Seat(seat), person, caller(who), self.desk))

    def strike(self, id: UUID) -> Answer:
        return run(strike(id, self.desk))


def an_office() -> Office:
    """An office where refunds are live."""
    return Office().adopt()
