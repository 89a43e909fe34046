"""Coverage and bypass: what was declared of a window, beside what came here."""

from datetime import timedelta

import pytest

from application.metrics.adoption import Adoption
from application.metrics.facts import DecisionFacts
from application.metrics.formulas import OfType, Report, compute
from application.metrics.intake import DeclaredVolume
from application.metrics.window import Window
from tests.application.metrics.worked_case import AS_OF, DAY, WORKED, a_decision

WEEK = Window(since=DAY.since - timedelta(days=6), until=DAY.until)


def declared(period: str, eligible: int, bypassed: int | None = None) -> DeclaredVolume:
    return DeclaredVolume(
        decision_type="support_triage", period=period, eligible=eligible, bypassed=bypassed
    )


def measured(*volumes: DeclaredVolume, window: Window = DAY, **more: object) -> Report:
    return compute(WORKED, window=window, as_of=AS_OF, volumes=volumes, **more)  # type: ignore[arg-type]


def adoption(*volumes: DeclaredVolume, window: Window = DAY, **more: object) -> Adoption:
    return measured(*volumes, window=window, **more).metrics.adoption


def test_what_nobody_declared_is_unknown() -> None:
    found = adoption()
    assert (found.coverage.value, found.coverage.denominator) == (None, 0)
    assert (found.bypass_rate.value, found.declared_periods) == (None, 0)


def test_coverage_is_what_came_of_what_was_declared() -> None:
    found = adoption(declared("2026-03-02", 16, 2))
    assert (found.coverage.numerator, found.coverage.denominator) == (12, 16)
    assert found.coverage.formula == "coverage/2"
    assert (found.bypass_rate.numerator, found.bypass_rate.denominator) == (2, 16)
    assert found.declared_periods == 1


def test_a_day_that_nobody_declared_counts_on_neither_side() -> None:
    earlier = declared("2026-02-26", 10)
    found = adoption(earlier, window=WEEK)
    assert (found.coverage.numerator, found.coverage.denominator) == (0, 10)
    both = adoption(earlier, declared("2026-03-02", 16, 2), window=WEEK)
    assert (both.coverage.numerator, both.coverage.denominator) == (12, 26)
    assert (both.bypass_rate.numerator, both.bypass_rate.denominator) == (2, 16)


def test_a_period_that_the_window_cuts_is_left_out() -> None:
    assert adoption(declared("2026-03", 100)).coverage.denominator == 0
    half = Window(since=DAY.since + timedelta(hours=1), until=DAY.until)
    assert adoption(declared("2026-03-02", 16), window=half).coverage.denominator == 0
    months = Window(since=DAY.since.replace(day=1), until=DAY.since.replace(month=4, day=1))
    assert adoption(declared("2026-03", 100), window=months).coverage.denominator == 100


def test_a_window_that_reaches_to_now_holds_today() -> None:
    running = Window(since=DAY.since, until=DAY.since + timedelta(hours=20))
    found = compute(
        WORKED, window=running, as_of=running.until, volumes=[declared("2026-03-02", 16)]
    )
    assert found.metrics.adoption.coverage.denominator == 0
    later = compute(
        WORKED,
        window=running,
        as_of=running.until - timedelta(seconds=1),
        volumes=[declared("2026-03-02", 16)],
    )
    assert later.metrics.adoption.coverage.denominator == 16


def test_a_volume_of_nothing_gives_no_share() -> None:
    assert adoption(declared("2026-03-02", 0)).coverage.value is None


def test_more_than_was_declared_has_no_interval() -> None:
    found = adoption(declared("2026-03-02", 3)).coverage
    assert (found.value, found.low) == (4.0, None)


def test_a_volume_given_with_the_question_goes_first() -> None:
    found = adoption(declared("2026-03-02", 16), eligible=24, bypassed=6)
    assert (found.coverage.numerator, found.coverage.denominator) == (12, 24)
    assert (found.coverage.formula, found.bypass_rate.formula) == ("coverage/1", "bypass_rate/1")
    assert found.bypass_rate.value == 0.25


def test_slices_have_their_own_volume_where_it_is_declared_so() -> None:
    volume = declared("2026-03-02", 16, 2)
    by_day = measured(volume, group_by="day").slices
    assert [part.metrics.adoption.coverage.denominator for part in by_day] == [16]
    by_type = measured(volume, group_by="decision_type").slices
    assert [part.metrics.adoption.coverage.denominator for part in by_type] == [16]
    by_queue = measured(volume, group_by="queue").slices
    assert {part.metrics.adoption.coverage.denominator for part in by_queue} == {0}


def test_the_roster_and_the_baseline_of_a_decision_type_are_its_own() -> None:
    other = a_decision("x", decision_type="credit")
    report = compute(
        [*WORKED, other],
        window=DAY,
        as_of=AS_OF,
        group_by="decision_type",
        by_type={"support_triage": OfType(3600, ["ana", "zoe"]), "credit": OfType()},
    )
    found = {part.key: part.metrics for part in report.slices}
    assert found["support_triage"].time.cycle_time_reduction.value == 0.75
    assert found["support_triage"].adoption.active_reviewer_share.denominator == 2
    assert found["credit"].time.cycle_time_reduction.value is None
    assert found["credit"].adoption.active_reviewer_share.value is None
    assert report.metrics.adoption.active_reviewer_share.value is None


def test_the_roster_holds_of_every_part_of_time() -> None:
    report = compute(WORKED, window=DAY, as_of=AS_OF, group_by="day", roster=["ana", "zoe"])
    shares = [part.metrics.adoption.active_reviewer_share for part in report.slices]
    assert [share.denominator for share in shares] == [2]


@pytest.mark.parametrize("test", [True, False])
def test_a_test_decision_covers_nothing(test: bool) -> None:
    case: DecisionFacts = a_decision("t", is_test=test)
    found = compute([case], window=DAY, as_of=AS_OF, volumes=[declared("2026-03-02", 2)])
    assert found.metrics.adoption.coverage.numerator == (0 if test else 1)
