"""What calibration, drift and silence are counted from, alike ones together."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from psycopg.sql import SQL, Composed

from application.metrics.periods import periods_of
from application.metrics.reliability import Labelled, Portion
from application.metrics.silence import DAYS, OUTCOMES, VERDICTS, VOLUME, Due
from application.metrics.window import Window

Rows = Callable[[SQL | Composed, Any], Awaitable[list[tuple[Any, ...]]]]

DUE = """
    WITH counted AS (
        SELECT c.measure, bool_or(p.period = ANY (%(before)s)) AS before,
            bool_or(p.period = ANY (%(since)s)) AS since
        FROM unnest(%(before)s::text[] || %(since)s::text[]) AS p (period)
        CROSS JOIN unnest(ARRAY['acted_on', 'received']) AS m (measure)
        CROSS JOIN LATERAL (
            SELECT measure FROM feedback_counts
            WHERE decision_type = %(type)s AND period = p.period AND measure = m.measure
                AND label = '' OFFSET 0
        ) AS c
        GROUP BY c.measure
    ), heard AS (
        SELECT type, max(at) AS at FROM audit_trail
        WHERE decision_type = %(type)s AND type IN ('decision.outcome_observed',
            'decision.quality_confirmed', 'decision.quality_overturned',
            'volume.declared', 'volume.corrected')
        GROUP BY type
    )
    SELECT
        coalesce((SELECT before AND since FROM counted WHERE measure = 'acted_on'), false),
        coalesce((SELECT before AND since FROM counted WHERE measure = 'received'), false),
        EXISTS (SELECT FROM feedback WHERE decision_type = %(type)s AND quality_queue IS NOT NULL
            AND quality_verdict IS NULL AND state = 'completed' AND ended_at < %(began)s),
        (SELECT max(at) FROM heard WHERE type = ANY (%(outcomes)s)),
        (SELECT max(at) FROM heard WHERE type = ANY (%(verdicts)s)),
        (SELECT max(at) FROM heard WHERE type = ANY (%(volume)s))
"""
# A segment is looked up where the case's facts are kept; without one, nothing is.
SEGMENT: LiteralString = """
        LEFT JOIN past_cases AS p ON p.key = f.key AND %(segment)s::text IS NOT NULL
        CROSS JOIN LATERAL (SELECT f.model_name || '@' || f.model_version AS model,
            CASE WHEN %(segment)s::text IS NOT NULL
                THEN coalesce(p.facts::jsonb ->> %(segment)s::text, 'unknown') END AS segment) AS s
"""
LABELS = """
    SELECT s.model, s.segment, round(f.confidence * 10000)::integer, f.label,
        trim_scale(f.label_probability)::text, count(*)
    FROM feedback AS f {segmented}
    WHERE f.decision_type = %(type)s AND f.ended_at >= %(since)s AND f.ended_at < %(until)s
        AND f."end" <> 'withdrawn' AND NOT f.is_test AND f.label IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5
"""
KINDS = """
    SELECT s.model, s.segment, k.measure, k.kind, count(*)
    FROM feedback AS f {segmented}
    CROSS JOIN LATERAL (
        SELECT 'all' AS measure, '' AS kind
        UNION ALL SELECT 'confidence', coalesce(
            least(div(round(f.confidence * 10000), 1000), 9)::integer::text, 'none')
        UNION ALL SELECT 'lane', f.lane WHERE f.lane IS NOT NULL
        UNION ALL SELECT 'reason_code', jsonb_array_elements_text(f.reason_codes)
    ) AS k
    WHERE f.decision_type = %(type)s AND NOT f.is_test
        AND f.received_at >= %(since)s AND f.received_at < %(until)s
    GROUP BY 1, 2, 3, 4
"""
FIRST_DAY = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything that is counted here."""


async def due(rows: Rows, decision_type: str, began: datetime) -> Due:
    """What there was to hear of since a moment, and when something last was heard."""
    asked: dict[str, Any] = {
        "type": decision_type,
        "began": began,
        "before": [*periods_of(Window(since=FIRST_DAY, until=began))],
        "since": [*periods_of(Window(since=began, until=began + timedelta(days=DAYS + 1)))],
        "outcomes": [*OUTCOMES],
        "verdicts": [*VERDICTS],
        "volume": [*VOLUME],
    }
    ((*found,),) = await rows(SQL(DUE), asked)
    return Due(*found)


async def labels(
    rows: Rows, decision_type: str, window: Window, segment: str | None
) -> Sequence[Labelled]:
    """What ended in a window and has a label."""
    asked = {"type": decision_type, "segment": segment, **window.__dict__}
    return [Labelled(*row) for row in await rows(_segmented(LABELS), asked)]


async def kinds(
    rows: Rows, decision_type: str, window: Window, segment: str | None
) -> Sequence[Portion]:
    """What was received in a window, by what it is."""
    asked = {"type": decision_type, "segment": segment, **window.__dict__}
    return [Portion(*row) for row in await rows(_segmented(KINDS), asked)]


def _segmented(statement: LiteralString) -> Composed:
    return SQL(statement).format(segmented=SQL(SEGMENT))
