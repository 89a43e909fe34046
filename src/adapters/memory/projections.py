"""Projections in memory, with the same promises as on PostgreSQL but durability."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Event as Flag
from threading import RLock
from typing import Any, TypeVar

from adapters.memory.log import MemoryEventLog
from application.ports import Positioned
from application.projections import Projection, Row, fold_onto

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Row)
NAP = 0.02


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that isn't what folding the log gives; None where there is no row."""

    key: str
    stored: str | None
    folded: str | None


class MemoryProjectionStore:
    """Keeps any projection in a dictionary, and follows a log in memory for it."""

    def __init__(self, log: MemoryEventLog) -> None:
        self._log = log
        self._rows: defaultdict[str, dict[str, Any]] = defaultdict(dict)
        self._positions: defaultdict[str, int] = defaultdict(int)
        self._lock = RLock()

    def close(self) -> None:
        """Nothing to let go of."""

    def position(self, projection: Projection[R]) -> int:
        """How far in the log its rows stand."""
        return self._positions[projection.name]

    def rows(self, projection: Projection[R], keys: Sequence[str] | None = None) -> dict[str, R]:
        """Its rows: those of the keys, or all of them."""
        with self._lock:
            rows: dict[str, R] = self._rows[projection.name]
            wanted = sorted(rows) if keys is None else [key for key in keys if key in rows]
            return {key: rows[key] for key in wanted}

    def advance(self, projection: Projection[R], limit: int = 2_000) -> int:
        """Take it up to `limit` events further; give how many there were."""
        with self._lock:
            position = self._positions[projection.name]
            events, reached = self._read(projection, position, limit)
            _apply(projection, self._rows[projection.name], events)
            self._positions[projection.name] = reached
            return len(events)

    def catch_up(self, projection: Projection[R], limit: int = 2_000) -> int:
        """Take it to the end of the log; give how many events there were."""
        total = 0
        while advanced := self.advance(projection, limit):
            total += advanced
        return total

    def rebuild(
        self,
        projection: Projection[R],
        progress: Callable[[int, int], None] | None = None,
        limit: int = 5_000,
    ) -> int:
        """Fold it anew from the whole log, then swap; give the position."""
        with self._lock:
            newest = self._log.read_newest()
            rows: dict[str, R] = {}
            position = 0
            while position < newest:
                events, position = self._read(projection, position, limit)
                _apply(projection, rows, events)
                if progress:
                    progress(position, newest)
            self._rows[projection.name] = rows
            self._positions[projection.name] = position
            return position

    def verify(self, projection: Projection[R]) -> list[Difference]:
        """Fold the log anew up to where the rows stand, and give every row that differs."""
        with self._lock:
            stored: dict[str, R] = self._rows[projection.name]
            folded: dict[str, R] = {}
            events, _ = self._read(projection, 0, self._log.read_newest() + 1)
            stand = self._positions[projection.name]
            _apply(projection, folded, (e for e in events if e.position <= stand))
            keys = sorted(key for key in stored | folded if stored.get(key) != folded.get(key))
            return [Difference(k, _json(stored.get(k)), _json(folded.get(k))) for k in keys]

    def follow(self, projections: Sequence[Projection[Any]], stop: Flag) -> None:
        """Keep projections up with the log until told to stop."""
        while not stop.is_set():
            for projection in projections:
                try:
                    self.catch_up(projection)
                except Exception:
                    log.exception("projection %s failed", projection.name)
            stop.wait(NAP)

    def _read(
        self, projection: Projection[R], position: int, limit: int
    ) -> tuple[Sequence[Positioned], int]:
        newest = self._log.read_newest()
        events = self._log.read_after(position, limit=limit, topics=projection.topics)
        if len(events) == limit:
            return events, events[-1].position
        return events, max(newest, events[-1].position if events else position)


def _apply(projection: Projection[R], rows: dict[str, R], events: Iterable[Positioned]) -> None:
    """All of the events or, if a fold fails, none."""
    concerned = projection.concerned(events)
    touched: dict[str, R | None] = {key: rows.get(key) for key, _ in concerned}
    fold_onto(projection, touched, concerned)
    for key, row in touched.items():
        if row is None:
            rows.pop(key, None)
        else:
            rows[key] = row


def _json(row: Row | None) -> str | None:
    return row.model_dump_json() if row is not None else None
