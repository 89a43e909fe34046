"""Deadlines that count working time only, across nights, weekends, holidays and clock changes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.calendar import LONGEST_BREAK, WEEK, Calendar, Hours
from domain.model import Seat
from tests.domain.builders import NOON, a_decision_type

NINE_TO_FIVE = (Hours(start=time(9), end=time(17)),)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = Calendar(
    time_zone="Europe/Berlin",
    hours=dict.fromkeys(WEEK[:5], NINE_TO_FIVE),
    holidays=(date(2026, 12, 25),),
)
HOUR = timedelta(hours=1)


def berlin(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=BERLIN)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("at", "hours", "due"),
    [
        (berlin(2026, 11, 24, 10), 4, berlin(2026, 11, 24, 14)),
        (berlin(2026, 11, 24, 15), 4, berlin(2026, 11, 25, 11)),
        (berlin(2026, 11, 24, 6), 1, berlin(2026, 11, 24, 10)),
        (berlin(2026, 11, 24, 9), 8, berlin(2026, 11, 24, 17)),
        (berlin(2026, 11, 27, 16), 2, berlin(2026, 11, 30, 10)),
        (berlin(2026, 12, 24, 16), 2, berlin(2026, 12, 28, 10)),
        (berlin(2026, 11, 28, 12), 1, berlin(2026, 11, 30, 10)),
    ],
    ids=["today", "tomorrow", "before work", "to the bell", "weekend", "holiday", "on a saturday"],
)
def test_only_working_time_counts(at: datetime, hours: int, due: datetime) -> None:
    assert OFFICE.after(at, hours * HOUR) == due


@pytest.mark.parametrize(
    ("day", "passes"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 6, 1), 24)]
)
def test_an_hour_that_the_clocks_skip_or_repeat_counts_as_it_passes(
    day: tuple[int, int, int], passes: int
) -> None:
    always = Calendar(
        time_zone="Europe/Berlin",
        hours=dict.fromkeys(WEEK, (Hours(start=time(), end=time()),)),
    )
    midnight = berlin(*day)
    assert always.after(midnight, passes * HOUR) == midnight + timedelta(days=1)


MOMENTS = st.integers(0, 2 * 365 * 86_400).map(lambda second: NOON + timedelta(seconds=second))
LENGTHS = st.timedeltas(timedelta(seconds=1), timedelta(hours=100))


@given(MOMENTS, LENGTHS, LENGTHS)
def test_time_passes_in_one_direction_and_adds_up(
    at: datetime, one: timedelta, other: timedelta
) -> None:
    first = OFFICE.after(at, one)
    assert first >= at + one
    assert OFFICE.after(first, other) == OFFICE.after(at, one + other)


@given(MOMENTS, LENGTHS)
def test_a_deadline_falls_into_working_hours(at: datetime, length: timedelta) -> None:
    due = OFFICE.after(at, length).astimezone(BERLIN)
    assert time(9) <= due.time() <= time(17)
    assert due.weekday() < 5
    assert due.date() not in OFFICE.holidays


def test_where_nobody_works_for_a_year_time_passes_all_the_same() -> None:
    days = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(1200))
    closed = OFFICE.model_copy(update={"holidays": days})
    assert closed.after(NOON, HOUR) == NOON + LONGEST_BREAK + HOUR


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"time_zone": "Europe/Atlantis"}, "is no time zone"),
        ({"time_zone": "../etc/passwd"}, "is no time zone"),
        ({"hours": {}}, "nobody ever works"),
        ({"hours": {"mon": NINE_TO_FIVE + NINE_TO_FIVE}}, "overlap or are out of order"),
        ({"hours": {"mon": ({"start": "17:00", "end": "09:00"},)}}, "ends before it begins"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Calendar.model_validate(OFFICE.model_dump() | changes)


def test_people_have_working_hours_and_services_do_not() -> None:
    closed_at_noon = Calendar(
        time_zone="UTC", hours={"mon": (Hours(start=time(8), end=time(12)),)}, holidays=()
    )
    kind = a_decision_type(calendar=closed_at_noon)
    person = kind.place(Seat.RISK_OWNER, "q", HOUR, NOON)
    service = kind.place(Seat.RISK_OWNER, "q", HOUR, NOON, people=False)
    assert person.due_at == NOON + timedelta(days=7) - 3 * HOUR
    assert service.due_at == NOON + HOUR
