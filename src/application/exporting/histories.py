"""Histories: what an export is made of, read page by page, so that no log is too long for it.

Personal facts read as null, as if everyone had been erased: what has left can't be.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from pydantic import AwareDatetime

from application.desk import Desk
from application.ports import Positioned
from application.projections.feedback import Feedback
from application.projections.feedback_row import FeedbackRow
from application.telling import impersonal
from domain.decision.events import LifeEvent, Recommended
from domain.model import Event, Value

PAGE = 200
"""How many decisions are in memory at once."""


class Wanted(Value):
    """What is exported; what is not named does not matter."""

    decision_type: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """From `since`, up to and without `until`."""

    def holds(self, event: Event) -> bool:
        """Whether an event is of the decision type and the time."""
        at = event.timestamp
        return (
            self.decision_type in (None, getattr(event, "decision_type", None))
            and (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
        )


History = Sequence[LifeEvent]


async def histories(wanted: Wanted, desk: Desk) -> AsyncGenerator[History]:
    """The whole life of each decision received in the time, the oldest first.

    Up to what is the newest event when it begins: it ends, however fast others write.
    """
    async for page in _pages(desk, (Recommended.TOPIC,)):
        ids = [each.event.originator_id for each in page if wanted.holds(each.event)]
        for history in await asyncio.gather(*(desk.history(id) for id in ids)):
            yield tuple(impersonal(event) for event in history)


async def events(wanted: Wanted, desk: Desk) -> AsyncGenerator[Positioned]:
    """Every event there is, of the decision type and the time, in the order of the log."""
    async for page in _pages(desk, ()):
        for each in page:
            if wanted.holds(each.event):
                yield Positioned(each.position, impersonal(each.event))


def facts(history: History) -> FeedbackRow:
    """What is known of a decision, as the metrics have it."""
    fold, row = Feedback(), None
    for event in history:
        row = fold.fold(row, Positioned(0, event))
    assert row is not None, "a history begins with its recommendation"
    return row


async def _pages(desk: Desk, topics: tuple[str, ...]) -> AsyncGenerator[Sequence[Positioned]]:
    position, newest = 0, await desk.log.newest()
    while found := await desk.log.after(position, limit=PAGE, topics=topics):
        position = found[-1].position
        yield [each for each in found if each.position <= newest]
        if position >= newest:
            return
