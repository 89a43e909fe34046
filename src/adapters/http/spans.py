"""Spans: the time that a question is about."""

from datetime import UTC, datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from adapters.http.bodies import Moment
from application.metrics.window import Window
from domain.model import Value

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


class Span(Value):
    """What is looked at: from, up to and without to; everything until now by default."""

    since: Moment = Field(default=ALWAYS, alias="from")
    until: Moment | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a window that ends after it starts: `from` before `to`")
        return self

    def window(self, now: datetime) -> Window:
        """The window, up to and with this very moment if it has no end."""
        until = self.until or max(now, self.since) + timedelta(microseconds=1)
        return Window(since=self.since, until=until)
