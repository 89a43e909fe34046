"""Arbitrating: the escalation owner says which of several conflicting recommendations goes on."""

from uuid import UUID

from pydantic import Field

from application.desk import ATTEMPTS, Caller, Contended, Desk, Governed, NoAuthority, answering
from application.informing import routed_again
from application.ports import Overtaken, Repeated, Stale
from domain import conflict as conflicts
from domain.conflict import Conflict, arbitrate
from domain.decision.conflicting import lose_conflict, release_conflict, require_winnable
from domain.decision.events import LifeEvent
from domain.decision.state import Decision, evolve
from domain.model import Event, Stamp, Value
from domain.values import Reason


class Arbitrate(Value):
    """The decision that goes on, or none of them."""

    winner: UUID | None = None
    reason_code: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


async def arbitrate_conflict(id: UUID, command: Arbitrate, caller: Caller, desk: Desk) -> Conflict:
    """Let one decision go on, end the others, and close the conflict: all in one write."""
    for _ in range(ATTEMPTS):
        if prior := await desk.repeated(caller):
            return await desk.conflict(prior.stream)
        conflict = await desk.conflict(id)
        governed = await desk.governed(conflict.decision_type)
        actor = answering(caller, governed.decision_type)
        if actor.seat is None:
            if await desk.renewed(governed):
                continue
            name = conflict.decision_type
            raise NoAuthority(f"{actor.id} does not act as escalation owner of {name} in person")
        stamp = desk.stamp(caller, actor)
        chosen = arbitrate(conflict, command.winner, command.reason_code, command.comment, stamp)
        settled: list[Event] = [*chosen]
        leaves: list[UUID] = []
        members = [await desk.decision(id) for id in conflict.decisions]
        require_winnable(command.winner, members)
        for member in members:
            events = _settled(conflict, member, command, governed, desk, stamp)
            settled.extend(events)
            leaves.extend(_ended(member, events))
        try:
            await desk.record(settled, caller, expects=governed.expects, leaves=tuple(leaves))
        except (Overtaken, Repeated):
            continue
        except Stale:
            desk.forget(conflict.decision_type)
            continue
        settled_conflict = conflicts.fold(chosen, conflict)
        assert settled_conflict is not None
        return settled_conflict
    raise Contended(f"gave up after {ATTEMPTS} attempts")


def _settled(
    conflict: Conflict,
    member: Decision,
    command: Arbitrate,
    governed: Governed,
    desk: Desk,
    stamp: Stamp,
) -> tuple[LifeEvent, ...]:
    """The winner is routed again like any other recommendation; the others end."""
    if not member.in_conflict or member.conflict != conflict.id:
        return ()
    if member.id != command.winner:
        return lose_conflict(member, command.winner, stamp)
    reason = Reason(code="APR.ARBITRATED", text=f"{stamp.actor.id} chose this one")
    return routed_again(member, release_conflict(member, reason, stamp), governed, desk, stamp)


def _ended(before: Decision, events: tuple[LifeEvent, ...]) -> tuple[UUID, ...]:
    after = before
    for event in events:
        after = evolve(after, event)
    return () if after.is_open else (after.id,)
