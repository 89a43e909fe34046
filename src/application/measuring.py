"""Measuring: what came of the decisions of a window, for whoever holds a seat where they belong.

A window of whole days, or one that reaches to now, is looked up: its sums were kept up as decisions
went on. Every other one, and every slice by something else than time, is counted from the rows.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import cast

from application.desk import Caller, Desk
from application.metrics.agreement import Strictness
from application.metrics.counting import Counts, label
from application.metrics.formulas import Declared, Found, OfType, Report, compute, report
from application.metrics.periods import whole_days
from application.metrics.register import kept_versions
from application.metrics.silence import began, missing
from application.metrics.slices import GroupBy
from application.metrics.timing import Stages
from application.metrics.window import Bucket, Window
from application.projections.feedback_row import FeedbackRow
from application.reading import MetricsReader, Sums, Visible, looking_at

KEPT_BY = ("day", "week", "month")
"""The buckets of time that are made of whole days."""


async def metrics(
    window: Window,
    caller: Caller,
    desk: Desk,
    reader: MetricsReader,
    *,
    decision_type: str | None = None,
    group_by: GroupBy | None = None,
    eligible: int | None = None,
    bypassed: int | None = None,
    formulas: Collection[str] = (),
    as_of: datetime | None = None,
) -> Report:
    """Measure a window, as of now, and say which feedback on the decision type is missing.

    Whoever makes a window that ends now says which now.
    """
    found = await _measured(
        window,
        caller,
        desk,
        reader,
        decision_type=decision_type,
        group_by=group_by,
        eligible=eligible,
        bypassed=bypassed,
        formulas=formulas,
        as_of=as_of,
    )
    if decision_type is None:
        return found
    silent = missing(await reader.due(decision_type, began(found.as_of)), found.as_of)
    return found.model_copy(update={"feedback_missing": silent})


async def _measured(
    window: Window,
    caller: Caller,
    desk: Desk,
    reader: MetricsReader,
    *,
    decision_type: str | None = None,
    group_by: GroupBy | None = None,
    eligible: int | None = None,
    bypassed: int | None = None,
    formulas: Collection[str] = (),
    as_of: datetime | None = None,
) -> Report:
    """A baseline and a roster count where one decision type is asked about, or each is a slice.

    A formula that is asked for by name is answered by that version: a superseded one is counted
    from the rows.
    """
    visible = looking_at(decision_type, caller)
    kept = kept_versions(formulas, volume_given=eligible is not None)
    own = Declared() if decision_type is None else await declared_of(decision_type, desk)
    given = replace(own, eligible=eligible, bypassed=bypassed)
    as_of = as_of or desk.clock.now()
    days = whole_days(window, as_of)
    if days is not None and not kept and (group_by is None or group_by in KEPT_BY):
        by = cast("Bucket | None", group_by)
        return await look_up(window, days, by, visible, given, as_of, desk, reader)
    minimums = Minimums(desk)
    facts = [await minimums.with_minimum(row) async for row in reader.facts(window, visible)]
    types = {row.decision_type for row in facts}
    within = days or window
    return await asyncio.to_thread(
        compute,
        facts,
        window=window,
        as_of=as_of,
        group_by=group_by,
        eligible=eligible,
        bypassed=bypassed,
        baseline_p50=own.baseline_p50,
        roster=own.roster,
        strictness=await orders_of(types, desk),
        by_type={name: await _of_type(name, desk) for name in types},
        volumes=await reader.volumes(visible, within.since.date(), within.until.date()),
        formulas=kept,
    )


async def look_up(
    window: Window,
    days: Window,
    by: Bucket | None,
    visible: Visible,
    given: Declared,
    as_of: datetime,
    desk: Desk,
    reader: Sums,
) -> Report:
    """The report of a window of whole days, from the sums that were kept."""
    whole, parts = await _looked_up(window, days, by, visible, as_of, desk, reader)
    declared = replace(given, strictness=await _strictness(whole.counts, desk))
    return await asyncio.to_thread(report, whole, parts, declared, as_of=as_of, group_by=by)


async def declared_of(name: str, desk: Desk) -> Declared:
    """What a decision type declares of itself."""
    own = await _of_type(name, desk)
    return Declared(baseline_p50=own.baseline_p50, roster=own.roster)


async def _of_type(name: str, desk: Desk) -> OfType:
    state = (await desk.governed(name)).decision_type
    baseline = state.baseline.cycle_time_p50_seconds if state.baseline else None
    return OfType(None if baseline is None else float(baseline), state.definition.reviewers)


async def _strictness(counts: Counts, desk: Desk) -> Strictness:
    """How strict the actions are of the types in which somebody overrode."""
    return await orders_of({name for (name, *_), _ in counts.by_parts("turn")}, desk)


async def orders_of(types: Collection[str], desk: Desk) -> Strictness:
    found: dict[str, dict[str, int]] = {}
    for name in types:
        actions = (await desk.governed(name)).decision_type.definition.actions
        found[name] = {
            action: permitted.strictness
            for action, permitted in actions.items()
            if permitted.strictness is not None
        }
    return found


async def _looked_up(
    window: Window,
    days: Window,
    by: Bucket | None,
    visible: Visible,
    as_of: datetime,
    desk: Desk,
    reader: Sums,
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
