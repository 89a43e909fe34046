"""Both stores for projections keep the same promises."""

import asyncio
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from a_projection import TABLE, Tallies
from an_event import a_codec, an_id, append, noted
from projection_contract import Bench, ProjectionContract, folded, some_events

from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.postgres import rebuilding
from adapters.postgres.following import follow
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.projections import ProjectionStore
from adapters.postgres.rebuilding import MAX, NIL, Span, fill_part
from adapters.postgres.rows import number


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

    @pytest.mark.parametrize("page", [1, 2, 3, 7, 1_000])
    def test_a_page_may_end_anywhere_in_a_stream(
        self, bench: Bench, database_url: str, page: int
    ) -> None:
        for events in some_events(page):
            horizon = bench.write(events)
        with psycopg.connect(database_url) as connection, connection.cursor() as cursor:
            everything = Span(NIL, MAX, horizon)
            pages = rebuilding.folded(cursor, a_codec(), Tallies(), everything, page)
            rows = [row for rows in pages for row in rows]
        assert len({row.key for row in rows}) == len(rows)
        assert {row.key: row for row in rows} == bench.everything()

    def test_what_is_left_of_a_dead_rebuild_writes_nothing_into_a_later_one(
        self, bench: Bench, database_url: str
    ) -> None:
        part = Span(NIL, MAX, bench.write([noted(an_id())]))
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE shadow (LIKE tally INCLUDING ALL)")
            oid = number(connection.cursor(), "SELECT to_regclass('shadow')::oid")
            fill = partial(fill_part, database_url, a_codec(), Tallies(), "shadow")
            fill(oid + 1, part)
            assert number(connection.cursor(), "SELECT count(*) FROM shadow") == 0
            fill(oid, part)
            assert number(connection.cursor(), "SELECT count(*) FROM shadow") == 1

    def test_a_rebuilt_table_keeps_its_indexes_by_name(
        self, bench: Bench, database_url: str
    ) -> None:
        indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'tally' ORDER BY 1"
        with psycopg.connect(database_url) as connection:
            before = connection.execute(indexes).fetchall()
            connection.commit()
            bench.store.rebuild(Tallies())
            assert connection.execute(indexes).fetchall() == before
