"""Queues: what waits for people, the most urgent first, and taking on the next one."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from pydantic import AwareDatetime

from adapters.http.answers import Page, answered
from adapters.http.bodies import ClaimBody
from adapters.http.cursors import cursor, mark_at
from adapters.http.histories import Paging
from adapters.http.operations import MAYBE_NOTHING
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application import reading
from application.desk import Caller, Desk
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import KeyMark, Queue, QueueMark, Reader
from application.views import ClaimView
from domain.model import Value
from domain.values import ExceptionCode, Lane, Reason


class Waiting(Value):
    """One decision in a queue. A quality check shows no model's word: who checks looks afresh."""

    decision_id: UUID
    kind: Literal["review", "quality"]
    decision_type: str
    subject: str
    state: str
    lane: Lane | None
    action: str | None = None
    """The recommended action."""
    confidence: Decimal | None = None
    risk: Decimal | None = None
    reasons: tuple[Reason, ...] = ()
    exceptions: tuple[ExceptionCode, ...] = ()
    received_at: AwareDatetime
    entered_at: AwareDatetime | None
    age_seconds: float
    """How long it has waited here."""
    due_at: AwareDatetime | None = None
    overdue: bool = False
    holder: str | None = None
    """Who has it on a live lease."""
    lease_expires_at: AwareDatetime | None = None
    four_eyes: bool = False
    first_reviewer: str | None = None
    self: str


class _Place(Value):
    """Where a queue goes on: among the reviews, or among the quality checks."""

    review: QueueMark | None = None
    check: KeyMark | None = None


class Queues(Controller):
    """Where people find their work."""

    path = "/v1/queues"
    tags = ("Review",)

    @get()
    async def queues(self, desk: TheDesk, reader: TheReader, caller: TheCaller) -> Page[Queue]:
        """Every queue with something in it: how much waits, and how urgent it is."""
        return Page[Queue](items=await reading.queues(caller, desk, reader))

    @get("/{name:str}")
    async def queue(
        self,
        name: FromPath[str],
        asked: Asked[Paging],
        desk: TheDesk,
        reader: TheReader,
        caller: TheCaller,
    ) -> Page[Waiting]:
        """What waits in a queue: the earliest due first, then the riskiest, then the oldest."""
        return await _waiting(name, asked, caller, desk, reader)

    @post("/{name:str}/claim-next", status_code=200, opt={MAYBE_NOTHING: "Nothing is free here."})
    async def claim_next(
        self,
        name: FromPath[str],
        desk: TheDesk,
        reader: TheReader,
        caller: TheCaller,
        data: JSONBody[ClaimBody | None] = None,
    ) -> Response[ClaimView]:
        """Take on the most urgent decision that is free; 204 if there is none."""
        answer = await reading.claim_next(name, data or ClaimBody(), caller, desk, reader)
        if answer is None:
            return Response(None, status_code=204)  # type: ignore[arg-type]  # 204 has no body
        return answered(answer, ClaimView.of)


async def _waiting(
    name: str, asked: Paging, caller: Caller, desk: Desk, reader: Reader
) -> Page[Waiting]:
    """A queue of reviews, or of quality checks where no review waits under that name."""
    now = desk.clock.now()
    place = mark_at(asked.cursor, _Place) or _Place()
    if place.check is None:
        reviews = await reading.queue(name, place.review, asked.limit, caller, reader)
        if reviews.items or place.review is not None:
            items = [_review(item, now) for item in reviews.items]
            return _page(items, _Place(review=reviews.next))
    checks = await reading.checks(name, place.check, asked.limit, caller, reader)
    return _page([_check(row, now) for row in checks.items], _Place(check=checks.next))


def _page(items: Sequence[Waiting], next: _Place) -> Page[Waiting]:
    return Page[Waiting](items=items, next=None if next == _Place() else cursor(next))


def _review(item: QueueItem, now: datetime) -> Waiting:
    since = item.entered_at or item.received_at
    held = item.lease_expires_at is not None and now < item.lease_expires_at
    return Waiting(
        decision_id=UUID(item.key),
        kind="review",
        decision_type=item.decision_type,
        subject=item.subject,
        state=item.status,
        lane=item.lane,
        action=item.action,
        confidence=item.confidence,
        risk=item.risk,
        reasons=item.reasons,
        exceptions=item.exceptions,
        received_at=item.received_at,
        entered_at=item.entered_at,
        age_seconds=(now - since).total_seconds(),
        due_at=item.due_at,
        overdue=item.due_at is not None and item.due_at < now,
        holder=item.holder if held else None,
        lease_expires_at=item.lease_expires_at if held else None,
        four_eyes=item.four_eyes,
        first_reviewer=item.first_reviewer,
        self=f"/v1/decisions/{item.key}",
    )


def _check(row: FeedbackRow, now: datetime) -> Waiting:
    since = row.ended_at or row.received_at
    return Waiting(
        decision_id=UUID(row.key),
        kind="quality",
        decision_type=row.decision_type,
        subject=row.subject,
        state=row.state,
        lane=row.lane,
        received_at=row.received_at,
        entered_at=row.ended_at,
        age_seconds=(now - since).total_seconds(),
        self=f"/v1/decisions/{row.key}",
    )
