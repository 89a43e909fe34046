"""Timing: what happens when a moment has come. Whoever keeps the clock calls this as a timer."""

from uuid import UUID

from application.desk import Answer, Caller, Desk, acting_as, change
from application.ports import Identity
from domain.decision import timing
from domain.model import ActorKind

TIMER = Identity(id="timer", kind=ActorKind.TIMER, seats={"*": frozenset({"timer"})})


async def strike(id: UUID, desk: Desk) -> Answer:
    """A moment may have come for a decision: do what it brings, once; otherwise nothing.

    Any number of timers may call this for the same moment: the first to write it wins, and the
    others find that nothing is left to do.
    """
    return await change(
        desk,
        id,
        Caller(TIMER),
        lambda d, g, stamp: timing.strike(d, g.decision_type, stamp),
        acting_as(),
    )
