"""What is known of would-be automated decisions, and what is not."""

from decimal import Decimal

import pytest

from application.rehearsal.bounds import clopper_pearson
from application.rehearsal.outcomes import evidence, read, written


def reviewed(right: bool | None, overridden: bool | None = None) -> str:
    return written("review", None, None, right, None if right is None else 1, overridden)


def automated(sampled: bool | None, right: bool | None = None) -> str:
    rate = None if sampled is None else Decimal("0.05")
    known = right is not None and sampled
    return written("automate", sampled, rate, right, rate if known else None, None)


def test_an_outcome_reads_as_it_was_written() -> None:
    text = written("automate", True, Decimal("0.05"), False, Decimal("0.05"), None)
    assert read(text) == ("automate", True, "0.05", False, "0.05", None)
    assert read("|||||") == ("", False, "", None, "", None)


@pytest.mark.parametrize(
    ("hits", "n", "risk", "upper"),
    [(0, 10, 0.1, 0.2588655509), (1, 20, 0.1, 0.2161061642), (10, 500, 0.02, 0.0398814844)],
)
def test_the_bounds_are_clopper_and_pearsons(hits: int, n: int, risk: float, upper: float) -> None:
    assert clopper_pearson(hits, n, risk)[1] == pytest.approx(upper, abs=1e-9)
    low, high = clopper_pearson(n - hits, n, risk)
    assert low == pytest.approx(1 - upper, abs=1e-9)
    assert high >= (n - hits) / n
    assert clopper_pearson(0, 0, risk) == (0.0, 1.0)


def test_reviewed_ones_alone_give_an_estimate_with_its_exact_interval() -> None:
    found = evidence({reviewed(True, False): 95, reviewed(False, True): 5})
    assert found.override_rate.numerator == 5
    assert found.error_rate.value == pytest.approx(0.05)
    low, high = clopper_pearson(5, 100, 0.05)
    assert found.error_rate.low == pytest.approx(low)
    assert found.error_rate.high == pytest.approx(high)


def test_where_nobody_could_look_there_are_bounds_and_no_estimate() -> None:
    found = evidence({reviewed(True, False): 50, automated(None): 50})
    assert found.error_rate.value is None
    assert found.error_rate.low == 0
    assert found.error_rate.high is not None
    assert found.error_rate.high > 0.5
    assert {s.kind for s in found.strata} == {"reviewed", "never looked at"}


def test_parts_with_unequal_chances_are_weighted_by_their_size() -> None:
    counts = {
        reviewed(True, False): 90,
        reviewed(False, True): 10,
        automated(True, True): 40,
        automated(True, False): 10,
        automated(False): 850,
    }
    found = evidence(counts)
    assert found.error_rate.value == pytest.approx(0.1 * 0.1 + 0.9 * 0.2)
    parts = [clopper_pearson(10, 100, 0.025), clopper_pearson(10, 50, 0.025)]
    low = 0.1 * parts[0][0] + 0.9 * parts[1][0]
    assert found.error_rate.low == pytest.approx(low)


def test_drawn_and_never_judged_may_be_either() -> None:
    judged = evidence({automated(True, True): 20})
    unjudged = evidence({automated(True, True): 20, automated(True): 20})
    assert judged.error_rate.high is not None
    assert unjudged.error_rate.high is not None
    assert unjudged.error_rate.high > 0.5 > judged.error_rate.high


def test_a_label_that_came_by_itself_is_set_aside() -> None:
    complaint = written("automate", False, Decimal("0.05"), False, None, None)
    unseen = written("automate", None, None, False, None, None)
    found = evidence({complaint: 3, unseen: 2, automated(True, True): 5})
    assert found.set_aside == 5
    assert sum(stratum.wrong for stratum in found.strata) == 0


def test_not_overridden_is_not_right() -> None:
    found = evidence({reviewed(None, False): 10})
    assert found.override_rate.denominator == 10
    assert found.error_rate.value is None
