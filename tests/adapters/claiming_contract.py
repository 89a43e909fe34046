"""What claiming the next one promises, whoever waits before it. Each adapter runs these very tests."""

import asyncio
from uuid import UUID

import pytest
from reading_contract import NOBODY, Library, Opened, a_decision, adopted, other_type

from application.desk import Answer, Caller
from application.governing import adopt
from application.ports import Identity
from application.reading import Narrowed
from application.refused import attempts_on
from application.reviewing import Claim, claim, release, review
from application.waiting import OF_EACH, Part, claim_next, queues, waiting
from domain.decision.refusals import NotOnRoster, SamePerson
from domain.decision.reviewing import Choice
from domain.decision.state import Decision, Status
from domain.model import Refusal
from domain.values import Disposition, ExceptionCode, Lane
from tests.application.office import an_adoption, caller
from tests.domain.builders import LARGE, SMALL, SUSPICIOUS, a_definition

MANY = 8 * OF_EACH + 5


async def next_for(library: Library, who: str | Caller, queue: str = "refunds") -> Answer | None:
    me = caller(who) if isinstance(who, str) else who
    return await claim_next(queue, Claim(), me, library.desk, library.reader)


async def upheld(library: Library, id: UUID, who: str) -> Decision:
    lease = (await claim(id, Claim(), caller(who), library.desk)).decision.lease
    assert lease is not None
    choice = Choice(
        disposition=Disposition.UPHOLD,
        lease_token=str(lease.token),
        action_digest=lease.action_digest,
    )
    return (await review(id, choice, caller(who), library.desk)).decision


async def with_a_roster(library: Library, *reviewers: str) -> None:
    """Only these people may review refunds from now on."""
    definition = a_definition(reviewers=reviewers)
    await adopt(an_adoption(definition), caller("operator"), library.desk)


class ClaimingContract:
    """Subclasses give the fixture `opened`."""

    @pytest.mark.anyio
    async def test_what_others_must_take_hides_nothing(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for n in range(MANY):
                seconds = await a_decision(library, f"s{n}", SUSPICIOUS)
                await upheld(library, seconds.id, "rae")
            last = await a_decision(library, "last")
            await library.catch_up()
            mine = await next_for(library, "rae")
            assert mine is not None
            assert mine.decision.id == last.id
            theirs = await next_for(library, "sam")
            assert theirs is not None
            assert theirs.decision.status is Status.AWAITING_SECOND_REVIEW

    @pytest.mark.anyio
    async def test_what_nobody_of_mine_may_see_hides_nothing(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            bot = await other_type(library)
            for n in range(MANY):
                await a_decision(library, f"c{n}", decision_type="credit", who=bot)
            last = await a_decision(library, "last")
            await library.catch_up()
            found = await next_for(library, "rae")
            assert found is not None
            assert found.decision.id == last.id
            everywhere = Caller(Identity("eve", "human", {"*": frozenset({"reviewer"})}))
            first = await next_for(library, everywhere)
            assert first is not None
            assert first.decision.subject == "c0"
            only = await claim_next(
                "refunds", Claim(), everywhere, library.desk, library.reader, "refund"
            )
            assert only is None

    @pytest.mark.anyio
    async def test_what_others_have_on_lease_hides_nothing(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            for n in range(MANY):
                held = await a_decision(library, f"s{n}")
                await claim(held.id, Claim(), caller("rae"), library.desk)
            last = await a_decision(library, "last")
            await library.catch_up()
            found = await next_for(library, "sam")
            assert found is not None
            assert found.decision.id == last.id

    @pytest.mark.anyio
    async def test_before_the_rows_follow_each_still_goes_to_one_person(
        self, opened: Opened
    ) -> None:
        async with opened() as library:
            await adopted(library)
            ids = [(await a_decision(library, f"s{n}")).id for n in range(MANY)]
            await library.catch_up()
            people = [
                Caller(Identity(f"rev{n}", "human", {"refund": frozenset({"reviewer"})}))
                for n in range(MANY)
            ]
            found = await asyncio.gather(*(next_for(library, one) for one in people))
            assert sorted(one.decision.id for one in found if one) == sorted(ids)
            assert await next_for(library, "sam") is None
            # Whoever was passed over on the way has tried nothing.
            assert not [a for id in ids for a in await attempts_on(id, library.desk)]

    @pytest.mark.anyio
    async def test_what_is_given_back_is_first_in_line_again(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            ids = [(await a_decision(library, subject)).id for subject in "ab"]
            await library.catch_up()
            first = await next_for(library, "rae")
            assert first is not None
            await release(first.decision.id, caller("rae"), library.desk)
            await library.catch_up()
            again = await next_for(library, "rae")
            assert again is not None
            assert again.decision.id == ids[0]

    @pytest.mark.anyio
    async def test_who_has_left_the_roster_is_given_nothing(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            await a_decision(library, "a")
            await library.catch_up()
            await with_a_roster(library, "sam")
            assert await next_for(library, "rae") is None
            assert await next_for(library, "sam") is not None

    @pytest.mark.anyio
    async def test_who_has_come_to_the_roster_is_not_told_otherwise(self, opened: Opened) -> None:
        async with opened() as library:
            await with_a_roster(library, "sam", "tom")
            await a_decision(library, "a")
            await library.catch_up()
            known = await library.desk.governed("refund")
            await with_a_roster(library, "sam", "rae")
            library.desk._governed["refund"] = known  # pyright: ignore[reportPrivateUsage]  # as another process has it
            assert await next_for(library, "rae") is not None

    # ── nobody is left

    @pytest.mark.anyio
    async def test_where_nobody_may_look_a_second_time_it_is_escalated(
        self, opened: Opened
    ) -> None:
        async with opened() as library:
            await with_a_roster(library, "rae", "sam")
            waits = await a_decision(library, "a", SUSPICIOUS)
            await upheld(library, waits.id, "rae")
            await with_a_roster(library, "rae")
            await library.catch_up()
            assert await next_for(library, "rae") is None
            after = await library.desk.decision(waits.id)
            assert after.status is Status.ESCALATED
            assert after.exceptions[-1] is ExceptionCode.NO_ELIGIBLE_REVIEWER
            assert after.placement is not None
            assert after.placement.person == "di"

    @pytest.mark.anyio
    @pytest.mark.parametrize(("who", "rule"), [("rae", SamePerson), ("sam", NotOnRoster)])
    async def test_whoever_is_turned_away_from_what_nobody_may_take_has_it_escalated(
        self, opened: Opened, who: str, rule: type[Refusal]
    ) -> None:
        async with opened() as library:
            await with_a_roster(library, "rae", "sam")
            waits = await a_decision(library, "a", SUSPICIOUS)
            await upheld(library, waits.id, "rae")
            await with_a_roster(library, "rae")
            with pytest.raises(rule):
                await claim(waits.id, Claim(), caller(who), library.desk)
            after = await library.desk.decision(waits.id)
            assert after.exceptions[-1] is ExceptionCode.NO_ELIGIBLE_REVIEWER

    @pytest.mark.anyio
    async def test_where_somebody_is_left_nothing_is_escalated(self, opened: Opened) -> None:
        async with opened() as library:
            await with_a_roster(library, "rae", "sam")
            waits = await a_decision(library, "a", SUSPICIOUS)
            await upheld(library, waits.id, "rae")
            await library.catch_up()
            assert await next_for(library, "rae") is None
            with pytest.raises(SamePerson):
                await claim(waits.id, Claim(), caller("rae"), library.desk)
            assert (await library.desk.decision(waits.id)).status is Status.AWAITING_SECOND_REVIEW

    # ── a part of a queue

    @pytest.mark.anyio
    async def test_a_queue_is_narrowed_by_type_lane_and_reason(self, opened: Opened) -> None:
        async with opened() as library:
            await adopted(library)
            bot = await other_type(library)
            await a_decision(library, "large", LARGE)
            await a_decision(library, "credit", decision_type="credit", who=bot)
            await a_decision(library, "doubtful", SMALL, confidence="0.4")
            await library.catch_up()
            everywhere = Caller(Identity("all", "human", {"*": frozenset({"auditor"})}))

            async def found(queue: str, **asked: object) -> list[str]:
                part = Part.model_validate(asked)
                page = await waiting(queue, part, None, 9, everywhere, library.reader)
                return [getattr(each, "subject", "") for each in page.items]

            [large] = await library.reader.queue(
                "refunds", Narrowed(frozenset({"refund"})), None, 9
            )
            code = large.reasons[0].code
            assert await found("refunds") == ["large", "credit"]
            assert await found("refunds", decision_type="credit") == ["credit"]
            assert await found("refunds", lane="review") == ["large", "credit"]
            assert await found("refunds", lane="escalate") == []
            assert await found("refunds", reason=code) == ["large", "credit"]
            assert await found("refunds", reason="' OR true --") == []
            assert await found("leads", lane=Lane.ESCALATE) == ["doubtful"]
            assert await found("leads", reason="EXC.LOW_CONFIDENCE") == ["doubtful"]
            assert await found("leads", reason="LOW_CONFIDENCE") == []
            with pytest.raises(Refusal):
                await waiting(
                    "refunds", Part(decision_type="refund"), None, 9, NOBODY, library.reader
                )
            named = await queues(everywhere, library.desk, library.reader, "credit")
            assert {queue.decision_type for queue in named} == {"credit"}
