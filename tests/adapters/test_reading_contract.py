"""Both readers of the projections keep the same promises."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest
from reading_contract import (
    LOTS,
    Library,
    Opened,
    ReaderContract,
    a_decision,
    adopted,
    on_postgres,
)

from adapters.assembly import codec
from adapters.clock import HeldClock
from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from adapters.memory.reading import MemoryReader
from adapters.worker import (
    catch_up,
    following,
    positions,
    projection_names,
    rebuild,
    verify,
)
from application.desk import Desk
from application.projections.catalogue import ALL
from application.reading import ProjectionsBehind, Search, caught_up
from tests.domain.builders import NOON


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def in_memory() -> AsyncGenerator[Library]:
    log, clock = MemoryEventLog(codec()), HeldClock(NOON)
    reader = MemoryReader(log, MemoryProjectionStore(log))

    async def catch_up() -> None:
        """A look does that by itself."""

    yield Library(Desk(log, clock, LOTS), reader, clock, catch_up)


class TestInMemory(ReaderContract):
    @pytest.fixture
    def opened(self) -> Opened:
        return in_memory


class TestOnPostgres(ReaderContract):
    @pytest.fixture
    def opened(self, database_url: str) -> Opened:
        return lambda: on_postgres(database_url)

    @pytest.mark.anyio
    async def test_whoever_waits_hears_when_the_rows_do_not_follow(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            with pytest.raises(ProjectionsBehind, match="feedback by"):
                await caught_up(library.reader, timedelta(seconds=0.2))

    @pytest.mark.anyio
    async def test_two_workers_keep_the_rows_up_and_stop_when_asked(
        self, database_url: str
    ) -> None:
        async with on_postgres(database_url) as library:
            with following(database_url), following(database_url):
                await adopted(library)
                for n in range(20):
                    await a_decision(library, f"s{n}")
                await caught_up(library.reader, timedelta(seconds=20))
            found = await library.reader.decisions(Search(), None, None, 50)
            assert len(found) == 20
        for projection in ALL:
            assert verify(database_url, projection.name) == []

    @pytest.mark.anyio
    async def test_a_rebuild_tells_how_far_it_is(self, database_url: str) -> None:
        async with on_postgres(database_url) as library:
            await adopted(library)
            await a_decision(library, "a")
            newest = await library.desk.log.newest()
        catch_up(database_url)
        for projection in ALL:
            heard: list[tuple[int, int]] = []
            hear: Callable[[int, int], None] = lambda at, of, to=heard: to.append((at, of))  # noqa: E731
            rebuild(database_url, projection.name, hear)
            assert heard[-1] == (newest, newest)
            assert verify(database_url, projection.name) == []
        folded = [found for found in positions(database_url) if found[0] in projection_names()]
        assert folded == [(p.name, newest, 0) for p in ALL]


def test_the_tables_have_the_columns_of_the_rows(database_url: str) -> None:
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
    with psycopg.connect(database_url) as connection:
        for projection in ALL:
            found = {name for (name,) in connection.execute(columns, (projection.name,))}
            assert found == set(projection.Row.model_fields)
