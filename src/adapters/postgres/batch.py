"""One batch of appends as the arrays of one statement, and the statement's answer taken apart."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from adapters.postgres.arrays import Bigints, Booleans, Byteas, Integers, PackedArray, Texts, Uuids
from adapters.postgres.encoding import EventCodec, Keys
from application.ports import (
    Append,
    Overtaken,
    PriorCommand,
    Repeated,
    Stale,
    SubjectTaken,
)

STATEMENTS = Path(__file__).parent / "statements"
APPEND = (STATEMENTS / "append.sql").read_bytes()
SETTLE = (STATEMENTS / "settle.sql").read_bytes()


@dataclass(slots=True, eq=False)
class Entry:
    """An accepted append: encoded, checked for sense, and waiting for its answer."""

    append: Append
    stored: list[StoredEvent]
    heads: dict[UUID, int]
    """Each stream it writes, and the version that must be the newest until then."""
    newest: dict[UUID, int]
    """Each stream it writes, and the version it leaves that at."""
    answer: asyncio.Future[int]
    writes: set[object] = field(default_factory=set[object])
    reads: set[object] = field(default_factory=set[object])
    size: int = 0
    """In bytes, near enough."""
    sent: int = 0
    alone: bool = False
    """Whether it must not share a transaction any more."""

    @classmethod
    def of(
        cls, append: Append, codec: EventCodec, answer: asyncio.Future[int], keys: Keys
    ) -> "Entry":
        stored = [codec.to_stored_event(event, keys) for event in append.events]
        entry = cls(append, stored, *_ends(stored), answer)
        entry.writes = set(_written(append, entry.heads))
        entry.reads = {stream for stream, _ in append.expects}
        entry.size = sum([len(event.state) for event in stored])
        _encodable(append)
        return entry

    def touches(self, writes: set[object], reads: set[object]) -> bool:
        """Whether it must come after appends that write and read these."""
        return not (
            self.writes.isdisjoint(writes)
            and self.writes.isdisjoint(reads)
            and self.reads.isdisjoint(writes)
        )


def _ends(stored: Sequence[StoredEvent]) -> tuple[dict[UUID, int], dict[UUID, int]]:
    """The version of each stream before these events, and after them."""
    if not stored:
        raise ValueError("an append needs at least one event")
    heads: dict[UUID, int] = {}
    newest: dict[UUID, int] = {}
    for event in stored:
        stream: Any = event.originator_id
        before = newest.get(stream)
        if before is None:
            heads[stream] = event.originator_version - 1
        elif event.originator_version != before + 1:
            raise ValueError(f"version {event.originator_version} of {stream} follows {before}")
        newest[stream] = event.originator_version
    return heads, newest


def _written(append: Append, heads: Iterable[UUID]) -> Iterable[object]:
    """What no other append of the same batch may touch: one statement sees one state."""
    yield from heads
    yield from append.leaves
    if append.command:
        yield append.command.scope, append.command.key
    if append.enters:
        yield "subject", append.enters.decision_type, append.enters.subject
        yield append.enters.decision_id


def _encodable(append: Append) -> None:
    """Refuse what PostgreSQL can't keep as text now, so that it never spoils a batch."""
    texts = [append.command.scope, append.command.key] if append.command else []
    if append.enters:
        texts += [append.enters.decision_type, append.enters.subject]
    for text in texts:
        if "\0" in text:
            raise ValueError("text can't hold the character NUL")
        text.encode()


def append_parameters(batch: Sequence[Entry]) -> dict[str, PackedArray]:
    """The batch as `append.sql` wants it."""
    return _events(batch) | _heads(batch) | _keys(batch) | _subjects(batch)


def _events(batch: Sequence[Entry]) -> dict[str, PackedArray]:
    events = [event for entry in batch for event in entry.stored]
    streams: list[Any] = [event.originator_id for event in events]
    return {
        "event_item": Integers.of([i for i, entry in enumerate(batch) for _ in entry.stored]),
        "event_stream": Uuids.of(streams),
        "event_version": Bigints.of([event.originator_version for event in events]),
        "event_topic": Texts.of([event.topic.encode() for event in events]),
        "event_state": Byteas.of([event.state for event in events]),
    }


def _heads(batch: Sequence[Entry]) -> dict[str, PackedArray]:
    """The streams that are written, then those that are only relied on."""
    written = [(i, head) for i, entry in enumerate(batch) for head in entry.heads.items()]
    relied = [(i, head) for i, entry in enumerate(batch) for head in entry.append.expects]
    heads = written + relied
    return {
        "head_item": Integers.of([i for i, _ in heads]),
        "head_stream": Uuids.of([stream for _, (stream, _) in heads]),
        "head_version": Bigints.of([version for _, (_, version) in heads]),
        "head_relied": Booleans.of([False] * len(written) + [True] * len(relied)),
    }


def _keys(batch: Sequence[Entry]) -> dict[str, PackedArray]:
    """What a key was used for is its append's first stream, and the version it left that at."""
    keyed = [(i, entry) for i, entry in enumerate(batch) if entry.append.command is not None]
    keys = [c for _, entry in keyed if (c := entry.append.command) is not None]
    first = [next(iter(entry.newest.items())) for _, entry in keyed]
    return {
        "key_item": Integers.of([i for i, _ in keyed]),
        "key_scope": Texts.of([key.scope.encode() for key in keys]),
        "key_key": Texts.of([key.key.encode() for key in keys]),
        "key_digest": Byteas.of([key.digest for key in keys]),
        "key_stream": Uuids.of([stream for stream, _ in first]),
        "key_version": Bigints.of([version for _, version in first]),
    }


def _subjects(batch: Sequence[Entry]) -> dict[str, PackedArray]:
    enters = [(i, s) for i, entry in enumerate(batch) if (s := entry.append.enters) is not None]
    leaves = [(i, decision) for i, entry in enumerate(batch) for decision in entry.append.leaves]
    return {
        "enter_item": Integers.of([i for i, _ in enters]),
        "enter_type": Texts.of([s.decision_type.encode() for _, s in enters]),
        "enter_subject": Texts.of([s.subject.encode() for _, s in enters]),
        "enter_decision": Uuids.of([s.decision_id for _, s in enters]),
        "enter_seen": Texts.of([_uuid_array(s.seen) for _, s in enters]),
        "leave_item": Integers.of([i for i, _ in leaves]),
        "leave_decision": Uuids.of([decision for _, decision in leaves]),
    }


def _uuid_array(ids: frozenset[UUID]) -> bytes:
    return b"{%b}" % ",".join(map(str, sorted(ids))).encode() if ids else b"{}"


def settle_parameters(batch: Sequence[Entry]) -> dict[str, PackedArray]:
    """The batch as `settle.sql` wants it."""
    first = [entry.stored[0] for entry in batch]
    last = [entry.stored[-1] for entry in batch]
    streams: list[Any] = [event.originator_id for event in first]
    last_streams: list[Any] = [event.originator_id for event in last]
    return {
        "item": Integers.of(range(len(batch))),
        "stream": Uuids.of(streams),
        "version": Bigints.of([event.originator_version for event in first]),
        "state": Byteas.of([event.state for event in first]),
        "last_stream": Uuids.of(last_streams),
        "last_version": Bigints.of([event.originator_version for event in last]),
    }


def answer(
    batch: Sequence[Entry], positions: list[int] | None, refusals: list[dict[str, Any]] | None
) -> None:
    """Tell every waiter what became of its append."""
    refused = {refusal["item"]: refusal for refusal in refusals or ()}
    # Positions are given in the order of the events, so sorting gives each append its own.
    ordered = sorted(positions or ())
    end = 0
    for item, entry in enumerate(batch):
        if item in refused:
            fail(entry, _refusal(refused[item]))
        else:
            end += len(entry.stored)
            succeed(entry, ordered[end - 1])


def succeed(entry: Entry, position: int) -> None:
    if not entry.answer.done():
        entry.answer.set_result(position)


def fail(entry: Entry, error: Exception) -> None:
    if not entry.answer.done():
        entry.answer.set_exception(error)


def _refusal(refusal: dict[str, Any]) -> Exception:
    match refusal["why"]:
        case 1:
            digest = bytes.fromhex(refusal["digest"].removeprefix("\\x"))
            prior = PriorCommand(UUID(refusal["stream"]), refusal["version"], digest)
            return Repeated(prior)
        case 2:
            return Overtaken("another writer was first")
        case 3:
            return Stale("a stream that the command relied on has moved on")
        case _:
            return SubjectTaken(frozenset(map(UUID, refusal["live"])))
