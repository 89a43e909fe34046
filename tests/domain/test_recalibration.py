"""Maps of confidence: they rise, map alike for ever, and are adopted only where they helped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.recalibration import (
    Adopted,
    Evidence,
    Map,
    NoHelp,
    NoSuchMap,
    NotAnAdopter,
    Recalibrations,
    adopt,
    fit,
    fold,
)
from tests.domain.builders import ANA, BO, BOT, CY, DAY, NOON, by

RISING = Map(method="isotonic", knots=((2_000, 1_000), (5_000, 3_000), (9_000, 9_001)))
KNOTS = st.dictionaries(st.integers(0, 10_000), st.integers(0, 10_000), min_size=1, max_size=9)


def evidence(low: float | None = 0.01, held_out: int = 100, labels: str = "sha256:1") -> Evidence:
    return Evidence(
        since=NOON - DAY,
        until=NOON,
        fitted_on=400,
        held_out=held_out,
        labels_digest=labels,
        brier_before=0.2,
        brier_after=0.1,
        improvement_low=low,
        test="paired",
    )


def fitted(*tries: Evidence) -> Recalibrations:
    state: Recalibrations | None = None
    for each in tries:
        state = fold(fit(state, "refund", "refunder@3", RISING, each, by(BO)), state)
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("stated", "truer"),
    [
        (0, 1_000),
        (2_000, 1_000),
        (3_500, 2_000),
        (5_000, 3_000),
        (7_000, 6_001),
        (9_000, 9_001),
        (10_000, 9_001),
    ],
)
def test_between_two_knots_a_map_is_straight(stated: int, truer: int) -> None:
    assert RISING.applied(stated) == truer


@given(KNOTS)
def test_more_confidence_never_becomes_less(knots: dict[int, int]) -> None:
    stated, truer = sorted(knots), sorted(knots.values())
    rising = Map(method="logistic", knots=tuple(zip(stated, truer, strict=True)))
    mapped = [rising.applied(n) for n in range(0, 10_001, 7)]
    assert mapped == sorted(mapped)
    assert all(rising.applied(x) == y for x, y in rising.knots)
    assert Map.model_validate_json(rising.model_dump_json()).digest == rising.digest


@pytest.mark.parametrize(
    "knots", [(), ((1, 2), (1, 3)), ((1, 3), (2, 2)), ((-1, 0),), ((0, 10_001),)]
)
def test_what_falls_is_no_map(knots: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValidationError):
        Map(method="isotonic", knots=knots)


def test_the_same_map_on_the_same_labels_is_the_same_version() -> None:
    state = fitted(evidence())
    assert fit(state, "refund", "refunder@3", RISING, evidence(), by(BO)) == ()
    assert fitted(evidence(), evidence(labels="sha256:2")).maps.keys() == {1, 2}


def test_a_map_that_helped_is_adopted_once() -> None:
    state = fitted(evidence())
    (event,) = adopt(state, "refunder@3", 1, by(CY))
    assert isinstance(event, Adopted)
    after = fold([event], state)
    assert after is not None
    assert after.adopted == 1
    assert adopt(after, "refunder@3", 1, by(BO)) == ()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (evidence(0.0), "may be as low as 0.000000"),
        (evidence(-0.01), "may be as low as -0.010000"),
        (evidence(None), "needs more than 0"),
        (evidence(held_out=99), "99 labels were held out, needs 100"),
    ],
)
def test_a_map_that_did_not_help_is_not_adopted(found: Evidence, said: str) -> None:
    with pytest.raises(NoHelp, match=said):
        adopt(fitted(found), "refunder@3", 1, by(CY))


def test_an_owner_adopts_in_person() -> None:
    for stranger in (ANA, BOT):
        with pytest.raises(NotAnAdopter):
            adopt(fitted(evidence()), "refunder@3", 1, by(stranger))
    for state in (None, fitted(evidence())):
        with pytest.raises(NoSuchMap):
            adopt(state, "refunder@3", 2, by(CY))
