"""Replaying: would the same rules say the same today? Re-evaluated from what was recorded."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, cast, get_args
from uuid import UUID

from application.desk import Desk
from application.lots import LotDrawer
from application.redrawing import redrawn
from domain.admission import facts_of
from domain.composing import ORGANISATION
from domain.decision.events import (
    AutoActioned,
    Escalated,
    Held,
    LifeEvent,
    Recommended,
    RoutedToReview,
    Routing,
)
from domain.decision.state import Decision, evolve
from domain.decision_type.state import DecisionType
from domain.halting import KillSwitches
from domain.model import Value
from domain.policy.aggregate import Policy, PolicyVersion
from domain.routing import KNOWN_SEMANTICS, SEMANTICS, Case, Ruling, route
from domain.values import Lane, PolicyRef

Verdict = Literal["match", "drift"]


class Difference(Value):
    """One thing that re-evaluation says otherwise, and whose doing that is."""

    cause: Literal["engine", "policy", "input"]
    field: str
    recorded: str
    replayed: str


class Replay(Value):
    """What re-evaluating one recorded routing says."""

    decision_id: UUID
    version: int
    """The event of the routing: a decision that was routed again has several."""
    verdict: Verdict
    lane: Lane
    rule: str
    policy_version: int | None
    semantics: str
    """Which version of routing spoke, and was asked again."""
    differences: tuple[Difference, ...] = ()


class DecisionReplay(Value):
    """All routings of one decision, re-evaluated."""

    decision_id: UUID
    verdict: Verdict
    routings: tuple[Replay, ...]


class Archive:
    """Decision types and policies as they were at any version, read once and kept."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._types: dict[tuple[str, int], DecisionType] = {}
        self._policies: dict[str, Policy | None] = {}
        self._switches: dict[int, KillSwitches] = {}

    @property
    def lots(self) -> LotDrawer:
        return self._desk.lots

    async def decision_type(self, name: str, version: int) -> DecisionType | None:
        known = self._types.get((name, version))
        if known is None:
            known = await self._desk.decision_type(name, up_to=version)
            if known is None:
                return None
            self._types[name, version] = known
        return known

    async def kill_switches(self, version: int) -> KillSwitches:
        known = self._switches.get(version)
        if known is None:
            known = self._switches[version] = await self._desk.kill_switches(up_to=version)
        return known

    async def policy(self, name: str, version: int) -> PolicyVersion | None:
        policy = self._policies.get(name)
        if policy is None or version not in policy.versions:
            policy = self._policies[name] = await self._desk.policy(name)
        return policy.versions.get(version) if policy else None


async def replay(id: UUID, desk: Desk, archive: Archive | None = None) -> DecisionReplay:
    """Re-evaluate every routing of a decision."""
    await desk.decision(id)
    return await replay_history(id, await desk.history(id), archive or Archive(desk))


async def replay_history(
    id: UUID, history: Sequence[LifeEvent], archive: Archive
) -> DecisionReplay:
    """Re-evaluate the routings in one decision's history."""
    routings: list[Replay] = []
    state: Decision | None = None
    for event in history:
        routing = routing_of(event)
        if routing is not None and state is not None:
            routings.append(await _replayed(state, event, routing, archive))
        state = evolve(state, event)
    agree = all(r.verdict == "match" for r in routings)
    return DecisionReplay(
        decision_id=id, verdict="match" if agree else "drift", routings=tuple(routings)
    )


def routing_of(event: LifeEvent) -> Routing | None:
    """The routing that an event records, if it records one."""
    if isinstance(event, AutoActioned | RoutedToReview | Escalated | Held):
        return event.routing
    return None


class Recalled(NamedTuple):
    """What routing was told then, read back from what was recorded."""

    case: Case
    decision_type: DecisionType
    policy: PolicyVersion | None

    def ruling(self, semantics: str) -> Ruling:
        return route(self.case, self.decision_type, self.policy, semantics)


async def recalled(state: Decision, routing: Routing, archive: Archive) -> Recalled | Difference:
    """What routing was told then, or why that can't be had."""
    if routing.semantics not in KNOWN_SEMANTICS:
        return _not_understood(routing)
    decision_type = await archive.decision_type(state.decision_type, routing.decision_type_version)
    policy = await _policy(state.decision_type, routing.policy, archive)
    organisation = await _policy(ORGANISATION, routing.organisation, archive)
    if decision_type is None:
        return _lost(routing)
    if isinstance(policy, Difference):
        return policy
    if isinstance(organisation, Difference):
        return organisation
    facts = facts_of(state.recommendation, state.deciding_context, decision_type.definition)
    halts = await archive.kill_switches(routing.halts) if routing.halts else None
    case = Case(
        state.recommendation,
        facts,
        routing.draw,
        state.producer,
        organisation,
        state.model,
        halts,
    )
    return Recalled(case, decision_type, policy)


async def _policy(
    name: str, ref: PolicyRef | None, archive: Archive
) -> PolicyVersion | Difference | None:
    """The version that spoke, none if none did, or why it can't be had."""
    if ref is None:
        return None
    policy = await archive.policy(name, ref.version)
    if policy is None:
        return _gone(str(ref.version))
    if policy.guardrail.digest != ref.hash:
        return Difference(
            cause="policy", field="hash", recorded=ref.hash, replayed=policy.guardrail.digest
        )
    return policy


async def _replayed(
    state: Decision, event: LifeEvent, routing: Routing, archive: Archive
) -> Replay:
    known = await recalled(state, routing, archive)
    if isinstance(known, Recalled):
        differences = (
            *_compared(routing, known.ruling(routing.semantics)),
            *_redrawn(state.id, event, known, archive),
        )
    else:
        differences = (known,)
    ref = routing.policy
    return Replay(
        decision_id=state.id,
        version=event.originator_version,
        verdict="drift" if differences else "match",
        lane=routing.lane,
        rule=routing.rule,
        policy_version=ref.version if ref else None,
        semantics=routing.semantics,
        differences=differences,
    )


def _redrawn(id: UUID, event: LifeEvent, known: Recalled, archive: Archive) -> Iterator[Difference]:
    """What the quality lot, drawn again, says otherwise: the policy sets its rate."""
    policies = (known.policy, known.case.organisation)
    redrawing = redrawn(id, event, known.decision_type, policies, archive.lots)
    for field, recorded, again in redrawing:
        yield Difference(cause="policy", field=field, recorded=recorded, replayed=again)


def _not_understood(routing: Routing) -> Difference:
    """A newer service routed it: this one can't say what it would have said."""
    return Difference(
        cause="engine", field="semantics", recorded=routing.semantics, replayed=SEMANTICS
    )


def _lost(routing: Routing) -> Difference:
    return _gone(str(routing.policy.version) if routing.policy else "none")


def _gone(version: str) -> Difference:
    return Difference(
        cause="policy", field="version", recorded=version, replayed="no longer on record"
    )


def _compared(routing: Routing, ruling: Ruling) -> tuple[Difference, ...]:
    """What differs. Other values in the trace mean other input; the rest is the engine's doing."""
    pairs = (
        ("input", "trace_digest", routing.trace_digest, ruling.trace_digest),
        ("engine", "lane", routing.lane, ruling.lane),
        ("engine", "rule", routing.rule, ruling.rule),
        ("engine", "reasons", _codes(routing), _codes(ruling)),
    )
    return tuple(
        Difference.model_validate(
            {"cause": cause, "field": field, "recorded": recorded, "replayed": replayed}
        )
        for cause, field, recorded, replayed in pairs
        if recorded != replayed
    )


def _codes(said: Routing | Ruling) -> str:
    return ", ".join(reason.code for reason in said.reasons)


class LogReplay(Value):
    """What re-evaluating every routing in the log says."""

    decisions: int
    routings: int
    matches: int
    drifted: tuple[Replay, ...]
    """The routings that drifted, the first thousand of them."""


async def replay_log(
    desk: Desk, progress: Callable[[int], None] = lambda _: None, page: int = 2_000
) -> LogReplay:
    """Re-evaluate every routing of every decision, in one pass over the log.

    Only decisions that are still open are kept in memory: after its end nothing is routed.
    `progress` is told the position reached, page by page.
    """
    archive = Archive(desk)
    states: dict[UUID, Decision] = {}
    tally: dict[str, int] = dict.fromkeys(("decisions", "routings", "matches"), 0)
    drifted: list[Replay] = []
    position = 0
    while events := await desk.log.after(position, limit=page, topics=DECISION_TOPICS):
        for positioned in events:
            event = cast(LifeEvent, positioned.event)
            replayed = await _step(states, event, archive)
            tally["decisions"] += isinstance(event, Recommended)
            if replayed is not None:
                tally["routings"] += 1
                tally["matches"] += replayed.verdict == "match"
                if replayed.verdict == "drift" and len(drifted) < MOST_DRIFTED:
                    drifted.append(replayed)
        position = events[-1].position
        progress(position)
    return LogReplay(**tally, drifted=tuple(drifted))


MOST_DRIFTED = 1_000
DECISION_TOPICS = tuple(event.TOPIC for event in get_args(LifeEvent))


async def _step(states: dict[UUID, Decision], event: LifeEvent, archive: Archive) -> Replay | None:
    """Move one decision on by one event, and re-evaluate the routing in it, if there is one."""
    id = event.originator_id
    state = states.get(id)
    if state is None and not isinstance(event, Recommended):
        return None
    routing = routing_of(event)
    replayed = None
    if routing is not None and state is not None:
        replayed = await _replayed(state, event, routing, archive)
    after = evolve(state, event)
    if after.is_open:
        states[id] = after
    else:
        states.pop(id, None)
    return replayed
