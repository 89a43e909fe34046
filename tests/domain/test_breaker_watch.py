"""What follows from where a circuit breaker stands: a warning, a trip, an all-clear, a trial's end."""

from typing import Any

import pytest

from domain.decision_type.events import (
    BreakerCalmed,
    BreakerClosed,
    BreakerTripped,
    BreakerWarned,
    LifeEvent,
)
from domain.decision_type.state import DecisionType, fold
from domain.decision_type.watching import BREAKER, Found, watch
from tests.domain.builders import REFUND, by

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
    (one,) = said(state, **found)
    assert type(one) is event
    content = one.model_dump()
    assert (content["stream"], content["detail"], content["label"]) == ("quality", "1 of 40", 7)
    after = fold((one,), state)
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
