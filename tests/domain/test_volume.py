"""Eligible volume: what the source system says of a period, and says anew."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.volume import (
    Corrected,
    Declared,
    LifeEvent,
    MoreThanAll,
    NoSuchPeriod,
    PeriodsOverlap,
    Volume,
    Volumes,
    declare,
    first_day,
    fold,
    stream_id,
)
from tests.domain.builders import BOT, DAY, NOON, by


def a_volume(period: str = "2026-01-04", eligible: int = 120, **more: object) -> Volume:
    said = {"period": period, "eligible": eligible, "source": "order desk"}
    return Volume.model_validate(said | more)


def said(*volumes: Volume) -> Volumes | None:
    state: Volumes | None = None
    for volume in volumes:
        state = fold(declare(state, "refund", volume, None, by(BOT)), state)
    return state


def test_a_period_is_declared_in_the_stream_of_its_year() -> None:
    (event,) = declare(None, "refund", a_volume(bypassed=3), None, by(BOT))
    assert isinstance(event, Declared)
    assert event.originator_id == stream_id("refund", "2026")
    assert (event.period, event.eligible, event.bypassed) == ("2026-01-04", 120, 3)


def test_what_is_said_again_adds_nothing() -> None:
    assert declare(said(a_volume()), "refund", a_volume(), "once more", by(BOT)) == ()


def test_another_number_is_a_correction_and_edits_nothing() -> None:
    before = said(a_volume())
    (event,) = declare(before, "refund", a_volume(eligible=125), "a late file", by(BOT))
    assert isinstance(event, Corrected)
    assert (event.originator_version, event.reason) == (2, "a late file")
    after = fold([event], before)
    assert after is not None
    assert after.said["2026-01-04"].eligible == 125


@pytest.mark.parametrize(
    "period",
    [
        "",
        "26",
        "2026-13",
        "2026-02-30",
        "2026-1-4",
        "2026-W02",
        "２０２６",
        "0000",
        "2026-01-04T00",
    ],
)
def test_a_period_is_one_of_the_calendar(period: str) -> None:
    volume = Volume.model_construct(period=period, eligible=1, bypassed=None, source="x")
    with pytest.raises(NoSuchPeriod, match="period: found"):
        declare(None, "refund", volume, None, by(BOT))


def test_a_period_that_has_not_begun_holds_nothing_yet() -> None:
    tomorrow = (NOON + DAY).date().isoformat()
    with pytest.raises(NoSuchPeriod, match=tomorrow):
        declare(None, "refund", a_volume(tomorrow), None, by(BOT))
    for running in ("2026-01-05", "2026-01", "2026"):
        assert declare(None, "refund", a_volume(running), None, by(BOT))
    early = by(BOT, NOON - timedelta(days=5))
    with pytest.raises(NoSuchPeriod):
        declare(None, "refund", a_volume("2026-01"), None, early)


@pytest.mark.parametrize(
    ("first", "second"), [("2026-01-04", "2026-01"), ("2026", "2026-01-04"), ("2026-01", "2026")]
)
def test_each_case_is_counted_once(first: str, second: str) -> None:
    with pytest.raises(PeriodsOverlap, match=f"found {second}, declared already is {first}"):
        declare(said(a_volume(first)), "refund", a_volume(second), None, by(BOT))


def test_neighbours_do_not_overlap() -> None:
    state = said(a_volume("2026-01-04"), a_volume("2026-01-05"), a_volume("2026-01-03"))
    assert state is not None
    assert set(state.said) == {"2026-01-03", "2026-01-04", "2026-01-05"}


def test_no_more_pass_by_than_there_are() -> None:
    with pytest.raises(MoreThanAll, match="found 3, allowed is up to 2"):
        declare(None, "refund", a_volume(eligible=2, bypassed=3), None, by(BOT))
    assert declare(None, "refund", a_volume(eligible=2, bypassed=2), None, by(BOT))


@given(st.dates(), st.sampled_from([4, 7, 10]))
def test_a_period_begins_with_its_first_day(day: object, length: int) -> None:
    period = str(day)[:length]
    assert str(first_day(period)).startswith(period)
    assert str(first_day(period))[length:] in ("", "-01", "-01-01")


@given(st.lists(st.integers(0, 3), max_size=8))
def test_folding_whatever_was_said_gives_the_last_word(numbers: list[int]) -> None:
    events: list[LifeEvent] = []
    for n in numbers:
        events += declare(fold(events), "refund", a_volume(eligible=n), None, by(BOT))
    state = fold(events)
    if numbers:
        assert state is not None
        assert (state.version, state.said["2026-01-04"].eligible) == (len(events), numbers[-1])
    else:
        assert state is None
