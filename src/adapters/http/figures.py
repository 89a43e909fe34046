"""Figures: what came of the decisions of a window, with intervals, whole and in slices."""

from litestar import Controller, get
from pydantic import Field

from adapters.http.answers import Page
from adapters.http.bodies import Word
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from adapters.http.spans import Span
from application.measuring import metrics
from application.metrics.formulas import Report
from application.metrics.register import REGISTER, Formula
from application.metrics.slices import GroupBy
from application.overseeing import shown

LARGEST_COUNT = 10**12


class Measured(Span):
    """What is measured: a window, from, up to and without to; everything until now by default."""

    decision_type: Word | None = None
    group_by: GroupBy | None = None
    eligible: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """How many cases there were, with or without a recommendation: for coverage."""
    bypassed: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """How many were decided outside of this service."""
    formula: str | None = Field(default=None, min_length=1, max_length=1_000)
    """Formulas to be answered by, as `name/version`, separated by commas; others by the newest."""


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
