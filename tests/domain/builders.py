"""What the tests talk about: one decision type, its policy, its people, its decisions.

Refunds: the assistant proposes `refund`, `replace`, `apologise` or `close_account`. It may act
alone from 0.90 confidence and up to 0.30 risk; above 100 a person looks; suspicious cases are
looked at by two; below 0.50 the escalation owner decides.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from domain.admission import admit_context, facts_of
from domain.decision import acting, conflicting, opening, reviewing, timing
from domain.decision.events import LifeEvent
from domain.decision.opening import Lots, Submission, dispatch, recommended
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, evolve, fold
from domain.decision_type import commands as types
from domain.decision_type import state as type_state
from domain.decision_type.definition import (
    DecisionTypeDefinition,
    ExceptionDefault,
    PermittedAction,
    ServiceLevels,
)
from domain.decision_type.ladder import Grounds, OfModel
from domain.decision_type.state import DecisionType
from domain.guardrail.conditions import Compare
from domain.guardrail.document import Guardrail, Limit, Route, Routes, Rule, Sampling
from domain.guardrail.facts import BUILT_IN, FactType, Number, YesNo
from domain.model import Actor, ActorKind, Seat, Stamp
from domain.policy.aggregate import PolicyVersion
from domain.routing import SEMANTICS, Case, Ruling, route
from domain.values import (
    Disposition,
    ExceptionCode,
    Lane,
    ModelRef,
    PolicyRef,
    QualityDraw,
    Receipt,
    Recommendation,
    Reversibility,
    Stage,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CORRELATION = UUID(int=7)
ID = UUID("018f0000-0000-7000-8000-000000000001")
OTHER_ID = UUID("018f0000-0000-7000-8000-000000000002")
CONFLICT_ID = UUID("018f0000-0000-7000-8000-00000000000c")


# ── people and services


def a_person(id: str, seat: Seat | None = None) -> Actor:
    return Actor(kind=ActorKind.HUMAN, id=id, seat=seat)


def a_service(id: str, seat: Seat | None = Seat.PRODUCER) -> Actor:
    return Actor(kind=ActorKind.SERVICE, id=id, seat=seat)


ANA = a_person("ana", Seat.DECISION_OWNER)
BO = a_person("bo", Seat.AI_PRODUCT_OWNER)
CY = a_person("cy", Seat.RISK_OWNER)
DI = a_person("di", Seat.ESCALATION_OWNER)
RAE = a_person("rae", Seat.REVIEWER)
SAM = a_person("sam", Seat.REVIEWER)
QUINN = a_person("quinn", Seat.QUALITY_REVIEWER)
AUDRA = a_person("audra", Seat.AUDITOR)
BOT = a_service("bot")
OTHER_BOT = a_service("other-bot")
TIMER = Actor(kind=ActorKind.TIMER, id="timer")
POLICY = Actor(kind=ActorKind.POLICY, id="1")
NO_POLICY = Actor(kind=ActorKind.POLICY, id="none")


def by(actor: Actor, at: datetime = NOON) -> Stamp:
    """A command's stamp: this actor, at this time."""
    return Stamp(at=at, actor=actor, correlation_id=CORRELATION)


# ── the decision type


def a_definition(**changes: Any) -> DecisionTypeDefinition:
    content: dict[str, Any] = {
        "name": "refund",
        "title": "Refunds",
        "purpose": "Refund small, clear cases within the minute",
        "owners": {
            Seat.DECISION_OWNER: "ana",
            Seat.AI_PRODUCT_OWNER: "bo",
            Seat.RISK_OWNER: "cy",
            Seat.ESCALATION_OWNER: "di",
        },
        "fallback_owner": "fay",
        "actions": {
            "apologise": PermittedAction(reversibility=Reversibility.NEGLIGIBLE),
            "refund": PermittedAction(reversibility=Reversibility.RECOVERABLE),
            "replace": PermittedAction(reversibility=Reversibility.RECOVERABLE),
            "close_account": PermittedAction(reversibility=Reversibility.IRREVERSIBLE),
        },
        "context": CONTEXT,
        "stage": Stage.FULL,
        "service_levels": ServiceLevels(review=4 * HOUR, escalate=HOUR, receipt=DAY),
        "exceptions": {code: an_exception_default(code) for code in ExceptionCode},
    }
    return DecisionTypeDefinition(**content | changes)


CONTEXT: dict[str, FactType] = {
    "amount": Number(min=Decimal(0), max=Decimal(10_000), decimals=2, unit="EUR"),
    "suspicious": YesNo(required=False),
}


def an_exception_default(code: ExceptionCode) -> ExceptionDefault:
    return ExceptionDefault(
        seat=Seat.ESCALATION_OWNER, queue=f"exceptions-{code.lower()}", deadline=2 * HOUR
    )


def a_draft_type(**changes: Any) -> DecisionType:
    """A decision type that is written down but not live."""
    definition = a_definition(**changes)
    author = a_person(types.author_of(None, definition), Seat.DECISION_OWNER)
    state = type_state.fold(types.draft(None, definition, by(author)))
    assert state is not None
    return state


def a_decision_type(**changes: Any) -> DecisionType:
    """A live decision type."""
    draft = a_draft_type(**changes)
    state = type_state.fold(types.activate(draft, by(ANA)), draft)
    assert state is not None
    return state


REFUND = a_decision_type()


def without(*seats: Seat) -> DecisionType:
    """The same decision type with these seats empty."""
    return REFUND.model_copy(
        update={"owners": {s: p for s, p in REFUND.owners.items() if s not in seats}}
    )


def a_roster(*people: str) -> DecisionType:
    """The same decision type, reviewed by nobody but these."""
    named = REFUND.definition.model_copy(update={"reviewers": people})
    return REFUND.model_copy(update={"definition": named})


# ── the policy


def at_least(fact: str, number: str) -> Compare:
    return Compare(fact=fact, type="number", op=">=", value=Decimal(number))


def at_most(fact: str, number: str) -> Compare:
    return Compare(fact=fact, type="number", op="<=", value=Decimal(number))


def above(fact: str, number: str) -> Compare:
    return Compare(fact=fact, type="number", op=">", value=Decimal(number))


def below(fact: str, number: str) -> Compare:
    return Compare(fact=fact, type="number", op="<", value=Decimal(number))


def a_guardrail(**changes: Any) -> Guardrail:
    content: dict[str, Any] = {
        "policy": "refund",
        "facts": {**BUILT_IN, **CONTEXT},
        "routes": Routes(
            review=Route(queue="refunds", sla=3 * HOUR), escalate=Route(queue="leads", sla=HOUR)
        ),
        "limits": (
            Limit(id="confident", require=at_least("confidence", "0.90"), reason="CONFIDENCE"),
            Limit(id="low-risk", require=at_most("risk", "0.30"), reason="RISK_ABOVE_LIMIT"),
        ),
        "rules": (
            Rule(
                id="uncertain",
                when=below("confidence", "0.50"),
                then=Lane.ESCALATE,
                reason="LOW_CONFIDENCE",
            ),
            Rule(id="large", when=above("amount", "100"), then=Lane.REVIEW, reason="LARGE"),
            Rule(
                id="fraud",
                when=Compare(fact="suspicious", type="yes_no", op="==", value=True),
                then=Lane.REVIEW,
                reason="FRAUD",
                four_eyes=True,
            ),
        ),
        "sampling": (Sampling(id="qa", of=Lane.AUTOMATE, rate=Decimal("0.5"), queue="quality"),),
    }
    return Guardrail(**content | changes)


def a_policy(guardrail: Guardrail | None = None, version: int = 1) -> PolicyVersion:
    document = guardrail or a_guardrail()
    return PolicyVersion(
        version=version,
        source="the text that was signed",
        source_digest="sha256:signed",
        guardrail=document,
        digest=document.digest,
        drafted_by="bo",
    )


RULES = a_policy()
RULES_REF = PolicyRef(version=1, hash=RULES.digest, semantics="v1")


# ── recommendations and where they go


def a_recommendation(
    action: str = "refund",
    confidence: str | None = "0.95",
    risk: str | None = "0.10",
    parameters: dict[str, JsonValue] | None = None,
) -> Recommendation:
    return Recommendation(
        action=action,
        confidence=None if confidence is None else Decimal(confidence),
        risk=None if risk is None else Decimal(risk),
        parameters={"to": "card"} if parameters is None else parameters,
    )


MODEL = ModelRef(name="refunder", version="3.1")
SMALL: dict[str, JsonValue] = {"amount": 40, "suspicious": False}
LARGE: dict[str, JsonValue] = {"amount": 400, "suspicious": False}
SUSPICIOUS: dict[str, JsonValue] = {"amount": 40, "suspicious": True}


def a_submission(
    recommendation: Recommendation | None = None,
    context: dict[str, JsonValue] | None = None,
    **more: Any,
) -> Submission:
    said = SMALL if context is None else context
    return Submission(
        decision_type="refund",
        subject="order 17",
        recommendation=recommendation or a_recommendation(),
        model=MODEL,
        context=admit_context(said, REFUND.definition),
        **more,
    )


def ruling_on(
    submission: Submission,
    decision_type: DecisionType = REFUND,
    policy: PolicyVersion | None = RULES,
    draw: int | None = None,
    semantics: str = SEMANTICS,
) -> Ruling:
    facts = facts_of(submission.recommendation, submission.context, decision_type.definition)
    case = Case(submission.recommendation, facts, draw, BOT.id)
    return route(case, decision_type, policy, semantics)


def opened(
    submission: Submission | None = None,
    decision_type: DecisionType = REFUND,
    policy: PolicyVersion | None = RULES,
    lots: Lots | None = None,
    stamp: Stamp | None = None,
    id: UUID = ID,
) -> tuple[LifeEvent, ...]:
    """A decision's first events, as they come out of the command."""
    said = submission or a_submission()
    ruling = ruling_on(said, decision_type, policy)
    stamp = stamp or by(BOT)
    first = recommended(id, said, stamp)
    return (first, *dispatch(evolve(None, first), ruling, decision_type, lots or Lots(), stamp))


def a_decision(events: Iterable[LifeEvent]) -> Decision:
    state = fold(events)
    assert state is not None
    return state


def then(decision: Decision, events: Iterable[LifeEvent]) -> Decision:
    """The decision after these events."""
    state = fold(events, decision)
    assert state is not None
    return state


# ── a decision in each state


def automated(**submission: Any) -> Decision:
    """Allowed at once; its receipt is due."""
    return a_decision(opened(a_submission(**submission)))


def sampled() -> Decision:
    """Allowed at once, and drawn for a quality check."""
    return a_decision(opened(lots=Lots(quality=a_draw(sampled=True))))


def a_draw(*, sampled: bool) -> QualityDraw:
    return QualityDraw(rate=Decimal("0.5"), key_id="memory", sampled=sampled, queue="quality")


def in_review(**submission: Any) -> Decision:
    """Waits for one reviewer."""
    return a_decision(opened(a_submission(**{"context": LARGE} | submission)))


def before_four_eyes() -> Decision:
    """Waits for the first of two reviewers."""
    return a_decision(opened(a_submission(context=SUSPICIOUS)))


def escalated(**submission: Any) -> Decision:
    """Waits for the escalation owner."""
    return a_decision(opened(a_submission(a_recommendation(confidence="0.4"), **submission)))


def held_for_input() -> Decision:
    """Waits for the amount."""
    return a_decision(opened(a_submission(context={"suspicious": False})))


def in_conflict(decision: Decision | None = None) -> Decision:
    """Held against another recommendation on its subject."""
    free = decision or in_review()
    return then(free, conflicting.hold_for_conflict(free, CONFLICT_ID, REFUND, by(OTHER_BOT)))


def claimed(decision: Decision, person: Actor = RAE, at: datetime = NOON) -> Decision:
    """Taken on by someone for a quarter of an hour."""
    return then(decision, reviewing.claim(decision, 15 * MINUTE, REFUND, by(person, at)))


def a_choice(decision: Decision, disposition: str = "uphold", **more: Any) -> Choice:
    """What the holder of the lease chooses, with the proof of what they saw."""
    lease = decision.lease
    assert lease is not None, "claim it first"
    content: dict[str, Any] = {
        "disposition": Disposition(disposition),
        "lease_token": str(lease.token),
        "action_digest": lease.action_digest,
    }
    return Choice(**content | more)


def reviewed(
    decision: Decision, disposition: str = "uphold", person: Actor = RAE, **more: Any
) -> Decision:
    """Claimed and disposed of by a reviewer."""
    held = claimed(decision, person)
    choice = a_choice(held, disposition, **more)
    return then(held, reviewing.review(held, choice, REFUND, by(person)))


def awaiting_second_review() -> Decision:
    """Rae upheld it; somebody else must look too."""
    return reviewed(before_four_eyes())


def awaiting_information() -> Decision:
    """A reviewer asked for more."""
    return reviewed(in_review(), "request_info", comment="which items?")


def reported(decision: Decision, status: Receipt, by_whom: Actor = BOT) -> Decision:
    report = acting.Report(status=status)
    return then(decision, acting.report(decision, report, REFUND, by(by_whom)))


def completed() -> Decision:
    """Automated and delivered."""
    return reported(automated(), Receipt.DELIVERED)


def to_be_reversed() -> Decision:
    """Delivered, and its reversal authorised."""
    done = completed()
    return then(done, acting.reverse(done, "REV.MISTAKE", None, REFUND, by(ANA)))


def reversed_again() -> Decision:
    return reported(to_be_reversed(), Receipt.DELIVERED)


def expired() -> Decision:
    waiting = in_review(expires_at=NOON + HOUR)
    return then(waiting, timing.expire(waiting, by(TIMER, NOON + HOUR)))


def withdrawn() -> Decision:
    waiting = in_review()
    return then(waiting, opening.withdraw(waiting, None, by(BOT)))


def superseded() -> Decision:
    waiting = in_review()
    return then(waiting, opening.supersede(waiting, OTHER_ID, by(BOT)))


ENDED: dict[str, Callable[[], Decision]] = {
    "completed": completed,
    "reversed": reversed_again,
    "expired": expired,
    "withdrawn": withdrawn,
    "superseded": superseded,
}
WAITING: dict[str, Callable[[], Decision]] = {
    "held for input": held_for_input,
    "held in a conflict": in_conflict,
    "in review": in_review,
    "awaiting information": awaiting_information,
    "awaiting a second review": awaiting_second_review,
    "escalated": escalated,
}
AUTHORISED: dict[str, Callable[[], Decision]] = {
    "actioned": automated,
    "failed": lambda: reported(automated(), Receipt.FAILED),
    "unknown": lambda: reported(automated(), Receipt.UNKNOWN),
}
EVERY_STATE = WAITING | AUTHORISED | ENDED


EARNED = Grounds(
    policy_version=1,
    threshold=Decimal("0.9"),
    limit=Decimal("0.05"),
    delta=Decimal("0.05"),
    models=(
        OfModel(name="refunder", version="3.1", labels=120, wrong=1, certified=True, missing=0),
    ),
    due=100,
    missed=5,
)
"""What speaks for automating more."""
