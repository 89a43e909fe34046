"""Reading projections in memory; a look brings them up to date first."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from adapters.memory import reliability
from adapters.memory.ledger import MemoryLedger
from adapters.memory.log import MemoryEventLog
from adapters.memory.projections import MemoryProjectionStore
from application.evidence.cases import cases_of
from application.metrics.counting import Counts, day_of
from application.metrics.formulas import Counting, Found
from application.metrics.periods import day_window, whole_days
from application.metrics.reliability import Labelled, Portion
from application.metrics.silence import Due
from application.metrics.slices import model_of
from application.metrics.window import Window
from application.offers import Free, Kind
from application.projections import Key
from application.projections.audit_trail import AuditLine, AuditTrail
from application.projections.catalogue import ALL
from application.projections.counting import EVIDENCE, counted_by_day
from application.projections.feedback import Feedback
from application.projections.feedback_row import FeedbackRow
from application.projections.past_cases import PastCases
from application.projections.review_queue import QueueItem, ReviewQueue
from application.projections.volumes import VolumeRow, Volumes
from application.reading import (
    ExceptionMark,
    KeyMark,
    Narrowed,
    Queue,
    QueueMark,
    Raised,
    Search,
    Standing,
    TrailMark,
    TrailSearch,
    Visible,
    place_in_queue,
)
from domain.decision.state import Status


class MemoryReader:
    """What the rows in memory say."""

    def __init__(self, log: MemoryEventLog, store: MemoryProjectionStore) -> None:
        self._log = log
        self._store = store
        self.ledger = MemoryLedger(log)

    async def decisions(
        self, search: Search, visible: Visible, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """The newest decisions first."""
        found = [
            row
            for row in self._facts()
            if _sees(visible, row.decision_type)
            and _is(search.decision_type, row.decision_type)
            and _is(search.state, row.state)
            and _is(search.lane, row.lane)
            and _is(search.subject, row.subject)
            and _within(row.received_at, search.since, search.until)
            and (after is None or row.key < after.key)
        ]
        return sorted(found, key=lambda row: row.key, reverse=True)[:limit]

    async def queues(self, visible: Visible, now: datetime) -> Sequence[Queue]:
        """Every queue with something in it, by name and decision type."""
        waiting: defaultdict[tuple[str, str], list[QueueItem]] = defaultdict(list)
        for item in self._waiting(visible):
            waiting[item.queue or "", item.decision_type].append(item)
        unjudged: defaultdict[tuple[str, str], list[FeedbackRow]] = defaultdict(list)
        for row in self._unjudged(visible):
            unjudged[row.quality_queue or "", row.decision_type].append(row)
        raised: defaultdict[tuple[str, str], list[Raised]] = defaultdict(list)
        for name, each in self._raised(visible):
            raised[name, each.row.decision_type].append(each)
        found = [
            *(_queue(*key, items, now) for key, items in waiting.items()),
            *(_exceptions(*key, each, now) for key, each in raised.items()),
            *(_quality(*key, rows) for key, rows in unjudged.items()),
        ]
        return sorted(found, key=lambda queue: (queue.name, queue.decision_type, queue.kind))

    async def queue(
        self, name: str, narrowed: Narrowed, after: QueueMark | None, limit: int
    ) -> Sequence[QueueItem]:
        """What waits in a queue, in its order."""
        found = (
            item
            for item in self._waiting(narrowed.visible)
            if item.queue == name and _is(narrowed.lane, item.lane) and _has_reason(narrowed, item)
        )
        ordered = sorted(found, key=_order)
        return [item for item in ordered if after is None or _order(item) > after.order][:limit]

    async def free(self, name: str, now: datetime, of_each: int) -> Sequence[Free]:
        """So many of every kind that nobody has on lease and people may take, in order."""
        found: list[Free] = []
        seen: Counter[Kind] = Counter()
        for item in sorted(self._free(name, now), key=_order):
            kind = _kind(item)
            seen[kind] += 1
            if seen[kind] <= of_each:
                found.append(Free(kind, item.key, item.version, item.producer))
        return found

    async def exceptions(
        self, name: str, narrowed: Narrowed, after: ExceptionMark | None, limit: int
    ) -> Sequence[Raised]:
        """What was raised over actions and waits in a queue, in the order of its marks."""
        found = [
            each
            for queue, each in self._raised(narrowed.visible)
            if queue == name
            and _is(narrowed.lane, each.row.lane)
            and _is(narrowed.reason, each.code.reason_code)
            and (after is None or each.mark.order > after.order)
        ]
        return sorted(found, key=lambda each: each.mark.order)[:limit]

    async def checks(
        self, name: str | None, narrowed: Narrowed, after: KeyMark | None, limit: int
    ) -> Sequence[FeedbackRow]:
        """Completed decisions that the lot fell on and nobody has judged, the oldest first."""
        found = [
            row
            for row in self._unjudged(narrowed.visible)
            if _is(name, row.quality_queue)
            and _is(narrowed.lane, row.lane)
            and (narrowed.reason is None or narrowed.reason in row.reason_codes)
            and (after is None or row.key > after.key)
        ]
        return sorted(found, key=lambda row: row.key)[:limit]

    async def volumes(self, visible: Visible, since: date, until: date) -> Sequence[VolumeRow]:
        """The declared periods that lie from a day up to and with another."""
        self._store.catch_up(Volumes())
        return [
            row
            for row in self._store.rows(Volumes()).values()
            if _sees(visible, row.decision_type)
            and since <= row.first_day
            and row.last_day <= until
        ]

    async def due(self, decision_type: str, began: datetime) -> Due:
        """What there was to hear of since a moment, and when something last was heard."""
        rows = [row for row, _ in self._segmented(decision_type, None)]
        self._store.catch_up(AuditTrail())
        lines = self._store.rows(AuditTrail()).values()
        heard = [line for line in lines if line.decision_type == decision_type]
        return reliability.due(rows, self._unjudged(frozenset({decision_type})), heard, began)

    async def labels(
        self, decision_type: str, window: Window, segment: str | None
    ) -> Sequence[Labelled]:
        """What ended in a window and has a label, alike ones together."""
        return reliability.labels(self._segmented(decision_type, segment), window)

    async def kinds(
        self, decision_type: str, window: Window, segment: str | None
    ) -> Sequence[Portion]:
        """What was received in a window, by what it is."""
        return reliability.kinds(self._segmented(decision_type, segment), window)

    async def of_models(
        self, decision_type: str, window: Window, models: Sequence[str]
    ) -> Sequence[FeedbackRow]:
        """What these models recommended in a window, in the order of ids."""
        return [
            row
            for row, _ in self._segmented(decision_type, None)
            if model_of(row) in models and window.holds(row.received_at)
        ]

    def _segmented(
        self, decision_type: str, segment: str | None
    ) -> Iterable[tuple[FeedbackRow, str | None]]:
        """The rows of a type that count, each with the segment it is in."""
        self._store.catch_up(PastCases())
        cases = self._store.rows(PastCases())
        for row in self._facts():
            if row.decision_type == decision_type and not row.is_test:
                yield (
                    row,
                    None if segment is None else reliability.segment_of(cases[row.key], segment),
                )

    async def facts(self, window: Window, visible: Visible) -> AsyncIterator[FeedbackRow]:
        """Everything that may matter to the metrics of a window."""
        for row in self._facts():
            lately = row.touched_at >= window.since or row.end is None
            if lately and row.received_at < window.until and _sees(visible, row.decision_type):
                yield row

    async def extent(self, window: Window, visible: Visible) -> Window | None:
        """The days of a window from the first to the last on which anything counts."""
        days = [key[1] for key, _ in self._counted(window, visible)]
        return day_window(min(days), max(days)) if days else None

    async def found(
        self, windows: Sequence[Window], visible: Visible, as_of: datetime
    ) -> Sequence[Found]:
        """What is known of windows of whole days, as the sums of their rows say it."""
        rows = [row for row in self._facts() if _sees(visible, row.decision_type)]
        volumes = await self.volumes(visible, date.min, date.max)
        found = [Counting(as_of, volumes=volumes).found(rows, window) for window in windows]
        days = [whole_days(window, as_of) or window for window in windows]
        return [
            replace(one, counts=self._counts(whole, visible))
            for one, whole in zip(found, days, strict=True)
        ]

    def _counts(self, window: Window, visible: Visible) -> Counts:
        sums: Counter[tuple[str, str]] = Counter()
        for (_, _, measure, label), n in self._counted(window, visible):
            if measure != EVIDENCE:
                sums[measure, label] += n
        return Counts(sums)

    async def evidence(self, decision_type: str, window: Window) -> Mapping[str, int]:
        """What the decisions received in a window of whole days count for, to certify by."""
        sums: Counter[str] = Counter()
        for (_, _, measure, label), n in self._counted(window, frozenset({decision_type})):
            if measure == EVIDENCE:
                sums[label] += n
        return sums

    def _counted(self, window: Window, visible: Visible) -> list[tuple[Key, int]]:
        first, end = day_of(window.since), day_of(window.until)
        return [
            (key, n)
            for row in self._facts()
            if _sees(visible, row.decision_type)
            for key, n in counted_by_day(row)
            if first <= key[1] < end
        ]

    async def lanes(
        self, decision_type: str, windows: Sequence[Window]
    ) -> Sequence[Mapping[str, int]]:
        """How many came in, by the lane they were routed to first, for windows of whole days."""
        found: list[Counter[str]] = []
        for window in windows:
            sums: Counter[str] = Counter()
            for case in cases_of(await self.evidence(decision_type, window)):
                sums[case.outcome.lane] += case.n
            found.append(sums)
        return found

    async def trail(
        self, search: TrailSearch, visible: Visible, after: TrailMark | None, limit: int
    ) -> Sequence[AuditLine]:
        """The newest steps first."""
        self._store.catch_up(AuditTrail())
        lines = self._store.rows(AuditTrail()).values()
        found = [
            line
            for line in lines
            if _sees(visible, line.decision_type)
            and _matches(search, line)
            and (after is None or line.position < after.position)
        ]
        return sorted(found, key=lambda line: line.position, reverse=True)[:limit]

    async def positions(self) -> Sequence[Standing]:
        """How far each projection has followed the log."""
        newest = self._log.read_newest()
        for each in ALL:
            self._store.catch_up(each)
        return [
            Standing(name=each.name, position=self._store.position(each), newest=newest)
            for each in ALL
        ]

    def _facts(self) -> Iterable[FeedbackRow]:
        self._store.catch_up(Feedback())
        return self._store.rows(Feedback()).values()

    def _waiting(self, visible: Visible) -> Iterable[QueueItem]:
        self._store.catch_up(ReviewQueue())
        rows = self._store.rows(ReviewQueue()).values()
        return [row for row in rows if row.waits and _sees(visible, row.decision_type)]

    def _free(self, name: str, now: datetime) -> list[QueueItem]:
        return [
            item
            for item in self._waiting(None)
            if item.queue == name and item.waits_for_a_person and not _leased(item, now)
        ]

    def _raised(self, visible: Visible) -> Iterable[tuple[str, Raised]]:
        """What was raised and waits somewhere, each with the queue that it waits in."""
        return [
            (place.queue, Raised(row, each.exception, each.since, place.due_at))
            for row in self._facts()
            if _sees(visible, row.decision_type)
            for each in row.unsettled
            if (place := each.placement) is not None
        ]

    def _unjudged(self, visible: Visible) -> Iterable[FeedbackRow]:
        return [
            row
            for row in self._facts()
            if row.quality_queue is not None
            and row.quality_verdict is None
            and row.state == Status.COMPLETED
            and _sees(visible, row.decision_type)
        ]


def _sees(visible: Visible, decision_type: str | None) -> bool:
    return visible is None or decision_type in visible


def _is(wanted: object, found: object) -> bool:
    return wanted is None or wanted == found


def _within(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= moment) and (until is None or moment < until)


def _matches(search: TrailSearch, line: AuditLine) -> bool:
    return (
        _is(search.decision_type, line.decision_type)
        and _is(search.decision, line.decision)
        and _is(search.stream, line.stream)
        and _is(search.event, line.event_id)
        and _is(search.type, line.type)
        and _is(search.actor, line.actor_id)
        and _is(search.seat, line.actor_seat)
        and _is(search.correlation_id, line.correlation_id)
        and _within(line.at, search.since, search.until)
    )


def _order(item: QueueItem) -> tuple[datetime, object, str]:
    assert item.due_at is not None, "what waits has a deadline"
    return place_in_queue(item.due_at, item.risk, item.key)


def _leased(item: QueueItem, now: datetime) -> bool:
    return item.lease_expires_at is not None and now < item.lease_expires_at


def _kind(item: QueueItem) -> Kind:
    escalated = item.status is Status.ESCALATED
    person = item.person if escalated else item.first_reviewer
    return Kind(item.decision_type, escalated, person or "")


def _has_reason(narrowed: Narrowed, item: QueueItem) -> bool:
    said = {reason.code for reason in item.reasons}
    return (
        narrowed.reason is None or narrowed.reason in said or narrowed.exception in item.exceptions
    )


def _queue(name: str, decision_type: str, items: Sequence[QueueItem], now: datetime) -> Queue:
    due = [item.due_at for item in items if item.due_at is not None]
    return Queue(
        name=name,
        kind="review",
        decision_type=decision_type,
        waiting=len(items),
        claimed=sum(_leased(item, now) for item in items),
        overdue=sum(moment < now for moment in due),
        oldest_at=min(item.entered_at or item.received_at for item in items),
        next_due_at=min(due),
    )


def _exceptions(name: str, decision_type: str, raised: Sequence[Raised], now: datetime) -> Queue:
    return Queue(
        name=name,
        kind="exception",
        decision_type=decision_type,
        waiting=len(raised),
        overdue=sum(each.due_at < now for each in raised),
        oldest_at=min(each.since for each in raised),
        next_due_at=min(each.due_at for each in raised),
    )


def _quality(name: str, decision_type: str, rows: Sequence[FeedbackRow]) -> Queue:
    return Queue(
        name=name,
        kind="quality",
        decision_type=decision_type,
        waiting=len(rows),
        oldest_at=min(row.ended_at or row.received_at for row in rows),
    )
