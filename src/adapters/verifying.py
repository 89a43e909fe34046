"""Verifying metrics on PostgreSQL: both sides in one transaction, as of one moment of the log."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.sql import SQL

from adapters.assembly import codec, postgres_desk
from adapters.postgres.figures import TYPES, Figures
from adapters.postgres.projections import POSITION, ProjectionStore
from adapters.postgres.rows import number, tuples
from adapters.settings import Settings
from application.metrics.formulas import Found
from application.metrics.window import Window
from application.projections.feedback import Feedback
from application.projections.volumes import Volumes
from application.reading import Visible
from application.verifying import Verified, compared, reports_of

NEWEST = "SELECT coalesce(max(notification_id), 0) FROM remit_events"


class OneMoment:
    """What the metrics look up, through one cursor."""

    def __init__(self, cursor: Cursor[Any]) -> None:
        self._cursor = cursor

    async def extent(self, window: Window, visible: Visible) -> Window | None:
        """The days of a window from the first to the last on which anything counts."""
        return await self._figures(visible).extent(window)

    async def found(
        self, windows: Sequence[Window], visible: Visible, as_of: datetime
    ) -> Sequence[Found]:
        """What is known of windows of whole days, as the sums say it."""
        return await self._figures(visible).found(windows, as_of)

    def _figures(self, visible: Visible) -> Figures:
        return Figures(self.rows, None if visible is None else sorted(visible))

    async def rows(self, statement: SQL, parameters: Any) -> list[tuple[Any, ...]]:
        """What a statement finds."""
        return tuples(self._cursor).execute(statement, parameters).fetchall()


def verify_metrics(url: str, settings: Settings, decision_type: str | None = None) -> Verified:
    """Compare every figure that is kept up with what folding the log anew gives."""
    return asyncio.run(_verified(url, settings, decision_type))


async def _verified(url: str, settings: Settings, decision_type: str | None) -> Verified:
    async with postgres_desk(url, settings) as desk:
        as_of = desk.clock.now()
        if decision_type is not None:
            await desk.governed(decision_type)
        projections = (Feedback(), Volumes())
        with (
            closing(ProjectionStore(url, codec())) as store,
            store.seen_twice(projections) as (cursor, fold),
        ):
            moment = OneMoment(cursor)
            asked = [(decision_type,)] if decision_type else await moment.rows(SQL(TYPES), ())
            types = [name for (name,) in asked]
            kept = await reports_of(types, moment, desk, as_of)
            position = number(cursor, POSITION, Feedback.name)
            behind = max(0, number(cursor, NEWEST) - position)
            differing = fold()
            folded = await reports_of(types, moment, desk, as_of)
        return Verified(
            position=position,
            behind=behind,
            decision_types=compared(kept, folded),
            rows_differing=tuple(each.key for each in differing),
        )
