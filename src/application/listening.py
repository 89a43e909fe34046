"""Listening: noting when feedback falls silent, and when it comes again."""

from typing import cast

from application.desk import Caller, Desk
from application.metrics.silence import DAYS, began, missing
from application.ports import Identity, Overtaken
from application.reading import MetricsReader
from domain.model import Actor, ActorKind
from domain.silence import LifeEvent, fold, note, stream_id

TIMER = Caller(Identity("timer", "timer"))


async def listen(decision_type: str, desk: Desk, reader: MetricsReader) -> tuple[LifeEvent, ...]:
    """Note what fell silent since the last look, and what came again; each once."""
    as_of = desk.clock.now()
    due = await reader.due(decision_type, began(as_of))
    silent = {one.feed for one in missing(due, as_of)}
    events = await desk.log.stream(stream_id(decision_type))
    state = fold(cast("list[LifeEvent]", list(events)))
    stamp = desk.stamp(TIMER, Actor(kind=ActorKind.TIMER, id="timer"))
    noted = note(state, decision_type, silent, due.last_heard, DAYS, stamp)
    try:
        if noted:
            await desk.record(noted, TIMER)
    except Overtaken:  # another worker looked at the same time, and noted the same
        return ()
    return noted
