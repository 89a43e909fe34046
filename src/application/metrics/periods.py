"""Periods: the days, months and years (UTC) that counts are kept by, and those a window is made of.

A period is named as ISO 8601 names it: 2026, 2026-03, 2026-03-25. Each longer one holds what its
days hold, so a window of years is a look-up of a few rows a measure.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from application.metrics.window import Window
from domain.volume import first_day

LENGTHS = (4, 7, 10)
"""Of the names of a year, a month and a day."""
A_DAY = timedelta(days=1)


@lru_cache(maxsize=10_000)
def holding(day: str) -> tuple[str, ...]:
    """The periods that hold a day, itself included."""
    return tuple(day[:length] for length in LENGTHS)


def whole_days(window: Window, as_of: datetime) -> Window | None:
    """A window that counts the same and is made of whole days, if there is one.

    Nothing lies beyond this very moment, so a window that reaches it may as well reach the year's
    end.
    """
    until = window.until
    if until > as_of:
        until = max(
            _start(_next_year(as_of.astimezone(UTC).date().replace(month=1, day=1))), window.since
        )
    days = Window(since=window.since, until=until)
    return days if all(_is_midnight(moment) for moment in (days.since, days.until)) else None


def periods_of(window: Window) -> Iterator[str]:
    """The longest periods that a window of whole days is made of."""
    day, end = window.since.astimezone(UTC).date(), window.until.astimezone(UTC).date()
    while day < end:
        for length, after in zip(LENGTHS, (_next_year, _next_month, _next_day), strict=True):
            if _begins(day, length) and after(day) <= end:
                yield day.isoformat()[:length]
                day = after(day)
                break


def period_window(period: str) -> Window:
    """All of a day, a month or a year."""
    first = first_day(period)
    after = {4: _next_year, 7: _next_month, 10: _next_day}[len(period)]
    return Window(since=_start(first), until=_start(after(first)))


def day_window(first: str, last: str) -> Window:
    """From the start of one day to the end of another."""
    since, until = date.fromisoformat(first), date.fromisoformat(last) + A_DAY
    return Window(since=_start(since), until=_start(until))


def _begins(day: date, length: int) -> bool:
    """Whether the period of this length that holds the day begins with it."""
    return day.isoformat()[length:] in ("", "-01", "-01-01")


def _next_year(day: date) -> date:
    return day.replace(year=day.year + 1)


def _next_month(day: date) -> date:
    return (day + timedelta(days=31)).replace(day=1)


def _next_day(day: date) -> date:
    return day + A_DAY


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def midnight(moment: datetime) -> datetime:
    """When the day of a moment began, in UTC."""
    return _start(moment.astimezone(UTC).date())


def _is_midnight(moment: datetime) -> bool:
    return moment == midnight(moment)
