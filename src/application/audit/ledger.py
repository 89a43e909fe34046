"""The ledger: the Merkle log as it is asked, what it proves, and what is not yet protected."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from application.audit import merkle
from application.audit.entries import Stored, entry
from application.audit.merkle import Part, Tile
from domain.model import Forbidden, Malformed, NotFound


class NotInTheLog(NotFound):
    """Only an event that the Merkle log has reached can be proved to be in it."""

    CODE = "REJ.not_in_the_log"


class NoSuchTree(Malformed):
    """A proof is about sizes that the log's tree has had."""

    CODE = "REJ.tree_size"


class RecordChanged(Forbidden):
    """What is stored is not what the log's tree was built from: somebody changed the record."""

    CODE = "REJ.record_changed"


class Head(NamedTuple):
    """The tree as it is now."""

    size: int
    root: bytes
    position: int
    """The position in the log that it has reached."""
    behind: int
    """Events that are recorded and not in it yet."""


@dataclass(frozen=True, slots=True)
class Published:
    """A checkpoint that left the system."""

    size: int
    root: bytes
    note: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the record is protected."""

    head: Head
    checkpoint: Published | None

    @property
    def unprotected(self) -> int:
        """Events after the last published checkpoint: nobody outside would notice a change."""
        protected = self.checkpoint.size if self.checkpoint else 0
        return self.head.size + self.head.behind - protected


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an event is in the log, as it is stored."""

    index: int
    size: int
    root: bytes
    entry: bytes
    hashes: tuple[bytes, ...]
    checkpoint: Published | None
    """The published one that the proof is for; without one it holds only as far as we are trusted.
    """


@dataclass(frozen=True, slots=True)
class Consistency:
    """That the log of one size begins with that of a smaller one."""

    old: int
    new: int
    old_root: bytes
    new_root: bytes
    hashes: tuple[bytes, ...]


class Ledger(Protocol):
    """The Merkle log as it is kept."""

    async def head(self) -> Head:
        """The tree as it is now."""
        ...

    async def tiles(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """The hashes of these tiles, as far as there are any."""
        ...

    async def index_of(self, position: int) -> int | None:
        """Which leaf the event at a position is; None if it is none."""
        ...

    async def stored(self, position: int) -> Stored | None:
        """The event at a position, as it is stored."""
        ...

    async def checkpoint(self, index: int | None = None) -> Published | None:
        """The first published checkpoint that this leaf is in; the newest of all for no leaf."""
        ...

    async def publish(self, checkpoint: Published) -> None:
        """Remember that a checkpoint left the system."""
        ...


async def standing(ledger: Ledger) -> Standing:
    """How far the record is protected."""
    checkpoint = await ledger.checkpoint()
    return Standing(await ledger.head(), checkpoint)


async def inclusion(position: int, ledger: Ledger, size: int | None = None) -> Inclusion:
    """Prove that the event at a position is in the log: for the newest published checkpoint, if it
    is that old, and for the tree of a size or as it is now otherwise."""
    index, stored = await ledger.index_of(position), await ledger.stored(position)
    head, checkpoint = await ledger.head(), await ledger.checkpoint()
    if index is None:
        raise NotInTheLog(f"position {position}: the log's tree has reached {head.position}")
    if checkpoint and not index < checkpoint.size == (size or checkpoint.size):
        checkpoint = None
    wanted = size or (checkpoint.size if checkpoint else head.size)
    if not index < wanted <= head.size:
        raise NoSuchTree(f"size: found {wanted}; allowed are {index + 1} to {head.size}")
    parts = (merkle.whole(wanted), *merkle.inclusion(index, wanted))
    root, *hashes = await _hashes(parts, ledger)
    leaf = b"" if stored is None else entry(stored)
    if not merkle.includes(merkle.leaf_hash(leaf), index, wanted, hashes, root):
        raise RecordChanged(f"position {position}: what is stored is not what was logged")
    if checkpoint is not None and checkpoint.root != root:
        raise RecordChanged(f"the tree of {wanted} events is not the one that was published")
    return Inclusion(index, wanted, root, leaf, tuple(hashes), checkpoint)


async def consistency(old: int, new: int | None, ledger: Ledger) -> Consistency:
    """Prove that the tree of a size, as it is now if none is named, begins with a smaller one."""
    head = await ledger.head()
    later = head.size if new is None else new
    if not 1 <= old <= head.size:
        raise NoSuchTree(f"from: found {old}; allowed are 1 to {head.size}")
    if not old <= later <= head.size:
        raise NoSuchTree(f"to: found {later}; allowed are {old} to {head.size}")
    whole, parts = merkle.whole(later), merkle.consistency(old, later)
    old_root, new_root, *hashes = await _hashes((merkle.whole(old), whole, *parts), ledger)
    return Consistency(old, later, old_root, new_root, tuple(hashes))


async def root_of(size: int, ledger: Ledger) -> bytes:
    """The root of the tree when it had this size."""
    return (await _hashes((merkle.whole(size),), ledger))[0]


async def _hashes(parts: Sequence[Part], ledger: Ledger) -> list[bytes]:
    held = await ledger.tiles(merkle.tiles(parts))
    try:
        return [merkle.hash_of(each, held) for each in parts]
    except merkle.Missing as missing:
        raise RecordChanged(f"the log's tree: {missing} is not what it was") from None
