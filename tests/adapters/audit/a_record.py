"""A record to export and to tamper with."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from adapters.audit.export import destination, export
from adapters.signing.keys import SigningKey
from application.audit.entries import Stored, entry
from application.audit.ledger import Published
from application.audit.merkle import Frontier, grow, leaf_hash
from application.audit.notes import Checkpoint

KEY = SigningKey("example.org/log", bytes(range(32)))
NOON = datetime(2031, 4, 1, 12, 0, tzinfo=UTC)


class Logged(NamedTuple):
    position: int
    hash: bytes


@dataclass(frozen=True)
class ARecord:
    """What is stored, and the sizes at which checkpoints were published."""

    stored: Sequence[Stored]
    published: Sequence[int]

    @property
    def tree(self) -> Frontier:
        return self._at(len(self.stored))

    def events(self) -> Iterator[Stored]:
        return iter(self.stored)

    def logged(self) -> Iterator[Logged]:
        return (Logged(one.position, leaf_hash(entry(one))) for one in self.stored)

    def checkpoints(self) -> list[Published]:
        roots = {size: self._at(size).root for size in self.published}
        return [
            Published(size, root, KEY.signed(Checkpoint(KEY.name, size, root)), NOON)
            for size, root in roots.items()
        ]

    def _at(self, size: int) -> Frontier:
        return grow(Frontier(), [leaf_hash(entry(one)) for one in self.stored[:size]])[0]


def some_events(count: int, *, forked_from: int = 1_000) -> list[Stored]:
    """Events whose positions have gaps; from some index on, those of another history."""
    return [
        Stored(
            position=3 * n + 2,
            stream=f"019ab5eb-d6f7-75ce-9c47-3d38af7365{n:02x}",
            version=1,
            type="decision.claimed.v1",
            payload=b'{"timestamp":"2026-01-02T03:04:05Z","n":%d,"by":"%b"}'
            % (n, b"eve" if n >= forked_from else "Zo\u00eb".encode()),
        )
        for n in range(count)
    ]


def exported(record: ARecord, out: Path) -> Path:
    with destination(out) as files:
        assert export(record, str(KEY.verifier), files, lambda _done, _all: None) == len(
            record.stored
        )
    return out
