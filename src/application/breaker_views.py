"""Circuit breakers as their readers see them: where each stands, and against what."""

from datetime import datetime
from typing import Literal

from application.desk import Caller, Desk, NoSuchDecisionType
from application.evidence.breaking import BLOCK, WARNS_AT, Terms, fresh
from application.projections.breakers import BreakersRow, Watch
from domain.breakers import Breaker, Stream
from domain.decision_type.state import DecisionType
from domain.model import Value

Standing = Literal["closed", "open", "half_open"]


class StreamView(Value):
    """One stream's evidence now, and the bounds it is held against."""

    stream: Stream
    stops: bool
    """Whether it can stop automation, or only warns."""
    limit: float
    delta: float
    horizon: int
    evidence: float
    """What the evidence against the limit is worth; it begins at 1."""
    warns_at: float
    trips_at: float
    n: int
    """Labels counted since the budget was fresh."""
    wrong: int
    warned: bool
    tripped: bool
    last_label: int | None
    """The position in the log of the last label that was counted."""


class BreakersView(Value):
    """The circuit breakers of one decision type."""

    decision_type: str
    state: Standing
    tripped: str | None
    """The stream that tripped, until the breaker is closed again."""
    trial: int | None
    """While half open: how many labels of that stream have to go well before it closes."""
    position: int
    """In the log: what happened up to there is counted."""
    streams: tuple[StreamView, ...]


async def breakers_of(name: str, caller: Caller, desk: Desk) -> BreakersView:
    """Where the breakers of a decision type stand at the end of the log."""
    state = await desk.decision_type(name)
    if state is None:
        raise NoSuchDecisionType(f"decision_type: found {name[:60]}")
    caller.require_any_seat(name)
    row = (await desk.lookout.rows(desk.log)).get(name) or BreakersRow(key=name, position=0)
    return _view(row, state, desk.clock.now())


def _view(row: BreakersRow, state: DecisionType, at: datetime) -> BreakersView:
    held = {stream: b for stream in Stream if (b := row.breaker(stream, at)) is not None}
    return BreakersView(
        decision_type=state.name,
        state=_standing(state),
        tripped=state.tripped,
        trial=BLOCK if state.half_open else None,
        position=row.position,
        streams=tuple(_stream(s, breaker, row.watches.get(s)) for s, breaker in held.items()),
    )


def _standing(state: DecisionType) -> Standing:
    if state.breaker_open:
        return "open"
    return "half_open" if state.half_open else "closed"


def _stream(stream: Stream, breaker: Breaker, seen: Watch | None) -> StreamView:
    terms = Terms.of(breaker)
    watch = seen or Watch(evidence=fresh(terms), position=0)
    return StreamView(
        stream=stream,
        stops=stream.trips,
        limit=terms.limit,
        delta=terms.delta,
        horizon=terms.horizon,
        evidence=watch.evidence.value,
        warns_at=WARNS_AT,
        trips_at=terms.trips_at,
        n=watch.evidence.n,
        wrong=watch.evidence.wrong,
        warned=watch.warned,
        tripped=watch.tripped,
        last_label=watch.position or None,
    )
