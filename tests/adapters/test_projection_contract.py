"""Both stores for projections keep the same promises."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest
from a_projection import TABLE, Tallies
from an_event import a_codec, an_id, append, noted
from projection_contract import Bench, ProjectionContract, folded

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.postgres.following import follow
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.projections import ProjectionStore


class TestInMemory(ProjectionContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        log = MemoryEventLog(a_codec())
        store = MemoryProjectionStore(log)

        def falsify(key: str) -> None:
            rows = store._rows["tally"]  # there is no other way, which is the point
            rows[key] = rows[key].model_copy(update={"notes": 99})

        with asyncio.Runner() as runner:
            yield Bench(
                write=lambda events: runner.run(log.append(append(*events))),
                everything=lambda: folded(log, runner),
                store=store,
                follow=store.follow,
                falsify=falsify,
            )


class TestOnPostgres(ProjectionContract):
    @pytest.fixture
    def bench(self, database_url: str) -> Iterator[Bench]:
        with psycopg.connect(database_url) as connection:
            connection.execute(TABLE)
        store = ProjectionStore(database_url, a_codec())

        def falsify(key: str) -> None:
            with psycopg.connect(database_url) as connection:
                connection.execute("UPDATE tally SET notes = 99 WHERE key = %s", (key,))

        async def opened() -> PostgresEventLog:
            return await PostgresEventLog(database_url, a_codec()).__aenter__()

        with asyncio.Runner() as runner:
            log = runner.run(opened())
            yield Bench(
                write=lambda events: runner.run(log.append(append(*events))),
                everything=lambda: folded(log, runner),
                store=store,
                follow=lambda those, stop: follow(database_url, store, those, stop),
                falsify=falsify,
            )
            runner.run(log.close())
        store.close()

    def test_a_rebuild_that_died_half_way_leaves_the_rows_and_a_rerun_is_clean(
        self, bench: Bench
    ) -> None:
        for _ in range(3):
            bench.write([noted(an_id())])
        bench.store.catch_up(Tallies())
        before = bench.store.rows(Tallies())

        def die(position: int, newest: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            bench.store.rebuild(Tallies(), die)
        assert bench.store.rows(Tallies()) == before
        for _ in range(2):
            bench.store.rebuild(Tallies())
        assert bench.store.rows(Tallies()) == before

    def test_a_rebuilt_table_keeps_its_indexes_by_name(
        self, bench: Bench, database_url: str
    ) -> None:
        indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'tally' ORDER BY 1"
        with psycopg.connect(database_url) as connection:
            before = connection.execute(indexes).fetchall()
            connection.commit()
            bench.store.rebuild(Tallies())
            assert connection.execute(indexes).fetchall() == before
