"""The feed: events as other systems read them, in the shape of CloudEvents 1.0 (JSON)."""

from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from domain.model import Actor, Event, Value

ENVELOPE = {
    "originator_id",
    "originator_version",
    "timestamp",
    "actor",
    "correlation_id",
    "causation_id",
}


class EventView(Value):
    """One event: the attributes CloudEvents asks for, ours beside them, and the fact itself."""

    specversion: str = "1.0"
    id: UUID
    source: str = "/v1"
    type: str
    subject: str
    """The stream the event belongs to: a decision's, a decision type's, a policy's id."""
    time: AwareDatetime
    datacontenttype: str = "application/json"
    schemaversion: int
    version: int
    position: int | None = None
    """Where the event stands in the global log, where the reader asked for the log."""
    actor: Actor
    correlationid: UUID
    causationid: UUID | None
    data: dict[str, JsonValue]

    @classmethod
    def of(cls, event: Event, position: int | None = None) -> "EventView":
        """The view of one event."""
        return EventView.model_construct(
            id=event.id,
            type=event.TOPIC,
            subject=str(event.originator_id),
            time=event.timestamp,
            schemaversion=event.SCHEMA,
            version=event.originator_version,
            position=position,
            actor=event.actor,
            correlationid=event.correlation_id,
            causationid=event.causation_id,
            data=event.__pydantic_serializer__.to_python(event, mode="json", exclude=ENVELOPE),
        )
