"""Lives: real cases played to their end by the product itself, to be told again a million times."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from adapters.assembly import codec, lot_drawer
from adapters.clock import HeldClock
from adapters.demo.cases import RealCase, real_cases
from adapters.demo.cast import QUALITY_REVIEWER, REVIEWERS, Cast
from adapters.memory.log import MemoryEventLog
from adapters.settings import Settings
from application.delivering import report
from application.desk import Answer, Caller, Desk
from application.governing import Adoption, adopt
from application.observing import Outcome, QualityVerdict, judge, observe
from application.ports import Identity
from application.recommending import Recommend, recommend
from application.reviewing import Claim, claim, resolve, review
from domain.decision.acting import Report
from domain.decision.events import LifeEvent
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, Status
from domain.values import Disposition, Receipt

SUBJECT = "grown-"
DAWN = datetime(2026, 1, 5, 9, tzinfo=UTC)
LEFT_OPEN = 0.1


@dataclass(frozen=True, slots=True)
class Life:
    """A decision's history, as the product wrote it."""

    producer: str
    decision: Decision
    events: tuple[LifeEvent, ...]

    @property
    def sampled(self) -> bool | None:
        """Whether the lot fell on it; None where policy did not act."""
        draw = self.decision.quality
        return None if draw is None else draw.sampled


class Player:
    """Plays cases on a desk in memory, a clock in hand."""

    def __init__(self, cast: Cast, settings: Settings, random: Random) -> None:
        self._cast = cast
        self._clock = HeldClock(DAWN)
        self._desk = Desk(MemoryEventLog(codec()), self._clock, lot_drawer(settings))
        self._random = random
        self._identities = {record.id: record.identity for record in cast.records}

    async def adopt(self, adoptions: tuple[Adoption, ...]) -> None:
        """The decision types that the cases are about."""
        for adoption in adoptions:
            await adopt(adoption, Caller(Identity("benchmark", "human")), self._desk)

    async def play(self, case: RealCase, number: int) -> Life:
        """One case, to its end or left waiting for a person."""
        self._clock.time = DAWN
        producer = self._cast.producer(case.decision_type)
        body = case.body | {"subject": f"{SUBJECT}{number:012d}"}
        answer = await recommend(Recommend.model_validate(body), self._as(producer), self._desk)
        decision, id = answer.decision, answer.decision.id
        if decision.status.waits_for_a_person and self._random.random() >= LEFT_OPEN:
            decision = await self._dispose(decision, case)
        if decision.status is Status.ACTIONED:
            self._passes(1, 120)
            decision = (
                await report(id, Report(status=Receipt.DELIVERED), self._as(producer), self._desk)
            ).decision
        await self._look_back(decision, case)
        decision = await self._desk.decision(id)
        return Life(producer, decision, tuple(await self._desk.history(id)))

    async def _dispose(self, decision: Decision, case: RealCase) -> Decision:
        first, second = self._random.sample(REVIEWERS, 2)
        if decision.status is Status.ESCALATED:
            owner = self._cast.escalation_owners[case.decision_type]
            return (await self._chosen(decision.id, case, owner, escalated=True)).decision
        answer = await self._chosen(decision.id, case, first, escalated=False)
        if answer.decision.status is Status.AWAITING_SECOND_REVIEW:
            answer = await self._chosen(decision.id, case, second, escalated=False)
        return answer.decision

    async def _chosen(self, id: UUID, case: RealCase, person: str, *, escalated: bool) -> Answer:
        self._passes(60, 3_600)
        lease = (await claim(id, Claim(), self._as(person), self._desk)).decision.lease
        assert lease is not None, "a claimed decision has a lease"
        self._passes(20, 300)
        shown = {"lease_token": str(lease.token), "action_digest": lease.action_digest}
        choice = Choice.model_validate(shown | _choice(case))
        disposed = resolve if escalated else review
        return await disposed(id, choice, self._as(person), self._desk)

    async def _look_back(self, decision: Decision, case: RealCase) -> None:
        """What proved right, and the quality check where the lot fell on it."""
        if decision.authority != "policy":
            return
        self._passes(60, 3_600)
        seen = Outcome(actual_action=case.actual, observed_at=self._clock.now())
        producer = self._as(self._cast.producer(case.decision_type))
        await observe(decision.id, seen, producer, self._desk)
        if decision.quality is not None and decision.quality.sampled:
            verdict = QualityVerdict(verdict="confirm" if case.was_right else "overturn")
            await judge(decision.id, verdict, self._as(QUALITY_REVIEWER), self._desk)

    def _as(self, person: str) -> Caller:
        return Caller(self._identities[person])

    def _passes(self, least: int, most: int) -> None:
        self._clock.advance(timedelta(seconds=self._random.randint(least, most)))


def _choice(case: RealCase) -> dict[str, object]:
    if case.was_right:
        return {"disposition": Disposition.UPHOLD}
    return {
        "disposition": Disposition.OVERRIDE,
        "action": case.actual,
        "reason_code": "OVR.WRONG_ACTION",
    }


async def lives(
    cast: Cast, settings: Settings, adoptions: tuple[Adoption, ...], count: int
) -> list[Life]:
    """So many real cases of every decision type, played."""
    random = Random(20260105)  # the same lives each time
    player = Player(cast, settings, random)
    await player.adopt(adoptions)
    cases = random.sample(real_cases([a.definition.name for a in adoptions]), count)
    return [await player.play(case, number) for number, case in enumerate(cases)]
