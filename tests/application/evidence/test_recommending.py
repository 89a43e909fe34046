"""Recommending: what counts as a label, where the walk ends, what would have changed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.evidence.cases import Case, Model, case_label, cases_of, labels_of
from application.evidence.expecting import confidence_codes, expected, in_force
from application.evidence.recommending import Recommendation, recommend
from application.metrics.facts import DecisionFacts
from domain.guardrail.document import Thresholds
from domain.values import Lane
from tests.application.metrics.worked_case import NOON, a_decision, automated, judged
from tests.domain.builders import a_guardrail

MODEL = Model("triage", "7")
GRID = tuple(map(Decimal, ("0.95", "0.9", "0.8")))
PROMISE = Thresholds(
    limit=Decimal("0.05"), delta=Decimal("0.05"), grid=GRID, since=date(2026, 3, 1)
)


def counted(*facts: DecisionFacts) -> list[Case]:
    counts: dict[str, int] = {}
    for one in facts:
        counts[case_label(one)] = counts.get(case_label(one), 0) + 1
    return cases_of(counts)


def many(n: int, one: DecisionFacts) -> list[DecisionFacts]:
    return [one] * n


def reviewed(confidence: str, right: bool | None = True, **facts: object) -> DecisionFacts:
    """What a person settled, or, without a verdict, what ended before anyone did."""
    said: dict[str, object] = {
        "lane": Lane.REVIEW,
        "confidence": Decimal(confidence),
        "reason_codes": ("ROUTE.CONFIDENCE",),
        "label": right,
        "label_probability": None if right is None else Decimal(1),
        "end": "completed" if right is not None else "superseded",
        "ended_at": NOON,
    }
    return a_decision(**(said | facts))


def recommended(*facts: DecisionFacts, promise: Thresholds = PROMISE) -> Recommendation:
    return recommend(counted(*facts), MODEL, promise, a_guardrail(), timedelta(days=10))


def test_a_reviewers_verdict_and_a_judged_sample_are_labels() -> None:
    cases = counted(reviewed("0.9"), reviewed("0.9", False), judged("d", "0.9", True))
    assert [(each.probability, each.right, each.wrong) for each in labels_of(cases)] == [
        (1.0, 1, 1),
        (0.75, 1, 0),
    ]


def test_what_nobody_judged_is_wrong_or_left_out() -> None:
    cases = counted(automated("d", "0.9", sampled=True))
    assert [(each.right, each.wrong) for each in labels_of(cases)] == [(0, 1)]
    assert labels_of(cases, unjudged_is_wrong=False) == []


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("right", [False, True])
def test_a_complaint_is_no_label(sampled: bool, right: bool) -> None:
    complained = automated("d", "0.9", sampled=sampled, label=right, outcome_correct=right)
    (case,) = counted(complained)
    assert case.is_set_aside
    assert labels_of([case], unjudged_is_wrong=False) == []
    assert [each.wrong for each in labels_of([case])] == ([1] if sampled else [])


def test_a_confidence_is_at_a_threshold_exactly_or_not_at_all() -> None:
    (at,) = counted(reviewed("0.9"))
    (below,) = counted(reviewed("0.899999"))
    (none,) = counted(a_decision(lane=Lane.REVIEW))
    threshold = Decimal("0.9")
    assert (at.is_at(threshold), below.is_at(threshold), none.is_at(threshold)) == (1, 0, 0)


def test_nothing_is_recommended_where_decisions_were_out_of_sight() -> None:
    labels = many(200, reviewed("0.97"))
    assert recommended(*labels).threshold == GRID[-1]
    hidden = automated("d", "0.96", sampled=None, sampling_rate=None)
    found = recommended(*labels, hidden)
    assert found.threshold is None
    assert found.steps[0].out_of_sight == 1
    assert "1 decisions here were automated with no chance of being looked at" in found.sentence
    assert recommended(*labels, automated("d", "0.7", sampled=None, sampling_rate=None)).threshold


def test_what_waits_counts_for_nothing_and_what_was_lost_withholds() -> None:
    labels = many(200, reviewed("0.97"))
    waiting = reviewed("0.97", None, end=None, ended_at=None)
    found = recommended(*labels, *many(50, waiting))
    assert (found.threshold, found.steps[0].waiting, found.n) == (GRID[-1], 50, 200)
    assert recommended(*labels, *many(10, reviewed("0.97", None))).threshold == GRID[-1]
    lost = recommended(*labels, *many(11, reviewed("0.97", None)))
    assert lost.threshold is None
    assert "of what was to be looked at, 95% was" in lost.sentence


def test_a_withheld_recommendation_waits_for_nineteen_in_twenty_samples() -> None:
    withheld = PROMISE.model_copy(update={"unjudged": "withheld"})
    labels = many(190, judged("d", "0.97", True))
    missing = automated("d", "0.97", sampled=True)
    assert recommended(*labels, *many(10, missing), promise=withheld).threshold == GRID[-1]
    assert recommended(*labels, *many(11, missing), promise=withheld).threshold is None
    assert recommended(*labels, *many(10, missing)).threshold is None


def test_unequal_chances_are_weighted_and_the_exact_test_declines() -> None:
    labels = [*many(500, reviewed("0.97")), *many(100, judged("d", "0.97", True))]
    found = recommended(*labels)
    assert found.steps[0].weighted
    assert [chance.probability for chance in found.steps[0].chances] == [1.0, 0.75]
    exact = recommended(*labels, promise=PROMISE.model_copy(update={"method": "exact"}))
    assert exact.threshold is None
    assert exact.labels_missing is None
    assert "unequal chances" in exact.sentence


def test_labels_of_another_version_say_nothing() -> None:
    found = recommended(*many(500, reviewed("0.97", model_version="6")), reviewed("0.97"))
    assert (found.n, found.threshold) == (1, None)


@given(st.lists(st.tuples(st.sampled_from(("0.97", "0.92", "0.85")), st.booleans()), max_size=300))
def test_the_walk_is_a_walk(seen: list[tuple[str, bool]]) -> None:
    found = recommended(*(reviewed(confidence, right) for confidence, right in seen))
    passed = [step.passed for step in found.steps]
    assert all(passed[:-1])
    assert [step.threshold for step in found.steps] == list(GRID[: len(passed)])
    last = GRID[len(passed) - 1] if passed[-1] else GRID[len(passed) - 2]
    assert found.threshold == (last if passed[0] else None)
    assert (found.labels_missing == 0) == passed[-1]


def test_what_would_change_is_counted_and_how_often_it_errs_is_bounded() -> None:
    cases = counted(
        *many(60, judged("d", "0.95", True)),
        *many(30, reviewed("0.85")),
        *many(5, reviewed("0.85", False)),
        *many(5, reviewed("0.85", reason_codes=("ROUTE.CONFIDENCE", "ROUTE.RISKY"))),
    )
    found = expected(cases, Decimal("0.8"), a_guardrail(), timedelta(days=10))
    assert found.decisions == 100
    assert (found.straight_through_before.value, found.straight_through.value) == (0.6, 0.95)
    change = found.straight_through_change
    assert change.value == pytest.approx(0.35)
    assert change.low == pytest.approx(0.35 - 1.95996 * (0.35 * 0.65 / 100) ** 0.5, abs=1e-4)
    assert (found.for_people_before, found.for_people) == (40, 5)
    assert (found.for_people_per_day_before, found.for_people_per_day) == (4, 0.5)
    errors = found.errors.error_rate
    assert errors.value == pytest.approx(5 / 95)
    assert errors.low is not None and errors.high is not None
    assert errors.low < 5 / 95 < errors.high


def test_where_nobody_could_look_there_are_bounds_and_no_point() -> None:
    hidden = automated("d", "0.95", sampled=None, sampling_rate=None)
    found = expected(counted(*many(50, hidden)), Decimal("0.9"), a_guardrail(), None)
    errors = found.errors.error_rate
    assert (errors.value, errors.low, errors.high) == (None, 0, 1)
    assert "50 of these were automated with no chance of being looked at" in found.says[-1]
    assert found.for_people_per_day is None


def test_a_policys_own_words_say_what_is_about_confidence_alone() -> None:
    codes = confidence_codes(a_guardrail())
    assert "ROUTE.CONFIDENCE" in codes
    assert "ROUTE.RISK_ABOVE_LIMIT" not in codes
    assert in_force(a_guardrail()) == Decimal("0.90")
