"""The audit trail: everything that ever happened, one line an event, in the log's order."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from application.ports import Positioned
from application.projections import Projection, Row
from application.projections.governance import told
from application.trail import who
from domain.decision import events as d
from domain.model import ActorKind, Event, Seat


class AuditLine(Row):
    """Who did what, when, from which seat, and as part of what."""

    position: int
    event_id: UUID
    stream: UUID
    version: int
    type: str
    at: AwareDatetime
    actor_kind: ActorKind
    actor_id: str
    actor_seat: Seat | None
    actor_via: str | None
    who: str
    sentence: str
    decision_type: str | None
    decision: UUID | None
    correlation_id: UUID
    causation_id: UUID | None


class AuditTrail(Projection[AuditLine]):
    """One row an event of any kind; a row never changes."""

    name: ClassVar[str] = "audit_trail"
    Row = AuditLine

    def key(self, event: Event) -> str:
        """Stream and version: together they name an event, and neighbours lie side by side."""
        return f"{event.originator_id}/{event.originator_version}"

    def fold(self, row: AuditLine | None, positioned: Positioned) -> AuditLine:  # noqa: ARG002 - a line is one event's alone
        """The line of the event."""
        event, actor = positioned.event, positioned.event.actor
        return AuditLine.model_construct(
            None,
            key=self.key(event),
            position=positioned.position,
            event_id=event.id,
            stream=event.originator_id,
            version=event.originator_version,
            type=event.TOPIC,
            at=event.timestamp,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_seat=actor.seat,
            actor_via=actor.via,
            who=who(actor),
            sentence=told(event),
            decision_type=getattr(event, "decision_type", None),
            decision=_decision(event),
            correlation_id=event.correlation_id,
            causation_id=event.causation_id,
        )


def _decision(event: Event) -> UUID | None:
    match event:
        case d.AttemptRejected():
            return event.decision_id
        case d.DecisionEvent():
            return event.originator_id
        case _:
            return None
