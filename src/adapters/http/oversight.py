"""Oversight: whether reviewers look, for owners and for the reviewer concerned."""

from datetime import timedelta
from typing import Self

from litestar import Controller, get
from pydantic import Field, model_validator

from adapters.http.bodies import Moment, Word
from adapters.http.figures import ALWAYS
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application.metrics.window import Window
from application.overseeing import OversightView, overseen
from domain.model import Value


class OversightAsked(Value):
    """Of which decision type, from, up to and without to; everything until now by default."""

    decision_type: Word
    since: Moment = Field(default=ALWAYS, alias="from")
    until: Moment | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError("a window that ends after it starts: `from` before `to`")
        return self


class OversightFigures(Controller):
    """Whether review is real."""

    path = "/v1/metrics/oversight"
    tags = ("Feedback",)

    @get()
    async def oversight(
        self, asked: Asked[OversightAsked], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> OversightView:
        """How long reviewers look, and how they agree beside their peers: all of them for an owner
        or an auditor, their own line for a reviewer."""
        now = desk.clock.now()
        until = asked.until or max(now, asked.since) + timedelta(microseconds=1)
        window = Window(since=asked.since, until=until)
        return await overseen(asked.decision_type, window, caller, desk, reader)
