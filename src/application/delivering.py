"""Delivering: what became of an action, and taking one back."""

from uuid import UUID

from pydantic import Field

from application.desk import Answer, Caller, Desk, acting_as, change
from domain.decision import acting
from domain.decision.acting import Report
from domain.model import OWNER_SEATS, Seat, Value

REPORTS = acting_as(Seat.PRODUCER, *OWNER_SEATS)
REVERSES = acting_as(Seat.DECISION_OWNER, Seat.ESCALATION_OWNER)


class Reverse(Value):
    """Why an action is to be undone."""

    reason_code: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


async def report(id: UUID, receipt: Report, caller: Caller, desk: Desk) -> Answer:
    """Record the receipt of an action, or reconcile one that was unknown or had failed."""
    return await change(
        desk,
        id,
        caller,
        lambda d, g, stamp: acting.report(d, receipt, g.decision_type, stamp),
        REPORTS,
    )


async def reverse(id: UUID, command: Reverse, caller: Caller, desk: Desk) -> Answer:
    """Authorise a compensating action; its receipt comes in like any other."""
    return await change(
        desk,
        id,
        caller,
        lambda d, g, stamp: acting.reverse(
            d, command.reason_code, command.comment, g.decision_type, stamp
        ),
        REVERSES,
    )
