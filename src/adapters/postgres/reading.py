"""Reading projections on PostgreSQL: one statement a question."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, LiteralString, Self, TypeVar, cast

from psycopg.sql import SQL, Composed, Identifier

from adapters.postgres import figures, reliability
from adapters.postgres.claiming import first_of_each_kind
from adapters.postgres.figures import Figures
from adapters.postgres.ledger import PostgresLedger
from adapters.postgres.pooled import busy, pool, reading
from application.metrics.formulas import Found
from application.metrics.periods import periods_of
from application.metrics.reliability import Labelled, Portion
from application.metrics.silence import Due
from application.metrics.window import Window
from application.offers import Free
from application.projections import Row
from application.projections.audit_trail import AuditLine
from application.projections.catalogue import ALL
from application.projections.counting import EVIDENCE
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.projections.volumes import VolumeRow
from application.reading import (
    ExceptionMark,
    KeyMark,
    Narrowed,
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

HAS_REASON: LiteralString = """
    (reasons @> jsonb_build_array(jsonb_build_object('code', %s::text))
        OR exceptions @> to_jsonb(%s::text))
"""
QUEUE_ORDER: LiteralString = "due_at, (-coalesce(risk, -1)), key"
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

    def __init__(self, url: str, *, readers: int = 4, reconnect_within: float = 5.0) -> None:
        self._pool = pool(url, readers, reconnect_within, options="-c TimeZone=UTC")
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
        self, name: str, narrowed: Narrowed, after: QueueMark | None, limit: int
    ) -> Sequence[QueueItem]:
        """What waits in a queue, in its order."""
        conditions: Conditions = [
            ("waits AND queue = %s", name),
            (SEES, _listed(narrowed.visible)),
            ("lane = %s", narrowed.lane),
            (HAS_REASON, _reason(narrowed)),
            # One row comparison, so that the index answers it.
            ("(due_at, -coalesce(risk, -1), key) > (%s, %s, %s)", after.order if after else None),
        ]
        return await self._select(QueueItem, "review_queue", conditions, QUEUE_ORDER, limit)

    async def free(self, name: str, now: datetime, of_each: int) -> Sequence[Free]:
        """So many of every kind that nobody has on lease and people may take, in order."""
        return await first_of_each_kind(self._rows, name, now, of_each)

    async def exceptions(
        self, name: str, narrowed: Narrowed, after: ExceptionMark | None, limit: int
    ) -> Sequence[Raised]:
        """What was raised over actions and waits in a queue, in the order of its marks."""
        where, parameters = _where(
            [
                ("raised.queue = %s", name),
                ("raised.decision_type = ANY (%s)", _listed(narrowed.visible)),
                ("r.lane = %s", narrowed.lane),
                ("'EXC.' || raised.code = %s", narrowed.reason),
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
        self, name: str | None, narrowed: Narrowed, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """Completed decisions that the lot fell on and nobody has judged, the oldest first."""
        conditions: Conditions = [
            ("quality_queue IS NOT NULL AND quality_verdict IS NULL AND state = %s", "completed"),
            ("quality_queue = %s", name),
            (SEES, _listed(narrowed.visible)),
            ("lane = %s", narrowed.lane),
            ("reason_codes @> to_jsonb(%s::text)", narrowed.reason),
            ("key > %s", after.key if after else None),
        ]
        return await self._select(FeedbackRow, "feedback", conditions, "key", limit)

    async def volumes(self, visible: Visible, since: date, until: date) -> Sequence[VolumeRow]:
        """The declared periods that lie from a day up to and with another."""
        conditions: Conditions = [
            (SEES, _listed(visible)),
            ("first_day >= %s", since),
            ("last_day <= %s", until),
        ]
        return await self._select(VolumeRow, "volumes", conditions, "key", None)

    async def due(self, decision_type: str, began: datetime) -> Due:
        """What there was to hear of since a moment, and when something last was heard."""
        return await reliability.due(self._rows, decision_type, began)

    async def labels(
        self, decision_type: str, window: Window, segment: str | None
    ) -> Sequence[Labelled]:
        """What ended in a window and has a label, alike ones together."""
        return await reliability.labels(self._rows, decision_type, window, segment)

    async def kinds(
        self, decision_type: str, window: Window, segment: str | None
    ) -> Sequence[Portion]:
        """What was received in a window, by what it is."""
        return await reliability.kinds(self._rows, decision_type, window, segment)

    async def of_models(
        self, decision_type: str, window: Window, models: Sequence[str]
    ) -> Sequence[FeedbackRow]:
        """What these models recommended in a window, in the order of ids."""
        conditions: Conditions = [
            ("decision_type = %s", decision_type),
            ("received_at >= %s", window.since),
            ("received_at < %s", window.until),
            ("model_name || '@' || model_version = ANY (%s) AND NOT is_test", list(models)),
        ]
        return await self._select(FeedbackRow, "feedback", conditions, "key", None)

    async def facts(self, window: Window, visible: Visible) -> AsyncIterator[FeedbackRow]:
        """Everything that may matter to the metrics of a window, as one moment holds it."""
        conditions: Conditions = [
            ('(touched_at >= %s OR "end" IS NULL)', window.since),
            ("received_at < %s", window.until),
            (SEES, _listed(visible)),
        ]
        where, parameters = _where(conditions)
        statement = SQL(FACTS).format(columns=_columns(FeedbackRow), conditions=where)
        with busy("read"):
            await self._pool.check()
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

    async def evidence(self, decision_type: str, window: Window) -> Mapping[str, int]:
        """What the decisions received in a window of whole days count for, to certify by."""
        asked = {"decision_type": decision_type, "measure": EVIDENCE}
        periods = {"periods": list(periods_of(window))}
        return dict(await self._rows(SQL(figures.EVIDENCE), asked | periods))

    async def lanes(
        self, decision_type: str, windows: Sequence[Window]
    ) -> Sequence[Mapping[str, int]]:
        """How many came in, by the lane they were routed to first, for windows of whole days."""
        named = [(n, period) for n, window in enumerate(windows) for period in periods_of(window)]
        asked = {"decision_type": decision_type, "measure": EVIDENCE}
        parts = {"places": [place for place, _ in named], "periods": [p for _, p in named]}
        found: list[dict[str, int]] = [{} for _ in windows]
        for place, lane, n in await self._rows(SQL(figures.LANES), asked | parts):
            found[place][lane] = n
        return found

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
        limit: int | None,
    ) -> list[R]:
        where, parameters = _where(conditions)
        statement = SQL(SELECT).format(
            columns=_columns(kind), table=Identifier(table), conditions=where, order=SQL(order)
        )
        rows = await self._rows(statement, (*parameters, limit))
        return [kind.model_validate_json(text) for (text,) in rows]

    async def _rows(self, statement: SQL | Composed, parameters: Any) -> list[tuple[Any, ...]]:
        async def read() -> list[tuple[Any, ...]]:
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement, parameters)
                return await cursor.fetchall()

        return await reading(self._pool, read)


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


def _reason(narrowed: Narrowed) -> tuple[str, str | None] | None:
    return None if narrowed.reason is None else (narrowed.reason, narrowed.exception)


def _columns(kind: type[Row]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in kind.model_fields)
