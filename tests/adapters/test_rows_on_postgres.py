"""Folding the events gives what the tables hold, and a rebuilt table equals the live one."""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest
import uuid_utils.compat as uuid_utils
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.assembly import codec
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.projections import ProjectionStore
from application.ports import Append, Positioned
from application.projections import Projection, Row, fold_onto
from application.projections.catalogue import ALL
from domain.decision.events import LifeEvent
from tests.domain.a_life import Life

FEW = settings(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)


def lives() -> list[list[LifeEvent]]:
    """Some random legal histories, each of a decision of its own."""
    lived: list[list[LifeEvent]] = []

    class Kept(Life):
        def teardown(self) -> None:
            if hasattr(self, "history"):
                id = UUID(bytes=uuid_utils.uuid7().bytes)
                lived.append([e.model_copy(update={"originator_id": id}) for e in self.history])

    run_state_machine_as_test(Kept, settings=FEW)
    return lived


def folded(projection: Projection[Any], events: Sequence[Positioned]) -> dict[str, Row]:
    rows: dict[str, Row | None] = {}
    fold_onto(projection, rows, projection.concerned(events))
    return {key: row for key, row in rows.items() if row is not None}


async def written(log: PostgresEventLog, histories: Sequence[Sequence[LifeEvent]]) -> None:
    """Turn by turn a few events of each, as decisions go on side by side."""
    longest = max(len(history) for history in histories)
    for start in range(0, longest, 3):
        for history in histories:
            if part := tuple(history[start : start + 3]):
                await log.append(Append(part))


@pytest.mark.parametrize(("limit", "part"), [(7, 40), (2_000, 50_000)])
def test_stored_rows_equal_the_fold_of_any_lives(database_url: str, limit: int, part: int) -> None:
    """A small part makes a rebuild one of several processes."""

    async def everything() -> Sequence[Positioned]:
        async with PostgresEventLog(database_url, codec()) as log:
            await written(log, lives())
            return await log.after(0, limit=100_000)

    events = asyncio.run(everything())
    with closing(ProjectionStore(database_url, codec())) as store:
        for projection in ALL:
            store.catch_up(projection, limit)
            live = store.rows(projection)
            assert live == folded(projection, events)
            assert store.verify(projection) == []
            store.rebuild(projection, part=part)
            assert store.rows(projection) == live
            assert store.verify(projection) == []
