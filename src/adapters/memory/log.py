"""The event log in memory: for demonstrations and tests, with the same promises but durability."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import Any, Protocol
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from application.audit.entries import Stored
from application.ports import (
    Append,
    Busy,
    CommandKey,
    Forgotten,
    Overtaken,
    Positioned,
    PriorCommand,
    Repeated,
    Stale,
    SubjectEntry,
    SubjectTaken,
    Told,
)
from domain.model import Event

POLL = 1.0


class EventCodec(Protocol):
    """Events to stored events and back: what is kept is really encoded."""

    @property
    def vault(self) -> "Vault | None": ...

    def seals_for(self, event: Event) -> UUID | None: ...

    def to_stored_event(
        self, domain_event: Any, keys: Mapping[UUID, bytes] = ...
    ) -> StoredEvent: ...

    def read(
        self,
        stream: UUID | str,
        version: int,
        topic: str,
        state: bytes,
        keys: Mapping[UUID, bytes] = ...,
    ) -> Event: ...

    def tell(
        self, stream: UUID, version: int, topic: str, state: bytes, keys: Mapping[UUID, bytes] = ...
    ) -> Told: ...

    def stored_topics(self, topics: Iterable[str]) -> list[str]: ...


class Vault(Protocol):
    """Makes keys for data subjects, and the digests their references are looked up by."""

    def reference(self, text: str) -> bytes: ...

    def new_key(self, id: UUID, reference: str) -> bytes: ...


class MemoryEventLog:
    """The append-only log over the library's recorder in memory, for any thread or loop."""

    def __init__(self, codec: EventCodec, *, capacity: int = 10_000) -> None:
        self._codec = codec
        self._capacity = capacity
        self._recorder = POPOApplicationRecorder()
        self._newest: dict[UUID, int] = {}
        self._commands: dict[tuple[str, str], PriorCommand] = {}
        self._live: dict[UUID, tuple[str, str]] = {}
        self._on_subject: defaultdict[tuple[str, str], set[UUID]] = defaultdict(set)
        self._known_as: dict[bytes, UUID] = {}
        self._keys: dict[UUID, bytes] = {}
        self._lock = RLock()
        self._followers: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    async def append(self, append: Append) -> int:
        """Write and give the position of the last event."""
        if self._capacity <= 0:
            raise Busy("this log promises to hold nothing")
        heads = _heads(append)
        with self._lock:
            self._require_keys(append)
            stored = [self._codec.to_stored_event(event, self._keys) for event in append.events]
            self._check(append, heads)
            positions = self._recorder.insert_events(stored)
            assert positions
            self._newest |= {e.originator_id: e.originator_version for e in append.events}
            if append.command:
                self._remember(append.command, next(iter(heads)))
            self._move(append.enters, append.leaves)
            self._forget(append.forgets)
        self._wake()
        return positions[-1]

    async def stream(self, id: UUID, *, up_to: int | None = None) -> Sequence[Event]:
        """All events of one stream in order; empty if none."""
        found = self._recorder.select_events(id, lte=up_to)
        return [self._read(stored, self._keys) for stored in found]

    async def told(self, id: UUID) -> Sequence[Told]:
        """The same events as JSON."""
        found = self._recorder.select_events(id)
        return [
            self._codec.tell(id, e.originator_version, e.topic, e.state, self._keys) for e in found
        ]

    async def after(
        self, position: int, *, limit: int = 500, topics: Sequence[str] = ()
    ) -> Sequence[Positioned]:
        """Events behind a position, in order; `topics` are the event classes' own."""
        return self._after(position, limit, topics, self._keys)

    def read_after(
        self, position: int, *, limit: int, topics: Sequence[str] = ()
    ) -> Sequence[Positioned]:
        """The same for projections, which see nothing that is personal."""
        return self._after(position, limit, topics, {})

    def _after(
        self, position: int, limit: int, topics: Sequence[str], keys: Mapping[UUID, bytes]
    ) -> Sequence[Positioned]:
        stored = self._codec.stored_topics(topics)
        found = self._recorder.select_notifications(
            position, limit, topics=stored, inclusive_of_start=False
        )
        return [Positioned(int(n.id), self._read(n, keys)) for n in found]

    def stored(self) -> Sequence[Stored]:
        """All events as they are kept, in order."""
        found = self._recorder.select_notifications(0, self.read_newest(), inclusive_of_start=False)
        return [
            Stored(int(n.id), str(n.originator_id), n.originator_version, n.topic, n.state)
            for n in found
        ]

    async def newest(self) -> int:
        """The position of the newest event; 0 if there is none."""
        return self.read_newest()

    def read_newest(self) -> int:
        """The position of the newest event; 0 if there is none."""
        return self._recorder.max_notification_id() or 0

    async def prior(self, scope: str, key: str) -> PriorCommand | None:
        """What an idempotency key was used for, if it was."""
        return self._commands.get((scope, key))

    async def live_on(self, decision_type: str, subject: str) -> frozenset[UUID]:
        """The live decisions on a subject."""
        with self._lock:
            return frozenset(self._on_subject.get((decision_type, subject), ()))

    @property
    def seals(self) -> bool:
        """Whether personal facts can be sealed here."""
        return self._codec.vault is not None

    async def data_subject(self, reference: str) -> UUID:
        """The id of whoever a reference means, with a key to seal with."""
        vault = self._codec.vault
        assert vault is not None, "asked only where personal facts can be sealed"
        with self._lock:
            id = self._known_as.setdefault(vault.reference(reference), uuid4())
            if id not in self._keys:
                self._keys[id] = vault.new_key(id, reference)
            return id

    async def known_as(self, reference: str) -> UUID | None:
        """The id of whoever a reference means; None if nobody, or nobody any more."""
        vault = self._codec.vault
        return None if vault is None else self._known_as.get(vault.reference(reference))

    async def changes(self) -> AsyncIterator[None]:
        """Ticks at once, after each append, and once a second whatever happens."""
        changed = asyncio.Event()
        changed.set()
        follower = (asyncio.get_running_loop(), changed)
        self._followers.add(follower)
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await changed.wait()
                changed.clear()
                yield
        finally:
            self._followers.discard(follower)

    def _check(self, append: Append, heads: dict[UUID, int]) -> None:
        command, enters = append.command, append.enters
        if command and (prior := self._commands.get((command.scope, command.key))):
            raise Repeated(prior)
        if any(self._newest.get(stream, 0) != version for stream, version in heads.items()):
            raise Overtaken("another writer was first")
        if any(self._newest.get(stream, 0) != version for stream, version in append.expects):
            raise Stale("a stream that the command relied on has moved on")
        if enters:
            live = frozenset(self._on_subject.get((enters.decision_type, enters.subject), ()))
            if live != enters.seen:
                raise SubjectTaken(live)
            if enters.decision_id in self._live:
                raise ValueError(f"a decision can't become live twice: {enters.decision_id}")

    def _require_keys(self, append: Append) -> None:
        needed = {id for event in append.events if (id := self._codec.seals_for(event))}
        if needed - self._keys.keys():
            raise Forgotten("a data subject was erased meanwhile")

    def _forget(self, erased: Iterable[UUID]) -> None:
        for id in erased:
            self._keys.pop(id, None)
        self._known_as = {name: id for name, id in self._known_as.items() if id in self._keys}

    def _remember(self, command: CommandKey, stream: UUID) -> None:
        prior = PriorCommand(stream, self._newest[stream], command.digest)
        self._commands[command.scope, command.key] = prior

    def _move(self, enters: SubjectEntry | None, leaves: Iterable[UUID]) -> None:
        for decision in leaves:
            self._leave(decision)
        if enters:
            self._live[enters.decision_id] = (enters.decision_type, enters.subject)
            self._on_subject[enters.decision_type, enters.subject].add(enters.decision_id)

    def _leave(self, decision: UUID) -> None:
        if subject := self._live.pop(decision, None):
            self._on_subject[subject].discard(decision)
            if not self._on_subject[subject]:
                del self._on_subject[subject]

    def _read(self, stored: StoredEvent, keys: Mapping[UUID, bytes]) -> Event:
        return self._codec.read(
            stored.originator_id, stored.originator_version, stored.topic, stored.state, keys
        )

    def _wake(self) -> None:
        for loop, changed in list(self._followers):
            with suppress(RuntimeError):  # a follower's loop may be closed by now
                loop.call_soon_threadsafe(changed.set)


def _heads(append: Append) -> dict[UUID, int]:
    """Each stream it writes, and the version that must be the newest until then."""
    if not append.events:
        raise ValueError("an append needs at least one event")
    heads: dict[UUID, int] = {}
    newest: dict[UUID, int] = {}
    for event in append.events:
        stream, version = event.originator_id, event.originator_version
        if newest.setdefault(stream, version - 1) != version - 1:
            raise ValueError(f"version {version} of {stream} follows {newest[stream]}")
        heads.setdefault(stream, version - 1)
        newest[stream] = version
    return heads
