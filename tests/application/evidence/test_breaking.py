"""The fold of a circuit breaker: what the design says, to the bit, and how often it errs."""

from itertools import chain, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.evidence.breaking import (
    ALTERNATIVES,
    BLOCK,
    WARNS_AT,
    Evidence,
    Terms,
    after,
    fresh,
    stake,
    weight_of,
)
from tests.application.evidence.simulating import Streams, first_trips

TERMS = Terms(limit=0.05, delta=0.05, horizon=100_000)
weights = st.floats(min_value=0.01, max_value=1.0)
some_labels = st.lists(st.tuples(st.booleans(), weights), max_size=300)
some_terms = st.builds(
    Terms,
    limit=st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.75]),
    delta=st.sampled_from([0.01, 0.05, 0.2]),
    horizon=st.sampled_from([50, 1_000, 100_000]),
)


def told(labels: list[tuple[bool, float]], terms: Terms = TERMS) -> Evidence:
    evidence = fresh(terms)
    for wrong, weight in labels:
        evidence = after(evidence, wrong, weight, terms)
    return evidence


def as_designed(labels: list[tuple[bool, float]], terms: Terms) -> float:
    """The design's text, word by word and label by label."""
    usable = [a for a in ALTERNATIVES if a * terms.limit < 1]
    wealth, staked = dict.fromkeys(usable, 0.0), 0.0
    for i, (wrong, weight) in enumerate(labels):
        if i % 50 == 0:
            more = min(50 / terms.horizon, 1 - staked)
            wealth, staked = {a: r + more for a, r in wealth.items()}, staked + more
        for a in usable:
            bet = (a - 1) / (1 - terms.limit)
            wealth[a] *= 1 + bet * weight * (wrong - terms.limit)
    return sum(wealth.values()) / len(usable) + 1 - staked


@given(some_labels, some_terms)
def test_it_is_what_the_design_says(labels: list[tuple[bool, float]], terms: Terms) -> None:
    expected = as_designed(labels, terms)
    if expected < 1e9:  # beyond that the bets are capped
        assert told(labels, terms).value == pytest.approx(expected, rel=1e-9)


@given(some_labels, some_terms)
def test_what_is_stored_goes_on_to_the_same_bits(
    labels: list[tuple[bool, float]], terms: Terms
) -> None:
    evidence = fresh(terms)
    for wrong, weight in labels:
        stored = Evidence.model_validate_json(evidence.model_dump_json())
        evidence = after(stored, wrong, weight, terms)
    assert evidence == told(labels, terms)
    assert [b.hex() for b in evidence.bets] == [b.hex() for b in told(labels, terms).bets]


def test_arrays_say_the_same_to_the_bit() -> None:
    """What the simulations run is what the service runs."""
    random = np.random.default_rng(11)
    for terms, rate in ((TERMS, 0.08), (Terms(limit=0.3, delta=0.1, horizon=700), 0.35)):
        drawn = random.random((2_000, 4)) < rate
        streams, alone = Streams(terms, 4), [fresh(terms)] * 4
        for row in drawn:
            values = streams.take(row)
            alone = [after(e, bool(x), 1.0, terms) for e, x in zip(alone, row, strict=True)]
            assert [float(v).hex() for v in values] == [e.value.hex() for e in alone]


def test_no_label_no_evidence() -> None:
    assert fresh(TERMS).value == 1


def test_right_ones_never_raise_the_evidence() -> None:
    """So whoever brings one need not look whether it trips."""
    evidence = told([(n % 12 == 0, 1.0) for n in range(400)])
    for _ in range(3 * BLOCK):
        later = after(evidence, False, 1.0, TERMS)
        assert later.value <= evidence.value
        evidence = later


def test_nothing_but_wrong_ones_trip_it_soon() -> None:
    n = next(n for n in range(1, 100) if told([(True, 1.0)] * n).value >= TERMS.trips_at)
    assert n == 7
    assert told([(True, 1.0)] * 6).value >= WARNS_AT > told([(True, 1.0)] * 5).value


def test_a_budget_lasts_for_its_horizon() -> None:
    short = Terms(limit=0.05, delta=0.05, horizon=100)
    assert [told([(False, 1.0)] * n, short).staked for n in (0, 1, 50, 51, 500)] == [
        0,
        0.5,
        0.5,
        1,
        1,
    ]


@pytest.mark.parametrize("limit", [0.17, 0.34, 0.51, 0.79])
def test_what_is_no_rate_is_no_alternative(limit: float) -> None:
    terms = Terms(limit=limit, delta=0.05, horizon=1_000)
    assert terms.alternatives == tuple(a for a in ALTERNATIVES if a * limit < 1)
    assert all(0 < stake(a, limit) * limit < 1 for a in terms.alternatives)


def test_another_limit_in_the_middle_of_a_budget_adds_no_bet() -> None:
    evidence = after(fresh(TERMS), True, 1.0, TERMS)
    looser = Terms(limit=0.4, delta=0.05, horizon=100_000)
    now = after(evidence, True, 1.0, looser)
    assert now.alternatives == ALTERNATIVES
    assert now.bets[3:] == evidence.bets[3:]  # three and six times 0.4 are no rates


def test_a_likely_label_weighs_less() -> None:
    assert weight_of(0.05, 0.05) == 1
    assert weight_of(0.2, 0.05) == pytest.approx(0.25)
    assert weight_of(0.02, 0.05) == 1  # drawn under an earlier policy: never more than a whole one


def test_weights_make_up_for_unequal_sampling() -> None:
    """Decisions that go wrong more often are checked more often, yet the rate is within its limit.

    Taken for a fair sample, those labels would stop automation almost always.
    """
    random = np.random.default_rng(5)
    weighted, naive = 0, 0
    for _ in range(40):
        evidence, taken = fresh(TERMS), fresh(TERMS)
        trips = [False, False]
        for _ in range(4_000):
            doubtful = random.random() < 0.2
            if random.random() < (0.5 if doubtful else 0.05):
                wrong = bool(random.random() < (0.21 if doubtful else 0.01))
                evidence = after(evidence, wrong, weight_of(0.5 if doubtful else 0.05, 0.05), TERMS)
                taken = after(taken, wrong, 1.0, TERMS)
                trips[0] |= evidence.value >= TERMS.trips_at
                trips[1] |= taken.value >= TERMS.trips_at
        weighted, naive = weighted + trips[0], naive + trips[1]
    assert weighted <= 2
    assert naive >= 38


def test_at_the_limit_it_seldom_stops() -> None:
    """The long form, 300 streams of 100,000 labels, is `python -m benchmarks.breakers`."""
    terms = Terms(limit=0.05, delta=0.05, horizon=10_000)
    tripped = first_trips(terms, repeat(terms.limit, 10_000), 300, seed=7)
    allowed = 0.05 + 3 * (0.05 * 0.95 / 300) ** 0.5
    assert (tripped > 0).mean() <= allowed


def test_a_rate_that_doubles_is_caught() -> None:
    rates = chain(repeat(0.05, 5_000), repeat(0.10, 3_000))
    tripped = first_trips(TERMS, rates, 100, seed=8)
    late = np.where(tripped == 0, 10_000, tripped) - 5_000
    assert np.median(late[late > 0]) <= 700
