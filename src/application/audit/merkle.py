"""The tree of RFC 6962 over SHA-256: leaves, roots, and proofs anyone can check. Pure.

Hashes are kept by tile, as C2SP's tlog-tiles has it: 256 hashes of one level, and every eighth
level of the tree. A perfect subtree that no tile holds is hashed up from those that one does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

HEIGHT = 8
WIDTH = 1 << HEIGHT
HASH = 32
"""Bytes of a hash."""
EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """The hash that an entry is in the tree by."""
    return sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\1" + left + right).digest()


class Node(NamedTuple):
    """A perfect subtree: the `place`-th of those with 2 to the power of `level` leaves."""

    level: int
    place: int

    @property
    def tile(self) -> "Tile":
        """The tile that its hashes lie in."""
        return Tile(self.level // HEIGHT, (self.place << self.level % HEIGHT) // WIDTH)

    def within(self, hashes: bytes) -> bytes:
        """Its hash, from the content of its tile."""
        wide = 1 << self.level % HEIGHT
        start = self.place * wide % WIDTH * HASH
        part = hashes[start : start + wide * HASH]
        if len(part) != wide * HASH:
            raise Missing(f"tile {self.tile.level}/{self.tile.place}")
        return folded([part[at : at + HASH] for at in range(0, len(part), HASH)])


class Tile(NamedTuple):
    """A row of up to 256 hashes; above level 0 each is that of a full tile one level below."""

    level: int
    place: int


class Missing(Exception):
    """The tree does not hold what a proof needs."""


class Frontier(NamedTuple):
    """As much of a tree as it takes to go on growing it: at most 64 hashes, the largest first."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        """The root of the tree so far."""
        return joined(self.hashes) if self.hashes else EMPTY


Grown = Mapping[int, Sequence[bytes]]
"""The hashes that are new in tiles, by the tiles' level."""


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, Grown]:
    """The tree with more leaves, given by their hashes, and what is new in its tiles."""
    size, hashes = frontier.size, list(frontier.hashes)
    new: defaultdict[int, list[bytes]] = defaultdict(list)
    bottom = new[0]
    for node in leaves:
        bottom.append(node)
        size, carry, level = size + 1, size, 0
        while carry & 1:
            node = sha256(b"\1" + hashes.pop() + node).digest()
            carry, level = carry >> 1, level + 1
            if level % HEIGHT == 0:
                new[level // HEIGHT].append(node)
        hashes.append(node)
    return Frontier(size, tuple(hashes)), new


def folded(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]


def joined(hashes: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees that stand side by side, the largest first."""
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


Part = tuple[Node, ...]
"""A part of the tree that one hash of a proof stands for: perfect subtrees side by side."""


def part(start: int, end: int) -> Part:
    """The leaves from `start`, up to and without `end`, where a proof may cut."""
    return tuple(_perfect(start, end))


def _perfect(start: int, end: int) -> Iterator[Node]:
    while start < end:
        level = (end - start).bit_length() - 1
        yield Node(level, start >> level)
        start += 1 << level


def whole(size: int) -> Part:
    """The tree of the first so many leaves."""
    return part(0, size)


def inclusion(index: int, size: int) -> list[Part]:
    """What proves that a leaf is in the tree of a size (RFC 6962, 2.1.1)."""
    start, end = 0, size
    parts: list[Part] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            parts.append(part(middle, end))
            end = middle
        else:
            parts.append(part(start, middle))
            start = middle
    return parts[::-1]


def consistency(old: int, new: int) -> list[Part]:
    """What proves that the tree of a size begins with that of a smaller one (RFC 6962, 2.1.2)."""
    if old in (0, new):
        return []
    start, end = 0, new
    parts: list[Part] = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            parts.append(part(middle, end))
            end = middle
        else:
            parts.append(part(start, middle))
            start = middle
    if start:
        parts.append(part(start, end))
    return parts[::-1]


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def tiles(parts: Iterable[Part]) -> frozenset[Tile]:
    """The tiles that hold what these parts are made of."""
    return frozenset(node.tile for each in parts for node in each)


def hash_of(each: Part, held: Mapping[Tile, bytes]) -> bytes:
    """The hash of a part, from the tiles that hold it."""
    if not each:
        return EMPTY
    return joined([node.within(held.get(node.tile, b"")) for node in each])


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf is in a tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or len(leaf) != HASH:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def extends(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that a tree begins with an older one (RFC 9162, 2.1.4.2).

    Each tree is its size and its root. Nothing is shown of the tree without leaves: all begin so.
    """
    (size, root), (grown, grown_root) = old, new
    if size == grown > 0:
        return not proof and root == grown_root
    if not 0 < size < grown or not proof:
        return False
    path = list(proof) if size & size - 1 else [root, *proof]
    place, last = size - 1, grown - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == root and after == grown_root
