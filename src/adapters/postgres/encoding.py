"""What the store on PostgreSQL asks of a codec."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from application.ports import Told
from domain.model import Event

Keys = Mapping[UUID, bytes]
"""The wrapped keys of data subjects, by their ids."""


class Vault(Protocol):
    """Makes keys for data subjects, and the digests their references are looked up by."""

    def reference(self, text: str) -> bytes: ...

    def new_key(self, id: UUID, reference: str) -> bytes: ...


class EventCodec(Protocol):
    """Events to stored events, and rows back to events; what is personal takes keys."""

    @property
    def vault(self) -> Vault | None: ...

    def seals_for(self, event: Event) -> UUID | None: ...

    def sealed_for(self, state: bytes) -> UUID | None: ...

    def to_stored_event(self, domain_event: Any, keys: Keys = ...) -> StoredEvent: ...

    def read(
        self, stream: UUID | str, version: int, topic: str, state: bytes, keys: Keys = ...
    ) -> Event: ...

    def tell(
        self, stream: UUID, version: int, topic: str, state: bytes, keys: Keys = ...
    ) -> Told: ...

    def stored_topics(self, topics: Iterable[str]) -> list[str]: ...
