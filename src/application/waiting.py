"""Waiting: what is in a queue, whatever it waits for, page by page; and taking on the next one."""

from collections.abc import Sequence
from uuid import UUID

from application.desk import Answer, Caller, Desk
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import (
    Claimant,
    ExceptionMark,
    KeyMark,
    Page,
    Queue,
    QueueMark,
    Raised,
    Reader,
    visible_to,
)
from application.reviewing import Claim, claim
from domain.model import Forbidden, NotFound, Outdated, Seat, Unauthorised, Value

TRIES = 20
"""How many decisions a claim of the next one looks at before it says that none is free."""

Waits = QueueItem | Raised | FeedbackRow
"""A decision to be made, an exception raised over one, or one whose quality is to be checked."""


class Place(Value):
    """Where a queue goes on: behind a review, an exception or a check."""

    review: QueueMark | None = None
    exception: ExceptionMark | None = None
    check: KeyMark | None = None


async def queues(caller: Caller, desk: Desk, reader: Reader) -> Sequence[Queue]:
    """The queues that the caller may look into."""
    return await reader.queues(visible_to(caller), desk.clock.now())


async def waiting(
    name: str, after: Place | None, limit: int, caller: Caller, reader: Reader
) -> Page[Waits, Place]:
    """What is to be decided first, then what was raised over actions, then what is checked."""
    visible, at, more = visible_to(caller), after or Place(), limit + 1
    found: list[Waits] = []
    if at.exception is None and at.check is None:
        found.extend(await reader.queue(name, visible, at.review, more))
    if at.check is None and len(found) < more:
        room = more - len(found)
        found.extend(await reader.exceptions(name, visible, at.exception, room))
    if len(found) < more:
        found.extend(await reader.checks(name, visible, at.check, more - len(found)))
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
    name: str, command: Claim, caller: Caller, desk: Desk, reader: Reader
) -> Answer | None:
    """Take on the most urgent decision of a queue that is free; None if there is none.

    The queue shows a moment ago, so what someone else has taken by now is passed over.
    """
    if prior := await desk.repeated(caller):
        return Answer(await desk.decision(prior.stream, up_to=prior.version), replayed=True)
    claimant = Claimant(
        caller.identity.id,
        visible_to(caller, Seat.REVIEWER),
        visible_to(caller, Seat.ESCALATION_OWNER),
    )
    for item in await reader.claimable(name, claimant, desk.clock.now(), TRIES):
        try:
            answer = await claim(UUID(item.key), command, caller, desk)
        except (Forbidden, NotFound, Outdated, Unauthorised):
            continue
        if answer.replayed and (prior := await desk.repeated(caller)):
            return Answer(await desk.decision(prior.stream, up_to=prior.version), replayed=True)
        return answer
    return None
