"""Timing: what happens when a moment passes. Whoever keeps the clock calls these as a timer."""

from uuid import UUID

from application.desk import Answer, Caller, Desk, acting_as, change
from application.ports import Identity
from domain.decision import opening
from domain.model import ActorKind

TIMER = Identity(id="timer", kind=ActorKind.TIMER, seats={"*": frozenset({"timer"})})


async def deadline(id: UUID, desk: Desk) -> Answer:
    """A deadline may have passed: escalate if it has and nobody decided; otherwise do nothing."""
    return await change(
        desk,
        id,
        Caller(TIMER),
        lambda d, g, stamp: opening.miss_deadline(d, g.decision_type, stamp),
        acting_as(),
    )


async def expiry(id: UUID, desk: Desk) -> Answer:
    """A time to live may have passed: end the decision if it has and nothing is authorised."""
    return await change(
        desk, id, Caller(TIMER), lambda d, _, stamp: opening.expire(d, stamp), acting_as()
    )
