"""The Merkle log is exact, however it is killed and whoever else grows it, and tells of tampering."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from time import monotonic, sleep

import psycopg
import pytest
from an_event import a_codec, an_id, append, noted

from adapters.postgres.log import PostgresEventLog
from adapters.postgres.merkle import MerkleStore
from adapters.postgres.reading import PostgresReader
from adapters.postgres.record import Record, as_of_one_moment, verify
from application.audit.entries import entry
from application.audit.ledger import (
    Ledger,
    NoSuchTree,
    NotInTheLog,
    Published,
    RecordChanged,
    consistency,
    inclusion,
    standing,
)
from application.audit.merkle import extends, includes, leaf_hash
from tests.application.audit.trees import root_by_the_book

HERE = Path(__file__).parent
GROW = """
import sys
from adapters.postgres.merkle import MerkleStore
store = MerkleStore(sys.argv[1])
while True:
    store.advance(3)
"""
EDIT = "ALTER TABLE remit_events DISABLE TRIGGER remit_events_append_only"


async def some_events(url: str, count: int) -> None:
    """Events of streams of one, two and three; now and then a position stays empty."""
    async with PostgresEventLog(url, a_codec()) as log:
        for n in range(count // 2):
            stream = an_id()
            await log.append(append(*(noted(stream, v + 1, f"{n}") for v in range(n % 3 + 1))))
    with psycopg.connect(url) as connection:
        connection.execute("SELECT nextval('remit_events_notification_id_seq')")


@pytest.fixture
def store(database_url: str) -> Generator[MerkleStore]:
    with closing(MerkleStore(database_url)) as store:
        yield store


@asynccontextmanager
async def a_ledger(url: str) -> AsyncGenerator[Ledger]:
    async with PostgresReader(url) as reader:
        yield reader.ledger


def by_the_book(url: str) -> tuple[int, bytes]:
    with as_of_one_moment(url) as record:
        leaves = [leaf_hash(entry(one)) for one in whole(record)]
        return len(leaves), root_by_the_book(leaves)


def whole(record: Record) -> list[object]:
    return list(record.events())  # type: ignore[arg-type]


def tamper(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(EDIT)
        connection.execute(statement)  # type: ignore[arg-type]  # written here


def test_the_tree_is_that_of_the_events_and_so_is_one_built_anew(
    database_url: str, store: MerkleStore
) -> None:
    for _ in range(3):
        asyncio.run(some_events(database_url, 120))
        store.catch_up(50)
    live = store.tree()
    assert (live.size, live.root) == by_the_book(database_url)
    with psycopg.connect(database_url) as connection:
        tiles = connection.execute("SELECT * FROM merkle_tiles ORDER BY 1, 2").fetchall()
        assert store.rebuild() == live
        assert store.tree() == live
        again = connection.execute("SELECT * FROM merkle_tiles ORDER BY 1, 2").fetchall()
    assert tiles == again
    assert verify(database_url).problem is None


def test_it_is_exact_while_workers_that_grow_it_together_are_killed(
    database_url: str, store: MerkleStore
) -> None:
    asyncio.run(some_events(database_url, 900))
    source = HERE.parents[2] / "src"
    environment = os.environ | {"PYTHONPATH": str(source)}
    command = (sys.executable, "-c", GROW, database_url)
    for _ in range(3):
        together = [subprocess.Popen(command, env=environment) for _ in range(2)]
        goal, until = store.position() + 60, monotonic() + 20
        while store.position() < goal and monotonic() < until:
            sleep(0.01)
        for one in together:
            one.kill()
            one.wait(10)
    threads = [Thread(target=store.catch_up, args=(7,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.tree().size, store.tree().root) == by_the_book(database_url)
    assert store.rebuild() == store.tree()
    assert verify(database_url).problem is None


def test_what_the_ledger_proves_holds(database_url: str, store: MerkleStore) -> None:
    asyncio.run(some_events(database_url, 600))
    store.catch_up(170)

    async def play() -> None:
        async with a_ledger(database_url) as ledger:
            head = await ledger.head()
            assert (head.size, head.root) == (store.tree().size, store.tree().root)
            for index, position in ((0, 1), (300, 301), (head.size - 1, head.size)):
                found = await inclusion(position, ledger)
                assert (found.index, found.size, found.checkpoint) == (index, head.size, None)
                leaf = leaf_hash(found.entry)
                assert includes(leaf, index, head.size, found.hashes, head.root)
            shown = await consistency(257, None, ledger)
            new = (head.size, head.root)
            assert extends((257, shown.old_root), new, shown.hashes)
            with pytest.raises(NotInTheLog):
                await inclusion(head.size + 1, ledger)
            with pytest.raises(NoSuchTree):
                await inclusion(300, ledger, size=100)
            for old, later in ((0, None), (5, 4), (5, head.size + 1)):
                with pytest.raises(NoSuchTree):
                    await consistency(old, later, ledger)

    asyncio.run(play())


def test_what_is_published_protects_what_came_before(database_url: str, store: MerkleStore) -> None:
    asyncio.run(some_events(database_url, 60))
    store.catch_up()

    async def play() -> None:
        async with a_ledger(database_url) as ledger:
            head = await ledger.head()
            assert (await standing(ledger)).unprotected == head.size
            published = Published(head.size, head.root, "note", datetime.now(UTC))
            await ledger.publish(published)
            assert await ledger.checkpoint() == published
            assert await ledger.checkpoint(head.size - 1) == published
            assert await ledger.checkpoint(head.size) is None
            assert (await inclusion(5, ledger)).checkpoint == published
            assert (await inclusion(5, ledger, size=10)).checkpoint is None
            await some_events(database_url, 4)
            assert (await standing(ledger)).unprotected == 3

    asyncio.run(play())


@pytest.mark.parametrize(
    ("statement", "position"),
    [
        ("UPDATE remit_events SET state = state || ' ' WHERE notification_id = 300", 300),
        ("UPDATE remit_events SET topic = 'test.counted.v1' WHERE notification_id = 2", 2),
        ("UPDATE remit_events SET notification_id = 9000 WHERE notification_id = 300", 300),
        ("DELETE FROM remit_events WHERE notification_id = 257", 257),
        ("DELETE FROM remit_events WHERE notification_id > 290", 291),
    ],
)
def test_a_changed_record_is_found_at_its_first_change(
    database_url: str, store: MerkleStore, statement: str, position: int
) -> None:
    asyncio.run(some_events(database_url, 400))
    store.catch_up()
    tamper(database_url, statement)
    found = verify(database_url)
    assert (found.bad_position, bool(found.problem)) == (position, True)

    async def play() -> None:
        async with a_ledger(database_url) as ledger:
            with pytest.raises(RecordChanged):
                await inclusion(position, ledger)

    asyncio.run(play())


def test_an_event_that_was_slipped_into_a_gap_is_found(
    database_url: str, store: MerkleStore
) -> None:
    asyncio.run(some_events(database_url, 20))
    asyncio.run(some_events(database_url, 20))
    store.catch_up()
    gap = next(n for n in range(1, 100) if n not in set(positions(database_url)))
    tamper(
        database_url,
        "INSERT INTO remit_events SELECT gen_random_uuid(), 1, topic, state, "
        f"{gap} FROM remit_events LIMIT 1",
    )
    assert verify(database_url).bad_position == gap


def positions(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [n for (n,) in connection.execute("SELECT notification_id FROM remit_events")]


def test_a_record_that_was_rewritten_with_its_tree_is_not_what_was_published(
    database_url: str, store: MerkleStore
) -> None:
    asyncio.run(some_events(database_url, 60))
    store.catch_up()
    before = store.tree()

    async def publish() -> None:
        async with a_ledger(database_url) as ledger:
            await ledger.publish(Published(before.size, before.root, "", datetime.now(UTC)))

    asyncio.run(publish())
    tamper(database_url, "UPDATE remit_events SET state = state || ' ' WHERE notification_id = 5")
    with pytest.raises(RecordChanged, match="not those that were published"):
        store.rebuild()
    assert store.tree() == before
    tamper(database_url, "DELETE FROM checkpoints")
    store.rebuild()
    assert verify(database_url).problem is None
    asyncio.run(publish())
    assert "not those that were published" in str(verify(database_url).problem)
