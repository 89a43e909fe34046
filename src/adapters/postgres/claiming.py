"""What is free to be taken on: found by one index, however much waits before it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, LiteralString

from psycopg.sql import SQL, Composed

from application.offers import Free, Kind

Rows = Callable[[SQL | Composed, Any], Awaitable[list[tuple[Any, ...]]]]
"""Runs a statement and gives what it finds."""

KIND: LiteralString = """
    decision_type, (status = 'escalated'),
    (coalesce(CASE WHEN status = 'escalated' THEN person ELSE first_reviewer END, ''))
"""
"""What makes a kind, as the index has it."""

FREE = """
    WITH RECURSIVE unleased (decision_type, escalated, person) AS (
        (SELECT {kind} FROM review_queue
        WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at IS NULL
        ORDER BY {kind} LIMIT 1)
        UNION ALL
        SELECT another.* FROM unleased CROSS JOIN LATERAL (
            SELECT {kind} FROM review_queue
            WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at IS NULL
                AND ({kind}) > (unleased.decision_type, unleased.escalated, unleased.person)
            ORDER BY {kind} LIMIT 1
        ) AS another
    ), free AS (
        SELECT unleased.*, first.* FROM unleased CROSS JOIN LATERAL (
            SELECT key, version, producer, due_at, (-coalesce(risk, -1)) AS risk FROM review_queue
            WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at IS NULL
                AND ({kind}) = (unleased.decision_type, unleased.escalated, unleased.person)
            ORDER BY due_at, (-coalesce(risk, -1)), key LIMIT %(of_each)s
        ) AS first
        UNION ALL
        SELECT {kind}, key, version, producer, due_at, (-coalesce(risk, -1)) FROM review_queue
        WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at <= %(now)s
    )
    SELECT decision_type, escalated, person, key, version, producer
    FROM free ORDER BY due_at, risk, key
"""
STATEMENT = SQL(FREE).format(kind=SQL(KIND))


async def first_of_each_kind(rows: Rows, queue: str, now: datetime, of_each: int) -> list[Free]:
    """So many of every kind in the order of the queue, and all on which a lease has run out."""
    found = await rows(STATEMENT, {"queue": queue, "now": now, "of_each": of_each})
    return [Free(Kind(*row[:3]), *row[3:]) for row in found]
