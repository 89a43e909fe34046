"""A decision type may say when somebody works; what is wrong with it is said where it stands."""

from datetime import date, time

import pytest

from adapters.authoring import AuthoringError, parse_decision_type
from domain.calendar import Calendar
from tests.adapters.authoring.test_decision_type_files import FILE

CALENDAR = """\
  calendar:
    time_zone: America/New_York
    hours: {mon-thu: 08:00-18:00, fri: [08:00-12:00, 13:00-24:00]}
    holidays: {of: US-MA, from: 2026, to: 2027, also: [2026-12-24]}
"""


def with_calendar(text: str = CALENDAR) -> str:
    return FILE.replace("  service_levels:", f"{text}  service_levels:")


def read(text: str = CALENDAR) -> Calendar:
    calendar = parse_decision_type(with_calendar(text)).definition.calendar
    assert calendar is not None
    return calendar


def test_hours_of_the_week_and_holidays_of_a_country() -> None:
    calendar = read()
    assert set(calendar.hours) == {"mon", "tue", "wed", "thu", "fri"}
    assert [(part.start, part.end) for part in calendar.hours["fri"]] == [
        (time(8), time(12)),
        (time(13), time()),
    ]
    patriots_day, half_day, another_year = date(2026, 4, 20), date(2026, 12, 24), date(2028, 7, 4)
    assert {patriots_day, half_day} < set(calendar.holidays)
    assert another_year not in calendar.holidays


def test_holidays_may_be_days_of_ones_own() -> None:
    own = "holidays: [2026-12-24, 2026-01-02]"
    calendar = read(CALENDAR.replace(CALENDAR.splitlines()[-1].strip(), own))
    assert calendar.holidays == (date(2026, 1, 2), date(2026, 12, 24))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("America/New_York", "America/New_Yorick", "is no time zone"),
        ("mon-thu", "mon-thr", "Write mon-fri"),
        ("mon-thu", "thu-mon", "Write mon-fri"),
        ("fri:", "thu:", "`hours` names thu twice"),
        ("08:00-18:00", "8-18", "Write 09:00-17:00"),
        ("08:00-18:00", "18:00-08:00", "ends before it begins"),
        ("08:00-18:00", "25:00-26:00", "hours"),
        ("US-MA", "XX", "`of` is a country, and XX is none"),
        ("US-MA", "US-XX", "`of` is a country, and US-XX is none"),
        ("from: 2026", "from: soon", "`from` is a year, and soon is none"),
        ("to: 2027", "to: 2020", "`to` is from 2026 to 2055"),
        ("to: 2027", "to: 2199", "`to` is from 2026 to 2055"),
        ("2026-12-24", "24.12.2026", "has days like 2026-12-24"),
        ("2026-12-24", "2026-02-30", "has days like 2026-12-24"),
        ("holidays:", "hollidays:", "Did you mean holidays?"),
    ],
)
def test_what_is_wrong_with_it_is_said_in_words(old: str, new: str, message: str) -> None:
    assert old in CALENDAR
    with pytest.raises(AuthoringError) as error:
        parse_decision_type(with_calendar(CALENDAR.replace(old, new)))
    said = str(error.value)
    assert message in said
    assert "pydantic" not in said


@pytest.mark.parametrize("share", ["0", "1", "2", "most"])
def test_a_warning_comes_between_the_beginning_and_the_deadline(share: str) -> None:
    levels = f"service_levels: {{warn_after: {share}, review: 4h"
    with pytest.raises(AuthoringError, match="warn_after"):
        parse_decision_type(FILE.replace("service_levels: {review: 4h", levels))
