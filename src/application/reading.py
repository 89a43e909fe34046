"""Reading: what is waiting, what was decided, what came of it, who did what.

Answers come from projections, so they lag behind the log by a moment; commands never rely on them.
Whoever asks sees the decision types they hold a seat for, and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Generic, Literal, Protocol, TypeVar
from uuid import UUID

from pydantic import AwareDatetime

from application.audit.ledger import Ledger
from application.desk import NO_PART, Caller
from application.metrics.formulas import Found
from application.metrics.reliability import Labelled, Portion
from application.metrics.silence import Due
from application.metrics.window import Window
from application.offers import Free
from application.projections.audit_trail import AuditLine
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.projections.volumes import VolumeRow
from domain.decision.state import Status
from domain.model import Seat, Value
from domain.values import ExceptionCode, Lane

Item = TypeVar("Item")
Mark = TypeVar("Mark", bound=Value)
Visible = frozenset[str] | None
"""The decision types someone may see; None is all of them."""

BREATH = timedelta(milliseconds=50)
"""How often someone who waits for the projections looks again."""


class ProjectionsBehind(Exception):
    """The projections did not reach the end of the log in the time given."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item, Mark]):
    """A part of a list, and where it goes on."""

    items: Sequence[Item]
    next: Mark | None


class KeyMark(Value):
    """Where a list in the order of ids goes on."""

    key: str


class QueueMark(Value):
    """Where a queue goes on: the earliest due first, then the riskiest, then the oldest."""

    due_at: AwareDatetime
    risk: Decimal | None
    key: str

    @property
    def order(self) -> tuple[datetime, Decimal, str]:
        return place_in_queue(self.due_at, self.risk, self.key)


class ExceptionMark(Value):
    """Where the exceptions of a queue go on: the earliest due first, then the oldest decision."""

    due_at: AwareDatetime
    key: str
    code: ExceptionCode

    @property
    def order(self) -> tuple[datetime, str, str]:
        return self.due_at, self.key, self.code


class TrailMark(Value):
    """Where the audit trail goes on."""

    position: int


class Search(Value):
    """Which decisions are looked for; what is not named does not matter."""

    decision_type: str | None = None
    state: Status | None = None
    lane: Lane | None = None
    subject: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    """Received from `since`, up to and without `until`."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What of a queue someone wants to see, of what they may; what is not named does not matter."""

    visible: Visible = None
    lane: Lane | None = None
    reason: str | None = None
    """The code of one of its reasons, or of an exception: `ROUTE.…`, `EXC.…`, `ESC.…`."""

    @property
    def exception(self) -> str | None:
        """The exception that is meant, if the reason is one."""
        found = (self.reason or "").partition("EXC.")
        return found[2] or None


class TrailSearch(Value):
    """Which steps are looked for; what is not named does not matter."""

    decision_type: str | None = None
    decision: UUID | None = None
    stream: UUID | None = None
    event: UUID | None = None
    type: str | None = None
    actor: str | None = None
    seat: Seat | None = None
    correlation_id: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Queue(Value):
    """A queue of one decision type: how much waits in it, and how urgent it is."""

    name: str
    kind: Literal["review", "exception", "quality"]
    """`exception` holds what was raised over an action: it was contested, a quality check disagreed
    or it could not be undone. `quality` holds automated decisions that a person checks afterwards.
    """
    decision_type: str
    waiting: int
    claimed: int = 0
    """How many someone has on a live lease."""
    overdue: int = 0
    oldest_at: AwareDatetime
    """When the one that has waited longest came in."""
    next_due_at: AwareDatetime | None = None


class Standing(Value):
    """How far a projection has followed the log; positions may have gaps."""

    name: str
    position: int
    newest: int

    @property
    def behind(self) -> int:
        return max(0, self.newest - self.position)


@dataclass(frozen=True, slots=True)
class Raised:
    """An exception that was raised over a decision's action and waits for somebody."""

    row: FeedbackRow
    code: ExceptionCode
    since: datetime
    due_at: datetime

    @property
    def mark(self) -> ExceptionMark:
        return ExceptionMark(due_at=self.due_at, key=self.row.key, code=self.code)


class Sums(Protocol):
    """The sums that metrics are looked up in."""

    async def extent(self, window: Window, visible: Visible) -> Window | None:
        """The days of a window from the first to the last on which anything counts."""
        ...

    async def found(
        self, windows: Sequence[Window], visible: Visible, as_of: datetime
    ) -> Sequence[Found]:
        """What is known of windows of whole days, as the sums that were kept say it."""
        ...


class MetricsReader(Sums, Protocol):
    """Everything that metrics are made of."""

    async def volumes(self, visible: Visible, since: date, until: date) -> Sequence[VolumeRow]:
        """The declared periods that lie from a day up to and with another."""
        ...

    async def evidence(self, decision_type: str, window: Window) -> Mapping[str, int]:
        """What the decisions received in a window of whole days count for, to certify by."""
        ...

    async def lanes(
        self, decision_type: str, windows: Sequence[Window]
    ) -> Sequence[Mapping[str, int]]:
        """How many came in, by the lane they were routed to first, for windows of whole days."""
        ...

    async def due(self, decision_type: str, began: datetime) -> Due:
        """What there was to hear of since a moment, and when something last was heard."""
        ...

    def facts(self, window: Window, visible: Visible) -> AsyncIterator[FeedbackRow]:
        """Everything that may matter to the metrics of a window."""
        ...


class ReliabilityReader(Protocol):
    """What calibration and drift are counted from; a segment is a declared fact's value."""

    async def labels(
        self, decision_type: str, window: Window, segment: str | None
    ) -> Sequence[Labelled]:
        """What ended in a window and has a label, alike ones together."""
        ...

    async def kinds(
        self, decision_type: str, window: Window, segment: str | None
    ) -> Sequence[Portion]:
        """What was received in a window, by what it is."""
        ...

    async def of_models(
        self, decision_type: str, window: Window, models: Sequence[str]
    ) -> Sequence[FeedbackRow]:
        """What these models recommended in a window, in the order of ids."""
        ...


class Reader(MetricsReader, ReliabilityReader, Protocol):
    """The projections, as they are asked. Each list is in the order that its marks go on in."""

    @property
    def ledger(self) -> Ledger:
        """The Merkle log."""
        ...

    async def decisions(
        self, search: Search, visible: Visible, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """The newest decisions first."""
        ...

    async def queues(self, visible: Visible, now: datetime) -> Sequence[Queue]:
        """Every queue with something in it, by name and decision type."""
        ...

    async def queue(
        self, name: str, narrowed: Narrowed, after: QueueMark | None, limit: int
    ) -> Sequence[QueueItem]:
        """What waits in a queue: by due time, then the riskiest, then the oldest."""
        ...

    async def free(self, name: str, now: datetime, of_each: int) -> Sequence[Free]:
        """So many of every kind that nobody has on lease and people may take, in order."""
        ...

    async def exceptions(
        self, name: str, narrowed: Narrowed, after: ExceptionMark | None, limit: int
    ) -> Sequence[Raised]:
        """What was raised over actions and waits in a queue, in the order of its marks."""
        ...

    async def checks(
        self, name: str | None, narrowed: Narrowed, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """Completed decisions that the lot fell on and nobody has judged, the oldest first."""
        ...

    async def trail(
        self, search: TrailSearch, visible: Visible, after: TrailMark | None, limit: int
    ) -> Sequence[AuditLine]:
        """The newest steps first."""
        ...

    async def positions(self) -> Sequence[Standing]:
        """How far each projection has followed the log."""
        ...


def place_in_queue(
    due_at: datetime, risk: Decimal | None, key: str
) -> tuple[datetime, Decimal, str]:
    """What a queue is ordered by, ascending; an unknown risk comes after every known one."""
    return due_at, Decimal(1) if risk is None else -risk, key


def visible_to(caller: Caller, *seats: Seat) -> Visible:
    """The decision types that the caller holds a seat for, or one of these seats."""
    wanted = frozenset(seats)
    everywhere = caller.identity.seats.items()
    held = frozenset(
        n for n, found in everywhere if (found & wanted if wanted else found - NO_PART)
    )
    return None if "*" in held else held


async def search(
    search: Search, after: KeyMark | None, limit: int, caller: Caller, reader: Reader
) -> Page[FeedbackRow, KeyMark]:
    """Find decisions, the newest first."""
    visible = looking_at(search.decision_type, caller)
    found = await reader.decisions(search, visible, after, limit + 1)
    return _page(found, limit, lambda row: KeyMark(key=row.key))


async def audit_trail(
    search: TrailSearch, after: TrailMark | None, limit: int, caller: Caller, reader: Reader
) -> Page[AuditLine, TrailMark]:
    """Find steps of any history, the newest first."""
    visible = looking_at(search.decision_type, caller)
    found = await reader.trail(search, visible, after, limit + 1)
    return _page(found, limit, lambda line: TrailMark(position=line.position))


async def positions(reader: Reader) -> Sequence[Standing]:
    """How far each projection has followed the log."""
    return await reader.positions()


async def caught_up(reader: Reader, within: timedelta = timedelta(seconds=30)) -> None:
    """Wait until every projection has reached what is the newest event now."""
    standings = await reader.positions()
    newest = max((standing.newest for standing in standings), default=0)
    for _ in range(int(within / BREATH)):
        if all(standing.position >= newest for standing in standings):
            return
        await asyncio.sleep(BREATH.total_seconds())
        standings = await reader.positions()
    raise ProjectionsBehind(", ".join(f"{s.name} by {s.behind}" for s in standings if s.behind))


def looking_at(decision_type: str | None, caller: Caller) -> Visible:
    """What the caller may see of what is asked for; a type without a seat is refused."""
    if decision_type is None:
        return visible_to(caller)
    caller.require_any_seat(decision_type)
    return frozenset({decision_type})


def _page(found: Sequence[Item], limit: int, mark: Callable[[Item], Mark]) -> Page[Item, Mark]:
    """One more was asked for than is shown: if it came, there is a next page."""
    items = found[:limit]
    return Page(items, mark(items[-1]) if len(found) > limit else None)
