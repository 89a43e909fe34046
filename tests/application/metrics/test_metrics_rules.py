"""The rules the metrics keep: who is counted, in which window, and what stays unknown."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from application.metrics.calibration import bin_of, in_units
from application.metrics.concordance import concordance, gwet_ac1
from application.metrics.drift import shift_of
from application.metrics.facts import DecisionFacts
from application.metrics.formulas import Metrics, compute
from application.metrics.window import Window
from domain.values import Disposition
from tests.application.metrics.worked_case import (
    AS_OF,
    DAY,
    NOON,
    TOOK,
    WORKED,
    a_decision,
    automated,
    judged,
    settled,
)


def measured(
    *facts: DecisionFacts, window: Window = DAY, as_of: datetime = AS_OF, **declared: object
) -> Metrics:
    return compute(facts, window=window, as_of=as_of, **declared).metrics  # type: ignore[arg-type]


def test_of_nothing_there_is_no_share_and_no_time() -> None:
    nothing = measured()
    assert nothing.flow.straight_through_rate.value is None
    assert nothing.flow.exception_rate.low is None
    assert nothing.time.cycle_time.p50 is None
    assert nothing.time.cycle_time_reduction.value is None
    assert nothing.agreement.quality_overturn_rate.value is None
    assert nothing.agreement.silent_error_estimate.value is None
    assert nothing.calibration.raw.brier is None
    assert nothing.calibration.weighted.ece is None
    assert nothing.oversight.second_review_kappa.kappa is None
    assert nothing.oversight.reviewers == ()


def test_a_test_decision_is_in_no_metric() -> None:
    tests = tuple(case.model_copy(update={"is_test": True}) for case in WORKED)
    assert measured(*tests) == measured()


def test_a_window_excludes_its_last_moment() -> None:
    ends_at_midnight = automated("d1", ".9", ended_at=DAY.until)
    next_day = Window(since=DAY.until, until=DAY.until + timedelta(days=1))
    assert measured(ends_at_midnight).flow.ended == 0
    assert measured(ends_at_midnight, window=next_day).flow.ended == 1


def test_a_decision_belongs_to_its_receipt_for_volumes_and_its_end_for_rates() -> None:
    overnight = automated("d1", ".9", ended_at=DAY.until + timedelta(hours=1))
    assert (measured(overnight).flow.received, measured(overnight).flow.ended) == (1, 0)


def test_open_and_overdue_is_missed_and_not_yet_due_is_left_out() -> None:
    open_one = a_decision(stage_due_at=NOON + timedelta(hours=1))
    overdue = measured(open_one).time.sla_attainment
    not_due = measured(open_one, as_of=NOON).time.sla_attainment
    at_the_moment = measured(open_one, as_of=NOON + timedelta(hours=1)).time.sla_attainment
    assert (overdue.numerator, overdue.denominator) == (0, 1)
    assert (not_due.denominator, at_the_moment.denominator) == (0, 0)


def test_a_withdrawn_decision_brings_no_stage() -> None:
    withdrawn = a_decision(end="withdrawn", ended_at=NOON, stages_due=1, stages_missed=1)
    assert measured(withdrawn).time.sla_attainment.denominator == 0


def test_what_nobody_declared_stays_unknown() -> None:
    adopted = measured(*WORKED).adoption
    assert adopted.coverage.value is None
    assert adopted.bypass_rate.value is None
    assert adopted.active_reviewer_share.value is None


def test_coverage_and_bypass_are_of_the_declared_volume() -> None:
    adopted = measured(*WORKED, eligible=20, bypassed=3, roster=["ana", "bo"]).adoption
    assert adopted.coverage.value == pytest.approx(0.6)
    assert adopted.bypass_rate.value == pytest.approx(0.15)
    assert adopted.active_reviewer_share.value == 0.5


def test_a_volume_declared_too_low_shows_and_has_no_interval() -> None:
    coverage = measured(*WORKED, eligible=10).adoption.coverage
    assert (coverage.value, coverage.low, coverage.high) == (1.2, None, None)


def test_only_actions_delivered_count_as_acted_on() -> None:
    assert measured(*WORKED).adoption.acted_on_rate.numerator == 10


def test_reversals_count_within_a_horizon_that_has_passed() -> None:
    hour = timedelta(hours=1)
    end = NOON + TOOK
    in_time = automated("d1", ".9", reversed_at=end + hour - timedelta(seconds=1))
    too_late = automated("d2", ".9", reversed_at=end + hour)
    cases = (in_time, too_late, automated("d3", ".9"))
    old = measured(*cases, as_of=end + hour, reversal_horizon=hour).agreement.reversal_rate
    young = measured(*cases, as_of=end, reversal_horizon=hour).agreement.reversal_rate
    assert (old.numerator, old.denominator) == (1, 3)
    assert (young.denominator, young.value) == (0, None)


def test_unequal_sampling_rates_are_weighed() -> None:
    rare = judged("d1", ".9", right=False, sampling_rate=Decimal("0.1"))
    often = judged("d2", ".9", right=True, sampling_rate=Decimal("0.5"))
    rate = measured(rare, often).agreement.quality_overturn_rate
    assert (rate.numerator, rate.denominator) == (1, 2)
    assert rate.value == pytest.approx(10 / 12)


def test_overrides_have_a_direction_where_the_order_is_declared() -> None:
    order = {"support_triage": {"refund": 0, "decline": 2}}
    agreed = measured(*WORKED, strictness=order).agreement
    assert (agreed.override_to_stricter.value, agreed.override_to_laxer.value) == (1, 0)
    assert agreed.override_reasons["OVR.wrong_action"].numerator == 2


def test_a_modified_action_is_disposed_of_but_not_overridden() -> None:
    rate = measured(settled("d1", ".8", Disposition.MODIFY, dwell=30)).agreement.override_rate
    assert (rate.numerator, rate.denominator) == (0, 1)


def test_closing_with_no_action_is_an_override() -> None:
    closed = settled("d1", ".8", Disposition.OVERRIDE, dwell=30, final_action=None)
    assert measured(closed).agreement.override_rate.numerator == 1


def test_a_label_of_unknown_probability_is_shown_and_never_estimated_from() -> None:
    complaint = automated("d1", ".9", label=False)
    found = measured(complaint, judged("d2", ".9", right=True)).calibration
    assert (found.n, found.labels_without_probability) == (1, 1)


@pytest.mark.parametrize(
    ("confidence", "index"),
    [("0", 0), ("0.0999", 0), ("0.1", 1), ("0.3", 3), ("0.7", 7), ("0.9999", 9), ("1", 9)],
)
def test_bins_are_closed_below_and_the_last_on_both_sides(confidence: str, index: int) -> None:
    assert bin_of(in_units(Decimal(confidence))) == index


def test_exceptions_are_counted_by_the_day_they_were_raised() -> None:
    volume = measured(*WORKED).flow.exception_volume
    assert volume["REVIEW_TIMEOUT"] == {NOON.date(): 2}
    assert volume["QA_OVERTURNED"] == {NOON.date(): 1}


def test_two_measures_of_agreement_of_two_raters() -> None:
    even = concordance("second_review_kappa/1", [[45, 15], [25, 15]])
    assert even.kappa == pytest.approx(0.130435, abs=5e-7)
    rare = concordance("second_review_kappa/1", [[930, 20], [30, 20]])
    assert rare.kappa == pytest.approx(0.418605, abs=5e-7)
    assert gwet_ac1([[930, 20], [30, 20]]) == pytest.approx(0.945298, abs=5e-7)


def test_raters_who_only_ever_say_one_thing_have_no_kappa() -> None:
    one_word = concordance("second_review_kappa/1", [[10, 0], [0, 0]])
    assert (one_word.kappa, one_word.ac1) == (None, 1.0)


def test_second_reviews_are_compared_on_upholding() -> None:
    seen = [("refund", "refund")] * 8 + [("decline", "decline"), ("refund", "decline")]
    cases = (
        automated(f"d{n}", ".8", first_review_action=first, second_review_action=second)
        for n, (first, second) in enumerate(seen)
    )
    found = measured(*cases).oversight.second_review_kappa
    assert (found.n, found.agreed) == (10, 9)
    assert found.kappa == pytest.approx((0.9 - 0.74) / 0.26)


def test_a_reviewer_is_compared_with_peers_on_the_same_mix() -> None:
    cases = [settled(f"a{n}", ".8", Disposition.UPHOLD, dwell=30) for n in range(4)]
    cases += [
        settled("b1", ".8", Disposition.UPHOLD, dwell=30, disposed_by="bo"),
        settled("b2", ".8", Disposition.OVERRIDE, dwell=30, disposed_by="bo"),
        settled("c1", ".8", Disposition.UPHOLD, 30, disposed_by="bo", recommended_action="ban"),
    ]
    ana, bo = measured(*cases).oversight.reviewers
    assert ana.agreement_surplus.value == pytest.approx(0.5)
    assert (ana.agreement_run.n, ana.agreement_run.longest) == (4, 4)
    assert ana.agreement_run.p_value == pytest.approx((1 / 3) ** 4)
    assert bo.agreement_surplus.n == 2
    assert bo.agreement_surplus.value == pytest.approx(-0.5)


def test_a_slice_by_reviewer_still_knows_the_peers() -> None:
    bo = settled("b1", ".8", Disposition.UPHOLD, dwell=30, disposed_by="bo")
    report = compute((*WORKED, bo), window=DAY, as_of=AS_OF, group_by="reviewer")
    assert [part.key for part in report.slices] == [None, "ana", "bo", "omar"]
    of_ana = report.slices[1].metrics.oversight.reviewers
    assert of_ana == report.metrics.oversight.reviewers[:1]


def test_no_drift_has_an_ordinary_p_value_and_a_great_one_has_not() -> None:
    same = shift_of({"a": 50, "b": 50}, {"a": 51, "b": 49})
    moved = shift_of({"a": 50, "b": 50}, {"a": 90, "b": 10})
    assert same.p_value is not None
    assert same.p_value > 0.5
    assert moved.p_value is not None
    assert moved.p_value < 0.001


def test_drift_is_known_only_beside_two_samples() -> None:
    assert shift_of({}, {"a": 3}).value is None
    assert shift_of({"a": 3}, {"a": 3}).p_value is None
    assert measured(*WORKED).drift is None


def test_a_time_slice_drifts_from_the_same_reference_as_the_whole() -> None:
    before = Window(since=DAY.since - timedelta(days=1), until=DAY.since)
    earlier = automated("d0", ".9", received_at=before.since)
    report = compute((*WORKED, earlier), window=DAY, as_of=AS_OF, group_by="hour", reference=before)
    assert report.metrics.drift is not None
    assert report.metrics.drift.lane.n_then == 1
    drifts = [part.metrics.drift for part in report.slices]
    assert drifts[0] == report.metrics.drift
    assert {one.lane.n_then for one in drifts if one is not None} == {1}


@pytest.mark.parametrize(
    ("bucket", "starts"),
    [
        ("month", ["2026-03-25", "2026-04-01"]),
        ("week", ["2026-03-25", "2026-03-30"]),
    ],
)
def test_a_window_is_cut_at_the_boundaries_of_buckets(bucket: str, starts: list[str]) -> None:
    window = Window(since=datetime(2026, 3, 25, tzinfo=UTC), until=datetime(2026, 4, 3, tzinfo=UTC))
    parts = list(window.parts("month" if bucket == "month" else "week"))
    assert [part.since.date().isoformat() for part in parts] == starts
    assert parts[-1].until == window.until
