"""Governing: who owns a decision type, which policy speaks for it, and when automation stops."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from pydantic import Field

from application.desk import (
    ATTEMPTS,
    Caller,
    Contended,
    Desk,
    Governed,
    NoSuchDecisionType,
    require_match,
    without_key,
)
from application.gatekeeping import ADOPTED_FLOOR, candidate, inspected
from application.ports import Overtaken, Repeated
from application.promoting import grounds_of
from application.reading import Reader
from domain.decision_type import commands as types
from domain.decision_type.definition import Baseline, DecisionTypeDefinition
from domain.decision_type.events import LifeEvent as TypeEvent
from domain.decision_type.state import DecisionType, fold
from domain.decision_type.state import Status as TypeStatus
from domain.guardrail.document import Guardrail
from domain.model import Actor, ActorKind, Event, Seat, Stamp, Value
from domain.policy import aggregate as policies
from domain.policy import force, life
from domain.policy.aggregate import Policy, find
from domain.policy.events import LifeEvent as PolicyEvent
from domain.values import Stage


@dataclass(frozen=True, slots=True)
class Adoption:
    """A catalogue file as understood: a decision type, and its policy as signed and as meant."""

    definition: DecisionTypeDefinition
    policy_source: str
    source_digest: str
    guardrail: Guardrail


class Switch(Value):
    """Why automation is stopped, or allowed again."""

    reason_code: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


async def adopt(adoption: Adoption, caller: Caller, desk: Desk) -> Governed:
    """Put a decision type and its policy into force, on its owners' written word.

    The file is what the owners agreed to, so each step is recorded as the owner's whose step it
    is, `via` the adoption. Adopting the same file again changes nothing.
    """
    name = adoption.definition.name
    if adoption.definition.personal:
        desk.require_seals()
    for _ in range(ATTEMPTS):
        events = await _adoption_events(adoption, caller, desk)
        try:
            if events:
                await desk.record(events, without_key(caller))
        except Overtaken:
            continue
        desk.forget(name)
        return await desk.governed(name)
    raise Contended(f"gave up after {ATTEMPTS} attempts")


async def _adoption_events(adoption: Adoption, caller: Caller, desk: Desk) -> list[Event]:
    definition = adoption.definition
    state = await desk.decision_type(definition.name)
    policy = await desk.policy(definition.name)
    via = f"adoption by {caller.identity.id}"

    def signed(person: str, seat: Seat) -> Stamp:
        return desk.stamp(caller, Actor(kind=ActorKind.HUMAN, id=person, seat=seat, via=via))

    def stamp(seat: Seat) -> Stamp:
        return signed(definition.owners.get(seat, caller.identity.id), seat)

    def author(state: DecisionType | None) -> Stamp:
        return signed(types.author_of(state, definition), Seat.DECISION_OWNER)

    events: list[Event] = []
    if state is None or state.definition != definition:
        drafted = types.draft(state, definition, author(state))
        state = _take(state, drafted, events)
    if state.status is TypeStatus.DRAFT:
        state = _take(state, types.activate(state, author(state)), events)
    if policy is None or policy.active is None or policy.active.digest != adoption.guardrail.digest:
        events.extend(_policy_events(adoption, state, policy, stamp))
    return events


def _take(
    state: DecisionType | None, caused: tuple[TypeEvent, ...], events: list[Event]
) -> DecisionType:
    events.extend(caused)
    after = fold(caused, state)
    assert after is not None
    return after


def _policy_events(
    adoption: Adoption,
    state: DecisionType,
    policy: Policy | None,
    stamp: Callable[[Seat], Stamp],
) -> tuple[PolicyEvent, ...]:
    """The steps of a version's life, each as the owner's whose step it is; all or none."""
    product, risk = stamp(Seat.AI_PRODUCT_OWNER), stamp(Seat.RISK_OWNER)
    events = life.draft(
        policy,
        adoption.definition.name,
        adoption.policy_source,
        adoption.source_digest,
        adoption.guardrail,
        product,
    )
    after = _known(policies.fold(events, policy))
    version = max(after.versions)
    asked = candidate(Governed(state, after), find(after, version), unless_set=ADOPTED_FLOOR)
    gate, difference = inspected(asked)
    steps: tuple[Callable[[Policy], tuple[PolicyEvent, ...]], ...] = (
        lambda known: life.propose(known, state, version, difference, gate, (), None, product),
        lambda known: life.approve(known, state, version, difference, gate, None, risk),
        lambda known: force.activate(known, state, version, difference, gate, None, None, risk),
    )
    for step in steps:
        caused = step(after)
        events, after = (*events, *caused), _known(policies.fold(caused, after))
    return events


def _known(policy: Policy | None) -> Policy:
    assert policy is not None
    return policy


async def suspend(name: str, switch: Switch, caller: Caller, desk: Desk) -> DecisionType:
    """Pull the kill switch: from the answer on, nothing of this type automates anywhere."""
    return await _govern(
        name,
        caller,
        desk,
        lambda state, stamp: types.suspend(state, switch.reason_code, switch.comment, stamp),
    )


async def resume(name: str, switch: Switch, caller: Caller, desk: Desk) -> DecisionType:
    """Allow automation again."""
    return await _govern(
        name,
        caller,
        desk,
        lambda state, stamp: types.resume(state, switch.reason_code, switch.comment, stamp),
    )


async def assign_owner(
    name: str, seat: Seat, person: str, caller: Caller, desk: Desk
) -> DecisionType:
    """Give a seat to a person."""
    return await _govern(
        name, caller, desk, lambda state, stamp: types.assign_owner(state, seat, person, stamp)
    )


async def vacate_owner(name: str, seat: Seat, caller: Caller, desk: Desk) -> DecisionType:
    """Record that a seat is empty."""
    return await _govern(
        name, caller, desk, lambda state, stamp: types.vacate_owner(state, seat, stamp)
    )


async def write(definition: DecisionTypeDefinition, caller: Caller, desk: Desk) -> DecisionType:
    """Write down what a decision is, or change it: its decision owner does."""
    name = definition.name
    actor = caller.require(name, Seat.DECISION_OWNER)
    if definition.personal:
        desk.require_seals()
    for _ in range(ATTEMPTS):
        if prior := await desk.repeated(caller):
            return _there(await desk.decision_type(name, up_to=prior.version))
        state = await desk.decision_type(name)
        require_match(caller, state.version if state else 0)
        if state is not None and state.definition == definition:
            return state
        events = types.draft(state, definition, desk.stamp(caller, actor))
        try:
            await desk.record(events, caller)
        except (Overtaken, Repeated):
            continue
        desk.forget(name)
        return _there(fold(events, state))
    raise Contended(f"gave up after {ATTEMPTS} attempts")


def _there(state: DecisionType | None) -> DecisionType:
    assert state is not None
    return state


async def activate(name: str, caller: Caller, desk: Desk) -> DecisionType:
    """Go live: from now on it takes recommendations."""
    return await _govern(name, caller, desk, types.activate, AUTHOR)


async def set_stage(
    name: str,
    stage: Stage,
    partial_share: Decimal,
    caller: Caller,
    desk: Desk,
    reader: Reader | None = None,
) -> DecisionType:
    """Ask for another autonomy stage, or agree to what another owner asked for.

    Going further takes evidence, which is read where there is a reader.
    """
    grounds = None
    if reader is not None and stage in (Stage.PARTIAL, Stage.FULL):
        grounds = await grounds_of(name, caller, desk, reader)
    return await _govern(
        name,
        caller,
        desk,
        lambda state, stamp: types.propose_stage(state, stage, partial_share, stamp, grounds),
    )


async def register_baseline(
    name: str, baseline: Baseline, caller: Caller, desk: Desk
) -> DecisionType:
    """Put the measurement from before go-live on record."""
    return await _govern(
        name,
        caller,
        desk,
        lambda state, stamp: types.register_baseline(state, baseline, stamp),
        AUTHOR,
    )


AUTHOR = (Seat.DECISION_OWNER,)
"""The seat in which someone answers for what a decision type is."""
OWNERS = (Seat.RISK_OWNER, Seat.DECISION_OWNER, Seat.AI_PRODUCT_OWNER, Seat.ESCALATION_OWNER)


async def _govern(
    name: str,
    caller: Caller,
    desk: Desk,
    decide: Callable[[DecisionType, Stamp], Iterable[TypeEvent]],
    seats: tuple[Seat, ...] = (),
) -> DecisionType:
    for _ in range(ATTEMPTS):
        if prior := await desk.repeated(caller):
            repeated = await desk.decision_type(name, up_to=prior.version)
            assert repeated is not None
            return repeated
        state = await desk.decision_type(name)
        if state is None:
            raise NoSuchDecisionType(f"decision_type: found {name[:60]}")
        require_match(caller, state.version)
        held = seats or tuple(s for s in OWNERS if state.owner(s) == caller.identity.id)
        stamp = desk.stamp(caller, caller.actor(name, *held))
        events = tuple(decide(state, stamp))
        if not events:
            return state
        try:
            await desk.record(events, caller)
        except (Overtaken, Repeated):
            continue
        desk.forget(name)
        after = fold(events, state)
        assert after is not None
        return after
    raise Contended(f"gave up after {ATTEMPTS} attempts")
