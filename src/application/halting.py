"""Halting: whoever owns decisions stops all of them, or what one model recommends, at once."""

from collections.abc import Callable

from pydantic import Field

from application.desk import ATTEMPTS, Caller, Contended, Desk, really_held
from application.ports import Overtaken, Repeated
from domain.composing import ORGANISATION
from domain.halting import KillSwitches, LifeEvent, Model, fold
from domain.halting import lift as lift_switch
from domain.halting import pull as pull_switch
from domain.model import OWNER_SEATS, Actor, Seat, Stamp, Value


class Halt(Value):
    """What is stopped, or allowed again, and why."""

    model: Model | None = None
    """Absent where everything is meant."""
    reason_code: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


class HaltView(Value):
    """The kill switches that are on, besides those of decision types."""

    version: int
    everything: bool
    models: tuple[Model, ...]

    @classmethod
    def of(cls, state: KillSwitches) -> "HaltView":
        """The view of the switches as they are."""
        models = sorted(state.models, key=str)
        return cls(version=state.version, everything=state.everything, models=tuple(models))


async def pull(command: Halt, caller: Caller, desk: Desk) -> KillSwitches:
    """From the answer on, nothing that is meant automates anywhere.

    An owner of the organisation's decisions stops everything. A model can be stopped by an owner of
    any decision type: it is the careful thing to do, and what it recommends elsewhere is reviewed.
    """
    everything = command.model is None
    actor = caller.require(ORGANISATION, *OWNER_SEATS) if everything else await _owner(caller, desk)
    return await _switched(pull_switch, command, actor, caller, desk)


async def lift(command: Halt, caller: Caller, desk: Desk) -> KillSwitches:
    """Allow automation again: the organisation's risk owner does."""
    actor = caller.require(ORGANISATION, Seat.RISK_OWNER)
    return await _switched(lift_switch, command, actor, caller, desk)


Switch = Callable[[KillSwitches, Model | None, str, str | None, Stamp], tuple[LifeEvent, ...]]


async def _switched(
    switch: Switch, command: Halt, actor: Actor, caller: Caller, desk: Desk
) -> KillSwitches:
    for _ in range(ATTEMPTS):
        if prior := await desk.repeated(caller):
            return await desk.kill_switches(up_to=prior.version)
        state = await desk.kill_switches()
        stamp = desk.stamp(caller, actor)
        events = switch(state, command.model, command.reason_code, command.comment, stamp)
        if not events:
            return state
        try:
            await desk.record(events, caller)
        except (Overtaken, Repeated):
            continue
        desk.forget(ORGANISATION)
        return fold(events, state)
    raise Contended(f"gave up after {ATTEMPTS} attempts")


async def _owner(caller: Caller, desk: Desk) -> Actor:
    """The caller as an owner of whatever decision type they own."""
    for name in caller.identity.seats:
        state = await desk.decision_type(name)
        if state is None:
            continue
        actor = caller.actor(name, *really_held(caller, state, OWNER_SEATS))
        if actor.seat is not None:
            return actor
    return caller.require(ORGANISATION, *OWNER_SEATS)
