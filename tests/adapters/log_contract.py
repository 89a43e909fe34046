"""What every event log promises. Each adapter runs these very tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import pairwise
from uuid import UUID

import pytest
from an_event import Counted, Noted, an_id, append, counted, entry, noted

from application.ports import (
    Append,
    Busy,
    EventLog,
    Overtaken,
    PriorCommand,
    Repeated,
    Stale,
    SubjectTaken,
)

Opened = Callable[[], AbstractAsyncContextManager[EventLog]]


def run(opened: Opened, test: Callable[[EventLog], Awaitable[None]]) -> None:
    """One test on one event loop, with a log of its own."""

    async def run_it() -> None:
        async with opened() as log, asyncio.timeout(20):
            await test(log)

    asyncio.run(run_it())


async def outcomes(log: EventLog, *appends: Append) -> list[int | Exception]:
    """What became of appends made at once."""
    found = await asyncio.gather(*map(log.append, appends), return_exceptions=True)
    return [f for f in found if isinstance(f, int | Exception)]


async def everything(log: EventLog) -> list[tuple[UUID, int]]:
    found = await log.after(0, limit=10_000)
    return [(p.event.originator_id, p.event.originator_version) for p in found]


class EventLogContract:
    """Subclasses give the fixtures `opened` and `opened_full`."""

    def test_what_was_appended_can_be_read_as_it_was(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            events = (noted(stream, 1, "grüße"), counted(stream, 2, 7))
            position = await log.append(append(*events))
            assert tuple(await log.stream(stream)) == events
            assert [p.event for p in await log.after(0)] == list(events)
            assert (await log.after(0))[-1].position == position

        run(opened, test)

    def test_a_stream_can_be_read_up_to_a_version(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            await log.append(append(*(noted(stream, v) for v in (1, 2, 3))))
            assert [e.originator_version for e in await log.stream(stream, up_to=2)] == [1, 2]
            assert await log.stream(an_id()) == []

        run(opened, test)

    def test_positions_rise_in_the_order_of_the_events(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            streams = [an_id() for _ in range(40)]
            appends = [append(noted(s, 1), counted(s, 2)) for s in streams]
            positions = await asyncio.gather(*map(log.append, appends))
            found = await log.after(0, limit=1000)
            assert all(a.position < b.position for a, b in pairwise(found))
            last = {p.event.originator_id: p.position for p in found}
            assert [last[s] for s in streams] == positions

        run(opened, test)

    def test_the_log_can_be_followed_in_pages(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            for n in range(7):
                await log.append(append(noted(an_id(), text=str(n))))
            texts: list[str] = []
            position = 0
            while page := await log.after(position, limit=3):
                assert len(page) <= 3
                texts += [p.event.text for p in page if isinstance(p.event, Noted)]
                position = page[-1].position
            assert texts == [str(n) for n in range(7)]

        run(opened, test)

    def test_the_log_can_be_followed_by_topic(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            await log.append(append(noted(stream, 1), counted(stream, 2), noted(stream, 3)))
            found = await log.after(0, topics=[Counted.TOPIC])
            assert [p.event.originator_version for p in found] == [2]
            assert len(await log.after(0, topics=[Counted.TOPIC, Noted.TOPIC])) == 3

        run(opened, test)

    def test_of_eight_racing_for_a_version_one_wins(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            racers = [append(noted(stream, 1, str(n)), noted(stream, 2)) for n in range(8)]
            found = await outcomes(log, *racers)
            assert sum(isinstance(f, int) for f in found) == 1
            assert sum(isinstance(f, Overtaken) for f in found) == 7
            assert len(await log.stream(stream)) == 2

        run(opened, test)

    def test_versions_leave_no_gap(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            with pytest.raises(Overtaken):
                await log.append(append(noted(stream, 2)))
            await log.append(append(noted(stream, 1)))
            with pytest.raises(Overtaken):
                await log.append(append(noted(stream, 3)))
            with pytest.raises(ValueError, match="follows"):
                await log.append(append(noted(stream, 2), noted(stream, 4)))
            with pytest.raises(ValueError, match="at least one"):
                await log.append(append())

        run(opened, test)

    def test_an_append_of_several_streams_is_all_or_nothing(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            taken, free = an_id(), an_id()
            await log.append(append(noted(taken, 1)))
            with pytest.raises(Overtaken):
                await log.append(append(noted(free, 1), noted(taken, 1)))
            assert await log.stream(free) == []
            await log.append(append(noted(free, 1), noted(taken, 2), noted(free, 2)))
            assert len(await log.stream(free)) == 2

        run(opened, test)

    def test_what_a_command_relied_on_must_not_have_moved(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            policy, decision = an_id(), an_id()
            await log.append(append(noted(policy, 1)))
            await log.append(append(noted(decision, 1), expects=[(policy, 1)]))
            await log.append(append(noted(policy, 2)))
            for version in (0, 1, 3):
                with pytest.raises(Stale):
                    await log.append(append(noted(decision, 2), expects=[(policy, version)]))
            await log.append(append(noted(decision, 2), expects=[(policy, 2), (an_id(), 0)]))

        run(opened, test)

    def test_relying_and_moving_at_once_come_out_in_some_order(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            policy = an_id()
            await log.append(append(noted(policy, 1)))
            for round in range(1, 6):
                decisions = [an_id() for _ in range(6)]
                relying = [append(noted(d, 1), expects=[(policy, round)]) for d in decisions]
                moving = append(noted(policy, round + 1))
                await outcomes(log, *relying[:3], moving, *relying[3:])
                order = await everything(log)
                moved = order.index((policy, round + 1))
                assert not {(d, 1) for d in decisions} & set(order[moved:])

        run(opened, test)

    def test_a_key_is_used_once(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            first, second = an_id(), an_id()
            await log.append(append(noted(first, 1), noted(first, 2), key="k", content=b"one"))
            with pytest.raises(Repeated) as repeated:
                await log.append(append(noted(second, 1), key="k", content=b"other"))
            assert repeated.value.prior == PriorCommand(first, 2, b"one")
            assert await log.prior("teller/note", "k") == repeated.value.prior
            assert await log.prior("someone else", "k") is None
            assert await log.stream(second) == []

        run(opened, test)

    def test_a_repeated_command_is_told_so_before_anything_else(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            again = append(noted(stream, 1), key="k", enters=entry(stream))
            await log.append(again)
            with pytest.raises(Repeated):
                await log.append(again)

        run(opened, test)

    def test_of_eight_racing_with_one_key_one_is_recorded(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            streams = [an_id() for _ in range(8)]
            found = await outcomes(log, *(append(noted(s, 1), key="k") for s in streams))
            repeated = [f.prior.stream for f in found if isinstance(f, Repeated)]
            assert len(repeated) == 7
            assert {(repeated[0], 1)} == set(await everything(log))
            assert len(set(repeated)) == 1

        run(opened, test)

    def test_a_refused_command_leaves_its_key_free(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            stream = an_id()
            with pytest.raises(Overtaken):
                await log.append(append(noted(stream, 2), key="k"))
            assert await log.prior("teller/note", "k") is None
            await log.append(append(noted(stream, 1), key="k"))

        run(opened, test)

    def test_nobody_enters_a_subject_unaware_of_who_is_there(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            first, second = an_id(), an_id()
            await log.append(append(noted(first, 1), enters=entry(first)))
            with pytest.raises(SubjectTaken) as taken:
                await log.append(append(noted(second, 1), enters=entry(second)))
            assert taken.value.live == {first}
            await log.append(append(noted(second, 1), enters=entry(second, seen=[first])))
            assert await log.live_on("refund", "customer 7") == {first, second}
            assert await log.live_on("refund", "customer 8") == frozenset()

        run(opened, test)

    def test_a_decision_leaves_its_subject(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            first, second = an_id(), an_id()
            await log.append(append(noted(first, 1), enters=entry(first)))
            await log.append(append(noted(first, 2), leaves=[first, an_id()]))
            assert await log.live_on("refund", "customer 7") == frozenset()
            with pytest.raises(SubjectTaken):
                await log.append(append(noted(second, 1), enters=entry(second, seen=[first])))
            await log.append(append(noted(second, 1), enters=entry(second)))

        run(opened, test)

    def test_one_may_enter_as_the_other_leaves(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            first, second = an_id(), an_id()
            await log.append(append(noted(first, 1), enters=entry(first)))
            enters = entry(second, seen=[first])
            await log.append(append(noted(second, 1), enters=enters, leaves=[first]))
            assert await log.live_on("refund", "customer 7") == {second}

        run(opened, test)

    def test_a_decision_is_live_on_one_subject_once(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            decision, other = an_id(), an_id()
            await log.append(append(noted(decision, 1), enters=entry(decision)))
            twice = append(noted(decision, 2), enters=entry(decision, "customer 8"))
            found = await outcomes(log, twice, append(noted(other, 1)))
            assert isinstance(found[0], ValueError)
            assert isinstance(found[1], int)
            assert await log.live_on("refund", "customer 8") == frozenset()

        run(opened, test)

    def test_of_eight_racing_for_a_subject_one_enters(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            decisions = [an_id() for _ in range(8)]
            found = await outcomes(log, *(append(noted(d, 1), enters=entry(d)) for d in decisions))
            assert sum(isinstance(f, SubjectTaken) for f in found) == 7
            assert len(await log.live_on("refund", "customer 7")) == 1

        run(opened, test)

    def test_a_refusal_harms_no_neighbour(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            taken, policy, live = an_id(), an_id(), an_id()
            await log.append(append(noted(taken, 1), key="used"))
            await log.append(append(noted(live, 1), enters=entry(live)))
            good = [an_id() for _ in range(20)]
            bad = [
                append(noted(taken, 1)),
                append(noted(an_id(), 1), expects=[(policy, 4)]),
                append(noted(an_id(), 1), key="used"),
                append(noted(late := an_id(), 1), enters=entry(late)),
            ]
            mixed = [append(noted(g, 1), key=str(g)) for g in good]
            for place, refused in zip((3, 9, 14, 20), bad, strict=True):
                mixed.insert(place, refused)
            found = await outcomes(log, *mixed)
            kinds = [type(f) for f in found if not isinstance(f, int)]
            assert kinds == [Overtaken, Stale, Repeated, SubjectTaken]
            assert set(await everything(log)) == {(s, 1) for s in (taken, live, *good)}

        run(opened, test)

    def test_content_that_cannot_be_kept_harms_no_neighbour(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            good = [an_id() for _ in range(4)]
            found = await outcomes(
                log, *(append(noted(g, 1)) for g in good), append(noted(an_id(), 2**63 + 1))
            )
            assert [isinstance(f, int) for f in found] == [True] * 4 + [False]

        run(opened, test)

    def test_a_waiter_that_went_away_spoils_nothing(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            tasks = [asyncio.create_task(log.append(append(noted(an_id())))) for _ in range(20)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
            kept = {f for f in found if isinstance(f, int)}
            assert len(kept) >= 10
            assert kept <= {p.position for p in await log.after(0)}
            assert await log.append(append(noted(an_id()))) > max(kept)

        run(opened, test)

    def test_a_log_that_holds_no_more_says_so_at_once(self, opened_full: Opened) -> None:
        async def test(log: EventLog) -> None:
            with pytest.raises(Busy):
                await log.append(append(noted(an_id())))
            assert await log.after(0) == []

        run(opened_full, test)

    def test_a_follower_hears_of_every_append(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            await log.append(append(noted(an_id(), text="before")))
            changes = log.changes()
            async with asyncio.timeout(0.5):
                await anext(changes)
            for _ in range(5):
                position = await log.append(append(noted(an_id())))
                async with asyncio.timeout(3):
                    while (await log.after(0, limit=100))[-1].position < position:
                        await anext(changes)

        run(opened, test)

    def test_a_follower_is_woken_long_before_the_next_poll(self, opened: Opened) -> None:
        async def test(log: EventLog) -> None:
            loop = asyncio.get_running_loop()
            changes = log.changes()
            async with asyncio.timeout(3):
                for _ in range(2):
                    await anext(changes)
                for _ in range(3):
                    waiting = asyncio.ensure_future(anext(changes))
                    await asyncio.sleep(0.05)
                    began = loop.time()
                    await log.append(append(noted(an_id())))
                    await waiting
                    assert loop.time() - began < 0.5

        run(opened, test)


@asynccontextmanager
async def as_context(log: EventLog) -> AsyncIterator[EventLog]:
    """A log that needs no opening, as one that does."""
    yield log
