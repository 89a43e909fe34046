"""Watching: labels come in; where the evidence turns, automation stops before whoever brought the
label is answered.

Only a label that says "wrong" can trip a breaker, so only those are looked at at once, here. What
goes well again (an all-clear, a trial that ends), and what a crash kept from being looked at, is
found by the workers.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from application.evidence.breaking import BLOCK, Terms
from application.ports import EventLog, Identity, Overtaken, Positioned
from application.projections import fold_onto
from application.projections.breakers import Breakers, BreakersRow, Watch, label_of
from domain.breakers import Breaker, Stream
from domain.decision import events as d
from domain.decision_type.state import DecisionType
from domain.decision_type.watching import BREAKER, Found, watch
from domain.model import Event

if TYPE_CHECKING:
    from application.desk import Caller, Desk

ATTEMPTS = 20
"""How often a breaker is looked at again when somebody else changed its decision type."""
PAGE = 2_000
WATCHES = Identity(BREAKER.id, BREAKER.kind)

Rows = dict[str, BreakersRow]
Kept = Callable[[], Awaitable[tuple[int, Rows]]]
"""Where the projection stands, and its rows as of there: where folding may begin."""


@dataclass(slots=True)
class Lookout:
    """Every decision type's breakers as the log has them now, not as a projection once had them."""

    kept: Kept | None = None
    _log: EventLog | None = None
    _position: int = 0
    _rows: Rows = field(default_factory=dict[str, BreakersRow])

    async def rows(self, log: EventLog) -> Rows:
        """The rows, with every event that was in the log when this was asked."""
        if log is not self._log:
            known = await self.kept() if self.kept else (0, Rows())
            self._log, (self._position, self._rows) = log, known
        position, rows, newest = self._position, self._rows, await log.newest()
        while events := await log.after(position, limit=PAGE, topics=Breakers.topics):
            rows, position = _folded(rows, events), events[-1].position
        if max(position, newest) > self._position:
            self._position, self._rows = max(position, newest), rows
        return rows


def _folded(rows: Rows, events: Sequence[Positioned]) -> Rows:
    breakers = Breakers()
    after: dict[str, BreakersRow | None] = {**rows}
    fold_onto(breakers, after, breakers.concerned(events))
    return {key: row for key, row in after.items() if row is not None}


AGAINST = (d.QualityOverturned, d.Overridden, d.ActionFailed, d.Escalated)
"""The events that may be a label that says "wrong"."""


def turned(events: Iterable[Event]) -> frozenset[str]:
    """The decision types of which something went wrong."""
    return frozenset(
        event.decision_type
        for event in events
        if isinstance(event, AGAINST) and (label := label_of(event)) is not None and label.wrong
    )


async def look_out(name: str, caller: "Caller", desk: "Desk") -> None:
    """Record what a decision type's breakers have come to, until there is nothing left to say."""
    caller = replace(caller, command=None, if_match=None)
    for _ in range(ATTEMPTS):
        # In this order: the rows have at least what the state has, so nothing is said twice.
        state = await desk.decision_type(name)
        row = (await desk.lookout.rows(desk.log)).get(name)
        if state is None or row is None:
            return
        stamp = desk.stamp(caller, BREAKER)
        found = standing(row, state, stamp.at)
        events = next(filter(None, (watch(state, each, stamp) for each in found)), ())
        if not events:
            return
        try:
            await desk.record(events, caller)
        except Overtaken:
            continue
        desk.forget(name)


def standing(row: BreakersRow, state: DecisionType, at: datetime) -> list[Found]:
    """Where each stream stands, as far as anything was counted of it."""
    held = {s: b for s in Stream if (b := row.breaker(s, at)) is not None}
    on_trial = Stream.QUALITY if state.tripped not in held else Stream(state.tripped)
    return [
        _found(stream, seen, held[stream], on_trial=stream is on_trial)
        for stream, seen in row.watches.items()
        if stream in held
    ]


def _found(stream: Stream, seen: Watch, breaker: Breaker, *, on_trial: bool) -> Found:
    return Found(
        stream=stream,
        stops=stream.trips,
        warned=seen.warned,
        tripped=seen.tripped,
        proven=on_trial and seen.evidence.n >= BLOCK and not seen.warned,
        detail=detail(stream, seen, breaker),
        label=seen.position,
    )


def detail(stream: Stream, seen: Watch, breaker: Breaker) -> str:
    """The figures in a sentence."""
    evidence, terms = seen.evidence, Terms.of(breaker)
    return (
        f"{evidence.wrong} of {evidence.n} {stream.spoken}, where {terms.limit:g} of them may be; "
        f"the evidence against that is {evidence.value:.4g}, and {terms.trips_at:g} is proof"
    )


async def look_at_all(desk: "Desk", caller: "Caller", seen: dict[str, int]) -> None:
    """Look at every decision type of which something came in since it was last looked at."""
    for name, row in (await desk.lookout.rows(desk.log)).items():
        if row.watches and seen.get(name) != row.position:
            await look_out(name, caller, desk)
            seen[name] = row.position


async def breaker_rows(name: str, desk: "Desk") -> BreakersRow:
    """Where a decision type's breakers stand now."""
    found = (await desk.lookout.rows(desk.log)).get(name)
    return found or BreakersRow(key=name, position=0)
