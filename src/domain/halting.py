"""Halting: kill switches that are nobody's decision type's alone, in one stream for all of them.

One stops everything, one each stops what a model recommends, whatever decision it is about. A
decision type's own is on its stream.
"""

from collections.abc import Iterable
from functools import reduce
from typing import ClassVar, assert_never
from uuid import UUID, uuid5

from pydantic import Field

from domain.model import (
    OWNER_SEATS,
    Actor,
    Aggregate,
    Event,
    Seat,
    Stamp,
    Unauthorised,
    Value,
    envelope,
)
from domain.values import ModelRef

STREAM = uuid5(UUID("7d0d3a0e-6a4c-5f5e-9b62-0b0a4c1e9f11"), "kill switches")
Text = Field(min_length=1, max_length=200)


class Model(Value):
    """A model that is halted; without a version, every one of it."""

    name: str = Text
    version: str | None = Field(default=None, min_length=1, max_length=200)

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    def __str__(self) -> str:
        return f"{self.name} {self.version}" if self.version else self.name

    def is_of(self, model: ModelRef) -> bool:
        """Whether a recommendation of this model is meant."""
        return self.name == model.name and self.version in (None, model.version)


class KillSwitchEvent(Event):
    """Something happened to a kill switch: everything's, or a model's."""

    model: Model | None = None
    """Absent where everything is meant."""
    reason_code: str
    comment: str | None = None


class Halted(KillSwitchEvent):
    """Someone pulled a kill switch: nothing within its scope automates until it is lifted."""

    TOPIC: ClassVar[str] = "kill_switch.pulled"


class Lifted(KillSwitchEvent):
    """Someone allowed automation again."""

    TOPIC: ClassVar[str] = "kill_switch.lifted"


LifeEvent = Halted | Lifted


class KillSwitches(Aggregate):
    """The kill switches that are on, besides those of decision types."""

    everything: bool = False
    models: frozenset[Model] = frozenset()

    def against(self, model: ModelRef | None) -> tuple[str, ...]:
        """Why nothing of this model automates now; empty where nothing of this speaks against."""
        if not self.everything and not self.models:
            return ()
        said = ["the kill switch of the whole organisation is on"] if self.everything else []
        if model is not None:
            on = sorted(str(halted) for halted in self.models if halted.is_of(model))
            said += [f"the kill switch of the model {name} is on" for name in on]
        return tuple(said)


NONE_ON = KillSwitches(id=STREAM, version=0)


class NotYourSwitch(Unauthorised):
    """An owner in person pulls a kill switch; the risk owner lifts it."""

    CODE = "REJ.seat"


def pull(
    state: KillSwitches, model: Model | None, reason_code: str, comment: str | None, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Stop everything, or what one model recommends. Pulling it twice adds nothing."""
    _require(stamp.actor, *OWNER_SEATS)
    if is_on(state, model):
        return ()
    return (
        Halted(
            **envelope(STREAM, state.version + 1, stamp),
            model=model,
            reason_code=reason_code,
            comment=comment,
        ),
    )


def lift(
    state: KillSwitches, model: Model | None, reason_code: str, comment: str | None, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Allow automation again. Only a risk owner may: it loosens a boundary."""
    _require(stamp.actor, Seat.RISK_OWNER)
    if not is_on(state, model):
        return ()
    return (
        Lifted(
            **envelope(STREAM, state.version + 1, stamp),
            model=model,
            reason_code=reason_code,
            comment=comment,
        ),
    )


def _require(actor: Actor, *allowed: Seat) -> None:
    if not actor.is_person or actor.seat not in allowed:
        seats = " or ".join(seat.spoken for seat in allowed)
        raise NotYourSwitch(f"{actor.id} does not act as {seats} in person")


def is_on(state: KillSwitches, model: Model | None) -> bool:
    return state.everything if model is None else model in state.models


def fold(events: Iterable[LifeEvent], state: KillSwitches = NONE_ON) -> KillSwitches:
    """The switches after these events."""
    return reduce(evolve, events, state)


def evolve(state: KillSwitches, event: LifeEvent) -> KillSwitches:
    """Fold one event into the state. Total: recorded history is never refused."""
    model = event.model
    match event:
        case Halted():
            if model is None:
                return state.after(event, everything=True)
            return state.after(event, models=state.models | {model})
        case Lifted():
            if model is None:
                return state.after(event, everything=False)
            return state.after(event, models=state.models - {model})
        case _:
            assert_never(event)
