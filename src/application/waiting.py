"""Waiting: what is in a queue, whatever it waits for, page by page; and taking on the next one."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from application.desk import Answer, Caller, Desk, answering
from application.offers import Free, Kind
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import (
    ExceptionMark,
    KeyMark,
    Narrowed,
    Page,
    Queue,
    QueueMark,
    Raised,
    Reader,
    looking_at,
)
from application.reviewing import Claim, relieve, take
from domain.decision.reviewing import may_review
from domain.model import Forbidden, NotFound, Outdated, Refusal, Seat, Unauthorised, Value
from domain.values import Lane

OF_EACH = 5
"""How many decisions of each kind a claim of the next one looks at, before it looks at twice as
many."""

Waits = QueueItem | Raised | FeedbackRow
"""A decision to be made, an exception raised over one, or one whose quality is to be checked."""


class Place(Value):
    """Where a queue goes on: behind a review, an exception or a check."""

    review: QueueMark | None = None
    exception: ExceptionMark | None = None
    check: KeyMark | None = None


class Part(Value):
    """What of a queue is asked for; what is not named does not matter."""

    decision_type: str | None = None
    lane: Lane | None = None
    reason: str | None = None

    def of(self, caller: Caller) -> Narrowed:
        """As far as the caller may see it."""
        return Narrowed(looking_at(self.decision_type, caller), self.lane, self.reason)


async def queues(
    caller: Caller, desk: Desk, reader: Reader, decision_type: str | None = None
) -> Sequence[Queue]:
    """The queues that the caller may look into."""
    return await reader.queues(looking_at(decision_type, caller), desk.clock.now())


async def waiting(
    name: str, part: Part, after: Place | None, limit: int, caller: Caller, reader: Reader
) -> Page[Waits, Place]:
    """What is to be decided first, then what was raised over actions, then what is checked."""
    narrowed, at, more = part.of(caller), after or Place(), limit + 1
    found: list[Waits] = []
    if at.exception is None and at.check is None:
        found.extend(await reader.queue(name, narrowed, at.review, more))
    if at.check is None and len(found) < more:
        room = more - len(found)
        found.extend(await reader.exceptions(name, narrowed, at.exception, room))
    if len(found) < more:
        found.extend(await reader.checks(name, narrowed, at.check, more - len(found)))
    return Page(found[:limit], _behind(found, limit))


def _behind(found: Sequence[Waits], limit: int) -> Place | None:
    """One more was asked for than is shown: if it came, there is a next page."""
    if len(found) <= limit:
        return None
    match found[limit - 1]:
        case QueueItem() as item:
            assert item.due_at is not None, "what waits has a deadline"
            return Place(review=QueueMark(due_at=item.due_at, risk=item.risk, key=item.key))
        case Raised() as raised:
            return Place(exception=raised.mark)
        case FeedbackRow() as row:
            return Place(check=KeyMark(key=row.key))


async def claim_next(
    name: str,
    command: Claim,
    caller: Caller,
    desk: Desk,
    reader: Reader,
    decision_type: str | None = None,
) -> Answer | None:
    """Take on the most urgent decision of a queue that the caller may; None if there is none.

    The queue shows a moment ago: the log says who was first, and whoever was not gets the next.
    """
    if prior := await desk.repeated(caller):
        return Answer(await desk.decision(prior.stream, up_to=prior.version), replayed=True)
    refused: set[str] = set()
    of_each = OF_EACH
    while True:
        found = await reader.free(name, desk.clock.now(), of_each)
        found = [one for one in found if decision_type in (None, one.kind.decision_type)]
        mine = await _open_to(caller, found, desk)
        await _relieve(name, found, desk)
        open = (one for one in desk.offers.open(name, mine) if one.producer != caller.identity.id)
        chosen = next((one for one in open if one.key not in refused), None)
        if chosen is not None:
            if answer := await _tried(name, chosen, command, caller, desk, refused):
                return answer
        elif _is_cut_short(mine, of_each):
            of_each *= 2
        elif not await desk.offers.wait(name) and not await _other_rules(found, mine, desk):
            return None


def _is_cut_short(found: Sequence[Free], of_each: int) -> bool:
    """Whether more of some kind may be free than was asked for."""
    return any(n >= of_each for n in Counter(one.kind for one in found).values())


async def _tried(
    name: str, chosen: Free, command: Claim, caller: Caller, desk: Desk, refused: set[str]
) -> Answer | None:
    """Take it on, or learn that it is somebody else's by now."""
    with desk.offers.one(name, chosen):
        try:
            return await _taken(name, chosen, command, caller, desk)
        except Unauthorised:
            refused.add(chosen.key)
        except (Forbidden, NotFound, Outdated):
            desk.offers.gone(name, chosen.key, chosen.version + 1)
    return None


async def _taken(name: str, chosen: Free, command: Claim, caller: Caller, desk: Desk) -> Answer:
    answer = await take(UUID(chosen.key), command, caller, desk)
    if answer.replayed and (prior := await desk.repeated(caller)):
        return Answer(await desk.decision(prior.stream, up_to=prior.version), replayed=True)
    desk.offers.gone(name, chosen.key, answer.decision.version)
    return answer


async def _open_to(caller: Caller, found: Sequence[Free], desk: Desk) -> list[Free]:
    """Those that the caller may take on, by what governs them now."""
    kinds = {one.kind: await _is_open(one.kind, caller, desk) for one in found}
    return [one for one in found if kinds[one.kind]]


async def _is_open(kind: Kind, caller: Caller, desk: Desk) -> bool:
    decision_type = (await desk.governed(kind.decision_type)).decision_type
    if kind.escalated:
        actor = answering(caller, decision_type, kind.person or None)
        return actor.is_person and actor.seat is not None
    actor = caller.actor(kind.decision_type, Seat.REVIEWER)
    return actor.id != kind.person and may_review(decision_type, actor)


async def _other_rules(found: Sequence[Free], mine: Sequence[Free], desk: Desk) -> bool:
    """Whether others govern by now than those that kept the caller from what waits there."""
    closed = {one.kind.decision_type for one in found} - {one.kind.decision_type for one in mine}
    renewed = [await desk.renewed(await desk.governed(name)) for name in sorted(closed)]
    return any(renewed)


async def _relieve(name: str, found: Sequence[Free], desk: Desk) -> None:
    """Escalate what waits for a reviewer where nobody is left who may be one."""
    for one in desk.offers.open(name, found):
        if await _is_stuck(one, desk):
            with suppress(Refusal):
                await relieve(UUID(one.key), desk)
            desk.offers.gone(name, one.key, one.version + 1)


async def _is_stuck(one: Free, desk: Desk) -> bool:
    decision_type = (await desk.governed(one.kind.decision_type)).decision_type
    apart_from = (one.kind.person, one.producer)
    return not one.kind.escalated and decision_type.shortage(1, apart_from=apart_from) is not None
