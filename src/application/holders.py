"""Holders: who sits where, read from the decision types themselves."""

from asyncio import Lock
from collections.abc import Mapping
from typing import cast, get_args

from application.ports import EventLog
from domain.decision_type.events import LifeEvent
from domain.decision_type.state import DecisionType, evolve
from domain.model import Seat

TOPICS = tuple(kind.TOPIC for kind in get_args(LifeEvent))


class Holders:
    """Folds what happens to decision types, up to the moment it is asked."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._types: dict[str, DecisionType] = {}
        self._position = 0
        self._turn = Lock()

    async def seats_of(self, person: str) -> Mapping[str, frozenset[str]]:
        """The owners' seats of a person by decision type, and where they stand in for an owner."""
        async with self._turn:
            await self._follow()
        held = {name: _held(person, state) for name, state in self._types.items()}
        return {name: seats for name, seats in held.items() if seats}

    async def _follow(self) -> None:
        while found := await self._log.after(self._position, topics=TOPICS):
            for positioned in found:
                event = cast("LifeEvent", positioned.event)
                name = event.decision_type
                self._types[name] = evolve(self._types.get(name), event)
            self._position = found[-1].position


def _held(person: str, state: DecisionType) -> frozenset[str]:
    seats = {seat for seat, holder in state.owners.items() if holder == person}
    if state.definition.fallback_owner == person:
        seats.add(Seat.FALLBACK_OWNER)
    return frozenset(map(str, seats))
