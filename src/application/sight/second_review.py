"""Before a second review: where a decision type says so, who may be the second pair of eyes is not
told what the first one chose, until they have chosen."""

from uuid import UUID

from application.desk import Caller, Desk
from application.feed import actor_of, decision_type_of, kept_back
from application.ports import Told
from application.projections.audit_trail import AuditLine
from application.projections.feedback_row import FeedbackRow
from domain.decision.events import Overridden, Reviewed
from domain.decision.state import Status
from domain.model import Event, Seat

FIRST_REVIEWS = (Reviewed, Overridden)
TOPICS = frozenset(event.TOPIC for event in FIRST_REVIEWS)

WITHHELD = "decision.first_review_withheld"
"""What the event is called as long as it is withheld: its own name would say what was chosen."""
SENTENCE = "chose first; what is withheld until a second pair of eyes has chosen"


async def withheld(event: Event, caller: Caller | None, desk: Desk) -> bool:
    """Whether an event is a first review that this caller must not know yet."""
    if not isinstance(event, FIRST_REVIEWS) or not _is_kept_from(
        caller, event.decision_type, event.actor.id
    ):
        return False
    return await _is_blind(event.decision_type, event.originator_id, desk)


async def told_for(told: Told, caller: Caller, desk: Desk) -> Told:
    """An event that was not read, as this caller may know it."""
    if told.topic not in TOPICS:
        return told
    kind = decision_type_of(told)
    if not _is_kept_from(caller, kind, actor_of(told)):
        return told
    return kept_back(told, WITHHELD) if await _is_blind(kind, told.stream, desk) else told


async def line_for(line: AuditLine, caller: Caller, desk: Desk) -> AuditLine:
    """A line of the audit trail as this caller may know it."""
    kind = line.decision_type
    if line.type not in TOPICS or kind is None or not _is_kept_from(caller, kind, line.actor_id):
        return line
    if await _is_blind(kind, line.stream, desk):
        return line.changed({"type": WITHHELD, "sentence": SENTENCE})
    return line


async def row_for(row: FeedbackRow, caller: Caller, desk: Desk) -> FeedbackRow:
    """A decision in a list as this caller may know it: without what a first review chose."""
    waits = row.state == Status.AWAITING_SECOND_REVIEW
    if not waits or not _is_kept_from(caller, row.decision_type, row.disposed_by):
        return row
    if not await _says_blind(row.decision_type, desk):
        return row
    codes = tuple(code for code in row.reason_codes if code != row.override_reason)
    return row.changed({"disposition": None, "reason_codes": codes})


def _is_kept_from(caller: Caller | None, decision_type: str, person: str | None) -> bool:
    """Who may be the second: anybody in a reviewer's seat, but for the first. Without a caller
    nobody knows who reads."""
    if caller is None:
        return True
    return Seat.REVIEWER in caller.seats(decision_type) and caller.identity.id != person


async def _is_blind(decision_type: str, decision: UUID, desk: Desk) -> bool:
    if not await _says_blind(decision_type, desk):
        return False
    return (await desk.decision(decision)).status is Status.AWAITING_SECOND_REVIEW


async def _says_blind(decision_type: str, desk: Desk) -> bool:
    governed = await desk.governed(decision_type)
    return bool(governed.decision_type.definition.blind_second_review)
