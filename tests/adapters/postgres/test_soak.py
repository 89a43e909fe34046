"""No event is ever skipped: eight writers and nine followers, each a process, many of them killed."""

import asyncio
from pathlib import Path
from threading import Event as Flag
from typing import Any

import psycopg
import pytest
from an_event import a_codec, an_id, append, noted
from eventsourcing.persistence import StoredEvent
from outages import until_busy
from soak.checking import Answers, faults_of_answers, faults_of_sight
from soak.followers import line
from soak.journals import Journal, whole_lines

from adapters.postgres import writer as writing
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.recorder import GroupCommitRecorder, datastore

PATIENCE = 60


def test_every_follower_saw_exactly_the_log_and_every_answer_was_true(
    soak_verdict: dict[str, Any],
) -> None:
    assert soak_verdict["faults"] == []
    assert soak_verdict["writers"] >= 8
    assert soak_verdict["kills"] >= 1
    assert soak_verdict["acknowledged"] >= soak_verdict["kills"]


LOG = [line(n, "stream", n) for n in range(1, 6)]


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        (LOG, None),
        (LOG[:-1], "missed 1 of 5"),
        (LOG[1:], "missed 1 of 5"),
        ([*LOG, LOG[2]], "more than once"),
        ([LOG[1], LOG[0], *LOG[2:]], "out of order"),
        ([*LOG, line(6, "stream", 6)], "not in the log"),
    ],
)
def test_what_a_follower_saw_is_compared_event_by_event(seen: list[str], fault: str | None) -> None:
    found = faults_of_sight("it", LOG, seen)
    assert (fault in found[0]) if fault else found == []


@pytest.mark.parametrize(
    ("journal", "fault"),
    [
        (["try a 2", "written a 2", "try b 1", "written b 3"], None),
        (["try a 2", "try b 1", "try c 1"], None),  # killed before they were told
        (["try a 2", "try b 1", "try c 1", "written c 4"], "and is not there"),
        (["try a 2", "written a 1", "try b 1"], "and is at 2"),
        (["try a 2", "try b 1", "refused b"], "was refused, and is there"),
        (["try a 3", "try b 1"], "in part: 2 of 3"),
        (["try a 2"], "nobody wrote it"),
    ],
)
def test_answers_are_compared_with_what_is_stored(journal: list[str], fault: str | None) -> None:
    answers = Answers()
    answers.note(journal)
    found = faults_of_answers(answers, {1: "a", 2: "a", 3: "b"})
    assert (fault in found[0]) if fault else found == []


def test_a_journal_that_was_cut_off_goes_on_after_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_text("1 a\n2 b\n3 c cut o")
    assert list(whole_lines(path)) == ["1 a", "2 b"]
    journal = Journal(path)
    assert journal.last == "2 b"
    journal.add(["3 c", "4 d"])
    assert Journal(path).last == "4 d"
    assert list(whole_lines(path)) == ["1 a", "2 b", "3 c", "4 d"]


# Would the play notice? Two transactions that commit in the other order than their positions:
# under the lock there is no such thing; without it a follower skips, and the check says so.


class Hesitates(GroupCommitRecorder):
    """Its events have positions, and are not committed until it is told to."""

    inserted: Flag
    commit: Flag

    def _fetch_ids_after_insert_events(self, *args: Any, **kwargs: Any) -> Any:
        self.inserted.set()
        assert self.commit.wait(PATIENCE)
        return super()._fetch_ids_after_insert_events(*args, **kwargs)


class HesitatesWithoutLock(Hesitates):
    def _lock_table(self, curs: Any) -> None:
        """A log that takes its promises lightly."""


class Sight:
    """A follower of the log, one look at a time, and the verdict on it."""

    def __init__(self, log: PostgresEventLog) -> None:
        self.log = log
        self.seen: list[str] = []
        self.position = 0

    async def look(self) -> None:
        for p in await self.log.after(self.position):
            self.position = p.position
            self.seen.append(line(p.position, p.event.originator_id, p.event.originator_version))

    async def faults(self) -> list[str]:
        await self.look()
        everything = Sight(self.log)
        await everything.look()
        return faults_of_sight("the follower", everything.seen, self.seen)


@pytest.mark.parametrize(("first", "skips"), [(Hesitates, False), (HesitatesWithoutLock, True)])
def test_without_its_lock_the_librarys_door_makes_a_follower_skip(
    database_url: str, first: type[Hesitates], skips: bool
) -> None:
    async def test() -> None:
        with datastore(database_url) as store:
            slow = first(store, events_table_name="remit_events")
            slow.inserted, slow.commit = Flag(), Flag()
            async with PostgresEventLog(database_url, a_codec()) as log:
                follower = Sight(log)
                event = StoredEvent(
                    an_id(), 1, "test.noted.v1", a_codec().to_stored_event(noted(an_id())).state
                )
                slowly = asyncio.create_task(asyncio.to_thread(slow.insert_events, [event]))
                assert await asyncio.to_thread(slow.inserted.wait, PATIENCE)
                quickly = asyncio.create_task(log.append(append(noted(an_id()))))
                await until_done_or_locked_out(quickly, database_url)
                await follower.look()
                slow.commit.set()
                assert await slowly == [1]
                assert await quickly == 2
                assert bool(await follower.faults()) is skips

    asyncio.run(asyncio.wait_for(test(), PATIENCE))


@pytest.mark.parametrize("locks", [True, False])
def test_without_its_lock_the_writer_makes_a_follower_skip(
    database_url: str, monkeypatch: pytest.MonkeyPatch, locks: bool
) -> None:
    if not locks:
        monkeypatch.setattr(writing, "LOCK", "SELECT %b::bigint")

    async def test() -> None:
        async with (
            PostgresEventLog(database_url, a_codec()) as one,
            PostgresEventLog(database_url, a_codec()) as other,
        ):
            follower = Sight(one)
            async with await psycopg.AsyncConnection.connect(database_url) as in_the_way:
                await in_the_way.execute(
                    "INSERT INTO commands VALUES ('teller/note', 'k', '', %s, 1)", (an_id(),)
                )
                slowly = asyncio.create_task(one.append(append(noted(an_id()), key="k")))
                await until_busy(database_url, "transactionid")
                quickly = asyncio.create_task(other.append(append(noted(an_id()))))
                await until_done_or_locked_out(quickly, database_url)
                await follower.look()
                await in_the_way.rollback()
            assert (await slowly, await quickly) == (1, 2)
            assert bool(await follower.faults()) is not locks

    asyncio.run(asyncio.wait_for(test(), PATIENCE))


async def until_done_or_locked_out(append: asyncio.Task[int], url: str) -> None:
    locked_out = asyncio.create_task(until_busy(url, "advisory"))
    await asyncio.wait({append, locked_out}, return_when=asyncio.FIRST_COMPLETED)
    locked_out.cancel()
    await asyncio.gather(locked_out, return_exceptions=True)
