"""The deliveries: what is authorised and not yet carried out, where this service carries it out.

The event that authorises an action is the outbox's entry; a row says that it is still to be sent.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from application.ports import Positioned
from application.projections import Projection, Row
from domain.decision import events as d
from domain.model import Event

OPENS = (d.ActionAuthorised, d.ReversalAuthorised)
SETTLES = (d.ActionDelivered, d.ActionFailed, d.ActionUnknown, d.Reversed, d.ReversalFailed)


class DeliveryRow(Row):
    """An action, or the one that undoes it, on its way."""

    decision_type: str
    endpoint: str
    message: UUID
    """The id of the event that authorised it: the same however often it is sent."""
    since: AwareDatetime


class Deliveries(Projection[DeliveryRow]):
    """One row a decision, while something of it is to be sent."""

    name: ClassVar[str] = "deliveries"
    topics = tuple(event.TOPIC for event in (*OPENS, *SETTLES))
    Row = DeliveryRow

    def key(self, event: Event) -> str | None:
        """The decision's id."""
        return str(event.originator_id)

    def fold(self, row: DeliveryRow | None, positioned: Positioned) -> DeliveryRow | None:
        """Opened by an authority, gone with a result; an action nobody sends from here has none."""
        event = positioned.event
        if isinstance(event, OPENS) and event.endpoint is not None:
            return DeliveryRow(
                key=str(event.originator_id),
                decision_type=event.decision_type,
                endpoint=event.endpoint,
                message=event.id,
                since=event.timestamp,
            )
        return None if isinstance(event, SETTLES) else row
