"""Rehearsals on PostgreSQL: a row each, with how far it is, and the report in full at the end."""

from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from application.ports import Busy
from application.rehearsal.report import Report
from application.rehearsing import SILENT_FOR, Asked, Standing, State

OPEN = """
    INSERT INTO rehearsals (id, decision_type, policy_version, asked, state)
    VALUES (%s, %s, %s, %s, 'running') ON CONFLICT DO NOTHING RETURNING id
"""
FIND = """
    SELECT asked, state, done, total, now() - beat_at, problem, report
    FROM rehearsals WHERE id = %s
"""
RUNNING = "SELECT count(*) FROM rehearsals WHERE state = 'running' AND beat_at > now() - %s"
BEAT = """
    UPDATE rehearsals SET done = %s, total = %s, beat_at = now()
    WHERE id = %s AND state = 'running' RETURNING id
"""
CLOSE = """
    UPDATE rehearsals SET state = %s, problem = %s, report = %s, beat_at = now()
    WHERE id = %s AND state = 'running' RETURNING id
"""


class PostgresShelf:
    """Where rehearsals stand; asked seldom, so each question has a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def open(self, id: UUID, asked: Asked) -> bool:
        """Begin one; False where it stands there already."""
        what = (id, asked.decision_type, asked.version, asked.model_dump_json())
        return await self._one(OPEN, what) is not None

    async def find(self, id: UUID) -> Standing | None:
        """How it stands."""
        row = await self._one(FIND, (id,))
        if row is None:
            return None
        asked, state, done, total, silent, problem, report = row
        return Standing(
            id=id,
            asked=Asked.model_validate_json(asked),
            state=state,
            done=done,
            total=total,
            silent=silent,
            problem=problem,
            report=None if report is None else Report.model_validate_json(report),
        )

    async def running(self) -> int:
        """How many run."""
        row = await self._one(RUNNING, (SILENT_FOR,))
        return 0 if row is None else int(row[0])

    async def beat(self, id: UUID, done: int, total: int) -> bool:
        """Say how far it is; False where it is not wanted any more."""
        return await self._one(BEAT, (done, total, id)) is not None

    async def close(
        self, id: UUID, state: State, *, problem: str | None = None, report: Report | None = None
    ) -> bool:
        """End a running one; False where it had ended."""
        text = None if report is None else report.model_dump_json()
        return await self._one(CLOSE, (state, problem, text, id)) is not None

    async def _one(
        self, statement: LiteralString, parameters: tuple[Any, ...]
    ) -> tuple[Any, ...] | None:
        try:
            async with await AsyncConnection.connect(
                self._url, autocommit=True, row_factory=tuple_row
            ) as connection:
                return await (await connection.execute(statement, parameters)).fetchone()
        except psycopg.OperationalError as error:
            raise Busy(f"rehearsals can't be reached now: {error}") from error
