"""What reading the projections promises. Each adapter runs these very tests."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import JsonValue

from adapters.assembly import codec
from adapters.clock import HeldClock
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.reading import PostgresReader
from adapters.worker import catch_up
from application.calibrating import NoSuchSegment, reliability
from application.declaring import DeclareVolume, PeriodVolume, declare_volume, declared_volumes
from application.delivering import Reverse, report, reverse
from application.desk import Caller, Desk, NoAuthority
from application.evidence.cases import cases_of, labels_of
from application.governing import Adoption, adopt, vacate_owner
from application.listening import listen
from application.lots import LotDrawer
from application.measuring import metrics
from application.metrics.window import Window
from application.observing import (
    Outcome,
    QualityVerdict,
    Remark,
    Reply,
    answer,
    contest,
    judge,
    observe,
)
from application.ports import CommandKey, Identity
from application.projections.catalogue import ALL
from application.projections.counting import EVIDENCE
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import (
    KeyMark,
    Raised,
    Reader,
    Search,
    TrailMark,
    TrailSearch,
    audit_trail,
    caught_up,
    positions,
    search,
)
from application.recommending import Recommend, recommend
from application.reviewing import Claim, claim, review
from application.timing import strike
from application.waiting import Part, Place, claim_next, queues, waiting
from domain.decision.acting import Report
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, Status
from domain.guardrail.document import Sampling
from domain.model import Seat
from domain.values import Disposition, ExceptionCode, Lane, ModelRef, Receipt, Recommendation
from tests.application.office import an_adoption, caller
from tests.domain.builders import (
    DAY,
    HOUR,
    LARGE,
    MINUTE,
    NOON,
    SMALL,
    SUSPICIOUS,
    a_definition,
    a_guardrail,
)


@dataclass(frozen=True)
class Library:
    """A desk to make things happen at, a reader, and a way to let the rows catch up."""

    desk: Desk
    reader: Reader
    clock: HeldClock
    catch_up: Callable[[], Awaitable[None]]


Opened = Callable[[], AbstractAsyncContextManager[Library]]
BOT = caller("bot")
NOBODY = Caller(Identity("guest", "human", {}))


async def a_decision(
    library: Library,
    subject: str,
    context: dict[str, JsonValue] | None = None,
    *,
    confidence: str = "0.95",
    risk: str | None = "0.10",
    decision_type: str = "refund",
    who: Caller = BOT,
) -> Decision:
    """A decision, recommended a second after the one before."""
    library.clock.advance(timedelta(seconds=1))
    said = Recommendation(
        action="refund",
        confidence=Decimal(confidence),
        risk=None if risk is None else Decimal(risk),
    )
    command = Recommend(
        decision_type=decision_type,
        subject=subject,
        recommendation=said,
        model=ModelRef(name="refunder", version="3.1"),
        context=LARGE if context is None else context,
    )
    return (await recommend(command, who, library.desk)).decision


async def adopted(library: Library, adoption: Adoption | None = None) -> None:
    await adopt(adoption or an_adoption(), caller("operator"), library.desk)


def one_queue() -> Adoption:
    """All exceptions wait in one queue, and so does every check of what was automated."""
    exceptions = {
        code: default.model_copy(update={"queue": "exceptions"})
        for code, default in a_definition().exceptions.items()
    }
    checked = Sampling(id="all", of=Lane.AUTOMATE, rate=Decimal(1), queue="exceptions")
    return an_adoption(a_definition(exceptions=exceptions), a_guardrail(sampling=(checked,)))


async def other_type(library: Library) -> Caller:
    """A second decision type of the same shape, and its own producer."""
    definition = a_definition(name="credit")
    await adopt(an_adoption(definition), caller("operator"), library.desk)
    return Caller(Identity("bot", "service", {"credit": frozenset({"producer"})}))


LOTS = LotDrawer(b"lots for a contract", "contract")


@asynccontextmanager
async def on_postgres(url: str) -> AsyncGenerator[Library]:
    clock = HeldClock(NOON)
    async with PostgresEventLog(url, codec()) as log, PostgresReader(url) as reader:
        yield Library(
            Desk(log, clock, LOTS), reader, clock, lambda: asyncio.to_thread(catch_up, url)
        )


class ReaderContract:
    """Subclasses give the fixture `opened`."""

    @pytest.mark.anyio
    async def test_decisions_are_found_by_what_is_asked(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            acted = await a_decision(library, "a", SMALL)
            waits = await a_decision(library, "b")
            await library.catch_up()

            async def found(**asked: object) -> list[str]:
                wanted = Search.model_validate(asked)
                page = await search(wanted, None, 10, caller("audra"), library.reader)
                return [row.subject for row in page.items]

            assert await found() == ["b", "a"]
            assert await found(state=Status.IN_REVIEW) == ["b"]
            assert await found(lane=Lane.AUTOMATE) == ["a"]
            assert await found(subject="a", decision_type="refund") == ["a"]
            assert await found(since=waits.received_at) == ["b"]
            assert await found(until=waits.received_at) == ["a"]
            assert await found(subject="' OR true --") == []
            assert acted.status is Status.ACTIONED

    @pytest.mark.anyio
    async def test_a_list_goes_on_where_the_page_ended(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for subject in "abcde":
                await a_decision(library, subject)
            await library.catch_up()
            seen: list[str] = []
            mark: KeyMark | None = None
            while True:
                page = await search(Search(), mark, 2, caller("audra"), library.reader)
                seen += [row.subject for row in page.items]
                mark = page.next
                if mark is None:
                    break
            assert seen == list("edcba")

    @pytest.mark.anyio
    async def test_nobody_sees_a_decision_type_without_a_seat(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            bot = await other_type(library)
            await a_decision(library, "a")
            await a_decision(library, "b", decision_type="credit", who=bot)
            await library.catch_up()
            reader, desk = library.reader, library.desk
            page = await search(Search(), None, 10, caller("rae"), reader)
            assert {row.decision_type for row in page.items} == {"refund"}
            assert {q.decision_type for q in await queues(caller("rae"), desk, reader)} == {
                "refund"
            }
            steps = await audit_trail(TrailSearch(), None, 100, caller("rae"), reader)
            assert {line.decision_type for line in steps.items} == {"refund"}
            for look in (
                search(Search(decision_type="credit"), None, 10, caller("rae"), reader),
                metrics(
                    Window(since=NOON, until=NOON + DAY),
                    caller("rae"),
                    desk,
                    reader,
                    decision_type="credit",
                ),
            ):
                with pytest.raises(NoAuthority):
                    await look
            assert not (await search(Search(), None, 10, NOBODY, reader)).items
            everywhere = Caller(Identity("all", "human", {"*": frozenset({"auditor"})}))
            assert len((await search(Search(), None, 10, everywhere, reader)).items) == 2

    @pytest.mark.anyio
    async def test_a_queue_is_in_order_of_due_time_then_risk_then_age(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for subject, risk in (("low", "0.1"), ("high", "0.2"), ("unknown", None)):
                await a_decision(library, subject, risk=risk)
                library.clock.advance(timedelta(seconds=-1))  # all due at the same moment
            await a_decision(library, "same", risk="0.2")
            library.clock.advance(HOUR)
            await a_decision(library, "later", risk="0.3")
            await library.catch_up()
            seen: list[str] = []
            mark: Place | None = None
            while True:
                page = await waiting("refunds", Part(), mark, 2, caller("rae"), library.reader)
                seen += [item.subject for item in page.items if isinstance(item, QueueItem)]
                mark = page.next
                if mark is None:
                    break
            # A risk that is unknown can't be judged by policy, so that one is held.
            assert seen == ["high", "same", "low", "later"]

    @pytest.mark.anyio
    async def test_queues_say_how_much_waits_and_how_late_it_is(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            first = await a_decision(library, "a")
            await a_decision(library, "b")
            library.clock.advance(3 * HOUR - timedelta(seconds=1))
            await claim(first.id, Claim(), caller("rae"), library.desk)
            await a_decision(library, "c")
            await library.catch_up()
            [found] = await queues(caller("rae"), library.desk, library.reader)
            assert (found.name, found.kind, found.waiting) == ("refunds", "review", 3)
            assert (found.claimed, found.overdue) == (1, 1)
            assert first.placement is not None
            assert found.next_due_at == first.placement.due_at
            assert found.oldest_at == first.received_at

    @pytest.mark.anyio
    async def test_the_next_one_is_the_most_urgent_that_is_free(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            ids = [(await a_decision(library, subject)).id for subject in "abc"]
            await library.catch_up()

            async def next_for(who: str) -> UUID | None:
                taken = await claim_next(
                    "refunds", Claim(), caller(who), library.desk, library.reader
                )
                return taken.decision.id if taken else None

            # The rows do not know of the claims yet: who was first is asked of the log.
            assert [await next_for(who) for who in ("rae", "sam")] == ids[:2]
            await library.catch_up()
            assert await next_for("rae") == ids[2]
            await library.catch_up()
            assert await next_for("sam") is None
            library.clock.advance(16 * MINUTE)
            assert await next_for("sam") == ids[0]

    @pytest.mark.anyio
    async def test_the_next_one_is_one_that_the_caller_may_take(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            four_eyes = await a_decision(library, "a", SUSPICIOUS)
            lease = (await claim(four_eyes.id, Claim(), caller("rae"), library.desk)).decision.lease
            assert lease is not None
            choice = Choice(
                disposition=Disposition.UPHOLD,
                lease_token=str(lease.token),
                action_digest=lease.action_digest,
            )
            await review(four_eyes.id, choice, caller("rae"), library.desk)
            escalated = await a_decision(library, "b", confidence="0.4")
            await library.catch_up()
            desk, reader = library.desk, library.reader
            assert await claim_next("refunds", Claim(), caller("rae"), desk, reader) is None
            assert await claim_next("leads", Claim(), caller("rae"), desk, reader) is None
            second = await claim_next("refunds", Claim(), caller("sam"), desk, reader)
            assert second is not None
            assert second.decision.id == four_eyes.id
            led = await claim_next("leads", Claim(), caller("di"), desk, reader)
            assert led is not None
            assert led.decision.id == escalated.id

    @pytest.mark.anyio
    async def test_the_next_escalation_is_whose_it_fell_to(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            desk, reader = library.desk, library.reader
            await vacate_owner("refund", Seat.ESCALATION_OWNER, caller("di"), desk)
            escalated = await a_decision(library, "a", confidence="0.4")
            await library.catch_up()
            assert await claim_next("leads", Claim(), NOBODY, desk, reader) is None
            taken = await claim_next("leads", Claim(), caller("fay"), desk, reader)
            assert taken is not None
            assert taken.decision.id == escalated.id

    @pytest.mark.anyio
    async def test_what_stands_in_a_conflict_is_nobodys_to_take(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            desk, reader = library.desk, library.reader
            one = await a_decision(library, "a")
            await a_decision(library, "a", who=caller("other-bot"))
            library.clock.advance(3 * HOUR)
            late = (await strike(one.id, desk)).decision
            assert late.placement is not None
            await library.catch_up()
            for who in ("di", "rae"):
                for name in (late.placement.queue, "exceptions-conflict"):
                    assert await claim_next(name, Claim(), caller(who), desk, reader) is None

    @pytest.mark.anyio
    async def test_claiming_the_next_one_again_answers_as_before(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for subject in "ab":
                await a_decision(library, subject)
            await library.catch_up()
            rae = caller("rae")
            keyed = Caller(rae.identity, command=CommandKey("rae", "k1", b"same"))
            desk, reader = library.desk, library.reader
            first = await claim_next("refunds", Claim(), keyed, desk, reader)
            await library.catch_up()
            again = await claim_next("refunds", Claim(), keyed, desk, reader)
            assert first is not None
            assert again is not None
            assert again.replayed
            assert again.decision == first.decision

    @pytest.mark.anyio
    async def test_what_the_lot_fell_on_waits_for_its_check_once_it_is_done(
        self, opened: Opened
    ) -> None:
        async with opened() as library:
            await adopted(library)
            done = [await a_decision(library, f"s{n}", SMALL) for n in range(16)]
            for decision in done[:8]:
                delivered = Report(status=Receipt.DELIVERED)
                await report(decision.id, delivered, BOT, library.desk)
            await library.catch_up()
            expected = [d.subject for d in done[:8] if d.quality and d.quality.sampled]
            page = await waiting("quality", Part(), None, 50, caller("quinn"), library.reader)
            assert [r.subject for r in page.items if isinstance(r, FeedbackRow)] == expected
            found = await queues(caller("quinn"), library.desk, library.reader)
            assert [(q.name, q.kind, q.waiting) for q in found] == [
                ("quality", "quality", len(expected))
            ] * bool(expected)
            other = await waiting("elsewhere", Part(), None, 50, caller("quinn"), library.reader)
            assert not other.items

    @pytest.mark.anyio
    async def test_what_was_raised_over_an_action_waits_until_it_is_dealt_with(
        self, opened: Opened
    ) -> None:
        async with opened() as library:
            await adopted(library, one_queue())
            desk, reader, ana = library.desk, library.reader, caller("ana")
            done = [await a_decision(library, f"s{n}", SMALL) for n in range(4)]
            for decision in done:
                await report(decision.id, Report(status=Receipt.DELIVERED), BOT, desk)
            for decision in done[:3]:
                library.clock.advance(timedelta(seconds=1))
                await contest(decision.id, Remark(), ana, desk)
            await reverse(done[2].id, Reverse(reason_code="REV.X"), ana, desk)
            await report(done[2].id, Report(status=Receipt.FAILED), BOT, desk)
            await library.catch_up()

            async def seen(who: str = "di", limit: int = 2) -> list[tuple[str, str]]:
                found: list[tuple[str, str]] = []
                mark: Place | None = None
                while True:
                    page = await waiting("exceptions", Part(), mark, limit, caller(who), reader)
                    found += [(r.row.subject, r.code) for r in page.items if isinstance(r, Raised)]
                    mark = page.next
                    if mark is None:
                        return found

            contested = [(f"s{n}", "CONTESTED") for n in range(3)]
            failed = [("s2", "REVERSAL_FAILED")]
            assert await seen() == await seen(limit=50) == contested + failed
            listed = [q for q in await queues(caller("di"), desk, reader) if q.kind == "exception"]
            [found] = listed
            assert (found.name, found.decision_type, found.waiting) == ("exceptions", "refund", 4)
            assert found.overdue == 0
            state = await desk.decision(done[0].id)
            [waits] = state.unsettled
            assert waits.placement is not None
            assert (found.oldest_at, found.next_due_at) == (waits.since, waits.placement.due_at)
            nobody = await waiting("exceptions", Part(), None, 9, NOBODY, reader)
            assert not nobody.items

            library.clock.advance(DAY)
            [late] = [q for q in await queues(caller("di"), desk, reader) if q.kind == "exception"]
            assert late.overdue == 4
            reply = Reply(exception=ExceptionCode.CONTESTED, reason_code="REV.STANDS")
            await answer(done[0].id, reply, caller("rae"), desk)
            await reverse(done[1].id, Reverse(reason_code="REV.X"), ana, desk)
            await report(done[1].id, Report(status=Receipt.DELIVERED), BOT, desk)
            await library.catch_up()
            assert await seen() == [contested[2], *failed]

    @pytest.mark.anyio
    async def test_a_queue_shows_all_that_waits_in_it_page_by_page(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library, one_queue())
            desk = library.desk
            done = [await a_decision(library, f"s{n}", SMALL) for n in range(3)]
            for decision in done:
                await report(decision.id, Report(status=Receipt.DELIVERED), BOT, desk)
            await contest(done[0].id, Remark(), caller("ana"), desk)
            await a_decision(library, "no amount", {})
            await library.catch_up()
            for limit in range(1, 7):
                kinds: list[str] = []
                mark: Place | None = None
                while True:
                    page = await waiting(
                        "exceptions", Part(), mark, limit, caller("di"), library.reader
                    )
                    assert 0 < len(page.items) <= limit
                    kinds += [type(each).__name__ for each in page.items]
                    mark = page.next
                    if mark is None:
                        break
                assert kinds == ["QueueItem", "Raised", *["FeedbackRow"] * 3]

    @pytest.mark.anyio
    async def test_metrics_are_those_of_the_rows(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for n in range(3):
                decision = await a_decision(library, f"s{n}", SMALL)
                await report(decision.id, Report(status=Receipt.DELIVERED), BOT, library.desk)
            await a_decision(library, "waits")
            await library.catch_up()
            window = Window(since=NOON, until=NOON + DAY)
            desk, reader = library.desk, library.reader
            told = await metrics(
                window, caller("audra"), desk, reader, group_by="decision_type", eligible=8
            )
            flow = told.metrics.flow
            assert (flow.received, flow.ended) == (4, 3)
            assert flow.straight_through_rate.value == 1
            assert told.metrics.adoption.coverage.value == 0.5
            assert [part.key for part in told.slices] == ["refund"]
            before = Window(since=NOON - DAY, until=NOON)
            empty = await metrics(before, caller("audra"), desk, reader)
            assert empty.metrics.flow.straight_through_rate.value is None

    @pytest.mark.anyio
    async def test_coverage_is_of_the_periods_that_were_declared(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            desk, reader = library.desk, library.reader
            await a_decision(library, "early", SMALL)
            library.clock.advance(DAY)
            for n in range(3):
                await a_decision(library, f"s{n}", SMALL)
            for eligible in (9, 5):
                said = {"2026-01-05": (4, None), "2026-01-06": (eligible, 2), "2025": (700, 1)}
                periods = tuple(
                    PeriodVolume(period=period, eligible=n, bypassed=past)
                    for period, (n, past) in said.items()
                )
                volume = DeclareVolume(source="order desk", periods=periods)
                await declare_volume("refund", volume, BOT, desk)
            await library.catch_up()

            async def shares(window: Window, **more: Any) -> list[tuple[int, int, int, int]]:
                told = await metrics(window, caller("audra"), desk, reader, **more)
                found = [told.metrics, *(part.metrics for part in told.slices)]
                return [
                    (
                        one.adoption.coverage.numerator,
                        one.adoption.coverage.denominator,
                        one.adoption.bypass_rate.numerator,
                        one.adoption.bypass_rate.denominator,
                    )
                    for one in found
                ]

            midnight = NOON - 12 * HOUR
            days = Window(since=midnight, until=midnight + 2 * DAY)
            whole = (4, 9, 2, 5)
            assert await shares(days) == [whole]
            assert await shares(days, decision_type="refund") == [whole]
            assert await shares(days, group_by="day") == [whole, (1, 4, 0, 0), (3, 5, 2, 5)]
            assert await shares(days, group_by="decision_type") == [whole, whole]
            assert await shares(days, group_by="queue") == [whole, (0, 0, 0, 0)]
            assert await shares(Window(since=NOON, until=days.until)) == [(3, 5, 2, 5)]
            ever = Window(since=midnight - 400 * DAY, until=days.until)
            assert await shares(ever) == [(4, 709, 3, 705)]
            assert await shares(days, eligible=8) == [(4, 8, 0, 0)]
            page = await declared_volumes(
                "refund", date.min, date.max, None, 2, caller("audra"), reader
            )
            assert [row.period for row in page.items] == ["2025", "2026-01-05"]
            rest = await declared_volumes(
                "refund", date.min, date.max, page.next, 2, caller("audra"), reader
            )
            (row,) = rest.items
            assert (row.eligible, row.corrections, row.declared_by) == (5, 1, "bot")
            assert rest.next is None

    @pytest.mark.anyio
    async def test_a_month_declared_day_by_day_is_the_month(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for n in range(30):
                await a_decision(library, f"s{n}", SMALL)
                library.clock.advance(DAY)
            days = [f"2026-01-{day:02}" for day in range(1, 32)]
            periods = tuple(PeriodVolume(period=day, eligible=2) for day in days)
            said = DeclareVolume(source="order desk", periods=periods)
            await declare_volume("refund", said, BOT, library.desk)
            await library.catch_up()
            ever = Window(since=NOON - 400 * DAY, until=library.clock.now() + DAY)
            told = await metrics(ever, caller("audra"), library.desk, library.reader)
            coverage = told.metrics.adoption.coverage
            assert (coverage.numerator, coverage.denominator) == (27, 62)

    @pytest.mark.anyio
    async def test_evidence_is_counted_by_the_day_it_came_in(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            await a_decision(library, "a", SMALL, confidence="0.95678")
            decision = await a_decision(library, "b")
            taken = (await claim(decision.id, Claim(), caller("rae"), library.desk)).decision.lease
            assert taken is not None
            said = Choice(
                disposition=Disposition.UPHOLD,
                lease_token=str(taken.token),
                action_digest=taken.action_digest,
            )
            await review(decision.id, said, caller("rae"), library.desk)
            library.clock.advance(DAY)
            await a_decision(library, "c", SMALL)
            await library.catch_up()
            today = Window(since=NOON - 12 * HOUR, until=NOON + 12 * HOUR)
            cases = cases_of(await library.reader.evidence("refund", today))
            assert sorted((case.confidence, case.n) for case in cases) == [(9500, 1), (9567, 1)]
            assert [labels.n for labels in labels_of(cases, unjudged_is_wrong=False)] == [1]
            ever = Window(since=today.since - 60 * DAY, until=today.since + 700 * DAY)
            assert sum((await library.reader.evidence("refund", ever)).values()) == 3
            assert not await library.reader.evidence("refunds", ever)
            (found,) = await library.reader.found([today], None, library.clock.now())
            assert not found.counts.n(EVIDENCE), "metrics pass it over"
            tomorrow = Window(since=today.until, until=today.until + DAY)
            lanes = await library.reader.lanes("refund", [today, tomorrow, ever])
            assert [dict(each) for each in lanes] == [
                {"automate": 1, "review": 1},
                {"automate": 1},
                {"automate": 2, "review": 1},
            ]
            assert not await library.reader.lanes("refund", [])

    @pytest.mark.anyio
    async def test_silence_is_an_alarm_once_something_was_due(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library, one_queue())
            desk, reader, clock = library.desk, library.reader, library.clock

            async def missing() -> set[str]:
                await library.catch_up()
                ever = Window(since=NOON - DAY, until=clock.now() + DAY)
                told = await metrics(ever, caller("audra"), desk, reader, decision_type="refund")
                return {one.feed.value for one in told.feedback_missing}

            async def one_more(subject: str) -> UUID:
                decision = await a_decision(library, subject, SMALL)
                await report(decision.id, Report(status=Receipt.DELIVERED), BOT, desk)
                return decision.id

            first = await one_more("a")
            assert await missing() == set()
            clock.advance(9 * DAY)
            assert await missing() == {"verdicts"}
            await one_more("b")
            assert await missing() == {"outcomes", "verdicts", "volume"}
            noted = await listen("refund", desk, reader)
            assert [event.TOPIC for event in noted] == ["feedback.missing"] * 3
            await library.catch_up()
            assert await listen("refund", desk, reader) == ()
            await judge(first, QualityVerdict(verdict="confirm"), caller("quinn"), desk)
            await observe(first, Outcome(correct=True, observed_at=clock.now()), BOT, desk)
            assert await missing() == {"volume"}
            day = PeriodVolume(period="2026-01-14", eligible=2)
            said = DeclareVolume(source="order desk", periods=(day,))
            await declare_volume("refund", said, BOT, desk)
            assert await missing() == set()
            again = await listen("refund", desk, reader)
            assert [event.TOPIC for event in again] == ["feedback.heard"] * 3
            clock.advance(30 * DAY)
            assert await missing() == {"verdicts"}, "nothing else is due where nothing happens"

    @pytest.mark.anyio
    async def test_calibration_is_told_by_model_and_segment(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library, one_queue())
            desk, reader = library.desk, library.reader
            for n, confidence in enumerate(("0.91", "0.95", "0.99", "0.95")):
                made = await a_decision(library, f"s{n}", SMALL, confidence=confidence)
                await report(made.id, Report(status=Receipt.DELIVERED), BOT, desk)
                verdict = QualityVerdict(verdict="overturn" if n == 1 else "confirm")
                if n < 3:
                    await judge(made.id, verdict, caller("quinn"), desk)
                else:
                    outcome = Outcome(correct=False, observed_at=library.clock.now())
                    await observe(made.id, outcome, BOT, desk)
            await a_decision(library, "suspicious", SUSPICIOUS, confidence="0.7")
            await library.catch_up()
            ever = Window(since=NOON, until=NOON + DAY)
            none = Window(since=NOON - DAY, until=NOON)
            found = await reliability(
                "refund", ever, caller("audra"), desk, reader, segment="suspicious", reference=ever
            )
            (model,) = found.models
            assert model.model == "refunder@3.1"
            assert (model.calibration.n, model.calibration.labels_without_probability) == (3, 1)
            assert model.calibration.raw.brier == pytest.approx((0.09**2 + 0.95**2 + 0.01**2) / 3)
            assert [part.segment for part in model.segments] == ["false", "true"]
            assert [part.calibration.n for part in model.segments] == [3, 0]
            assert model.drift is not None
            assert (model.drift.confidence.n_now, model.drift.confidence.value) == (5, 0.0)
            assert (model.drift.segment.bins, model.drift.lane.bins) == (2, 2)
            whole = await reliability("refund", ever, caller("audra"), desk, reader)
            assert whole.models[0].calibration == model.calibration
            assert (whole.models[0].segments, whole.models[0].drift) == ((), None)
            empty = await reliability("refund", none, caller("audra"), desk, reader)
            assert empty.models == ()
            other = await reliability(
                "refund", ever, caller("audra"), desk, reader, model="refunder@9"
            )
            assert other.models == ()
            with pytest.raises(NoSuchSegment, match="allowed are suspicious"):
                await reliability("refund", ever, caller("audra"), desk, reader, segment="amount")
            rows = await reader.of_models("refund", ever, ("refunder@3.1",))
            assert [row.subject for row in rows] == ["s0", "s1", "s2", "s3", "suspicious"]
            assert await reader.of_models("refund", ever, ("refunder@3",)) == []

    @pytest.mark.anyio
    async def test_the_audit_trail_tells_everything_as_sentences(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            decision = await a_decision(library, "a")
            await library.catch_up()
            seen: list[str] = []
            mark: TrailMark | None = None
            while True:
                page = await audit_trail(TrailSearch(), mark, 4, caller("audra"), library.reader)
                seen += [f"{line.who} {line.sentence}" for line in page.items]
                mark = page.next
                if mark is None:
                    break
            assert len(seen) == len(await library.desk.log.after(0))
            assert seen[1] == "bot recommended refund for a at 0.95 confidence and 0.10 risk"
            assert "ana put refund into force" in seen
            assert "cy put policy version 1 of refund into force" in seen
            of_one = await audit_trail(
                TrailSearch(decision=decision.id, actor="bot"),
                None,
                10,
                caller("audra"),
                library.reader,
            )
            assert [line.type for line in of_one.items] == ["decision.recommended"]

    @pytest.mark.anyio
    async def test_positions_say_when_the_rows_have_caught_up(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            await library.catch_up()
            await caught_up(library.reader, timedelta(seconds=5))
            standings = await positions(library.reader)
            assert {one.name for one in standings} == {one.name for one in ALL}
            assert {one.behind for one in standings} == {0}
            assert {one.newest for one in standings} == {await library.desk.log.newest()}
