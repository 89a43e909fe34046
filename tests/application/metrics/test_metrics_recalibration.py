"""Fitting and trying maps, and calibration, against scikit-learn."""

from decimal import Decimal
from random import Random

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss

from application.metrics.calibration import Point, scores
from application.metrics.facts import DecisionFacts
from application.recalibrating import NothingToFit, fitted_on, is_held_out
from domain.recalibration import Map, Method
from tests.application.metrics.worked_case import DAY, a_decision


def history(n: int, *, honest: bool, seed: int = 5) -> list[DecisionFacts]:
    """A model that says what it knows, or says 0.9 where it knows 0.6 and 0.5 where 0.4."""
    dice, rows = Random(seed), []
    for place in range(n):
        truth = dice.choice([0.4, 0.6])
        stated = truth if honest else {0.4: 0.5, 0.6: 0.9}[truth]
        rows.append(
            a_decision(
                f"k{place}",
                confidence=Decimal(str(stated)),
                label=dice.random() < truth,
                label_probability=Decimal(dice.choice(["1", "0.5"])),
                end="completed",
                ended_at=DAY.since,
            )
        )
    return rows


@pytest.mark.parametrize("method", ["isotonic", "logistic"])
def test_what_is_overconfident_is_mended_and_seen_to_help(method: Method) -> None:
    fitted, evidence = fitted_on(history(3_000, honest=False), method, DAY)
    assert fitted.applied(9_000) == pytest.approx(6_000, abs=400)
    assert fitted.applied(5_000) == pytest.approx(4_000, abs=400)
    assert evidence.helps
    assert evidence.fitted_on + evidence.held_out == 3_000
    assert evidence.held_out == sum(is_held_out(f"k{n}") for n in range(3_000))


@pytest.mark.parametrize("method", ["isotonic", "logistic"])
def test_what_is_honest_is_seldom_bettered(method: Method) -> None:
    helped = [
        fitted_on(history(600, honest=True, seed=seed), method, DAY)[1].helps for seed in range(40)
    ]
    assert sum(helped) <= 4


def test_fitting_is_the_same_whatever_the_order() -> None:
    rows = history(500, honest=False)
    shuffled = rows.copy()
    Random(1).shuffle(shuffled)
    first, second = (fitted_on(each, "isotonic", DAY) for each in (rows, shuffled))
    assert first[0].digest == second[0].digest
    assert first[1].labels_digest == second[1].labels_digest


def test_a_map_needs_right_and_wrong_ones() -> None:
    known = [row.model_copy(update={"label": True}) for row in history(50, honest=True)]
    for rows in ([], known, [row.model_copy(update={"label_probability": None}) for row in known]):
        with pytest.raises(NothingToFit, match="needs right and wrong ones"):
            fitted_on(rows, "isotonic", DAY)


def test_an_isotonic_map_is_scikit_learns() -> None:
    rows = history(800, honest=False)
    fitted: Map = fitted_on(rows, "isotonic", DAY)[0]
    learning = [row for row in rows if not is_held_out(row.key)]
    oracle = IsotonicRegression(out_of_bounds="clip").fit(
        [float(row.confidence or 0) for row in learning],
        [bool(row.label) for row in learning],
        sample_weight=[1 / float(row.label_probability or 1) for row in learning],
    )
    for at in (0.0, 0.5, 0.6, 0.7, 0.9, 1.0):
        assert fitted.applied(int(at * 10_000)) == pytest.approx(
            10_000 * oracle.predict([at])[0], abs=1.5
        )


@pytest.mark.parametrize("seed", range(5))
def test_brier_and_ece_are_scikit_learns_weighted_or_not(seed: int) -> None:
    dice = np.random.default_rng(seed)
    stated = dice.integers(0, 10_001, 700)
    right = dice.random(700) < stated / 12_000
    weight = dice.choice([1.0, 2.0, 10.0], 700)
    found = scores(
        [Point(int(c), bool(y), float(w)) for c, y, w in zip(stated, right, weight, strict=True)]
    )
    assert found.brier == pytest.approx(
        brier_score_loss(right, stated / 10_000, sample_weight=weight), abs=1e-12
    )
    bins = np.minimum(stated // 1_000, 9)
    shares = [
        weight[bins == b].sum()
        / weight.sum()
        * abs(np.average((right - stated / 10_000)[bins == b], weights=weight[bins == b]))
        for b in range(10)
        if (bins == b).any()
    ]
    assert found.ece == pytest.approx(sum(shares), abs=1e-12)
    assert found.brier is not None
    assert found.reliability is not None
    assert found.resolution is not None
    assert found.uncertainty is not None
    assert found.within_bins is not None
    whole = found.reliability - found.resolution + found.uncertainty + found.within_bins
    assert found.brier == pytest.approx(whole, abs=1e-12)
