"""Delivering: carrying an action out, what became of it, and taking one back."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, Protocol
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from application.desk import Answer, Caller, Desk, acting_as
from application.ports import Identity
from application.refused import attempt
from domain.decision import acting
from domain.decision.acting import COURIER, Report
from domain.decision.refusals import NothingToReport
from domain.decision.state import Decision, Status
from domain.model import OWNER_SEATS, Seat, Value
from domain.values import AuthorityKind, Receipt

REPORTS = acting_as(Seat.PRODUCER, *OWNER_SEATS, Seat.FALLBACK_OWNER)
REVERSES = acting_as(Seat.DECISION_OWNER, Seat.ESCALATION_OWNER)


class Reverse(Value):
    """Why an action is to be undone."""

    reason_code: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


async def report(id: UUID, receipt: Report, caller: Caller, desk: Desk) -> Answer:
    """Record the receipt of an action, or reconcile one that was unknown or had failed."""
    return await attempt(
        "receipt",
        receipt,
        desk,
        id,
        caller,
        lambda d, g, stamp: acting.report(d, receipt, g.decision_type, stamp),
        REPORTS,
    )


async def reverse(id: UUID, command: Reverse, caller: Caller, desk: Desk) -> Answer:
    """Authorise a compensating action; its receipt comes in like any other."""
    return await attempt(
        "reverse",
        command,
        desk,
        id,
        caller,
        lambda d, g, stamp: acting.reverse(
            d, command.reason_code, command.comment, g.decision_type, stamp
        ),
        REVERSES,
    )


class Order(Value):
    """What whoever carries an action out is told: enough to act on, and to recognise it again."""

    decision: UUID
    decision_type: str
    subject: str
    subject_version: str | None
    action: str
    parameters: dict[str, JsonValue]
    authority: AuthorityKind


class Message(Value):
    """An order as it leaves. The same order has the same `id`, however often it is sent."""

    id: UUID
    type: Literal["action.authorised", "reversal.authorised"]
    timestamp: AwareDatetime
    """When it was sent this time."""
    data: Order


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of sending a message once."""

    status: Receipt
    """`failed` means that it is known not to have been carried out."""
    detail: str
    reference: str | None = None
    final: bool = False
    """Whether sending it again is pointless."""
    wait: timedelta | None = None
    """How long the receiver asked to be left alone."""


class Courier(Protocol):
    """Carries messages to endpoints by name; never raises for what a receiver does."""

    async def carry(self, endpoint: str, message: Message) -> Attempt:
        """Send it once and tell what came of it."""
        ...


CARRIES = Identity(COURIER.id, COURIER.kind, seats={"*": frozenset({"courier"})})
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 12
"""About five hours of waiting. An action is given up earlier if its receipt is due before."""


async def deliver(
    id: UUID, message: UUID, attempts: int, courier: Courier, desk: Desk
) -> timedelta | None:
    """Send what is authorised, and record the result; how long to wait before the next attempt.

    None once nothing is left to send: delivered, given up, or settled by somebody else. What may
    have been carried out (no answer came) is recorded as unknown and not sent again.
    """
    decision = await desk.decision(id)
    kind = _to_send(decision)
    if kind is None or decision.endpoint is None:
        return None
    now = desk.clock.now()
    sent = Message(id=message, type=kind, timestamp=now, data=_order(decision))
    attempt = _settled(await courier.carry(decision.endpoint, sent), kind)
    wait = attempt.wait or min(FIRST_WAIT * 2**attempts, LONGEST_WAIT)
    if attempt.status is Receipt.FAILED and not attempt.final:
        due = decision.placement.due_at if decision.is_open and decision.placement else None
        if attempts + 1 < MOST_ATTEMPTS and (due is None or now + wait < due):
            return wait
    await _record(id, attempt, attempts + 1, desk)
    return None


def _settled(attempt: Attempt, kind: str) -> Attempt:
    """A reversal without an answer is sent again: it has its own key, and undoing twice is one."""
    if kind == "reversal.authorised" and attempt.status is Receipt.UNKNOWN:
        return replace(attempt, status=Receipt.FAILED)
    return attempt


def _to_send(decision: Decision) -> Literal["action.authorised", "reversal.authorised"] | None:
    if decision.status is Status.ACTIONED:
        return "action.authorised"
    return "reversal.authorised" if decision.reversal_authorised else None


def _order(decision: Decision) -> Order:
    assert decision.action is not None, "an action is authorised"
    assert decision.authority is not None, "by somebody"
    return Order(
        decision=decision.id,
        decision_type=decision.decision_type,
        subject=decision.subject,
        subject_version=decision.subject_version,
        action=decision.action,
        parameters=decision.parameters or {},
        authority=decision.authority,
    )


async def _record(id: UUID, attempt: Attempt, attempts: int, desk: Desk) -> None:
    times = "once" if attempts == 1 else f"{attempts} times"
    detail = f"sent {times}; the last answer: {attempt.detail}"
    receipt = Report(status=attempt.status, reference=attempt.reference, detail=detail)
    try:
        await report(id, receipt, Caller(CARRIES), desk)
    except NothingToReport:
        return  # a person settled it meanwhile
