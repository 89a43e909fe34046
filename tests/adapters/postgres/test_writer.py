"""The group-committing writer under a full queue, lost connections, and its end."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from an_event import a_codec, an_id, append, noted
from outages import cut_off, stored, until_busy

from adapters.postgres import writer as writing
from adapters.postgres.batch import Entry
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.writer import Writer
from application.ports import Busy, Overtaken, Unknown

Test = Callable[[Writer], Awaitable[None]]


def run(writer: Callable[[], Writer], test: Test) -> None:
    async def run_it() -> None:
        made = writer()
        await made.open()
        async with asyncio.timeout(20):
            await test(made)
            await made.close()

    asyncio.run(run_it())


class LosesAnswers(Writer):
    """Its first transactions commit, or don't, and then the connection is gone."""

    url: str
    loses = 1
    after_commit = True

    async def _send(self, connection: Any, batch: list[Entry], parameters: dict[str, Any]) -> None:
        if not self.loses:
            return await super()._send(connection, batch, parameters)
        self.loses -= 1
        if self.after_commit:
            answered = [entry.answer for entry in batch]
            for entry in batch:
                entry.answer = asyncio.get_running_loop().create_future()
            await super()._send(connection, batch, parameters)
            for entry, answer in zip(batch, answered, strict=True):
                entry.answer = answer
        else:
            for entry in batch:
                entry.sent += 1
        await connection.close()
        raise psycopg.OperationalError("the connection was lost")


def test_a_full_queue_is_refused_at_once_and_harms_nobody_in_it(database_url: str) -> None:
    async def test(writer: Writer) -> None:
        tasks = [asyncio.create_task(writer.append(append(noted(an_id())))) for _ in range(9)]
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(f, Busy) for f in found) == 4
        assert sum(isinstance(f, int) for f in found) == 5

    run(lambda: Writer(database_url, a_codec(), capacity=5), test)


def test_large_events_fill_the_queue_before_its_number_does(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_HELD", 50_000)

    async def test(writer: Writer) -> None:
        large = [append(noted(an_id(), text="x" * 10_000)) for _ in range(9)]
        found = await asyncio.gather(*map(writer.append, large), return_exceptions=True)
        assert [isinstance(f, Busy) for f in found] == [False] * 5 + [True] * 4
        found = await asyncio.gather(*map(writer.append, large[5:]))
        assert len(found) == 4

    run(lambda: Writer(database_url, a_codec()), test)
    assert stored(database_url) == 9


def test_no_statement_grows_without_bound(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MAX_BYTES", 25_000)
    sizes: list[int] = []

    class Weighs(Writer):
        async def _send(
            self, connection: Any, batch: list[Entry], parameters: dict[str, Any]
        ) -> None:
            sizes.append(len(batch))
            await super()._send(connection, batch, parameters)

    async def test(writer: Writer) -> None:
        large = [append(noted(an_id(), text="x" * 10_000)) for _ in range(9)]
        await asyncio.gather(*map(writer.append, large))

    run(lambda: Weighs(database_url, a_codec()), test)
    assert sizes == [3, 3, 3]


def test_a_writer_without_the_lock_overtakes_but_spoils_nothing(database_url: str) -> None:
    """Such as the library's stock recorder, should anybody point it at our table."""
    taken = an_id()

    async def test(writer: Writer) -> None:
        async with await psycopg.AsyncConnection.connect(database_url) as other:
            await other.execute(
                "INSERT INTO remit_events VALUES (%s, 1, 'test.noted.v1', '{}')", (taken,)
            )
            appends = [append(noted(id)) for id in (an_id(), taken, an_id())]
            waiting = [asyncio.ensure_future(writer.append(each)) for each in appends]
            await until_busy(database_url, "transactionid")
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(f) for f in found] == [int, Overtaken, int]

    run(lambda: Writer(database_url, a_codec()), test)
    assert stored(database_url) == 3


def test_what_was_accepted_is_written_before_closing(database_url: str) -> None:
    async def test(writer: Writer) -> None:
        tasks = [asyncio.create_task(writer.append(append(noted(an_id())))) for _ in range(50)]
        await asyncio.sleep(0)
        await writer.close()
        assert all(isinstance(f, int) for f in await asyncio.gather(*tasks))
        with pytest.raises(Busy):
            await writer.append(append(noted(an_id())))

    run(lambda: Writer(database_url, a_codec()), test)
    assert stored(database_url) == 50


def test_a_connection_lost_while_idle_goes_unnoticed_by_callers(database_url: str) -> None:
    async def test(writer: Writer) -> None:
        await writer.append(append(noted(an_id())))
        assert await asyncio.to_thread(cut_off, database_url) == 1
        await asyncio.gather(*(writer.append(append(noted(an_id()))) for _ in range(5)))

    run(lambda: Writer(database_url, a_codec()), test)
    assert stored(database_url) == 6


@pytest.mark.parametrize("after_commit", [True, False])
def test_a_lost_answer_is_settled_by_looking(database_url: str, after_commit: bool) -> None:
    async def test(writer: Writer) -> None:
        appends = [append(noted(an_id()), key=str(n)) for n in range(5)]
        positions = await asyncio.gather(*map(writer.append, appends))
        assert sorted(positions) == list(positions)

    def make() -> Writer:
        writer = LosesAnswers(database_url, a_codec())
        writer.after_commit = after_commit
        return writer

    run(make, test)
    assert stored(database_url) == 5


def test_nobody_is_told_what_nobody_knows(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreachable(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("the database is gone")

    async def test(writer: Writer) -> None:
        monkeypatch.setattr(psycopg.AsyncConnection, "connect", unreachable)
        with pytest.raises(Unknown):
            await writer.append(append(noted(an_id())))
        with pytest.raises(Busy):  # this one was never sent
            await writer.append(append(noted(an_id())))
        monkeypatch.undo()
        await writer.append(append(noted(an_id())))

    run(lambda: LosesAnswers(database_url, a_codec(), reconnect_within=0.3), test)


def test_under_cuts_every_answer_is_true(database_url: str) -> None:
    async def test() -> None:
        async with PostgresEventLog(database_url, a_codec()) as log, asyncio.timeout(20):
            done = asyncio.Event()

            async def submit(n: int) -> list[int]:
                found: list[int] = []
                while not done.is_set():
                    # Cut off twice in a row, an append is given up; then nothing may be recorded.
                    with suppress(Busy):
                        found.append(await log.append(append(noted(an_id()), noted(an_id()))))
                return found

            submitters = [asyncio.create_task(submit(n)) for n in range(8)]
            for _ in range(5):
                await asyncio.sleep(0.1)
                await asyncio.to_thread(cut_off, database_url)
            done.set()
            positions = [p for found in await asyncio.gather(*submitters) for p in found]
            assert positions
            assert len(set(positions)) == len(positions)
            assert stored(database_url) == 2 * len(positions)

    asyncio.run(test())
