"""The definition's worked case, every row of its table, to six decimals."""

import pytest

from application.metrics.agreement import Agreement
from application.metrics.concordance import cohen_kappa
from application.metrics.drift import psi
from application.metrics.flow import Flow
from application.metrics.formulas import Metrics, Report, compute
from application.metrics.intervals import Proportion
from tests.application.metrics.worked_case import AS_OF, DAY, WORKED


def six(value: float | None) -> object:
    """Equal to six decimals."""
    return pytest.approx(value, abs=5e-7)


@pytest.fixture(scope="module")
def report() -> Report:
    return compute(WORKED, window=DAY, as_of=AS_OF, baseline_p50=3600)


@pytest.fixture(scope="module")
def metrics(report: Report) -> Metrics:
    return report.metrics


@pytest.fixture(scope="module")
def flow(metrics: Metrics) -> Flow:
    return metrics.flow


@pytest.fixture(scope="module")
def agreement(metrics: Metrics) -> Agreement:
    return metrics.agreement


def counted(one: Proportion) -> tuple[int, int]:
    return one.numerator, one.denominator


def test_twelve_were_received_and_eleven_ended(flow: Flow) -> None:
    assert (flow.received, flow.ended) == (12, 11)


def test_straight_through_is_not_cost_by_what_comes_after_the_end(flow: Flow) -> None:
    rate = flow.straight_through_rate
    assert counted(rate) == (4, 11)
    assert rate.value == six(0.363636)
    assert (rate.low, rate.high) == (six(0.151665), six(0.646199))
    assert rate.formula == "straight_through_rate/1"


def test_clean_straight_through_leaves_out_what_was_taken_back(flow: Flow) -> None:
    assert counted(flow.clean_straight_through_rate) == (3, 11)
    assert flow.clean_straight_through_rate.value == six(0.272727)


def test_automation_counts_an_automated_action_that_failed(flow: Flow) -> None:
    assert counted(flow.automation_rate) == (5, 11)
    assert flow.automation_rate.value == six(0.454545)


def test_override_rate_is_over_what_people_settled(agreement: Agreement) -> None:
    rate = agreement.override_rate
    assert counted(rate) == (2, 5)
    assert rate.value == six(0.4)
    assert (rate.low, rate.high) == (six(0.117621), six(0.769276))


def test_exception_rate_counts_decisions_not_exceptions(flow: Flow) -> None:
    assert counted(flow.exception_rate) == (5, 12)
    assert flow.exception_rate.value == six(0.416667)


def test_escalation_rate_counts_decisions_escalated_at_least_once(flow: Flow) -> None:
    assert counted(flow.escalation_rate) == (3, 12)
    assert flow.escalation_rate.value == six(0.25)
    by_cause = {cause: one.numerator for cause, one in flow.escalation_rate_by_cause.items()}
    assert by_cause == {"policy": 1, "timeout": 1, "reviewer": 0, "exception": 1}


def test_service_level_leaves_out_the_withdrawn_and_counts_the_missed(metrics: Metrics) -> None:
    assert counted(metrics.time.sla_attainment) == (4, 6)
    assert metrics.time.sla_attainment.value == six(0.666667)


def test_quality_overturn_rate_is_over_what_was_judged(agreement: Agreement) -> None:
    rate = agreement.quality_overturn_rate
    assert counted(rate) == (1, 3)
    assert rate.value == six(0.333333)
    assert (rate.low, rate.high) == (six(0.061492), six(0.792340))


def test_silent_errors_are_the_overturn_rate_of_all_that_was_automated(
    agreement: Agreement,
) -> None:
    silent = agreement.silent_error_estimate
    assert silent.value == six(5 / 3)
    assert silent.low == pytest.approx(5 * 0.061492, abs=5e-6)
    assert silent.high == pytest.approx(5 * 0.792340, abs=5e-6)


def test_short_dwell_is_over_reviews_by_reviewers(metrics: Metrics) -> None:
    assert counted(metrics.oversight.short_dwell_share) == (1, 3)


def test_brier_raw_and_weighted(metrics: Metrics) -> None:
    assert metrics.calibration.n == 8
    assert metrics.calibration.raw.brier == six(0.216738)
    assert metrics.calibration.weighted.brier == six(0.224467)


def test_ece_raw_and_weighted(metrics: Metrics) -> None:
    assert metrics.calibration.raw.ece == six(0.246250)
    assert metrics.calibration.weighted.ece == six(0.247407)


def test_cycle_time_reduction_compares_medians(metrics: Metrics) -> None:
    assert metrics.time.cycle_time.p50 == 900
    assert metrics.time.cycle_time_reduction.value == six(0.75)


def test_population_stability_index() -> None:
    assert psi((0.5, 0.3, 0.2), (0.4, 0.3, 0.3)) == six(0.062861)


def test_kappa() -> None:
    assert cohen_kappa([[80, 10], [5, 5]]) == six(0.318182)


def test_a_report_is_the_same_after_a_trip_through_json(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report
