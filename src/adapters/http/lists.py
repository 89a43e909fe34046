"""Lists: decisions found, steps found, and how far the projections that know them have come."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from litestar import Controller, get
from pydantic import AwareDatetime, Field

from adapters.http.answers import Page
from adapters.http.bodies import Moment, Word
from adapters.http.cursors import cursor, mark_at
from adapters.http.histories import Paging
from adapters.http.parts import Asked, TheCaller, TheDesk, TheReader
from application import reading
from application.desk import Caller, Desk
from application.projections.audit_trail import AuditLine
from application.projections.feedback_row import FeedbackRow
from application.reading import KeyMark, Reader, Search, TrailMark, TrailSearch
from application.sight import lines_for
from application.sight.quality import hides_row
from application.sight.second_review import row_for
from domain.decision.state import Status
from domain.model import Seat, Value
from domain.values import Disposition, Lane


class Between(Paging):
    """A part of a list of what lies in a window of time: from, up to and without to."""

    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")


class Sought(Between):
    """Which decisions are looked for; what is not named does not matter."""

    decision_type: Word | None = None
    state: Status | None = None
    lane: Lane | None = None
    subject: Word | None = None


class StepsSought(Between):
    """Which steps are looked for; what is not named does not matter."""

    decision_type: Word | None = None
    decision: UUID | None = None
    type: Word | None = None
    actor: Word | None = None
    seat: Seat | None = None
    correlation_id: UUID | None = None


class DecisionFound(Value):
    """A decision in a list; `self` has all of it."""

    id: UUID
    decision_type: str
    subject: str
    state: str
    lane: Lane | None
    recommended_action: str | None
    """Absent, as the rest of what tells it, where the caller may still be the one to check it."""
    final_action: str | None
    queue: str | None
    due_at: AwareDatetime | None
    producer: str
    disposition: Disposition | None
    disposed_by: str | None
    reason_codes: tuple[str, ...]
    received_at: AwareDatetime
    ended_at: AwareDatetime | None
    self: str

    @classmethod
    def of(cls, row: FeedbackRow, *, blind: bool = False) -> Self:
        """The view of a row."""
        shared = set(cls.model_fields) & set(FeedbackRow.model_fields)
        shown = {name: getattr(row, name) for name in shared} | (HIDDEN if blind else {})
        return cls(id=UUID(row.key), self=f"/v1/decisions/{row.key}", **shown)


HIDDEN: dict[str, Any] = {
    "recommended_action": None,
    "final_action": None,
    "disposition": None,
    "reason_codes": (),
}


class StandingView(Value):
    """How far a projection has followed the log."""

    name: str
    position: int
    newest: int
    behind: int


async def found(asked: Sought, caller: Caller, desk: Desk, reader: Reader) -> Page[DecisionFound]:
    """The decisions that are looked for, the newest first."""
    sought = Search.model_validate(_without_paging(asked))
    after = mark_at(asked.cursor, KeyMark)
    page = await reading.search(sought, after, asked.limit, caller, reader)
    seen = [await row_for(row, caller, desk) for row in page.items]
    items = [DecisionFound.of(row, blind=hides_row(row, caller)) for row in seen]
    return Page[DecisionFound](items=items, next=cursor(page.next) if page.next else None)


class Lists(Controller):
    """What projections know: a moment behind the log, and never more than the caller may see."""

    path = "/v1"
    tags = ("Lists",)

    @get("/audit/trail")
    async def audit_trail(
        self, asked: Asked[StepsSought], desk: TheDesk, reader: TheReader, caller: TheCaller
    ) -> Page[AuditLine]:
        """Find steps of any history, the newest first: who did what, when and from which seat."""
        sought = TrailSearch.model_validate(_without_paging(asked))
        after = mark_at(asked.cursor, TrailMark)
        page = await reading.audit_trail(sought, after, asked.limit, caller, reader)
        next = cursor(page.next) if page.next else None
        return Page[AuditLine](items=await lines_for(page.items, caller, desk), next=next)

    @get("/projections")
    async def projections(self, reader: TheReader, caller: TheCaller) -> Page[StandingView]:  # noqa: ARG002 - a known caller, whoever it is
        """How far each projection has followed the log."""
        standings = await reading.positions(reader)
        items = [
            StandingView(name=s.name, position=s.position, newest=s.newest, behind=s.behind)
            for s in standings
        ]
        return Page[StandingView](items=items)


def _without_paging(asked: Between) -> dict[str, datetime | str | UUID | None]:
    return {name: value for name, value in dict(asked).items() if name not in Paging.model_fields}
