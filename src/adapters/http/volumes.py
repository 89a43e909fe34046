"""Eligible volume: the system that cases come from says how many there were."""

import re
from datetime import date
from typing import Annotated, Self

from litestar import Controller, Response, get, put
from litestar.params import FromPath, JSONBody
from pydantic import BeforeValidator, Field, model_validator

from adapters.http.answers import REPLAYED, Page
from adapters.http.cursors import cursor, mark_at
from adapters.http.histories import Paging
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application.declaring import DeclareVolume, declare_volume, declared_volumes
from application.projections.volumes import VolumeRow
from application.reading import KeyMark
from domain.volume import Volume

RFC3339_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _day(value: object) -> object:
    """A day as RFC 3339 writes it; pydantic alone also takes seconds since 1970."""
    if isinstance(value, str) and not RFC3339_DAY.fullmatch(value):
        raise ValueError("a day, such as 2026-01-05")
    return value


Day = Annotated[date, BeforeValidator(_day)]


class Days(Paging):
    """Which periods: those that lie from a day up to and with another."""

    since: Day = Field(default=date.min, alias="from")
    until: Day = Field(default=date.max, alias="to")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.until < self.since:
            raise ValueError("days in order: `from` not after `to`")
        return self


class EligibleVolume(Controller):
    """How many cases there were, with or without a recommendation."""

    path = "/v1/decision-types/{name:str}/eligible-volume"
    tags = ("Feedback",)

    @put()
    async def declare_volume(
        self, name: FromPath[str], data: JSONBody[DeclareVolume], desk: TheDesk, caller: TheCaller
    ) -> Response[Page[Volume]]:
        """Declare how many cases there were in each period; other numbers correct earlier ones.

        A period is a day, a month or a year (UTC) that has begun. What is said again adds nothing.
        """
        replayed = await desk.repeated(caller) is not None
        stands = await declare_volume(name, data, caller, desk)
        headers = REPLAYED if replayed else {}
        return Response(Page[Volume](items=stands), headers=headers)

    @get()
    async def declared_volumes(
        self, name: FromPath[str], asked: Asked[Days], reader: TheReader, caller: TheCaller
    ) -> Page[VolumeRow]:
        """What was declared, period by period, and by whom it was declared last."""
        mark = mark_at(asked.cursor, KeyMark)
        page = await declared_volumes(
            name, asked.since, asked.until, mark, asked.limit, caller, reader
        )
        return Page[VolumeRow](items=page.items, next=cursor(page.next) if page.next else None)
