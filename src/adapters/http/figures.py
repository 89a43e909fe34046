"""Figures: what came of the decisions of a window, with intervals, whole and in slices."""

from datetime import UTC, datetime, timedelta
from typing import Self

from litestar import Controller, get
from pydantic import Field, model_validator

from adapters.http.answers import Page
from adapters.http.bodies import Moment, Word
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application.measuring import metrics
from application.metrics.formulas import Report
from application.metrics.register import REGISTER, Formula
from application.metrics.slices import GroupBy
from application.metrics.window import Window
from application.overseeing import shown
from domain.model import Value

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST_COUNT = 10**12


class Measured(Value):
    """What is measured: a window, from, up to and without to; everything until now by default."""

    since: Moment = Field(default=ALWAYS, alias="from")
    until: Moment | None = Field(default=None, alias="to")
    decision_type: Word | None = None
    group_by: GroupBy | None = None
    eligible: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """How many cases there were, with or without a recommendation: for coverage."""
    bypassed: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """How many were decided outside of this service."""
    formula: str | None = Field(default=None, min_length=1, max_length=1_000)
    """Formulas to be answered by, as `name/version`, separated by commas; others by the newest."""

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a window that ends after it starts: `from` before `to`")
        return self

    def window(self, now: datetime) -> Window:
        """The window, up to and with this very moment if it has no end."""
        until = self.until or max(now, self.since) + timedelta(microseconds=1)
        return Window(since=self.since, until=until)


class Figures(Controller):
    """What a decision owner wants to know."""

    path = "/v1/metrics"
    tags = ("Feedback",)

    @get()
    async def metrics(
        self, asked: Asked[Measured], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> Report:
        """Every metric of a window, with the number of decisions it rests on and its interval."""
        now = desk.clock.now()
        found = await metrics(
            asked.window(now),
            caller,
            desk,
            reader,
            decision_type=asked.decision_type,
            group_by=asked.group_by,
            eligible=asked.eligible,
            bypassed=asked.bypassed,
            formulas=asked.formula.split(",") if asked.formula else (),
            as_of=now,
        )
        return shown(found, caller, asked.decision_type)

    @get("/formulas")
    async def formulas(self, caller: TheCaller) -> Page[Formula]:  # noqa: ARG002 - a key is asked for
        """What each metric's number means, in every version there ever was."""
        return Page[Formula](items=REGISTER)
