"""What follows from where a circuit breaker stands: a warning, a trip, an all-clear, a trial's end."""

from decimal import Decimal
from typing import Any

import pytest

from domain.decision_type.commands import WrongStatus, propose_stage
from domain.decision_type.events import (
    BreakerCalmed,
    BreakerClosed,
    BreakerTripped,
    BreakerWarned,
    LifeEvent,
    StageChanged,
)
from domain.decision_type.state import DecisionType, fold
from domain.decision_type.watching import BREAKER, Found, watch
from domain.values import Stage
from tests.domain.builders import ANA, EARNED, REFUND, by

QUIET = Found(
    stream="quality",
    stops=True,
    warned=False,
    tripped=False,
    proven=False,
    detail="1 of 40",
    label=7,
)


def said(state: DecisionType, **found: Any) -> tuple[LifeEvent, ...]:
    return watch(state, QUIET.model_copy(update=found), by(BREAKER))


def a_type(**changes: Any) -> DecisionType:
    return REFUND.model_copy(update=changes)


WARNED = a_type(warned=frozenset({"quality"}))
ON_TRIAL = a_type(half_open=True, tripped="quality")


@pytest.mark.parametrize(
    ("state", "found", "event"),
    [
        (REFUND, {"warned": True}, BreakerWarned),
        (REFUND, {"warned": True, "tripped": True}, BreakerTripped),
        (WARNED, {"warned": True, "tripped": True}, BreakerTripped),
        (WARNED, {}, BreakerCalmed),
        (ON_TRIAL, {"warned": True}, BreakerTripped),
        (ON_TRIAL, {"proven": True}, BreakerClosed),
        (REFUND, {"stops": False, "warned": True, "tripped": True}, BreakerWarned),
    ],
)
def test_it_is_said(state: DecisionType, found: dict[str, Any], event: type[LifeEvent]) -> None:
    one, *rest = said(state, **found)
    assert type(one) is event
    assert [type(more) for more in rest] == [StageChanged] * (event is BreakerTripped)
    content = one.model_dump()
    assert (content["stream"], content["detail"], content["label"]) == ("quality", "1 of 40", 7)
    after = fold((one, *rest), state)
    assert after is not None
    assert watch(after, QUIET.model_copy(update=found), by(BREAKER)) == (), "and said once"


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (REFUND, {}),
        (WARNED, {"warned": True}),
        (ON_TRIAL, {}),
        (ON_TRIAL, {"stops": False, "warned": False, "proven": True}),
        (a_type(breaker_open=True), {"warned": True, "tripped": True, "proven": True}),
    ],
)
def test_there_is_nothing_to_say(state: DecisionType, found: dict[str, Any]) -> None:
    assert said(state, **found) == ()


def test_a_breaker_that_is_closed_again_starts_with_nothing_against_it() -> None:
    (closed,) = said(ON_TRIAL, proven=True)
    after = fold((closed,), ON_TRIAL)
    assert after is not None
    assert (after.half_open, after.tripped, after.warned) == (False, None, frozenset())


@pytest.mark.parametrize(
    ("stage", "after", "share"),
    [
        (Stage.FULL, Stage.PARTIAL, Decimal("0.5")),
        (Stage.PARTIAL, Stage.ASSIST, Decimal(0)),
        (Stage.ASSIST, Stage.ASSIST, Decimal(0)),
        (Stage.OBSERVE, Stage.OBSERVE, Decimal(0)),
    ],
)
def test_a_trip_takes_one_stage_back(stage: Stage, after: Stage, share: Decimal) -> None:
    before = a_type(stage=stage, partial_share=Decimal("0.3") if stage is Stage.PARTIAL else 0)
    state = fold(said(before, warned=True, tripped=True), before)
    assert state is not None
    assert (state.stage, state.partial_share) == (after, share)
    changed = [e for e in said(before, tripped=True) if isinstance(e, StageChanged)]
    assert [e.because for e in changed] == (
        ["the circuit breaker of quality tripped"] if stage is not after else []
    )
    assert all(event.actor == BREAKER for event in changed)


def a_stage(stage: Stage, share: str = "0") -> dict[str, Any]:
    return {"stage": stage, "partial_share": Decimal(share)}


@pytest.mark.parametrize(
    ("standing", "asked", "allowed"),
    [
        ({"breaker_open": True} | a_stage(Stage.PARTIAL, "0.5"), a_stage(Stage.FULL), False),
        ({"breaker_open": True} | a_stage(Stage.ASSIST), a_stage(Stage.PARTIAL, "0.1"), False),
        ({"breaker_open": True} | a_stage(Stage.PARTIAL, "0.5"), a_stage(Stage.ASSIST), True),
        ({"half_open": True} | a_stage(Stage.PARTIAL, "0.5"), a_stage(Stage.FULL), False),
        (
            {"half_open": True} | a_stage(Stage.PARTIAL, "0.5"),
            a_stage(Stage.PARTIAL, "0.6"),
            False,
        ),
        ({"half_open": True} | a_stage(Stage.PARTIAL, "0.5"), a_stage(Stage.PARTIAL, "0.4"), True),
        ({"half_open": True} | a_stage(Stage.ASSIST), a_stage(Stage.PARTIAL, "0.2"), True),
        ({"half_open": True} | a_stage(Stage.ASSIST), a_stage(Stage.FULL), False),
        (a_stage(Stage.PARTIAL, "0.5"), a_stage(Stage.FULL), True),
    ],
)
def test_a_breaker_that_is_not_closed_lets_nothing_go_further(
    standing: dict[str, Any], asked: dict[str, Any], allowed: bool
) -> None:
    state = a_type(**standing)
    if allowed:
        assert propose_stage(state, asked["stage"], asked["partial_share"], by(ANA), EARNED)
    else:
        with pytest.raises(WrongStatus):
            propose_stage(state, asked["stage"], asked["partial_share"], by(ANA), EARNED)
