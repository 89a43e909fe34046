"""Measuring: what came of the decisions of a window, for whoever holds a seat where they belong.

A window of whole days, or one that reaches to now, is looked up: its sums were kept up as decisions
went on. Every other one, and every slice by something else than time, is counted from the rows.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import cast

from application.desk import Caller, Desk
from application.metrics.counting import label
from application.metrics.formulas import Declared, Found, Report, compute, report
from application.metrics.periods import whole_days
from application.metrics.slices import GroupBy
from application.metrics.timing import Stages
from application.metrics.window import Bucket, Window
from application.projections.feedback_row import FeedbackRow
from application.reading import Reader, Visible, looking_at

KEPT_BY = ("day", "week", "month")
"""The buckets of time that are made of whole days."""


async def metrics(
    window: Window,
    caller: Caller,
    desk: Desk,
    reader: Reader,
    *,
    decision_type: str | None = None,
    group_by: GroupBy | None = None,
    eligible: int | None = None,
    bypassed: int | None = None,
    as_of: datetime | None = None,
) -> Report:
    """Measure a window, as of now; a baseline counts where one decision type is asked about.

    Whoever makes a window that ends now says which now.
    """
    visible = looking_at(decision_type, caller)
    baseline = None if decision_type is None else await _baseline(decision_type, desk)
    declared = Declared(eligible, bypassed, None if baseline is None else float(baseline))
    as_of = as_of or desk.clock.now()
    days = whole_days(window, as_of)
    if days is not None and (group_by is None or group_by in KEPT_BY):
        whole, parts = await _looked_up(
            window, days, cast("Bucket | None", group_by), visible, as_of, desk, reader
        )
        return await asyncio.to_thread(
            report, whole, parts, declared, as_of=as_of, group_by=group_by
        )
    minimums = Minimums(desk)
    facts = [await minimums.with_minimum(row) async for row in reader.facts(window, visible)]
    return await asyncio.to_thread(
        compute,
        facts,
        window=window,
        as_of=as_of,
        group_by=group_by,
        eligible=eligible,
        bypassed=bypassed,
        baseline_p50=baseline,
    )


async def _baseline(decision_type: str, desk: Desk) -> Decimal | None:
    registered = (await desk.governed(decision_type)).decision_type.baseline
    return registered.cycle_time_p50_seconds if registered else None


async def _looked_up(
    window: Window,
    days: Window,
    by: Bucket | None,
    visible: Visible,
    as_of: datetime,
    desk: Desk,
    reader: Reader,
) -> tuple[Found, list[tuple[str, Found]]]:
    """The window and its buckets; a bucket in which nothing counts is none."""
    extent = None if by is None else await reader.extent(days, visible)
    buckets = [] if by is None or extent is None else list(_buckets(window, extent, by))
    looked = await reader.found([window, *buckets], visible, as_of)
    minimums = Minimums(desk)
    whole, *parts = [await minimums.with_dwell(found) for found in looked]
    return whole, [
        (part.window.since.isoformat(), part)
        for part in parts
        if part.counts or part.still_open != Stages()
    ]


def _buckets(window: Window, extent: Window, by: Bucket) -> Iterator[Window]:
    """The window's parts, as far as anything counts."""
    moment = extent.since
    while moment < min(extent.until, window.until):
        part = window.part(moment, by)
        yield part
        moment = part.until


class Minimums:
    """What each decision type, as it was at routing, asks a reviewer to look at the least."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[str, int | None], Decimal | None] = {}

    async def with_minimum(self, row: FeedbackRow) -> FeedbackRow:
        """The row, with what was asked of its reviewer."""
        if row.dwell_seconds is None:
            return row
        least = await self._of(row.decision_type, row.decision_type_version)
        return row.model_copy(update={"minimum_dwell_seconds": least})

    async def with_dwell(self, found: Found) -> Found:
        """The sums, with how many reviews were shorter than was asked."""
        dwell: Counter[tuple[str, str]] = Counter()
        for (reviewer, name, version, seconds), n in found.counts.by_parts("looked"):
            least = await self._of(name, version)
            if least is not None:
                dwell["dwell", label(reviewer, seconds < least)] += n
        return replace(found, counts=found.counts.and_more(dwell))

    async def _of(self, name: str, version: int | None) -> Decimal | None:
        if (name, version) not in self._known:
            state = await self._desk.decision_type(name, up_to=version)
            least = Decimal(state.definition.minimum_dwell_seconds) if state else None
            self._known[name, version] = least
        return self._known[name, version]
