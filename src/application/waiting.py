"""Waiting: what is in a queue, whatever it waits for, page by page."""

from collections.abc import Sequence

from application.desk import Caller
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import (
    ExceptionMark,
    KeyMark,
    Page,
    QueueMark,
    Raised,
    Reader,
    visible_to,
)
from domain.model import Value

Waits = QueueItem | Raised | FeedbackRow
"""A decision to be made, an exception raised over one, or one whose quality is to be checked."""


class Place(Value):
    """Where a queue goes on: behind a review, an exception or a check."""

    review: QueueMark | None = None
    exception: ExceptionMark | None = None
    check: KeyMark | None = None


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
