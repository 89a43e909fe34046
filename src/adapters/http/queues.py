"""Queues: what waits for people, the most urgent first, and taking on the next one."""

from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from pydantic import AwareDatetime

from adapters.http.answers import Page, answered
from adapters.http.bodies import ClaimBody, Word
from adapters.http.cursors import cursor, mark_at
from adapters.http.histories import Paging
from adapters.http.operations import MAYBE_NOTHING
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application.desk import Caller
from application.projections.feedback_row import FeedbackRow
from application.projections.review_queue import QueueItem
from application.reading import Queue, Raised
from application.sight.quality import hides_row
from application.views import ClaimView
from application.waiting import Part, Place, Waits, claim_next, queues, waiting
from domain.model import Value
from domain.values import ExceptionCode, Lane, Reason


class Waiting(Value):
    """One decision in a queue. A quality check shows no model's word: who checks looks afresh."""

    decision_id: UUID
    kind: Literal["review", "exception", "quality"]
    """`exception`: it was contested, a quality check disagreed, or it could not be undone."""
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


class OfType(Value):
    """Which queues, or what of a queue; without a decision type, all that the caller may see."""

    decision_type: Word | None = None


class WaitingSought(Paging):
    """What of a queue; what is not named does not matter."""

    decision_type: Word | None = None
    lane: Lane | None = None
    reason: Word | None = None
    """The code of one of its reasons, or of an exception: `ROUTE.…`, `EXC.…`, `ESC.…`."""


class Queues(Controller):
    """Where people find their work."""

    path = "/v1/queues"
    tags = ("Review",)

    @get()
    async def queues(
        self, asked: Asked[OfType], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> Page[Queue]:
        """Every queue with something in it: how much waits, and how urgent it is."""
        return Page[Queue](items=await queues(caller, desk, reader, asked.decision_type))

    @get("/{name:str}")
    async def queue(
        self,
        name: FromPath[str],
        asked: Asked[WaitingSought],
        desk: TheDesk,
        reader: TheReader,
        caller: TheCaller,
    ) -> Page[Waiting]:
        """What waits in a queue: the earliest due first, then the riskiest, then the oldest.

        After what is to be decided comes what was raised over actions, then what is to be checked.
        """
        at, now = mark_at(asked.cursor, Place), desk.clock.now()
        part = Part(decision_type=asked.decision_type, lane=asked.lane, reason=asked.reason)
        page = await waiting(name, part, at, asked.limit, caller, reader)
        return Page[Waiting](
            items=[_shown(waits, now, caller) for waits in page.items],
            next=cursor(page.next) if page.next else None,
        )

    @post("/{name:str}/claim-next", status_code=200, opt={MAYBE_NOTHING: "Nothing is free here."})
    async def claim_next(
        self,
        name: FromPath[str],
        asked: Asked[OfType],
        desk: TheDesk,
        reader: TheReader,
        caller: TheCaller,
        data: JSONBody[ClaimBody | None] = None,
    ) -> Response[ClaimView]:
        """Take on the most urgent decision that is free; 204 if there is none."""
        command, kind = data or ClaimBody(), asked.decision_type
        answer = await claim_next(name, command, caller, desk, reader, kind)
        if answer is None:
            return Response(None, status_code=204)  # type: ignore[arg-type]  # 204 has no body
        return answered(answer, ClaimView.of)


def _shown(waits: Waits, now: datetime, caller: Caller) -> Waiting:
    match waits:
        case QueueItem():
            return _review(waits, now)
        case Raised():
            return _exception(waits, now, blind=hides_row(waits.row, caller))
        case FeedbackRow():
            return _check(waits, now)


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


def _exception(raised: Raised, now: datetime, *, blind: bool) -> Waiting:
    row = raised.row
    return Waiting(
        decision_id=UUID(row.key),
        kind="exception",
        decision_type=row.decision_type,
        subject=row.subject,
        state=row.state,
        lane=row.lane,
        action=None if blind else row.recommended_action,
        confidence=None if blind else row.confidence,
        risk=None if blind else row.risk,
        exceptions=(raised.code,),
        received_at=row.received_at,
        entered_at=raised.since,
        age_seconds=(now - raised.since).total_seconds(),
        due_at=raised.due_at,
        overdue=raised.due_at < now,
        self=f"/v1/decisions/{row.key}",
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
