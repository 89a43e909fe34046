"""Trees to test with, built as RFC 6962 words it, and proofs as the published vectors hold them."""

from base64 import b64decode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from application.audit.merkle import (
    HASH,
    WIDTH,
    Frontier,
    Part,
    Tile,
    extends,
    grow,
    hash_of,
    includes,
)


def root_by_the_book(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, over hashes of leaves."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    left, right = root_by_the_book(leaves[:k]), root_by_the_book(leaves[k:])
    return sha256(b"\1" + left + right).digest()


def some_leaves(count: int) -> list[bytes]:
    return [sha256(b"\0%d" % n).digest() for n in range(count)]


class Grown:
    """A tree that was grown in batches, with its tiles."""

    def __init__(self, leaves: Sequence[bytes], batches: Sequence[int] = ()) -> None:
        self.frontier = Frontier()
        self._levels: dict[int, bytes] = {}
        at = 0
        for batch in (*batches, len(leaves)):
            self.frontier, new = grow(self.frontier, leaves[at : at + batch])
            at = min(len(leaves), at + batch)
            for level, hashes in new.items():
                self._levels[level] = self._levels.get(level, b"") + b"".join(hashes)

    @property
    def tiles(self) -> dict[Tile, bytes]:
        wide = WIDTH * HASH
        return {
            Tile(level, n): hashes[n * wide : (n + 1) * wide]
            for level, hashes in self._levels.items()
            for n in range(-(-len(hashes) // wide))
        }

    def hashes(self, parts: Sequence[Part]) -> list[bytes]:
        tiles = self.tiles
        return [hash_of(part, tiles) for part in parts]


def accepted(vector: dict[str, Any]) -> bool:
    """What we say of a test vector as transparency-dev/merkle writes them."""
    proof = [b64decode(one) for one in vector["proof"] or []]
    if "leafIdx" in vector:
        leaf, root = b64decode(vector["leafHash"] or ""), b64decode(vector["root"] or "")
        return includes(leaf, vector["leafIdx"], vector["treeSize"], proof, root)
    old, new = ((vector[f"size{n}"], b64decode(vector[f"root{n}"] or "")) for n in ("1", "2"))
    return extends(old, new, proof)
