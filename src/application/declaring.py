"""Declaring: the system that cases come from says how many there were, and says so again."""

from collections.abc import Sequence
from datetime import date
from typing import Self, cast

from pydantic import Field, model_validator

from application.desk import ATTEMPTS, Caller, Contended, Desk, require_held
from application.ports import Overtaken, Repeated
from application.projections.volumes import VolumeRow
from application.reading import KeyMark, Page, Reader
from domain.model import Seat, Value
from domain.volume import LARGEST_COUNT, LifeEvent, Volume, Volumes, declare, fold, stream_id

DECLARES = (Seat.PRODUCER, Seat.AI_PRODUCT_OWNER, Seat.DECISION_OWNER)
MOST_PERIODS = 1_000


class PeriodVolume(Value):
    """How many cases there were in a period."""

    period: str = Field(min_length=1, max_length=200)
    """A day, a month or a year (UTC): 2026-03-25, 2026-03, 2026."""
    eligible: int = Field(ge=0, le=LARGEST_COUNT)
    """Cases there were, with or without a recommendation."""
    bypassed: int | None = Field(default=None, ge=0, le=LARGEST_COUNT)
    """Those of them whose outcome was recorded outside of this path, where known."""


class DeclareVolume(Value):
    """What a source system says of one or more periods."""

    source: str = Field(min_length=1, max_length=200)
    """The system that counted."""
    periods: tuple[PeriodVolume, ...] = Field(min_length=1, max_length=MOST_PERIODS)
    reason: str | None = Field(default=None, max_length=2_000)
    """Why other numbers take the place of what was declared before."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        named = [one.period for one in self.periods]
        if twice := sorted({period for period in named if named.count(period) > 1}):
            raise ValueError(f"each period once: {twice[0]} is there more than once")
        return self

    def volumes(self) -> dict[str, list[Volume]]:
        """What is said of each year."""
        found: dict[str, list[Volume]] = {}
        for one in self.periods:
            volume = Volume.model_construct(**one.__dict__, source=self.source)
            found.setdefault(one.period[:4], []).append(volume)
        return found


async def declare_volume(
    decision_type: str, said: DeclareVolume, caller: Caller, desk: Desk
) -> Sequence[Volume]:
    """Put on record how many cases there were; answers with what stands now of these periods.

    Said again, it adds nothing; said otherwise, each other number is a correction, and an event.
    """
    state_of_type = (await desk.governed(decision_type)).decision_type
    stamp = desk.stamp(caller, require_held(caller, state_of_type, *DECLARES))
    for _ in range(ATTEMPTS):
        repeated = await desk.repeated(caller) is not None
        events: list[LifeEvent] = []
        stands: dict[str, Volume] = {}
        for year, volumes in said.volumes().items():
            state = await _volumes(decision_type, year, desk)
            for volume in () if repeated else volumes:
                caused = declare(state, decision_type, volume, said.reason, stamp)
                events += caused
                state = fold(caused, state)
            stands |= state.said if state else {}
        try:
            if events:
                await desk.record(events, caller)
        except (Overtaken, Repeated):
            continue
        return [stands[one.period] for one in said.periods if one.period in stands]
    raise Contended(f"gave up after {ATTEMPTS} attempts")


async def _volumes(decision_type: str, year: str, desk: Desk) -> Volumes | None:
    events = await desk.log.stream(stream_id(decision_type, year))
    return fold(cast("list[LifeEvent]", list(events)))


async def declared_volumes(
    decision_type: str,
    since: date,
    until: date,
    after: KeyMark | None,
    limit: int,
    caller: Caller,
    reader: Reader,
) -> Page[VolumeRow, KeyMark]:
    """What was declared of a decision type, by period."""
    caller.require_any_seat(decision_type)
    seen = after.key if after else ""
    found = await reader.volumes(frozenset({decision_type}), since, until)
    rows = sorted((row for row in found if row.key > seen), key=lambda row: row.key)
    more = len(rows) > limit
    return Page(rows[:limit], KeyMark(key=rows[limit - 1].key) if more else None)
