"""A connection lost before, in and after the commit, a server that dies: every answer is true."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
from an_event import a_codec, an_id, append, noted
from outages import AT_COMMIT, a_wire, cut_off, stored, until_busy

from adapters.postgres import connecting
from adapters.postgres.locks import log_lock
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.writer import Writer
from application.ports import Busy, Overtaken, Unknown

PATIENCE = 60
"""Seconds a test may take on a slow machine before it counts as hanging."""


def run(writer: Writer, test: Callable[[Writer], Awaitable[None]]) -> None:
    async def run_it() -> None:
        await writer.open()
        async with asyncio.timeout(PATIENCE):
            await test(writer)
            await writer.close()

    asyncio.run(run_it())


@pytest.fixture
def with_trouble_at_commit(database_url: str) -> str:
    with psycopg.connect(database_url) as connection:
        connection.execute(AT_COMMIT.encode())
    return database_url


def test_a_commit_that_fails_fails_its_own_append_alone(with_trouble_at_commit: str) -> None:
    async def test(writer: Writer) -> None:
        texts = ["one", "two", "refuse", "three", "four"]
        appends = [append(noted(an_id(), text=text)) for text in texts]
        found = await asyncio.gather(*map(writer.append, appends), return_exceptions=True)
        assert [isinstance(f, int) for f in found] == [True, True, False, True, True], found
        assert isinstance(await writer.append(append(noted(an_id()))), int)

    run(Writer(with_trouble_at_commit, a_codec()), test)
    assert stored(with_trouble_at_commit) == 5


def test_cut_off_in_the_commit_nothing_was_written_and_the_waiter_is_told_so(
    with_trouble_at_commit: str,
) -> None:
    async def test(writer: Writer) -> None:
        waiting = asyncio.ensure_future(writer.append(append(noted(an_id(), text="dawdle"))))
        for _ in range(2):  # it is sent twice before it is given up
            await until_busy(with_trouble_at_commit, "PgSleep")
            await asyncio.to_thread(cut_off, with_trouble_at_commit)
        with pytest.raises(Busy):
            await waiting
        assert isinstance(await writer.append(append(noted(an_id()))), int)

    run(Writer(with_trouble_at_commit, a_codec()), test)
    assert stored(with_trouble_at_commit) == 1


def test_cut_off_before_the_commit_the_append_is_written_by_the_next_connection(
    database_url: str,
) -> None:
    async def test(writer: Writer) -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as other:
            await other.execute("SELECT pg_advisory_xact_lock(%s)", (log_lock(),))
            waiting = asyncio.ensure_future(writer.append(append(noted(an_id()))))
            await until_busy(database_url, "advisory")
            await asyncio.to_thread(cut_off, database_url)
        assert isinstance(await waiting, int)

    run(Writer(database_url, a_codec()), test)
    assert stored(database_url) == 1


def test_an_answer_that_never_comes_is_not_waited_for(database_url: str) -> None:
    async def test() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with a_wire(database_url, Path(directory)) as (wire, through):
                writer = Writer(through, a_codec(), answered_within=0.5)
                await writer.open()
                await writer.append(append(noted(an_id())))
                wire.fall_silent()
                appends = [append(noted(an_id()), key=str(n)) for n in range(3)]
                async with asyncio.timeout(PATIENCE):
                    positions = await asyncio.gather(*map(writer.append, appends))
                    assert sorted(positions) == positions
                    await writer.close()

    asyncio.run(test())
    assert stored(database_url) == 4


def test_while_the_log_is_locked_for_good_the_answer_is_busy_and_nobody_hangs(
    database_url: str,
) -> None:
    async def test(writer: Writer) -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as other:
            await other.execute("SELECT pg_advisory_xact_lock(%s)", (log_lock(),))
            appends = [append(noted(an_id())) for _ in range(50)]
            found = await asyncio.gather(*map(writer.append, appends), return_exceptions=True)
            assert {type(f) for f in found} == {Busy}
        assert isinstance(await writer.append(append(noted(an_id()))), int)

    run(Writer(database_url, a_codec(), locked_within=0.5), test)
    assert stored(database_url) == 1


def test_without_a_database_everyone_who_waits_is_told_at_the_same_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one batch after the other, each after a wait of its own."""

    async def unreachable(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("the database is gone")

    async def test(writer: Writer) -> None:
        monkeypatch.setattr(psycopg.AsyncConnection, "connect", unreachable)
        await asyncio.to_thread(cut_off, database_url)
        loop = asyncio.get_running_loop()
        told: list[float] = []

        async def submit() -> None:
            with pytest.raises((Busy, Unknown)):  # the first were sent on the dead connection
                await writer.append(append(noted(an_id())))
            told.append(loop.time())

        await asyncio.gather(*(submit() for _ in range(200)))
        assert max(told) - min(told) < 1.0, "they were told in turns"
        monkeypatch.undo()
        assert isinstance(await writer.append(append(noted(an_id()))), int)

    run(Writer(database_url, a_codec(), reconnect_within=1.0), test)
    assert stored(database_url) == 1


def test_a_connection_counts_only_once_its_predecessors_have_ended(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else what an old connection still writes would come after "nothing was recorded"."""
    ended: list[bool] = []
    ending = connecting.end_predecessors

    async def hesitate(connection: psycopg.AsyncConnection[object], name: str) -> None:
        if not ended:
            ended.append(False)
            await asyncio.sleep(600)
        await ending(connection, name)
        ended.append(True)

    async def test(writer: Writer) -> None:
        await writer.append(append(noted(an_id())))
        monkeypatch.setattr(connecting, "end_predecessors", hesitate)
        await asyncio.to_thread(cut_off, database_url)
        with pytest.raises((Busy, Unknown)):
            await writer.append(append(noted(an_id())))
        await writer.append(append(noted(an_id())))
        assert ended == [False, True]

    run(Writer(database_url, a_codec(), reconnect_within=0.5), test)


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_whatever_isolation_a_database_prefers_the_log_is_written_in_turns(
    database_url: str, isolation: str
) -> None:
    async def test() -> None:
        async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
            name = other.info.dbname
            prefer = f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"
            await other.execute(prefer.encode())
        first, second = Writer(database_url, a_codec()), Writer(database_url, a_codec())
        await first.open()
        await second.open()
        policy = an_id()
        await first.append(append(noted(policy, 1)))
        async with await psycopg.AsyncConnection.connect(database_url) as other:
            await other.execute("SELECT pg_advisory_xact_lock(%s)", (log_lock(),))
            moves = asyncio.ensure_future(first.append(append(noted(policy, 2))))
            await until_busy(database_url, "advisory")
            takes = asyncio.ensure_future(second.append(append(noted(policy, 2))))
            await asyncio.sleep(0.2)
        assert isinstance(await moves, int)
        with pytest.raises(Overtaken):
            await takes
        await first.close()
        await second.close()

    asyncio.run(test())
    assert stored(database_url) == 2


def test_a_log_that_cannot_be_read_now_says_so_soon(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("the database is gone")

    async def test() -> None:
        log = PostgresEventLog(database_url, a_codec(), reconnect_within=0.5)
        async with log, asyncio.timeout(PATIENCE):
            await log.newest()
            monkeypatch.setattr(psycopg.AsyncConnection, "connect", unreachable)
            with psycopg.Connection.connect(database_url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            with pytest.raises(Busy):
                await log.newest()
            monkeypatch.undo()
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        assert await log.newest() == 0
                        break
                    except Busy:
                        await asyncio.sleep(0.1)

    asyncio.run(test())
