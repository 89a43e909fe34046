"""Champion and challenger on the same subjects: one label judges both."""

from decimal import Decimal
from math import sqrt
from random import Random
from typing import Any

import pytest
from scipy.stats import binomtest

from application.metrics.comparing import (
    Comparison,
    adjusted_difference,
    compare,
    mcnemar,
    weighted_difference,
)
from application.metrics.facts import DecisionFacts
from tests.application.metrics.worked_case import AS_OF, DAY, a_decision

RIGHT: dict[str, Any] = {"label": True, "label_probability": Decimal(1), "authorised_by": "person"}
WRONG = RIGHT | {"label": False, "final_action": "decline"}


def said(subject: str, version: str, action: str = "refund", **facts: Any) -> DecisionFacts:
    return a_decision(
        f"{subject}-{version}-{facts.pop('word', 1)}",
        subject=subject,
        model_version=version,
        recommended_action=action,
        **facts,
    )


def compared(*rows: DecisionFacts) -> Comparison:
    return compare(rows, "support_triage", "triage@1", "triage@2", DAY, AS_OF)


def test_a_label_on_one_judges_the_other() -> None:
    found = compared(
        said("same", "1", **RIGHT),
        said("same", "2"),
        said("other", "1", **RIGHT),
        said("other", "2", "decline"),
        said("mended", "1", **WRONG),
        said("mended", "2", "decline"),
        said("both wrong", "1", **WRONG),
        said("both wrong", "2", "replace"),
    )
    assert (found.subjects, found.compared, found.same_action) == (4, 4, 1)
    assert (found.champion_right.numerator, found.challenger_right.numerator) == (2, 2)
    assert (found.only_champion_right, found.only_challenger_right) == (1, 1)
    assert found.p_value == 1


def test_what_nobody_can_know_is_left_out() -> None:
    overturned: dict[str, Any] = {
        "label": False,
        "label_probability": Decimal("0.5"),
        "authorised_by": "policy",
    }
    found = compared(
        said("no label", "1"),
        said("no label", "2"),
        said("complaint", "1", label=False),
        said("complaint", "2"),
        said("overturned", "1", final_action="refund", **overturned),
        said("overturned", "2", "decline"),
        said("alone", "1", **RIGHT),
    )
    assert (found.subjects, found.compared) == (3, 0)
    assert found.champion_right.value is None
    assert found.accuracy_difference.value is None
    assert found.p_value is None
    same = compared(said("x", "1", final_action="refund", **overturned), said("x", "2", "refund"))
    assert (same.compared, same.challenger_right.numerator) == (1, 0)


def test_each_is_judged_by_its_own_label_first() -> None:
    half: dict[str, Any] = {"label_probability": Decimal("0.5"), "authorised_by": "policy"}
    found = compared(
        said("a", "1", label=False, **half),
        said("a", "2", "decline", label=True, **half),
        said("b", "1", label=True, **half),
        said("b", "2", "decline", label=False, **half),
        said("c", "1", **RIGHT),
        said("c", "2", "decline", label=False, **half),
    )
    assert (found.compared, found.only_champion_right, found.only_challenger_right) == (3, 2, 1)
    assert found.accuracy_difference_weighted.value == pytest.approx((4 - 4 - 2) / 10)


@pytest.mark.parametrize("label", [True, False])
def test_whether_a_pair_counts_does_not_depend_on_how_it_turned_out(label: bool) -> None:
    """Else whoever is labelled would look better than who is not."""
    judged: dict[str, Any] = {
        "label": label,
        "label_probability": Decimal("0.5"),
        "authorised_by": "policy",
    }
    found = compared(said("x", "1", **judged), said("x", "2", "decline"))
    assert (found.subjects, found.compared) == (1, 0)


def test_equal_models_look_equal_whichever_is_labelled() -> None:
    """Two models that are each right half of the time, one of them reviewed."""
    dice = Random(8)
    rows: list[DecisionFacts] = []
    for n in range(2_000):
        right = dice.choice(["refund", "decline"])
        first, second = dice.choice(["refund", "decline"]), dice.choice(["refund", "decline"])
        facts = RIGHT | {"label": first == right, "final_action": right}
        rows += [said(f"s{n}", "1", first, **facts), said(f"s{n}", "2", second)]
    found = compared(*rows).accuracy_difference
    assert found.n == 2_000
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0 < found.high


def test_the_last_word_on_a_subject_counts() -> None:
    found = compared(
        said("x", "1", **RIGHT),
        said("x", "2", "decline", word=1),
        said("x", "2", "refund", word=2),
    )
    assert (found.same_action, found.challenger_right.numerator) == (1, 1)


def test_confidences_are_compared_where_both_gave_one() -> None:
    rows = [
        said("a", "1", confidence=Decimal("0.6"), **RIGHT),
        said("a", "2", confidence=Decimal("0.9")),
        said("b", "1", confidence=Decimal("0.6"), **RIGHT),
        said("b", "2", confidence=Decimal("0.8")),
        said("c", "1", **RIGHT),
        said("c", "2", confidence=Decimal("0.8")),
    ]
    better = compared(*rows).brier_improvement
    assert better.n == 2
    assert better.value == pytest.approx((0.16 - 0.01 + 0.16 - 0.04) / 2)


def test_labels_weigh_by_one_over_their_probability() -> None:
    rare: dict[str, Any] = RIGHT | {"label_probability": Decimal("0.1")}
    found = compared(
        said("a", "1", **rare), said("a", "2"), said("b", "1", **RIGHT), said("b", "2", "decline")
    )
    assert found.accuracy_difference.value == -0.5
    assert found.accuracy_difference_weighted.value == pytest.approx(-1 / 11)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 3), (1, 9), (25, 12)])
def test_an_uneven_split_is_judged_exactly(first: int, second: int) -> None:
    n = first + second
    exact = binomtest(first, n, 0.5).pvalue if n else 1.0
    assert mcnemar(first, second) == pytest.approx(exact)


def test_intervals_hold_the_difference() -> None:
    found = adjusted_difference(100, 5, 15)
    assert found.value == pytest.approx(0.10)
    # Agresti and Min (2005): the Wald interval on 5.5, 15.5 of 102.
    centre, reach = 10 / 102, 1.959964 * sqrt(21 - 100 / 102) / 102
    assert (found.low, found.high) == (
        pytest.approx(centre - reach, abs=1e-6),
        pytest.approx(centre + reach, abs=1e-6),
    )
    even = weighted_difference("paired_brier/1", [(1.0, 2.0), (-1.0, 2.0), (0.0, 1.0)])
    assert even.value == 0
    assert even.low is not None
    assert even.high is not None
    assert even.low == -even.high
    assert weighted_difference("paired_brier/1", [(0.5, 1.0)]).low is None
