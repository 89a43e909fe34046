"""What a decision type's circuit breakers have come to: each says so once, by itself."""

from decimal import Decimal

from domain.decision_type.commands import Events, trip_breaker
from domain.decision_type.events import BreakerCalmed, BreakerClosed, BreakerWarned, StageChanged
from domain.decision_type.state import DecisionType
from domain.model import Actor, ActorKind, Stamp, Value
from domain.values import Stage

BREAKER = Actor(kind=ActorKind.TIMER, id="breaker")
"""This service, watching: nobody holds a key of this kind."""


class Found(Value):
    """What the labels of one stream have come to, as far as they are counted."""

    stream: str
    stops: bool
    """Whether this stream can stop automation."""
    warned: bool
    tripped: bool
    proven: bool
    """Whether a trial has lasted long enough, if automation is on trial because of this stream."""
    detail: str
    """The figures, in a sentence."""
    label: int
    """The position of the last label in the log."""


def watch(state: DecisionType, found: Found, stamp: Stamp) -> Events:
    """What follows from where a stream stands now; nothing while the breaker is open."""
    if state.breaker_open:
        return ()
    on_trial = state.half_open and found.stops
    if (found.stops and found.tripped) or (on_trial and found.warned):
        tripped = trip_breaker(state, found.stream, found.detail, stamp, found.label)
        return (*tripped, *_demoted(state, found, stamp))
    if on_trial and found.proven:
        return (_said(BreakerClosed, state, found, stamp),)
    if found.warned and found.stream not in state.warned:
        return (_said(BreakerWarned, state, found, stamp),)
    if not found.warned and found.stream in state.warned:
        return (_said(BreakerCalmed, state, found, stamp),)
    return ()


LEFT = Decimal("0.5")
"""The share that may automate after a trip at stage `full`, once automation begins again."""
DOWN = {Stage.FULL: (Stage.PARTIAL, LEFT), Stage.PARTIAL: (Stage.ASSIST, Decimal(0))}
"""One stage down; where people decide anyhow, there is none."""


def _demoted(state: DecisionType, found: Found, stamp: Stamp) -> Events:
    """The stage that automation has to be earned from again."""
    if state.stage not in DOWN:
        return ()
    stage, share = DOWN[state.stage]
    return (
        StageChanged(
            **state.next(stamp, 2),
            decision_type=state.name,
            stage=stage,
            partial_share=share,
            because=f"the circuit breaker of {found.stream} tripped",
        ),
    )


Saying = BreakerWarned | BreakerCalmed | BreakerClosed


def _said(kind: type[Saying], state: DecisionType, found: Found, stamp: Stamp) -> Saying:
    return kind(
        **state.next(stamp),
        decision_type=state.name,
        stream=found.stream,
        detail=found.detail,
        label=found.label,
    )
