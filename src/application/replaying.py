"""Replaying: would the same rules say the same today? Re-evaluated from what was recorded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import JsonValue

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
    RoutedToReview,
    Routing,
)
from domain.decision.state import Decision, evolve
from domain.decision_type.state import DecisionType
from domain.halting import KillSwitches
from domain.model import Value
from domain.policy.aggregate import Policy, PolicyVersion
from domain.routing import KNOWN_SEMANTICS, SEMANTICS, Case, Ruling, route
from domain.values import Lane, ModelRef, PolicyRef, QualityDraw, Recommendation

Verdict = Literal["match", "drift"]
Cause = Literal["engine", "policy", "input"]


class Difference(Value):
    """One thing that re-evaluation says otherwise, and whose doing that is."""

    cause: Cause
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
    name, organisation = state.decision_type, routing.organisation
    return remembered(
        Told(name, state.producer, state.recommendation, state.deciding_context, state.model),
        Ruled.of(routing),
        await archive.decision_type(name, routing.decision_type_version),
        await archive.policy(name, routing.policy.version) if routing.policy else None,
        await archive.policy(ORGANISATION, organisation.version) if organisation else None,
        await archive.kill_switches(routing.halts) if routing.halts else None,
    )


class Spoke(NamedTuple):
    """Which policy spoke."""

    version: int
    hash: str

    @classmethod
    def of(cls, ref: PolicyRef | None) -> "Spoke | None":
        """The same of a reference, if there is one."""
        return None if ref is None else cls(ref.version, ref.hash)


class Ruled(NamedTuple):
    """As much of a recorded routing as replaying it takes."""

    lane: Lane
    rule: str
    codes: tuple[str, ...]
    """Of its reasons."""
    trace_digest: str
    semantics: str
    decision_type_version: int
    draw: int | None
    policy: Spoke | None
    organisation: Spoke | None
    halts: int | None = None
    """The version of the kill switches."""
    quality: QualityDraw | None = None
    """The lot that was drawn, where policy acted."""

    @classmethod
    def of(cls, routing: Routing, quality: QualityDraw | None = None) -> "Ruled":
        """The same of a routing that was read in full."""
        return cls(
            lane=routing.lane,
            rule=routing.rule,
            codes=_codes(routing),
            trace_digest=routing.trace_digest,
            semantics=routing.semantics,
            decision_type_version=routing.decision_type_version,
            draw=routing.draw,
            policy=Spoke.of(routing.policy),
            organisation=Spoke.of(routing.organisation),
            halts=routing.halts,
            quality=quality,
        )


class Told(NamedTuple):
    """What a decision's history had told when it was routed."""

    decision_type: str
    producer: str
    recommendation: Recommendation
    context: Mapping[str, JsonValue]
    """Without what is personal."""
    model: ModelRef | None = None


def remembered(
    told: Told,
    ruled: Ruled,
    decision_type: DecisionType | None,
    policy: PolicyVersion | None,
    organisation: PolicyVersion | None,
    halts: KillSwitches | None,
) -> Recalled | Difference:
    """The same, once the versions that spoke are found, as far as they are."""
    if ruled.semantics not in KNOWN_SEMANTICS:
        return _not_understood(ruled)
    if decision_type is None:
        return _lost(ruled)
    for ref, found in ((ruled.policy, policy), (ruled.organisation, organisation)):
        if difference := _not_the_same(ref, found):
            return difference
    facts = facts_of(told.recommendation, told.context, decision_type.definition)
    case = Case(
        told.recommendation,
        facts,
        ruled.draw,
        told.producer,
        organisation,
        told.model,
        halts,
    )
    return Recalled(case, decision_type, policy)


def _not_the_same(ref: Spoke | None, found: PolicyVersion | None) -> Difference | None:
    """Why a version is not the one that spoke."""
    if ref is None:
        return None
    if found is None:
        return _gone(str(ref.version))
    digest = found.guardrail.digest
    if digest == ref.hash:
        return None
    return Difference(cause="policy", field="hash", recorded=ref.hash, replayed=digest)


async def _replayed(
    state: Decision, event: LifeEvent, routing: Routing, archive: Archive
) -> Replay:
    known = await recalled(state, routing, archive)
    ruled = Ruled.of(routing, draw_of(event))
    found = differences(state.id, ruled, known, archive.lots)
    return verdict(state.id, event.originator_version, ruled, found)


def draw_of(event: LifeEvent) -> QualityDraw | None:
    """The lot that an event records, if it records one."""
    return event.quality if isinstance(event, AutoActioned) else None


def differences(
    id: UUID, ruled: Ruled, known: Recalled | Difference, lots: LotDrawer
) -> tuple[Difference, ...]:
    """What re-evaluation says otherwise; nothing where it says the same."""
    if isinstance(known, Recalled):
        return (
            *_compared(ruled, known.ruling(ruled.semantics)),
            *_redrawn(id, ruled, known, lots),
        )
    return (known,)


def verdict(id: UUID, version: int, routing: Ruled, differences: tuple[Difference, ...]) -> Replay:
    """What re-evaluation says of one routing."""
    ref = routing.policy
    return Replay(
        decision_id=id,
        version=version,
        verdict="drift" if differences else "match",
        lane=routing.lane,
        rule=routing.rule,
        policy_version=ref.version if ref else None,
        semantics=routing.semantics,
        differences=differences,
    )


def _redrawn(id: UUID, ruled: Ruled, known: Recalled, lots: LotDrawer) -> Iterator[Difference]:
    """What the quality lot, drawn again, says otherwise: the policy sets its rate."""
    if ruled.quality is None:
        return
    policies = (known.policy, known.case.organisation)
    redrawing = redrawn(id, ruled.quality, known.decision_type, policies, lots)
    for field, recorded, again in redrawing:
        yield Difference(cause="policy", field=field, recorded=recorded, replayed=again)


def _not_understood(routing: Ruled) -> Difference:
    """A newer service routed it: this one can't say what it would have said."""
    return Difference(
        cause="engine", field="semantics", recorded=routing.semantics, replayed=SEMANTICS
    )


def _lost(routing: Ruled) -> Difference:
    return _gone(str(routing.policy.version) if routing.policy else "none")


def _gone(version: str) -> Difference:
    return Difference(
        cause="policy", field="version", recorded=version, replayed="no longer on record"
    )


def _compared(ruled: Ruled, ruling: Ruling) -> tuple[Difference, ...]:
    """What differs. Other values in the trace mean other input; the rest is the engine's doing."""
    codes = _codes(ruling)
    was = (ruled.trace_digest, ruled.lane, ruled.rule, ruled.codes)
    if was == (ruling.trace_digest, ruling.lane, ruling.rule, codes):
        return ()
    pairs = (
        ("input", "trace_digest", ruled.trace_digest, ruling.trace_digest),
        ("engine", "lane", ruled.lane, ruling.lane),
        ("engine", "rule", ruled.rule, ruling.rule),
        ("engine", "reasons", ", ".join(ruled.codes), ", ".join(codes)),
    )
    return tuple(
        Difference.model_validate(
            {"cause": cause, "field": field, "recorded": recorded, "replayed": replayed}
        )
        for cause, field, recorded, replayed in pairs
        if recorded != replayed
    )


def _codes(said: Routing | Ruling) -> tuple[str, ...]:
    return tuple([reason.code for reason in said.reasons])
