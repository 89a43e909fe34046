"""Business calendars: a deadline of four hours is four hours in which somebody works."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, model_validator

from domain.model import Value

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST_BREAK = timedelta(days=366)
"""Where nobody works for so long, the deadline is the end of it: no calendar may stop time."""


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name[:60]} is no time zone, like Europe/Berlin") from None
    return name


class Hours(Value):
    """A part of a day in which somebody works, by the clock on the wall."""

    start: time
    end: time
    """Midnight ends the day."""

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end != time() and self.end <= self.start:
            raise ValueError(f"hours: {self.start:%H:%M}-{self.end:%H:%M} ends before it begins")
        return self


class Calendar(Value):
    """When somebody works: hours of the week in a time zone, and the days on which nobody does.

    Time zones are the IANA database's (RFC 6557). A moment is stored where it was computed, so a
    zone whose rules change later moves no deadline that was set before.
    """

    time_zone: Annotated[str, AfterValidator(_zone)]
    hours: dict[Weekday, tuple[Hours, ...]]
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _someone_works(self) -> Self:
        if not any(self.hours.values()):
            raise ValueError("hours: nobody ever works, so no deadline could pass")
        for day, parts in self.hours.items():
            ends = [(part.start, part.end) for part in parts]
            if any(end == time() or end > start for (_, end), (start, _) in pairwise(ends)):
                raise ValueError(f"hours: the parts of {day} overlap or are out of order")
        return self

    def after(self, at: datetime, working: timedelta) -> datetime:
        """The moment (UTC) at which so much working time has passed; never before `at`."""
        left, moment = working, at.astimezone(UTC)
        for start, end in self._spans(moment):
            begun = max(start, moment)
            if end - begun >= left:
                return begun + left
            left -= end - begun
        return moment + LONGEST_BREAK + left

    def _spans(self, moment: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The parts in which somebody works that end after a moment, in order, in UTC."""
        day, quiet = moment.astimezone(self._zone).date(), 0
        while quiet <= LONGEST_BREAK.days:
            parts = () if day in self._off else self.hours.get(WEEK[day.weekday()], ())
            spans = [self._span(day, part) for part in parts]
            spans = [(start, end) for start, end in spans if end > max(start, moment)]
            yield from spans
            quiet = 0 if spans else quiet + 1
            day += timedelta(days=1)

    def _span(self, day: date, part: Hours) -> tuple[datetime, datetime]:
        last = day + timedelta(days=1) if part.end == time() else day
        start = datetime.combine(day, part.start, self._zone)
        end = datetime.combine(last, part.end, self._zone)
        # Subtracted in UTC, an hour that the clocks skip or repeat counts as it passes.
        return start.astimezone(UTC), end.astimezone(UTC)

    @cached_property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def _off(self) -> frozenset[date]:
        return frozenset(self.holidays)
