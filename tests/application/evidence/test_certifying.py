"""Certifying: the numbers of the design, and what must hold for any labels."""

from math import fsum, log, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom

from application.evidence.certifying import (
    Labels,
    Promise,
    binomial_tail,
    certified,
    exact_upper,
    labels_missing,
    log_e,
    log_weighted,
    stakes,
    strength,
)

FIVE = Promise(limit=0.05, delta=0.05)
FIVE_EXACT = FIVE._replace(method="exact")
counts = st.integers(0, 400)
limits = st.sampled_from((0.01, 0.05, 0.1, 0.3))
chances = st.sampled_from((1.0, 0.5, 0.2, 0.05))


def all_right(n: int, probability: float = 1.0) -> list[Labels]:
    return [Labels(probability, n, 0)]


@pytest.mark.parametrize(
    ("k", "n", "said"), [(0, 58, 0.0510468687), (0, 59, 0.0484945252), (10, 500, 0.0004600072)]
)
def test_the_binomial_tail_of_the_design(k: int, n: int, said: float) -> None:
    assert binomial_tail(k, n, 0.05) == pytest.approx(said, abs=5e-11)


@pytest.mark.parametrize(
    ("k", "n", "delta", "said"),
    [(0, 10, 0.05, 0.2588655509), (1, 20, 0.05, 0.2161061642), (10, 500, 0.01, 0.0398814844)],
)
def test_the_exact_upper_bound_of_the_design(k: int, n: int, delta: float, said: float) -> None:
    assert exact_upper(k, n, delta) == pytest.approx(said, abs=5e-11)


@pytest.mark.parametrize(("k", "n", "said"), [(5, 300, 3.698633227), (0, 100, 3.504300816)])
def test_the_e_value_of_the_design(k: int, n: int, said: float) -> None:
    assert log_e(k, n, 0.05) == pytest.approx(said, abs=5e-10)


@pytest.mark.parametrize(
    ("promise", "needed"),
    [
        (FIVE_EXACT, 59),
        (FIVE, 88),
        (Promise(0.01, 0.05, "exact"), 299),
        (Promise(0.01, 0.05), 450),
    ],
)
def test_so_many_labels_without_an_error_are_needed(promise: Promise, needed: int) -> None:
    missing = labels_missing([], promise)
    assert missing == pytest.approx(needed, rel=0.01 if needed == 450 else 0)
    assert strength(all_right(missing or 0), promise).passed
    assert not strength(all_right((missing or 0) - 1), promise).passed


@given(k=counts, more=counts, limit=limits)
def test_the_tail_is_scipys(k: int, more: int, limit: float) -> None:
    assert binomial_tail(k, k + more, limit) == pytest.approx(binom.cdf(k, k + more, limit))


@given(k=st.integers(0, 60), more=counts, limit=limits)
def test_the_e_value_is_the_integral_it_stands_for(k: int, more: int, limit: float) -> None:
    n, at = k + more, min(k / max(k + more, 1), limit)

    def better(p: float) -> float:
        return (p / limit) ** k * ((1 - p) / (1 - limit)) ** (n - k) / limit

    area = quad(better, 0, limit, points=[at] if 0 < at < limit else None, limit=200)[0]
    assert log_e(k, n, limit) == pytest.approx(log(area), abs=1e-6)


def test_the_e_value_of_very_many_errors_is_a_number() -> None:
    assert -20 < log_e(900_000, 1_000_000, 0.05) < 0
    assert log_e(10_000, 1_000_000, 0.05) > 1000


@given(
    labels=st.lists(st.builds(Labels, chances, st.integers(0, 9), st.integers(0, 3)), max_size=4),
    limit=limits,
)
def test_the_weighted_e_value_is_the_mean_of_its_bets(labels: list[Labels], limit: float) -> None:
    least = min((each.probability for each in labels), default=1.0)

    def bet(stake: float) -> float:
        return prod(
            (1 + stake * least / chance * limit) ** right
            * (1 - stake * least / chance * (1 - limit)) ** wrong
            for chance, right, wrong in labels
        )

    mean = fsum(map(bet, stakes(limit))) / 25
    assert log_weighted(labels, limit) == pytest.approx(log(mean), abs=1e-9)


@given(
    k=st.integers(0, 20), more=counts, limit=limits, method=st.sampled_from(("exact", "anytime"))
)
def test_an_error_never_helps_and_a_right_one_never_harms(
    k: int, more: int, limit: float, method: str
) -> None:
    promise = Promise(limit, 0.05, method)  # type: ignore[arg-type]
    if strength([Labels(1, more, k + 1)], promise).passed:
        assert strength([Labels(1, more + 1, k)], promise).passed
    if strength([Labels(1, more, k)], promise).passed:
        assert strength([Labels(1, more + 1, k)], promise).passed


@given(k=st.integers(0, 12), more=st.integers(0, 500), limit=limits)
def test_looking_whenever_one_likes_asks_for_more_than_one_planned_look(
    k: int, more: int, limit: float
) -> None:
    labels = [Labels(1, more, k)]
    if strength(labels, Promise(limit, 0.05)).passed:
        assert strength(labels, Promise(limit, 0.05, "exact")).passed


def test_planned_looks_share_the_risk() -> None:
    assert strength(all_right(59), FIVE_EXACT).passed
    assert not strength(all_right(59), FIVE_EXACT._replace(looks=2)).passed
    assert strength(all_right(72), FIVE_EXACT._replace(looks=2)).passed


def test_equal_chances_need_no_weights_whatever_they_are() -> None:
    assert strength(all_right(88, 0.05), FIVE) == strength(all_right(88), FIVE)
    assert not strength(all_right(88, 0.05), FIVE).weighted


def test_the_exact_test_certifies_nothing_where_chances_are_unequal() -> None:
    mixed = [*all_right(10_000), *all_right(10_000, 0.05)]
    assert not strength(mixed, FIVE_EXACT).passed
    assert labels_missing(mixed, FIVE_EXACT) is None
    assert strength(mixed, FIVE).passed


def test_labels_of_a_small_chance_weigh_more() -> None:
    errors_where_many_look = [Labels(1.0, 900, 100), Labels(0.05, 200, 0)]
    errors_where_few_look = [Labels(1.0, 1000, 0), Labels(0.05, 180, 20)]
    assert log_weighted(errors_where_many_look, 0.05) > log_weighted(errors_where_few_look, 0.05)
    assert not strength(errors_where_few_look, FIVE).passed


@given(k=st.integers(0, 5), more=st.integers(0, 200), method=st.sampled_from(("exact", "anytime")))
def test_the_missing_labels_are_just_enough(k: int, more: int, method: str) -> None:
    promise = Promise(0.05, 0.05, method)  # type: ignore[arg-type]
    missing = labels_missing([Labels(1, more, k)], promise)
    assert missing is not None
    assert strength([Labels(1, more + missing, k)], promise).passed
    assert not missing or not strength([Labels(1, more + missing - 1, k)], promise).passed


def test_no_number_of_labels_helps_a_model_that_errs_too_often() -> None:
    assert labels_missing([Labels(1, 90, 10)], FIVE, as_often_wrong=True) is None
    at_two_percent = labels_missing([Labels(1, 98, 2)], FIVE, as_often_wrong=True)
    if_all_right = labels_missing([Labels(1, 98, 2)], FIVE)
    assert at_two_percent is not None and if_all_right is not None
    assert at_two_percent > if_all_right > 0


def test_the_walk_ends_at_the_first_threshold_that_fails() -> None:
    strong, weak = all_right(100), all_right(10)
    assert certified([strong, strong, weak, strong], FIVE) == 2
    assert certified([weak, strong], FIVE) == 0
    assert certified([], FIVE) == 0
