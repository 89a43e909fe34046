"""What storage for projections promises. Each adapter runs these very tests."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from threading import Event as Flag
from time import monotonic, sleep
from typing import Any, Protocol
from uuid import UUID

import pytest
from a_projection import Amounts, Tallies, Tally
from an_event import an_id, counted, noted

from application.ports import EventLog, Positioned
from application.projections import Projection, fold_onto
from domain.model import Event


class Store(Protocol):
    def position(self, projection: Projection[Any]) -> int: ...
    def rows(self, projection: Projection[Any]) -> dict[str, Any]: ...
    def advance(self, projection: Projection[Any], limit: int = 2_000) -> int: ...
    def catch_up(self, projection: Projection[Any], limit: int = 2_000) -> int: ...
    def rebuild(
        self, projection: Projection[Any], progress: Callable[[int, int], None] | None = None
    ) -> int: ...
    def verify(self, projection: Projection[Any]) -> Sequence[object]: ...


@dataclass(frozen=True)
class Bench:
    """A log, storage beside it, and a way to follow and to break things."""

    write: Callable[[Sequence[Event]], int]
    everything: Callable[[], dict[str, Tally | None]]
    store: Store
    follow: Callable[[Sequence[Projection[Any]], Flag], None]
    falsify: Callable[[str], None]


def folded(log: EventLog, runner: asyncio.Runner) -> dict[str, Tally | None]:
    """What folding the whole log gives, without any storage."""
    rows: dict[str, Tally | None] = {}

    async def everything() -> Sequence[Positioned]:
        return await log.after(0, limit=1_000_000)

    fold_onto(Tallies(), rows, Tallies().concerned(runner.run(everything())))
    return {key: row for key, row in rows.items() if row is not None}


def some_events(seed: int, streams: int = 12, rounds: int = 40) -> Iterator[list[Event]]:
    """Appends of one to four events to streams of a few kinds, in no particular order."""
    random = Random(seed)
    versions: dict[UUID, int] = {an_id(): 0 for _ in range(streams)}
    for _ in range(rounds):
        stream = random.choice(list(versions))
        events: list[Event] = []
        for _ in range(random.randint(1, 4)):
            versions[stream] += 1
            text = random.choice(["a", "b", "c", "skip", "forget"])
            note = noted(stream, versions[stream], text)
            count = counted(stream, versions[stream], random.randint(1, 9))
            events.append(random.choice([note, count]))
        yield events


class ProjectionContract:
    """Subclasses give the fixture `bench`."""

    @pytest.mark.parametrize("limit", [1, 7, 2_000])
    def test_stored_rows_equal_the_fold(self, bench: Bench, limit: int) -> None:
        for events in some_events(limit):
            bench.write(events)
            bench.store.advance(Tallies(), limit)
        bench.store.catch_up(Tallies(), limit)
        assert bench.store.rows(Tallies()) == bench.everything()
        assert bench.store.verify(Tallies()) == []

    def test_nothing_new_changes_nothing(self, bench: Bench) -> None:
        position = bench.write([noted(stream := an_id()), counted(stream, 2, 5)])
        assert bench.store.advance(Tallies()) == 2
        assert bench.store.position(Tallies()) == position
        assert bench.store.advance(Tallies()) == 0
        assert bench.store.rows(Tallies())[str(stream)].amount == 5

    def test_a_projection_may_follow_some_topics_alone(self, bench: Bench) -> None:
        stream = an_id()
        bench.write([noted(stream), counted(stream, 2, 5), noted(stream, 3)])
        position = bench.write([noted(an_id())])
        assert bench.store.catch_up(Amounts(), 1) == 1
        assert bench.store.position(Amounts()) == position
        assert [(r.amount, r.notes) for r in bench.store.rows(Amounts()).values()] == [(5, 0)]

    def test_an_event_that_cannot_be_folded_leaves_rows_and_position(self, bench: Bench) -> None:
        position = bench.write([noted(stream := an_id())])
        bench.store.catch_up(Tallies())
        bench.write([noted(stream, 2), noted(stream, 3, "stumble")])
        with pytest.raises(ArithmeticError):
            bench.store.advance(Tallies())
        assert bench.store.position(Tallies()) == position
        assert bench.store.rows(Tallies())[str(stream)].notes == 1

    def test_a_falsified_row_is_found_and_a_rebuild_mends_it(self, bench: Bench) -> None:
        streams = [an_id() for _ in range(3)]
        for stream in streams:
            bench.write([noted(stream)])
        bench.store.catch_up(Tallies())
        bench.falsify(str(streams[1]))
        assert [getattr(d, "key", None) for d in bench.store.verify(Tallies())] == [str(streams[1])]
        heard: list[tuple[int, int]] = []
        bench.store.rebuild(Tallies(), lambda position, newest: heard.append((position, newest)))
        assert bench.store.verify(Tallies()) == []
        assert heard
        assert heard[-1][0] == heard[-1][1]

    def test_a_rebuild_while_writing_equals_the_fold(self, bench: Bench) -> None:
        stop = Flag()
        follower = threading.Thread(target=bench.follow, args=([Tallies()], stop))
        follower.start()
        rebuilders: list[threading.Thread] = []
        for n, events in enumerate(some_events(5, rounds=150)):
            bench.write(events)
            if n % 50 == 10:
                rebuilders.append(threading.Thread(target=bench.store.rebuild, args=(Tallies(),)))
                rebuilders[-1].start()
        for rebuilder in rebuilders:
            rebuilder.join(20)
        bench.store.catch_up(Tallies())
        stop.set()
        follower.join(10)
        assert bench.store.rows(Tallies()) == bench.everything()
        assert bench.store.verify(Tallies()) == []

    def test_two_runners_at_once_count_every_event_once(self, bench: Bench) -> None:
        stop = Flag()
        runners = [
            threading.Thread(target=bench.follow, args=([Tallies()], stop)) for _ in range(2)
        ]
        for runner in runners:
            runner.start()
        stream = an_id()
        for version in range(1, 101):
            position = bench.write([counted(stream, version, 1)])
        until = monotonic() + 10
        while bench.store.position(Tallies()) < position and monotonic() < until:
            sleep(0.02)
        stop.set()
        for runner in runners:
            runner.join(10)
            assert not runner.is_alive()
        assert bench.store.rows(Tallies())[str(stream)].amount == 100

    def test_a_projection_that_fails_stops_no_other(self, bench: Bench) -> None:
        stop = Flag()

        class Stumbling(Tallies):
            name = "stumbling"

            def fold(self, row: Tally | None, positioned: Positioned) -> Tally | None:
                raise ArithmeticError("nothing can be folded")

        follower = threading.Thread(target=bench.follow, args=([Stumbling(), Tallies()], stop))
        follower.start()
        position = bench.write(
            [
                noted(an_id(), text="a"),
            ]
        )
        until = monotonic() + 10
        while bench.store.position(Tallies()) < position and monotonic() < until:
            sleep(0.02)
        stop.set()
        follower.join(10)
        assert bench.store.position(Tallies()) == position
