"""Reviewing: people claim what waits for them, and dispose of it."""

from datetime import timedelta
from uuid import UUID

from pydantic import Field

from application.desk import ANSWERS, Answer, Caller, Desk, acting_as, change, in_queue
from domain.decision import reviewing
from domain.decision.reviewing import Choice
from domain.model import Seat, Value


class Claim(Value):
    """How long a person wants a decision for themselves, in seconds."""

    lease_seconds: int = Field(default=900, ge=1, le=28_800)


async def claim(id: UUID, command: Claim, caller: Caller, desk: Desk) -> Answer:
    """Take a decision on for a while: a review as reviewer, an escalation as its owner."""
    lease = timedelta(seconds=command.lease_seconds)
    return await change(
        desk,
        id,
        caller,
        lambda d, g, stamp: reviewing.claim(d, lease, g.decision_type, stamp),
        in_queue,
    )


async def release(id: UUID, caller: Caller, desk: Desk) -> Answer:
    """Give a decision back undecided."""
    return await change(desk, id, caller, lambda d, _, stamp: reviewing.release(d, stamp), in_queue)


async def review(id: UUID, choice: Choice, caller: Caller, desk: Desk) -> Answer:
    """Dispose of a decision that waits in review."""
    return await change(
        desk,
        id,
        caller,
        lambda d, g, stamp: reviewing.review(d, choice, g.decision_type, stamp),
        acting_as(Seat.REVIEWER),
    )


async def resolve(id: UUID, choice: Choice, caller: Caller, desk: Desk) -> Answer:
    """The escalation owner's answer."""
    return await change(
        desk,
        id,
        caller,
        lambda d, g, stamp: reviewing.resolve(d, choice, g.decision_type, stamp),
        acting_as(*ANSWERS),
    )
