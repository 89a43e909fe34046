"""Events at rest: a topic that never changes and JSON that still reads years later."""

from collections.abc import Callable, Iterable, Mapping
from json import dumps, loads
from typing import Any, Protocol, cast
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import ValidationError
from pydantic_core import SchemaSerializer

from domain.model import Event

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the stored content of one schema into that of the next."""


class Reader(Protocol):
    """What pydantic compiles a class into for reading."""

    def validate_json(self, input: str | bytes | bytearray, /) -> Any: ...


IN_THE_KEY = {"originator_id", "originator_version"}


class UnknownTopic(Exception):
    """No event class is registered for this topic."""


class Undecodable(Exception):
    """Stored content doesn't fit its event class."""


def stored_topic(event_class: type[Event]) -> str:
    """What names an event class and its schema in storage."""
    return f"{event_class.TOPIC}.v{event_class.SCHEMA}"


class Codec(Mapper[UUID]):
    """Writes events as the library's stored events and reads them back, older schemas too."""

    def __init__(
        self,
        event_classes: Iterable[type[Event]],
        upcasts: Mapping[tuple[str, int], Upcast] | None = None,
    ) -> None:
        super().__init__(JSONTranscoder())
        self._writers: dict[type[Event], tuple[str, SchemaSerializer]] = {}
        self._readers: dict[str, Reader] = {}
        self._schemas: dict[str, int] = {}
        self._upcasts = dict(upcasts or {})
        for event_class in event_classes:
            self._register(event_class)
        for topic, schema in self._upcasts:
            self._chain(topic, schema)

    def __reduce__(self) -> tuple[Any, ...]:
        """Another process makes it anew from the same classes; what was compiled stays here."""
        return Codec, (tuple(self._writers), self._upcasts)

    def _register(self, event_class: type[Event]) -> None:
        if self._schemas.setdefault(event_class.TOPIC, event_class.SCHEMA) != event_class.SCHEMA:
            raise ValueError(f"{event_class.TOPIC} is registered with two schemas")
        topic = stored_topic(event_class)
        if topic in self._readers and event_class not in self._writers:
            raise ValueError(f"{topic} is registered twice")
        # Plugged-in validators proxy this method untyped.
        self._readers[topic] = cast(Reader, event_class.__pydantic_validator__)
        self._writers[event_class] = (topic, event_class.__pydantic_serializer__)

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """The event as the log keeps it; stream and version live in the key, not in the content."""
        try:
            topic, serializer = self._writers[type(domain_event)]
        except KeyError:
            raise UnknownTopic(f"{type(domain_event).__name__} is not registered") from None
        return StoredEvent(
            domain_event.originator_id,
            domain_event.originator_version,
            topic,
            serializer.to_json(domain_event, exclude=IN_THE_KEY),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event as it was said, brought to its class's newest schema."""
        return self.read(
            stored_event.originator_id,
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )

    def read(self, stream: UUID | str, version: int, topic: str, state: bytes) -> Event:
        """The same, from the columns of a row."""
        reader = self._readers.get(topic)
        if reader is None:
            reader, state = self._lift(topic, state)
        # One pass of one parser over the whole event: the key's fields go in front of the content.
        content = b'{"originator_id":"%b","originator_version":%d,%b' % (
            str(stream).encode(),
            version,
            state[1:],
        )
        try:
            event: Event = reader.validate_json(content)
        except ValidationError as error:
            raise Undecodable(f"{topic}, version {version} of {stream}: {error}") from error
        return event

    def stored_topics(self, topics: Iterable[str]) -> list[str]:
        """Every name that events of these topics may have in storage, older schemas included."""
        try:
            return [f"{t}.v{schema}" for t in topics for schema in range(1, self._schemas[t] + 1)]
        except KeyError as missing:
            raise UnknownTopic(f"no event class has the topic {missing}") from None

    def _lift(self, topic: str, state: bytes) -> tuple[Reader, bytes]:
        name, _, schema = topic.rpartition(".v")
        if name not in self._schemas or not schema.isdecimal():
            raise UnknownTopic(f"no event class has the topic {topic}")
        content: dict[str, Any] = loads(state)
        for upcast in self._chain(name, int(schema)):
            content = upcast(content)
        return self._readers[f"{name}.v{self._schemas[name]}"], dumps(content).encode()

    def _chain(self, topic: str, schema: int) -> list[Upcast]:
        newest = self._schemas.get(topic, 0)
        missing = [s for s in range(schema, newest) if (topic, s) not in self._upcasts]
        if missing or schema >= newest:
            raise UnknownTopic(f"{topic}.v{schema} has no way up to schema {newest}")
        return [self._upcasts[topic, s] for s in range(schema, newest)]
