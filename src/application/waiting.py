"""Waiting: what is in a queue, whatever it waits for, page by page; and taking on the next one."""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

from application.desk import Answer, Caller, Desk, answering
from application.offers import Free
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import (
    ExceptionMark,
    KeyMark,
    Kind,
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

AT_ONCE = 10
"""How many decisions a claim of the next one looks at before it looks at twice as many."""

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
    found = await reader.kinds(name, desk.clock.now())
    kinds = [kind for kind in found if decision_type in (None, kind.decision_type)]
    await _relieve(name, kinds, desk, reader)
    mine = [kind for kind in kinds if await _open_to(caller, kind, desk)]
    closed = {kind.decision_type for kind in kinds} - {kind.decision_type for kind in mine}
    answer = await _first_of(name, mine, command, caller, desk, reader)
    if answer is None and await _other_rules(closed, desk):
        return await claim_next(name, command, caller, desk, reader, decision_type)
    return answer


async def _first_of(
    name: str, kinds: Sequence[Kind], command: Claim, caller: Caller, desk: Desk, reader: Reader
) -> Answer | None:
    """Try one after the other, until one is taken or none is left."""
    refused: set[str] = set()
    offers, me, limit = desk.offers, caller.identity.id, AT_ONCE
    while kinds:
        found = await reader.free(name, kinds, me, desk.clock.now(), limit)
        chosen = next((one for one in offers.open(name, found) if one.key not in refused), None)
        if chosen is None:
            if len(found) < limit and not await offers.wait(name):
                return None
            limit *= 2
            continue
        with offers.one(name, chosen):
            try:
                return await _taken(name, chosen, command, caller, desk)
            except Unauthorised:
                refused.add(chosen.key)
            except (Forbidden, NotFound, Outdated):
                offers.gone(name, chosen.key, chosen.version + 1)
    return None


async def _taken(name: str, chosen: Free, command: Claim, caller: Caller, desk: Desk) -> Answer:
    answer = await take(UUID(chosen.key), command, caller, desk)
    if answer.replayed and (prior := await desk.repeated(caller)):
        return Answer(await desk.decision(prior.stream, up_to=prior.version), replayed=True)
    desk.offers.gone(name, chosen.key, answer.decision.version)
    return answer


async def _open_to(caller: Caller, kind: Kind, desk: Desk) -> bool:
    """Whether the caller may take on what is of this kind, by what governs it now."""
    decision_type = (await desk.governed(kind.decision_type)).decision_type
    if kind.escalated:
        actor = answering(caller, decision_type, kind.person or None)
        return actor.is_person and actor.seat is not None
    actor = caller.actor(kind.decision_type, Seat.REVIEWER)
    return actor.id != kind.person and may_review(decision_type, actor)


async def _other_rules(decision_types: set[str], desk: Desk) -> bool:
    """Whether others govern by now than those that kept the caller from what waits there."""
    renewed = [await desk.renewed(await desk.governed(name)) for name in sorted(decision_types)]
    return any(renewed)


async def _relieve(name: str, kinds: Sequence[Kind], desk: Desk, reader: Reader) -> None:
    """Escalate what waits for a reviewer where nobody is left who may be one."""
    stuck = [kind for kind in kinds if await _is_stuck(kind, desk)]
    if not stuck:
        return
    found = await reader.free(name, stuck, "", desk.clock.now(), AT_ONCE)
    for each in desk.offers.open(name, found):
        with suppress(Refusal):
            await relieve(UUID(each.key), desk)
        desk.offers.gone(name, each.key, each.version + 1)


async def _is_stuck(kind: Kind, desk: Desk) -> bool:
    decision_type = (await desk.governed(kind.decision_type)).decision_type
    return not kind.escalated and decision_type.shortage(1, apart_from=(kind.person,)) is not None
