"""Replaying the whole log: every routing there is, re-evaluated, in parts that add up.

Only what routing was told is read of a decision's history (`Glimpse`), and the rules of all times
are read once (`Rules`), so that a part can be replayed by any process that has its events.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast, get_args
from uuid import UUID

from pydantic import Field, JsonValue

from application.desk import Desk
from application.lots import LotDrawer
from application.replaying import (
    Cause,
    Difference,
    Recalled,
    Replay,
    Ruled,
    Told,
    differences,
    draw_of,
    remembered,
    routing_of,
    verdict,
)
from domain import halting
from domain.composing import ORGANISATION
from domain.decision.events import (
    AutoActioned,
    Escalated,
    Held,
    InformationProvided,
    LifeEvent,
    Recommended,
    Rerouted,
    RoutedToReview,
)
from domain.decision_type import events as type_events
from domain.decision_type import state as types
from domain.decision_type.state import DecisionType
from domain.halting import KillSwitches
from domain.model import Event, Value
from domain.policy import aggregate as policies
from domain.policy import events as policy_events
from domain.policy.aggregate import Policy, PolicyVersion
from domain.values import ModelRef, Recommendation

MOST_TOLD = 1_000
TELL = (Recommended, InformationProvided, Rerouted)
ROUTE = (AutoActioned, RoutedToReview, Escalated, Held)
TELLING_TOPICS = tuple(event.TOPIC for event in (*TELL, *ROUTE))
"""The events that tell routing something, or record what it said."""
RULES = (type_events.LifeEvent, policy_events.LifeEvent, halting.LifeEvent)
RULE_TOPICS = tuple(event.TOPIC for events in RULES for event in get_args(events))
PAGE = 2_000


class Unreadable(Value):
    """An event that can't be read any more."""

    stream: str
    version: int
    type: str


class LogReplay(Value):
    """What re-evaluating every routing in the log says."""

    decisions: int
    routings: int
    matches: int
    causes: dict[Cause, int] = Field(default_factory=dict[Cause, int])
    """How many drifted for each cause; one may have several."""
    drifted: tuple[Replay, ...]
    """The routings that drifted, the first thousand of them."""
    unreadable: tuple[Unreadable, ...] = ()
    """What of decisions can't be read any more, the first thousand."""

    @property
    def sound(self) -> bool:
        """Whether everything is on record, and the same rules say the same."""
        return self.matches == self.routings and not self.unreadable


class Opening(NamedTuple):
    """What a recommendation tells."""

    decision_type: str
    producer: str
    recommendation: Recommendation
    context: Mapping[str, JsonValue]
    personal: frozenset[str]
    model: ModelRef | None = None


class Learning(NamedTuple):
    """What is told later: beside what is known, or in its place."""

    context: Mapping[str, JsonValue]
    personal: frozenset[str]
    anew: bool


Glimpse = Opening | Learning | Ruled | Unreadable | None
"""What of one event matters to routing; nothing, where an escalation keeps the one that stands."""


def glimpse_of(event: Event) -> Glimpse:
    """The glimpse of an event that was read in full."""
    match event:
        case Recommended():
            told = event.recommendation, event.context, frozenset(event.personal)
            return Opening(event.decision_type, event.actor.id, *told, event.model)
        case InformationProvided():
            return Learning(event.context, frozenset(event.personal), anew=False)
        case Rerouted():
            return Learning(event.context, frozenset(event.personal), anew=True)
        case _:
            said = cast(LifeEvent, event)
            routing = routing_of(said)
            return None if routing is None else Ruled.of(routing, draw_of(said))


def learnt(known: Opening, more: Learning) -> Opening:
    """What is known after more was told."""
    if more.anew:
        return known._replace(context=more.context, personal=more.personal)
    return known._replace(
        context={**known.context, **more.context},
        personal=(known.personal - more.context.keys()) | more.personal,
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """Decision types and policies as they were at any version."""

    types: Mapping[tuple[str, int], DecisionType]
    policies: Mapping[tuple[str, int], PolicyVersion]
    switches: Mapping[int, KillSwitches]
    lots: LotDrawer

    def recalled(self, known: Opening, routing: Ruled) -> Recalled | Difference:
        """What routing was told then, or why that can't be had."""
        name, beside = known.decision_type, routing.organisation
        kind = self.types.get((name, routing.decision_type_version))
        own = self.policies.get((name, routing.policy.version)) if routing.policy else None
        house = self.policies.get((ORGANISATION, beside.version)) if beside else None
        asked = {*(own.guardrail.facts if own else ()), *(house.guardrail.facts if house else ())}
        # What no policy asks about decides nothing, and to bring it into form takes its time.
        context = {n: known.context[n] for n in asked - known.personal if n in known.context}
        told = Told(name, known.producer, known.recommendation, context, known.model)
        halts = self.switches.get(routing.halts) if routing.halts else None
        return remembered(told, routing, kind, own, house, halts)


async def rules(desk: Desk) -> Rules:
    """The rules of all times, in one pass over what owners did."""
    kinds: dict[str, DecisionType] = {}
    known: dict[str, Policy] = {}
    switches: dict[int, KillSwitches] = {}
    now = halting.NONE_ON
    found: dict[tuple[str, int], DecisionType] = {}
    position = 0
    while events := await desk.log.after(position, limit=PAGE, topics=RULE_TOPICS):
        for each in events:
            if isinstance(each.event, type_events.LifeEvent):
                name = each.event.decision_type
                kinds[name] = types.evolve(kinds.get(name), each.event)
                found[name, kinds[name].version] = kinds[name]
            elif isinstance(each.event, policy_events.LifeEvent):
                name = each.event.decision_type
                known[name] = policies.evolve(known.get(name), each.event)
            elif isinstance(each.event, halting.LifeEvent):
                now = halting.evolve(now, each.event)
                switches[now.version] = now
        position = events[-1].position
    versions = {
        (name, number): version
        for name, policy in known.items()
        for number, version in policy.versions.items()
    }
    return Rules(found, versions, switches, desk.lots)


@dataclass(slots=True)
class Tally:
    """What a part of the log says; parts add up."""

    rules: Rules
    decisions: int = 0
    routings: int = 0
    causes: Counter[Cause] = field(default_factory=Counter[Cause])
    drifts: int = 0
    drifted: list[Replay] = field(default_factory=list[Replay])
    unreadable: list[Unreadable] = field(default_factory=list[Unreadable])

    def add(self, other: "Tally") -> None:
        """Count another part in."""
        self.decisions += other.decisions
        self.routings += other.routings
        self.causes.update(other.causes)
        self.drifts += other.drifts
        self.drifted.extend(other.drifted[: MOST_TOLD - len(self.drifted)])
        self.unreadable.extend(other.unreadable[: MOST_TOLD - len(self.unreadable)])

    def hear(self, one: Replay) -> None:
        """Count one in that drifted."""
        self.drifts += 1
        self.causes.update({difference.cause for difference in one.differences})
        if len(self.drifted) < MOST_TOLD:
            self.drifted.append(one)

    @property
    def whole(self) -> LogReplay:
        """What the whole log says, if this is all of it."""
        return LogReplay(
            decisions=self.decisions,
            routings=self.routings,
            matches=self.routings - self.drifts,
            causes=dict(self.causes),
            drifted=tuple(self.drifted),
            unreadable=tuple(self.unreadable),
        )

    def see(self, of: str, version: int, glimpse: Glimpse, known: Opening | None) -> Opening | None:
        """Go on by one event of a decision: what is known after it, its routing re-evaluated."""
        match glimpse:
            case Opening():
                self.decisions += 1
                return glimpse
            case Learning():
                return known and learnt(known, glimpse)
            case Ruled():
                found = _LOST if known is None else self.rules.recalled(known, glimpse)
                self.routings += 1
                if drifts := differences(UUID(of), glimpse, found, self.rules.lots):
                    self.hear(verdict(UUID(of), version, glimpse, drifts))
            case Unreadable():
                self.unreadable.append(glimpse)
            case None:
                pass
        return known


_LOST = Difference(
    cause="input", field="recommendation", recorded="routed", replayed="no recommendation on record"
)


def tally(seen: Iterable[tuple[str, int, Glimpse]], rules: Rules) -> Tally:
    """Replay whole histories: glimpses with their stream and version, one stream after another."""
    counted = Tally(rules)
    stream = ""
    known: Opening | None = None
    for of, version, glimpse in seen:
        known = counted.see(of, version, glimpse, known if of == stream else None)
        stream = of
    return counted


async def replay_log(desk: Desk, page: int = PAGE) -> LogReplay:
    """Replay a log that this process can hold: for every decision, what was told is kept."""
    counted = Tally(await rules(desk))
    known: dict[UUID, Opening | None] = {}
    position = 0
    while events := await desk.log.after(position, limit=page, topics=TELLING_TOPICS):
        for each in events:
            id, version = each.event.originator_id, each.event.originator_version
            known[id] = counted.see(str(id), version, glimpse_of(each.event), known.get(id))
        position = events[-1].position
    return counted.whole
