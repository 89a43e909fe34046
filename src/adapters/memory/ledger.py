"""The Merkle log in memory; a look brings it up to date first."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from adapters.memory.log import MemoryEventLog
from application.audit.entries import Stored, entry
from application.audit.ledger import Head, Published
from application.audit.merkle import HASH, WIDTH, Frontier, Tile, grow, leaf_hash


class MemoryLedger:
    """What the log's tree says."""

    def __init__(self, log: MemoryEventLog) -> None:
        self._log = log
        self._tree = Frontier()
        self._hashes: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._positions: list[int] = []
        self._published: dict[int, Published] = {}

    async def head(self) -> Head:
        """The tree as it is now."""
        self._catch_up()
        return Head(self._tree.size, self._tree.root, self._log.read_newest(), 0)

    async def tiles(self, wanted: Collection[Tile]) -> Mapping[Tile, bytes]:
        """The hashes of these tiles, as far as there are any."""
        wide = WIDTH * HASH
        held = ((t, self._hashes[t.level][t.place * wide : (t.place + 1) * wide]) for t in wanted)
        return {tile: bytes(hashes) for tile, hashes in held if hashes}

    async def index_of(self, position: int) -> int | None:
        """Which leaf the event at a position is; None if it is none."""
        self._catch_up()
        return self._positions.index(position) if position in self._positions else None

    async def stored(self, position: int) -> Stored | None:
        """The event at a position, as it is stored."""
        return next((one for one in self._log.stored() if one.position == position), None)

    async def checkpoint(self, index: int | None = None) -> Published | None:
        """The first published checkpoint that this leaf is in; the newest of all for no leaf."""
        sizes = sorted(self._published, reverse=index is None)
        covering = (size for size in sizes if index is None or size > index)
        return self._published.get(next(covering, -1))

    async def publish(self, checkpoint: Published) -> None:
        """Remember that a checkpoint left the system."""
        self._published[checkpoint.size] = checkpoint

    def _catch_up(self) -> None:
        events = self._log.stored()[self._tree.size :]
        self._tree, new = grow(self._tree, [leaf_hash(entry(event)) for event in events])
        for level, hashes in new.items():
            self._hashes[level] += b"".join(hashes)
        self._positions += [event.position for event in events]
