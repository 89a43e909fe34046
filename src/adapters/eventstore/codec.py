"""Events at rest: a topic that never changes and JSON that still reads years later."""

from collections.abc import Callable, Iterable, Mapping
from json import dumps, loads
from types import MappingProxyType
from typing import Any, Protocol, cast
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from pydantic import ValidationError
from pydantic_core import SchemaSerializer

from adapters.eventstore.vault import DoesNotOpen, Vault
from application.ports import Told
from domain.decision.events import HoldsContext
from domain.model import Event

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns the stored content of one schema into that of the next."""


class Reader(Protocol):
    """What pydantic compiles a class into for reading."""

    def validate_json(self, input: str | bytes | bytearray, /) -> Any: ...


IN_THE_KEY = {"originator_id", "originator_version"}

Keys = Mapping[UUID, bytes]
"""The wrapped keys of data subjects, by their ids. Without one, what it opens reads as erased."""
NO_KEYS: Keys = MappingProxyType({})
SEALED = b'{"sealed":"'
"""How stored content begins that holds a seal: the data subject's id, a point, the seal itself."""
ID_AS_TEXT = 36
PLAIN = b'{"timestamp":"'
"""How stored content begins that is as we write it, and holds no seal."""


class UnknownTopic(Exception):
    """No event class is registered for this topic."""


class NotSealable(Exception):
    """Personal facts are never stored in plain: there is no key here to seal them with."""


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
        vault: Vault | None = None,
    ) -> None:
        super().__init__(JSONTranscoder())
        self.vault = vault
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

    def seals_for(self, event: Event) -> UUID | None:
        """Whose key it takes to store an event; None where nothing in it is personal."""
        return event.data_subject if isinstance(event, HoldsContext) and event.personal else None

    def sealed_for(self, state: bytes) -> UUID | None:
        """Whose key it takes to read stored content; None where nothing in it is sealed."""
        if not state.startswith(SEALED):
            return None
        return UUID(state[len(SEALED) : len(SEALED) + ID_AS_TEXT].decode())

    def to_stored_event(self, domain_event: Any, keys: Keys = NO_KEYS) -> StoredEvent:
        """The event as the log keeps it; stream and version live in the key, not in the content."""
        try:
            topic, serializer = self._writers[type(domain_event)]
        except KeyError:
            raise UnknownTopic(f"{type(domain_event).__name__} is not registered") from None
        if isinstance(domain_event, HoldsContext) and domain_event.personal:
            state = self._sealed(domain_event, topic, serializer, keys)
        else:
            state = serializer.to_json(domain_event, exclude=IN_THE_KEY)
        return StoredEvent(
            domain_event.originator_id, domain_event.originator_version, topic, state
        )

    def _sealed(
        self, event: HoldsContext, topic: str, serializer: SchemaSerializer, keys: Keys
    ) -> bytes:
        """The content with what is personal taken out of the context and sealed in front."""
        subject, names = event.data_subject, set(event.personal)
        if self.vault is None or subject is None or subject not in keys:
            raise NotSealable(f"{topic}, version {event.originator_version}")
        values = {name: event.context[name] for name in event.personal}
        place = _place(event.originator_id, event.originator_version, topic)
        seal = self.vault.seal(subject, keys[subject], values, place)
        kept = dict.fromkeys(IN_THE_KEY, True) | {"context": names}
        content = serializer.to_json(event, exclude=kept)
        return b'%b%b.%b",%b' % (SEALED, str(subject).encode(), seal.encode(), content[1:])

    def to_domain_event(self, stored_event: StoredEvent) -> Event:
        """The event as it was said, brought to its class's newest schema."""
        return self.read(
            stored_event.originator_id,
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )

    def read(
        self,
        stream: UUID | str,
        version: int,
        topic: str,
        state: bytes,
        keys: Keys = NO_KEYS,
    ) -> Event:
        """The same, from the columns of a row, with what its key opens."""
        if not state.startswith(SEALED):
            return self._read(stream, version, topic, state)
        seal, _, content = state[len(SEALED) :].partition(b'",')
        event = self._read(stream, version, topic, b"{" + content)
        return self._opened(event, topic, seal.decode(), keys)

    def tell(
        self, stream: UUID, version: int, topic: str, state: bytes, keys: Keys = NO_KEYS
    ) -> Told:
        """An event for others to read: as it is stored, if that is its newest form."""
        if topic not in self._readers or not state.startswith(PLAIN):
            event = self.read(stream, version, topic, state, keys)
            topic, serializer = self._writers[type(event)]
            state = serializer.to_json(event, exclude=IN_THE_KEY)
        name, _, schema = topic.rpartition(".v")
        return Told(stream, version, name, int(schema), state)

    def _read(self, stream: UUID | str, version: int, topic: str, state: bytes) -> Event:
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
            # Where and what, but never what was found: it may be someone's, and this is logged.
            wrong = [f"{_dotted(e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
            said = f"{topic}, version {version} of {stream}: {'; '.join(wrong)}"
            raise Undecodable(said) from None
        return event

    def _opened(self, event: Event, topic: str, seal: str, keys: Keys) -> Event:
        """The event with its personal facts; erased ones are named, and null."""
        assert isinstance(event, HoldsContext), "only a context is ever sealed"
        id, _, sealed = seal.partition(".")
        wrapped = keys.get(UUID(id))
        values: dict[str, Any] = dict.fromkeys(event.personal)
        if wrapped is not None:
            place = _place(event.originator_id, event.originator_version, topic)
            values = self._values(UUID(id), wrapped, sealed, place)
        return event.model_copy(update={"context": event.context | values})

    def _values(self, id: UUID, wrapped: bytes, sealed: str, place: bytes) -> dict[str, Any]:
        if self.vault is None:
            raise Undecodable(f"{place.decode()}: there is no key-encryption key here")
        try:
            return self.vault.open(id, wrapped, sealed, place)
        except DoesNotOpen as error:
            raise Undecodable(f"{place.decode()}: its seal does not open: {error}") from None

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


def _place(stream: UUID, version: int, topic: str) -> bytes:
    """Where a seal belongs; moved anywhere else, it does not open."""
    return f"{stream}/{version}/{topic}".encode()


def _dotted(path: tuple[int | str, ...]) -> str:
    return ".".join(map(str, path)) or "the content"
