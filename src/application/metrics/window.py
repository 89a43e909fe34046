"""Windows of time, half-open, and how one is cut into buckets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, Self

from pydantic import AwareDatetime, model_validator

from domain.model import Value

Bucket = Literal["hour", "day", "week", "month"]


class Window(Value):
    """From `since`, up to and without `until`: two neighbours share no moment and miss none."""

    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until < self.since:
            raise ValueError("until: a window can't end before it starts")
        return self

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.since <= moment < self.until

    def part(self, moment: datetime, bucket: Bucket) -> "Window":
        """The part of this window that lies in the bucket of a moment it holds."""
        start = bucket_start(moment, bucket)
        end = _bucket_end(start, bucket)
        return Window(since=max(start, self.since), until=min(end, self.until))

    def parts(self, bucket: Bucket) -> Iterator["Window"]:
        """This window cut at every boundary of the bucket; the first and last may be short."""
        moment = self.since
        while moment < self.until:
            part = self.part(moment, bucket)
            yield part
            moment = part.until


def bucket_start(moment: datetime, bucket: Bucket) -> datetime:
    """When the bucket of a moment starts, in UTC; a week starts on Monday."""
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    match bucket:
        case "hour":
            return hour
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)


def _bucket_end(start: datetime, bucket: Bucket) -> datetime:
    match bucket:
        case "hour":
            return start + timedelta(hours=1)
        case "day":
            return start + timedelta(days=1)
        case "week":
            return start + timedelta(days=7)
        case "month":
            return (start + timedelta(days=31)).replace(day=1)
