"""What holds of the metrics for any facts whatever."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import product
from math import fsum
from random import Random
from statistics import quantiles
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from scipy.stats import binomtest

from application.metrics.calibration import Point, brier, ece, scores
from application.metrics.facts import DecisionFacts
from application.metrics.formulas import Metrics, Report, compute
from application.metrics.intervals import (
    Proportion,
    Weighed,
    percentile,
    proportion,
    sum_of,
    times,
    weighted_share,
)
from application.metrics.oversight import run_p_value
from application.metrics.window import Window
from domain.values import Disposition, Lane
from tests.application.metrics.worked_case import AS_OF, DAY, a_decision

MOMENTS = st.integers(0, 47).map(lambda hour: DAY.since - timedelta(hours=12 - hour))
SHARES = st.integers(0, 10_000).map(lambda n: Decimal(n) / 10_000)
CHANCES = st.integers(1, 100).map(lambda n: Decimal(n) / 100)
POINTS = st.lists(
    st.builds(
        Point,
        st.integers(0, 10_000),
        st.booleans(),
        st.sampled_from([1.0, 2.0, 4 / 3]),
        st.integers(1, 5),
    ),
    min_size=1,
    max_size=60,
)


@st.composite
def any_facts(draw: st.DrawFn) -> DecisionFacts:
    received = draw(MOMENTS)
    end = draw(st.sampled_from([None, "completed", "expired", "withdrawn", "superseded"]))
    later = received + timedelta(hours=draw(st.integers(0, 30)))
    disposition = draw(st.sampled_from([None, *Disposition]))
    due = draw(st.integers(0, 2))
    return a_decision(
        str(draw(st.uuids())),
        decision_type=draw(st.sampled_from(["triage", "credit"])),
        queue=draw(st.sampled_from([None, "front", "back"])),
        policy_version=draw(st.sampled_from([None, 1, 2])),
        lane=draw(st.sampled_from(Lane)),
        received_at=received,
        end=end,
        ended_at=later if end else None,
        authorised_by=draw(st.sampled_from([None, "policy", "person"])),
        delivered_at=draw(st.sampled_from([None, later])),
        exceptions=draw(st.sampled_from([(), ("CONFLICT",), ("CONFLICT", "EXPIRED")])),
        exception_events=[{"code": "CONFLICT", "at": draw(MOMENTS)}],
        escalations=draw(st.sampled_from([(), ("policy",), ("timeout", "timeout")])),
        human_before_end=draw(st.booleans()),
        final_action=draw(st.sampled_from([None, "refund", "decline"])),
        disposition=disposition,
        disposed_by=draw(st.sampled_from(["ana", "bo"])) if disposition else None,
        disposed_at=draw(MOMENTS) if disposition else None,
        disposed_in=draw(st.sampled_from([Lane.REVIEW, Lane.ESCALATE])) if disposition else None,
        dwell_seconds=draw(st.integers(0, 60)),
        minimum_dwell_seconds=20,
        stages_due=due,
        stages_missed=draw(st.integers(0, due)),
        stage_due_at=None if end else draw(MOMENTS),
        sampled=draw(st.booleans()),
        sampling_rate=draw(CHANCES),
        quality_verdict=draw(st.sampled_from([None, "confirm", "overturn"])),
        confidence=draw(st.none() | SHARES),
        label=draw(st.sampled_from([None, True, False])),
        label_probability=draw(st.none() | CHANCES),
    )


FACTS = st.lists(any_facts(), max_size=12)


def proportions(value: object) -> Iterator[Proportion]:
    """Every proportion in a report, however deep."""
    if isinstance(value, Proportion):
        yield value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from proportions(getattr(value, name))
    elif isinstance(value, dict):
        yield from _of_all(value.values())  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, tuple):
        yield from _of_all(value)  # pyright: ignore[reportUnknownArgumentType]


def _of_all(values: Iterable[object]) -> Iterator[Proportion]:
    for value in values:
        yield from proportions(value)


def counts(metrics: Metrics) -> dict[str, int]:
    """What must add up when the facts, or the window, are split."""
    flow, time, agreement = metrics.flow, metrics.time, metrics.agreement
    rates = {
        "straight": flow.straight_through_rate,
        "automation": flow.automation_rate,
        "exceptions": flow.exception_rate,
        "escalations": flow.escalation_rate,
        "sla": time.sla_attainment,
        "overrides": agreement.override_rate,
        "overturns": agreement.quality_overturn_rate,
        "acted_on": metrics.adoption.acted_on_rate,
        "dwell": metrics.oversight.short_dwell_share,
    }
    volume = sum(sum(days.values()) for days in flow.exception_volume.values())
    return {
        "received": flow.received,
        "volume": volume,
        "cycle": time.cycle_time.n,
        "labels": metrics.calibration.n,
        **{f"{name} of": rate.denominator for name, rate in rates.items()},
        **{name: rate.numerator for name, rate in rates.items()},
    }


def total(parts: Iterable[Metrics]) -> dict[str, int]:
    sums = dict.fromkeys(counts(compute((), window=DAY, as_of=AS_OF).metrics), 0)
    for part in parts:
        sums = {name: sums[name] + count for name, count in counts(part).items()}
    return sums


def report_of(facts: list[DecisionFacts], window: Window = DAY) -> Report:
    return compute(facts, window=window, as_of=AS_OF, eligible=20, roster=("ana", "cy"))


@given(FACTS)
def test_every_share_lies_in_its_interval_and_between_0_and_1(facts: list[DecisionFacts]) -> None:
    for one in proportions(report_of(facts)):
        if one.denominator == 0:
            assert (one.value, one.low, one.high) == (None, None, None)
        else:
            assert one.value is not None
            assert one.low is not None
            assert one.high is not None
            assert 0 <= one.low <= one.value <= one.high <= 1
            assert one.numerator <= one.denominator


@given(FACTS, MOMENTS)
def test_two_neighbouring_windows_add_up_to_the_whole(
    facts: list[DecisionFacts], cut: object
) -> None:
    middle = min(max(Window.model_validate({"since": cut, "until": cut}).since, DAY.since), AS_OF)
    first = report_of(facts, Window(since=DAY.since, until=middle)).metrics
    second = report_of(facts, Window(since=middle, until=DAY.until)).metrics
    assert total((first, second)) == counts(report_of(facts).metrics)


@given(FACTS, st.sampled_from(["decision_type", "policy_version", "queue", "reviewer"]))
def test_slices_sum_to_the_whole(
    facts: list[DecisionFacts],
    by: Literal["decision_type", "policy_version", "queue", "reviewer"],
) -> None:
    report = compute(facts, window=DAY, as_of=AS_OF, group_by=by)
    assert total(part.metrics for part in report.slices) == counts(report.metrics)


@given(FACTS, st.sampled_from(["hour", "day", "week", "month"]))
def test_time_slices_sum_to_the_whole_and_are_windows_of_their_own(
    facts: list[DecisionFacts], by: Literal["hour", "day", "week", "month"]
) -> None:
    report = compute(facts, window=DAY, as_of=AS_OF, group_by=by)
    assert total(part.metrics for part in report.slices) == counts(report.metrics)
    for part in report.slices:
        alone = compute(facts, window=part.window, as_of=AS_OF).metrics
        assert counts(part.metrics) == counts(alone)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_wilsons(counted: tuple[int, int]) -> None:
    known = binomtest(*counted).proportion_ci(method="wilson")
    ours = proportion("any/1", *counted)
    assert ours.low == pytest.approx(known.low, abs=1e-12)
    assert ours.high == pytest.approx(known.high, abs=1e-12)


@given(st.lists(st.booleans(), min_size=1), st.sampled_from([1.0, 4 / 3, 10.0]))
def test_equal_weights_change_nothing(verdicts: list[bool], weight: float) -> None:
    weighted = weighted_share("any/1", [Weighed(verdict, weight) for verdict in verdicts])
    plain = proportion("any/1", sum(verdicts), len(verdicts))
    assert weighted.value == pytest.approx(plain.value)
    assert weighted.low == pytest.approx(plain.low, abs=1e-12)
    assert weighted.high == pytest.approx(plain.high, abs=1e-12)


@given(POINTS)
def test_brier_is_the_mean_squared_distance(points: list[Point]) -> None:
    weights = sum(weight * n for _, _, weight, n in points)
    squares = sum(n * w * (c / 10_000 - (1 if right else 0)) ** 2 for c, right, w, n in points)
    assert brier(points) == pytest.approx(squares / weights)


@given(POINTS)
def test_ece_sums_the_distance_of_each_bin(points: list[Point]) -> None:
    """Written another way: per bin |Σ w·y - Σ w·p| / Σ w, bins by comparison of edges."""
    weights = sum(weight * n for _, _, weight, n in points)
    distance = 0.0
    for low in range(0, 10_000, 1000):
        top = low + 1000 if low < 9000 else 10_001
        inside = [point for point in points if low <= point.confidence < top]
        distance += abs(sum(n * w * (right - c / 10_000) for c, right, w, n in inside))
    assert ece(points) == pytest.approx(distance / weights, abs=1e-12)


@given(POINTS)
def test_the_parts_of_brier_make_the_whole(points: list[Point]) -> None:
    centred = [point._replace(confidence=point.confidence // 1000 * 1000) for point in points]
    same_in_bin = [point for point in centred if point.confidence < 10_000]
    if same_in_bin:
        assert scores(same_in_bin).within_bins == pytest.approx(0, abs=1e-12)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=50))
def test_percentiles_are_linear(values: list[float]) -> None:
    cuts = quantiles(values, n=20, method="inclusive")
    for share, cut in ((0.5, cuts[9]), (0.9, cuts[17]), (0.95, cuts[18])):
        assert percentile(sorted(values), share) == pytest.approx(cut, abs=1e-6)


@given(st.integers(1, 9), st.integers(0, 10), st.floats(0, 1))
def test_the_chance_of_a_run_is_that_of_all_sequences_with_one(
    n: int, longest: int, rate: float
) -> None:
    wanted = "1" * longest
    chance = 0.0
    for bits in product("01", repeat=n):
        sequence = "".join(bits)
        if wanted in sequence:
            ones = sequence.count("1")
            chance += rate**ones * (1 - rate) ** (n - ones)
    assert run_p_value(longest, n, rate) == pytest.approx(chance, abs=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 9)), max_size=30), st.randoms())
def test_a_sum_is_the_same_in_any_order_and_grouping(
    repeated: list[tuple[float, int]], random: Random
) -> None:
    one_by_one = [(value, 1) for value, n in repeated for _ in range(n)]
    random.shuffle(one_by_one)
    assert sum_of(repeated) == sum_of(one_by_one) == fsum(value for value, _ in one_by_one)


@given(st.dictionaries(st.integers(-10, 10**9), st.integers(1, 9), max_size=20))
def test_percentiles_of_counts_are_those_of_the_durations(counts: dict[int, int]) -> None:
    durations = sorted(took / 1_000_000 for took, n in counts.items() for _ in range(n))
    ours = times("any/1", {str(took): n for took, n in counts.items()})
    assert ours.n == len(durations)
    assert (ours.p50, ours.p95) == (percentile(durations, 0.5), percentile(durations, 0.95))
