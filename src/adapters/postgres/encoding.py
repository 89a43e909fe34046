"""What the store on PostgreSQL asks of a codec."""

from collections.abc import Iterable
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.model import Event


class EventCodec(Protocol):
    """Events to stored events, and rows back to events."""

    def to_stored_event(self, domain_event: Any) -> StoredEvent: ...

    def read(self, stream: UUID | str, version: int, topic: str, state: bytes) -> Event: ...

    def stored_topics(self, topics: Iterable[str]) -> list[str]: ...
