"""What is free to be taken on: found by one index, however much waits before it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.sql import SQL, Composed

from application.offers import Free
from application.reading import Kind

Rows = Callable[[SQL | Composed, Any], Awaitable[list[tuple[Any, ...]]]]
"""Runs a statement and gives what it finds."""

WHOSE: LiteralString = """
    decision_type, (status = 'escalated'),
    (coalesce(CASE WHEN status = 'escalated' THEN person ELSE first_reviewer END, ''))
"""
"""What makes a kind, as the index has it."""

KINDS = """
    WITH RECURSIVE free (decision_type, escalated, person) AS (
        (SELECT {whose} FROM review_queue
        WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at IS NULL
        ORDER BY {whose} LIMIT 1)
        UNION ALL
        SELECT another.* FROM free CROSS JOIN LATERAL (
            SELECT {whose} FROM review_queue
            WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at IS NULL
                AND ({whose}) > (free.decision_type, free.escalated, free.person)
            ORDER BY {whose} LIMIT 1
        ) AS another
    )
    SELECT * FROM free
    UNION
    SELECT {whose} FROM review_queue
    WHERE queue = %(queue)s AND waits_for_a_person AND lease_expires_at <= %(now)s
"""
FREE = """
    SELECT found.key, found.version
    FROM unnest(%(types)s::text[], %(escalated)s::boolean[], %(people)s::text[])
            AS kind (decision_type, escalated, person)
        CROSS JOIN LATERAL (({never}) UNION ALL ({lapsed})) AS found
    ORDER BY found.due_at, found.risk, found.key LIMIT %(limit)s
"""
OF_A_KIND = """
    SELECT key, version, due_at, (-coalesce(risk, -1)) AS risk FROM review_queue
    WHERE queue = %(queue)s AND waits_for_a_person AND {lease}
        AND ({whose}) = (kind.decision_type, kind.escalated, kind.person)
        AND producer <> %(person)s
    ORDER BY due_at, (-coalesce(risk, -1)), key LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Claiming:
    """The questions of whoever claims the next one of a queue."""

    rows: Rows
    queue: str
    now: datetime

    async def kinds(self) -> list[Kind]:
        """What kinds of decisions are free in the queue."""
        asked = {"queue": self.queue, "now": self.now}
        return [Kind(*row) for row in await self.rows(_statement(KINDS), asked)]

    async def free(self, kinds: Sequence[Kind], person: str, limit: int) -> list[Free]:
        """The first of these kinds that are free, in the order of the queue."""
        asked = {
            "queue": self.queue,
            "now": self.now,
            "person": person,
            "types": [kind.decision_type for kind in kinds],
            "escalated": [kind.escalated for kind in kinds],
            "people": [kind.person for kind in kinds],
            "limit": limit,
        }
        never = _statement(OF_A_KIND, lease=SQL("lease_expires_at IS NULL"))
        lapsed = _statement(OF_A_KIND, lease=SQL("lease_expires_at <= %(now)s"))
        statement = SQL(FREE).format(never=never, lapsed=lapsed)
        return [Free(*row) for row in await self.rows(statement, asked)]


def _statement(text: LiteralString, **parts: SQL) -> Composed:
    return SQL(text).format(whose=SQL(WHOSE), **parts)
