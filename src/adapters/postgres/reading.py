"""Reading projections on PostgreSQL: one statement a question."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, LiteralString, Self, TypeVar, cast

from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier
from psycopg_pool import AsyncConnectionPool

from adapters.postgres.figures import Figures
from adapters.postgres.ledger import PostgresLedger
from application.metrics.formulas import Found
from application.metrics.window import Window
from application.projections import Row
from application.projections.audit_trail import AuditLine
from application.projections.catalogue import ALL
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import (
    Claimant,
    ExceptionMark,
    KeyMark,
    Queue,
    QueueMark,
    Raised,
    Search,
    Standing,
    TrailMark,
    TrailSearch,
    Visible,
)
from domain.values import ExceptionCode

R = TypeVar("R", bound=Row)
Conditions = Sequence[tuple[LiteralString, Any]]
"""Conditions, each with its parameter or a tuple of them; None makes it not count."""

SELECT = """
    SELECT row_to_json(r)::text FROM (
        SELECT {columns} FROM {table} WHERE {conditions} ORDER BY {order} LIMIT %s
    ) AS r
"""
FACTS = "SELECT row_to_json(r)::text FROM (SELECT {columns} FROM feedback WHERE {conditions}) AS r"
SEES: LiteralString = "decision_type = ANY (%s)"

QUEUE_ORDER: LiteralString = "due_at, (-coalesce(risk, -1)), key"
CLAIMABLE = """
    SELECT row_to_json(r)::text FROM (
        SELECT {columns} FROM review_queue
        WHERE queue = %s AND waits AND waits_for_a_person
            AND (lease_expires_at IS NULL OR lease_expires_at <= %s)
            AND producer <> %s AND first_reviewer IS DISTINCT FROM %s
            AND CASE WHEN status = 'escalated'
                THEN person = %s OR %s::text[] IS NULL OR decision_type = ANY (%s)
                ELSE %s::text[] IS NULL OR decision_type = ANY (%s) END
        ORDER BY due_at, (-coalesce(risk, -1)), key LIMIT %s
    ) AS r
"""
RAISED: LiteralString = """
        SELECT f.*, u ->> 'exception' AS code, (u ->> 'since')::timestamptz AS since,
            u -> 'placement' ->> 'queue' AS queue,
            (u -> 'placement' ->> 'due_at')::timestamptz AS due_at
        FROM (SELECT key, decision_type, unsettled FROM feedback WHERE unsettled <> '[]') AS f,
            jsonb_array_elements(f.unsettled) AS u
        WHERE jsonb_typeof(u -> 'placement') = 'object'
"""
EXCEPTIONS = """
    SELECT row_to_json(r)::text, raised.code, raised.since, raised.due_at
    FROM ({raised}) AS raised
    JOIN LATERAL (SELECT {columns} FROM feedback WHERE key = raised.key) AS r ON true
    WHERE {conditions}
    ORDER BY raised.due_at, raised.key, raised.code COLLATE "C" LIMIT %s
"""
QUEUES = """
    SELECT row_to_json(r)::text FROM (
        SELECT queue AS name, 'review' AS kind, decision_type,
            count(*) AS waiting,
            count(*) FILTER (WHERE lease_expires_at > %(now)s) AS claimed,
            count(*) FILTER (WHERE due_at < %(now)s) AS overdue,
            min(entered_at) AS oldest_at,
            min(due_at) AS next_due_at
        FROM review_queue
        WHERE waits AND (%(visible)s::text[] IS NULL OR decision_type = ANY (%(visible)s))
        GROUP BY queue, decision_type
        UNION ALL
        SELECT queue, 'exception', decision_type, count(*), 0,
            count(*) FILTER (WHERE due_at < %(now)s), min(since), min(due_at)
        FROM ({raised}) AS raised
        WHERE %(visible)s::text[] IS NULL OR decision_type = ANY (%(visible)s)
        GROUP BY queue, decision_type
        UNION ALL
        SELECT quality_queue, 'quality', decision_type, count(*), 0, 0, min(ended_at), NULL
        FROM feedback
        WHERE quality_queue IS NOT NULL AND quality_verdict IS NULL AND state = 'completed'
            AND (%(visible)s::text[] IS NULL OR decision_type = ANY (%(visible)s))
        GROUP BY quality_queue, decision_type
    ) AS r
"""
POSITIONS = """
    SELECT name, coalesce(t.notification_id, 0),
        (SELECT coalesce(max(notification_id), 0) FROM remit_events)
    FROM unnest(%s::text[]) WITH ORDINALITY AS p (name, place)
    LEFT JOIN remit_tracking AS t ON t.application_name = p.name
    ORDER BY place
"""


class PostgresReader:
    """What the projections' tables say, through a small pool of its own."""

    def __init__(self, url: str, *, readers: int = 4) -> None:
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=readers,
            open=False,
            kwargs={"autocommit": True, "options": "-c TimeZone=UTC"},
            check=AsyncConnectionPool.check_connection,
        )
        self.ledger = PostgresLedger(self._pool)

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=True, timeout=10)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close()

    async def decisions(
        self, search: Search, visible: Visible, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """The newest decisions first."""
        conditions: Conditions = [
            (SEES, _listed(visible)),
            ("decision_type = %s", search.decision_type),
            ("state = %s", search.state),
            ("lane = %s", search.lane),
            ("subject = %s", search.subject),
            ("received_at >= %s", search.since),
            ("received_at < %s", search.until),
            ("key < %s", after.key if after else None),
        ]
        return await self._select(FeedbackRow, "feedback", conditions, "key DESC", limit)

    async def queues(self, visible: Visible, now: datetime) -> Sequence[Queue]:
        """Every queue with something in it, by name and decision type."""
        statement = SQL(QUEUES).format(raised=SQL(RAISED))
        rows = await self._rows(statement, {"now": now, "visible": _listed(visible)})
        found = [Queue.model_validate_json(text) for (text,) in rows]
        return sorted(found, key=lambda queue: (queue.name, queue.decision_type, queue.kind))

    async def queue(
        self, name: str, visible: Visible, after: QueueMark | None, limit: int
    ) -> Sequence[QueueItem]:
        """What waits in a queue, in its order."""
        conditions: Conditions = [
            ("waits AND queue = %s", name),
            (SEES, _listed(visible)),
            # One row comparison, so that the index answers it.
            ("(due_at, -coalesce(risk, -1), key) > (%s, %s, %s)", after.order if after else None),
        ]
        return await self._select(QueueItem, "review_queue", conditions, QUEUE_ORDER, limit)

    async def claimable(
        self, name: str, claimant: Claimant, now: datetime, limit: int
    ) -> Sequence[QueueItem]:
        """The first of a queue that nobody holds and that the claimant may take."""
        me = claimant.person
        escalations, reviews = _listed(claimant.escalations), _listed(claimant.reviews)
        seats = (me, escalations, escalations, reviews, reviews)
        statement = SQL(CLAIMABLE).format(columns=_columns(QueueItem))
        rows = await self._rows(statement, (name, now, me, me, *seats, limit))
        return [QueueItem.model_validate_json(text) for (text,) in rows]

    async def exceptions(
        self, name: str, visible: Visible, after: ExceptionMark | None, limit: int
    ) -> Sequence[Raised]:
        """What was raised over actions and waits in a queue, in the order of its marks."""
        where, parameters = _where(
            [
                ("raised.queue = %s", name),
                ("raised.decision_type = ANY (%s)", _listed(visible)),
                (
                    '(raised.due_at, raised.key, raised.code COLLATE "C") > (%s, %s, %s)',
                    after.order if after else None,
                ),
            ]
        )
        statement = SQL(EXCEPTIONS).format(
            raised=SQL(RAISED), columns=_columns(FeedbackRow), conditions=where
        )
        rows = await self._rows(statement, (*parameters, limit))
        read = FeedbackRow.model_validate_json
        return [Raised(read(text), ExceptionCode(code), *at) for text, code, *at in rows]

    async def checks(
        self, name: str | None, visible: Visible, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """Completed decisions that the lot fell on and nobody has judged, the oldest first."""
        conditions: Conditions = [
            ("quality_queue IS NOT NULL AND quality_verdict IS NULL AND state = %s", "completed"),
            ("quality_queue = %s", name),
            (SEES, _listed(visible)),
            ("key > %s", after.key if after else None),
        ]
        return await self._select(FeedbackRow, "feedback", conditions, "key", limit)

    async def facts(self, window: Window, visible: Visible) -> AsyncIterator[FeedbackRow]:
        """Everything that may matter to the metrics of a window, as one moment holds it."""
        conditions: Conditions = [
            ('(touched_at >= %s OR "end" IS NULL)', window.since),
            ("received_at < %s", window.until),
            (SEES, _listed(visible)),
        ]
        where, parameters = _where(conditions)
        statement = SQL(FACTS).format(columns=_columns(FeedbackRow), conditions=where)
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor("facts") as cursor,
        ):
            cursor.itersize = 1_000
            await cursor.execute(statement, parameters)
            async for (text,) in cursor:
                yield FeedbackRow.model_validate_json(text)

    async def extent(self, window: Window, visible: Visible) -> Window | None:
        """The days of a window from the first to the last on which anything counts."""
        return await Figures(self._rows, _listed(visible)).extent(window)

    async def found(
        self, windows: Sequence[Window], visible: Visible, as_of: datetime
    ) -> Sequence[Found]:
        """What is known of windows of whole days, as the sums that were kept say it."""
        return await Figures(self._rows, _listed(visible)).found(windows, as_of)

    async def trail(
        self, search: TrailSearch, visible: Visible, after: TrailMark | None, limit: int
    ) -> Sequence[AuditLine]:
        """The newest steps first."""
        conditions: Conditions = [
            (SEES, _listed(visible)),
            ("decision_type = %s", search.decision_type),
            ("decision = %s", search.decision),
            ("stream = %s", search.stream),
            ("event_id = %s", search.event),
            ("type = %s", search.type),
            ("actor_id = %s", search.actor),
            ("actor_seat = %s", search.seat),
            ("correlation_id = %s", search.correlation_id),
            ("at >= %s", search.since),
            ("at < %s", search.until),
            ("position < %s", after.position if after else None),
        ]
        return await self._select(AuditLine, "audit_trail", conditions, "position DESC", limit)

    async def positions(self) -> Sequence[Standing]:
        """How far each projection has followed the log."""
        rows = await self._rows(SQL(POSITIONS), ([each.name for each in ALL],))
        return [Standing(name=n, position=at, newest=newest) for n, at, newest in rows]

    async def _select(
        self,
        kind: type[R],
        table: str,
        conditions: Conditions,
        order: LiteralString,
        limit: int,
    ) -> list[R]:
        where, parameters = _where(conditions)
        statement = SQL(SELECT).format(
            columns=_columns(kind), table=Identifier(table), conditions=where, order=SQL(order)
        )
        rows = await self._rows(statement, (*parameters, limit))
        return [kind.model_validate_json(text) for (text,) in rows]

    async def _rows(self, statement: SQL | Composed, parameters: Any) -> list[tuple[Any, ...]]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(statement, parameters)
            return await cursor.fetchall()


def _where(conditions: Conditions) -> tuple[Composed, list[Any]]:
    """The conditions that count, and their parameters in order."""
    texts: list[SQL] = [SQL("true")]
    parameters: list[Any] = []
    for text, given in conditions:
        if given is not None:
            texts.append(SQL(text))
            several = isinstance(given, tuple)
            parameters.extend(cast("tuple[Any, ...]", given) if several else (given,))
    return SQL(" AND ").join(texts), parameters


def _listed(visible: Visible) -> list[str] | None:
    return None if visible is None else sorted(visible)


def _columns(kind: type[Row]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in kind.model_fields)
