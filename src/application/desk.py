"""The desk: where use cases load what happened and record what happens next."""

from asyncio import Lock
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, lru_cache
from typing import NamedTuple, cast
from uuid import UUID, uuid4

import uuid_utils.compat as uuids

from application.lots import LotDrawer
from application.offers import Offers
from application.ports import (
    Append,
    Clock,
    CommandKey,
    EventLog,
    Forgotten,
    Identity,
    Overtaken,
    PolicyReader,
    PriorCommand,
    Repeated,
    Stale,
    SubjectEntry,
)
from application.tries import Tries
from application.turns import Turns
from application.watching import Lookout, look_out, turned
from domain import conflict as conflicts
from domain import halting
from domain.composing import ORGANISATION
from domain.decision import events as decision_events
from domain.decision.state import Decision
from domain.decision.state import evolve as evolve_decision
from domain.decision.state import fold as fold_decision
from domain.decision_type import events as type_events
from domain.decision_type import state as types
from domain.decision_type.state import DecisionType
from domain.halting import NONE_ON, KillSwitches
from domain.model import (
    OWNER_SEATS,
    Actor,
    ActorKind,
    Event,
    Forbidden,
    Malformed,
    NotFound,
    Outdated,
    Refusal,
    Seat,
    Stamp,
    Unauthorised,
)
from domain.policy import aggregate as policies
from domain.policy import events as policy_events
from domain.policy.aggregate import Policy, PolicyVersion

NO_PART = frozenset({str(Seat.ADMINISTRATOR)})
"""The seats that give no part in a decision type, not even to read."""

READ_ONLY = frozenset({str(Seat.AUDITOR)})
"""The seats from which everything is read and nothing is done."""

CORRELATION: ContextVar[UUID | None] = ContextVar("correlation", default=None)
"""The undertaking that is worked on here, for whatever is logged meanwhile."""

ATTEMPTS = 8
"""How often a command decides again when another writer was first."""

ATTEMPTS_AT_ONCE = 32
"""How many refused attempts may wait to be written: far fewer than the log's queue holds, so that
no flood of them keeps out what is accepted."""

ATTEMPTS_IN_LINE = 1_000
"""How many more may wait for their turn; whoever comes then is told to try again."""

MOST_REMEMBERED = 2_000
"""How many decisions are kept in memory for the command that follows (about 5 KB each)."""


class NoSuchDecision(NotFound):
    """No decision of this id is known here."""

    CODE = "REJ.decision_unknown"


class NoSuchDecisionType(NotFound):
    """No decision type of this name is known here."""

    CODE = "REJ.decision_type_unknown"


class KeyReused(Malformed):
    """The same idempotency key with other content is another command."""

    CODE = "REJ.idempotency_conflict"


class PreconditionFailed(Outdated):
    """If-Match names the version that the command is about."""

    CODE = "REJ.if_match"


class Contended(Forbidden):
    """Others keep changing this faster than the command can decide; try again."""

    CODE = "REJ.contended"


class NoAuthority(Unauthorised):
    """The identity holds no seat that carries the authority for this."""

    CODE = "REJ.seat"


class PersonErased(Forbidden):
    """A decision takes no more data about a person who was erased."""

    CODE = "REJ.data_subject_erased"


class CannotSeal(Forbidden):
    """Personal facts are taken only where there is a key to seal them with."""

    CODE = "REJ.no_key_encryption_key"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, and what came with the call."""

    identity: Identity
    correlation_id: UUID = field(default_factory=uuid4)
    causation_id: UUID | None = None
    command: CommandKey | None = None
    if_match: int | None = None
    via: str | None = None
    """Through what it came, when not by the caller's own hand."""

    def actor(self, decision_type: str, *preferred: Seat) -> Actor:
        """The caller, in the first of the preferred seats they hold for this decision type."""
        here = self.identity.seats.get(decision_type, ())
        anywhere = self.identity.seats.get("*", ())
        held = [seat for seat in preferred if seat in here or seat in anywhere]
        seat = held[0] if held else None
        return _actor_of(self.identity.kind, self.identity.id, seat, self.via)

    def seats(self, decision_type: str) -> frozenset[str]:
        """The seats held for a decision type, those held for all types included.

        Administrators run the installation: they have no part in any decision type.
        """
        seats = self.identity.seats
        return (seats.get(decision_type, frozenset()) | seats.get("*", frozenset())) - NO_PART

    def require(self, decision_type: str, *allowed: Seat) -> Actor:
        """The caller in one of the allowed seats, or a refusal."""
        actor = self.actor(decision_type, *allowed)
        if actor.seat is None:
            names = " or ".join(seat.spoken for seat in allowed)
            raise NoAuthority(f"{actor.id} is not {names} for {decision_type}")
        return actor

    def require_part(self, decision_type: str) -> None:
        """Auditors read and change nothing; whoever else has a seat may be told which it takes."""
        if not self.seats(decision_type) - READ_ONLY:
            raise NoAuthority(f"{self.identity.id} takes no part in {decision_type}")

    def require_any_seat(self, decision_type: str) -> None:
        """Anyone with a seat on a decision type may read what belongs to it."""
        if not self.seats(decision_type):
            raise NoAuthority(f"{self.identity.id} has no seat for {decision_type}")


@lru_cache(maxsize=10_000)
def _actor_of(kind: str, id: str, seat: str | None, via: str | None) -> Actor:
    held = None if seat is None else Seat(seat)
    return Actor(kind=ActorKind(kind), id=id, seat=held, via=via)


@dataclass(frozen=True)
class Governed:
    """What governs a kind of decision now: its decision type, and its policy if it has one."""

    decision_type: DecisionType
    policy: Policy | None
    organisation: Policy | None = None
    """The organisation's policy, which speaks beside the type's own."""
    halts: KillSwitches = NONE_ON
    """The kill switches beyond the type's own."""

    @cached_property
    def active_policy(self) -> PolicyVersion | None:
        return self.policy.active if self.policy else None

    @property
    def organisation_policy(self) -> PolicyVersion | None:
        """The version of the organisation's policy that is in force."""
        return self.organisation.active if self.organisation else None

    def at(self, moment: datetime) -> "Governed":
        """What governs at a moment: a version that was to come into force until then has."""
        policy = self.policy.at(moment) if self.policy else None
        beside = self.organisation.at(moment) if self.organisation else None
        if policy is self.policy and beside is self.organisation:
            return self
        return replace(self, policy=policy, organisation=beside)

    @cached_property
    def expects(self) -> tuple[tuple[UUID, int], ...]:
        """What must still be so when a decision made under it is written."""
        name = self.decision_type.name
        version = self.policy.version if self.policy else 0
        own = (
            (self.decision_type.id, self.decision_type.version),
            (policies.stream_id(name), version),
            (halting.STREAM, self.halts.version),
        )
        if name == ORGANISATION:
            return own
        beside = self.organisation.version if self.organisation else 0
        return (*own, (policies.stream_id(ORGANISATION), beside))


class Answer(NamedTuple):
    """What every command on a decision answers with."""

    decision: Decision
    replayed: bool = False


@dataclass(slots=True)
class Desk:
    """The event log in the domain's words. Governance is kept in memory; since every append
    states which version it relied on, a stale copy can't decide anything."""

    log: EventLog
    clock: Clock
    lots: LotDrawer
    reads: PolicyReader | None = None
    """Reads policies, where any are written at this desk."""
    attempts: Turns = field(default_factory=lambda: Turns(ATTEMPTS_AT_ONCE, ATTEMPTS_IN_LINE))
    """Whose turn it is to record a refused attempt."""
    tries: Tries = field(default_factory=Tries)
    """What was refused lately, so that the same again is not recorded again."""
    offers: Offers = field(default_factory=Offers)
    """What is on offer to whoever claims the next one of a queue."""
    lookout: Lookout = field(default_factory=Lookout)
    """Watches the circuit breakers."""
    _governed: dict[str, Governed] = field(default_factory=dict[str, Governed])
    _reading: dict[str, Lock] = field(default_factory=dict[str, Lock])
    _recent: dict[UUID, Decision] = field(default_factory=dict[UUID, Decision])

    def new_id(self) -> UUID:
        """A time-ordered id (UUIDv7, RFC 9562)."""
        return uuids.uuid7()

    def stamp(self, caller: Caller, actor: Actor) -> Stamp:
        """Now, by this actor, as part of what the caller is doing."""
        return Stamp(
            at=self.clock.now(),
            actor=actor,
            correlation_id=caller.correlation_id,
            causation_id=caller.causation_id,
        )

    def remember(self, decision: Decision) -> None:
        """Keep a decision that was just written, for the next command on it.

        Not one with personal facts: an erasure anywhere would not be heard of here.
        """
        if decision.personal:
            return
        self._recent[decision.id] = decision
        if len(self._recent) > MOST_REMEMBERED:
            del self._recent[next(iter(self._recent))]

    def recall(self, id: UUID) -> Decision | None:
        """The decision as it was last written here, once: whoever finds it outdated reads afresh.

        Good enough to decide on, since the append checks its version; never to answer a reader.
        """
        return self._recent.pop(id, None)

    async def decision(self, id: UUID, *, up_to: int | None = None) -> Decision:
        """The decision now, or as it was at a version."""
        state = fold_decision(await self.history(id, up_to=up_to))
        if state is None:
            raise NoSuchDecision(f"id: found {id}")
        return state

    async def history(
        self, id: UUID, *, up_to: int | None = None
    ) -> list[decision_events.LifeEvent]:
        """A decision's own events, in order; empty for anything that is not a decision."""
        events = await self.log.stream(id, up_to=up_to)
        if not events or not isinstance(events[0], decision_events.Recommended):
            return []
        return cast("list[decision_events.LifeEvent]", list(events))

    async def conflict(self, id: UUID) -> conflicts.Conflict:
        """A conflict now."""
        events = await self.log.stream(id)
        if not events or not isinstance(events[0], conflicts.Opened):
            raise NotFound(f"conflict: found {id}")
        state = conflicts.fold(cast("list[conflicts.LifeEvent]", list(events)))
        assert state is not None
        return state

    async def governed(self, decision_type: str) -> Governed:
        """What governs this decision type now, from memory where it is known."""
        known = self._governed.get(decision_type)
        if known is not None:
            return known.at(self.clock.now())
        # One reads, the others wait: a cold start under load would read it a hundred times over.
        async with self._reading.setdefault(decision_type, Lock()):
            known = self._governed.get(decision_type)
            if known is None:
                try:
                    known = self._governed[decision_type] = await self.governed_now(decision_type)
                finally:
                    self._reading.pop(decision_type, None)
            return known.at(self.clock.now())

    async def governed_now(self, decision_type: str) -> Governed:
        """What governs this decision type, read afresh."""
        state = await self.decision_type(decision_type)
        if state is None:
            raise NoSuchDecisionType(f"decision_type: found {decision_type[:60]}")
        own, halts = await self.policy(decision_type), await self.kill_switches()
        if decision_type == ORGANISATION:
            return Governed(state, own, halts=halts)
        return Governed(state, own, await self.policy(ORGANISATION), halts)

    async def decision_type(self, name: str, *, up_to: int | None = None) -> DecisionType | None:
        """The decision type of this name, now or at a version; None if there is none."""
        events = await self.log.stream(types.stream_id(name), up_to=up_to)
        return types.fold(cast("list[type_events.LifeEvent]", list(events)))

    async def policy(self, decision_type: str, *, up_to: int | None = None) -> Policy | None:
        """All policy versions of a decision type as they stand; None if there was never one."""
        policy = policies.fold(await self.policy_history(decision_type, up_to=up_to))
        return policy.at(self.clock.now()) if policy else None

    async def kill_switches(self, *, up_to: int | None = None) -> KillSwitches:
        """The kill switches beyond decision types' own, now or at a version."""
        events = await self.log.stream(halting.STREAM, up_to=up_to)
        return halting.fold(cast("list[halting.LifeEvent]", list(events)))

    async def policy_history(
        self, decision_type: str, *, up_to: int | None = None
    ) -> list[policy_events.LifeEvent]:
        """What happened to a decision type's policy, in order."""
        events = await self.log.stream(policies.stream_id(decision_type), up_to=up_to)
        return cast("list[policy_events.LifeEvent]", list(events))

    def forget(self, decision_type: str) -> None:
        """Read this decision type's governance afresh next time."""
        if decision_type == ORGANISATION:
            self._governed.clear()
        self._governed.pop(decision_type, None)

    async def renewed(self, governed: Governed) -> bool:
        """Whether other rules govern than the ones given; from now on they are known here.

        No append checks a refusal, so who refuses asks this: a stale copy can't refuse either.
        """
        name = governed.decision_type.name
        now = self._governed[name] = await self.governed_now(name)
        return now.expects != governed.expects

    async def data_subject(self, reference: str) -> UUID:
        """The id that stands for a person in events."""
        self.require_seals()
        return await self.log.data_subject(reference)

    def require_seals(self) -> None:
        """Refuse where personal facts would have to be stored in plain."""
        if not self.log.seals:
            raise CannotSeal("REMIT_KEY_ENCRYPTION_KEY: none is set in this process")

    async def repeated(self, caller: Caller) -> PriorCommand | None:
        """What the caller's idempotency key was used for before; refuses other content."""
        if caller.command is None:
            return None
        prior = await self.log.prior(caller.command.scope, caller.command.key)
        if prior is not None:
            same_content(caller.command, prior)
        return prior

    async def record(
        self,
        events: Iterable[Event],
        caller: Caller,
        *,
        expects: tuple[tuple[UUID, int], ...] = (),
        enters: SubjectEntry | None = None,
        leaves: tuple[UUID, ...] = (),
        forgets: tuple[UUID, ...] = (),
    ) -> int:
        """Write events durably, all or none."""
        written = tuple(events)
        position = await self.log.append(
            Append(written, expects, caller.command, enters, leaves, forgets)
        )
        for decision_type in turned(written):
            known = self._governed.get(decision_type)
            if not (expects and known and known.decision_type.breaker_open):
                await look_out(decision_type, caller, self)
        return position


def same_content(command: CommandKey, prior: PriorCommand) -> None:
    """Refuse an idempotency key that comes back with other content."""
    if command.digest != prior.digest:
        found = command.key[:60]
        raise KeyReused(f"Idempotency-Key: found {found}, used before with other content")


def ended(before: Decision, after: Decision) -> tuple[UUID, ...]:
    """The decision's id if these events ended it: it no longer stands on its subject."""
    return (after.id,) if before.is_open and not after.is_open else ()


Decide = Callable[[Decision, Governed, Stamp], Iterable[decision_events.LifeEvent]]


def acting_as(*seats: Seat) -> Callable[[Decision], tuple[Seat, ...]]:
    """The same seats whatever the decision."""
    return lambda _: seats


ANSWERS = (Seat.ESCALATION_OWNER, Seat.FALLBACK_OWNER)
"""Who decides what was escalated: its owner, or who stands in where that seat is empty."""


def in_queue(decision: Decision) -> tuple[Seat, ...]:
    """The seats that a waiting decision is taken on from: an escalation's is its owner's."""
    return ANSWERS if decision.level else (Seat.REVIEWER,)


def answering(caller: Caller, decision_type: DecisionType, placed_with: str | None = None) -> Actor:
    """The caller as who answers for an escalation: a person, and by the decision type's own word.

    Whom it falls to may hold no seat of a key, and a key's seat makes nobody its owner.
    """
    actor = caller.actor(decision_type.name)
    if not actor.is_person:
        return actor
    seat = decision_type.answering(actor.id, Seat.ESCALATION_OWNER, placed_with)
    return actor.model_copy(update={"seat": seat})


async def change(
    desk: Desk,
    id: UUID,
    caller: Caller,
    decide: Decide,
    seats: Callable[[Decision], tuple[Seat, ...]],
) -> Answer:
    """Load a decision, ask the domain, record what it says; again if another was first.

    `seats` says which ones the caller may act from, in the order they are tried.
    """
    if prior := await desk.repeated(caller):
        before = await desk.decision(id, up_to=prior.version)
        await look_out(before.decision_type, caller, desk)  # as whoever was cut off would have
        return Answer(before, replayed=True)
    for _ in range(ATTEMPTS):
        remembered = desk.recall(id)
        before = remembered or await desk.decision(id)
        governed = await desk.governed(before.decision_type)
        try:
            events = _decided(before, governed, caller, decide, seats, desk)
        except Refusal:
            # Appends check what is accepted, nothing checks a refusal: it must rest on fresh state.
            if remembered or await desk.renewed(governed):
                continue
            raise
        if not events and not remembered:
            return Answer(before)
        if events and (answer := await _recorded(before, governed, events, caller, desk)):
            return answer
    raise Contended(f"gave up after {ATTEMPTS} attempts")


def _decided(
    before: Decision,
    governed: Governed,
    caller: Caller,
    decide: Decide,
    seats: Callable[[Decision], tuple[Seat, ...]],
    desk: Desk,
) -> tuple[decision_events.LifeEvent, ...]:
    """What the domain says of the command on this state."""
    actor = _actor(before, governed, caller, seats(before))
    require_match(caller, before.version)
    return tuple(decide(before, governed, desk.stamp(caller, actor)))


def _actor(before: Decision, governed: Governed, caller: Caller, seats: tuple[Seat, ...]) -> Actor:
    """The caller in the first seat they hold; an escalation is also theirs whom it falls to."""
    state = governed.decision_type
    held = (seat for seat in really_held(caller, state, seats) if seat is not Seat.FALLBACK_OWNER)
    actor = caller.actor(before.decision_type, *held)
    if actor.seat is None and actor.is_person and Seat.FALLBACK_OWNER in seats:
        actor = _standing_in(actor, before, state)
    if actor.seat is None:
        caller.require_part(before.decision_type)
    return actor


def require_held(caller: Caller, state: DecisionType, *seats: Seat) -> Actor:
    """The caller in the first of these seats that is really theirs, or a refusal."""
    actor = caller.actor(state.name, *really_held(caller, state, seats))
    if actor.seat is None:
        names = " or ".join(seat.spoken for seat in seats)
        raise NoAuthority(f"{actor.id} is not {names} for {state.name}")
    return actor


def really_held(caller: Caller, state: DecisionType, seats: tuple[Seat, ...]) -> tuple[Seat, ...]:
    """Without the owners' seats that the decision type gives to somebody else."""
    me = caller.identity.id
    return tuple(seat for seat in seats if seat not in OWNER_SEATS or state.owner(seat) == me)


def _standing_in(actor: Actor, before: Decision, decision_type: DecisionType) -> Actor:
    """Whom a decision or what was raised over it falls to, though no key says so."""
    places = (before.placement, *(each.placement for each in before.unsettled))
    answers = (
        decision_type.answering(actor.id, place.seat, place.person) for place in places if place
    )
    seat = next(filter(None, answers), None)
    return actor.model_copy(update={"seat": seat})


async def _recorded(
    before: Decision,
    governed: Governed,
    events: tuple[decision_events.LifeEvent, ...],
    caller: Caller,
    desk: Desk,
) -> Answer | None:
    """The answer once the events are durable; None if the world moved on meanwhile."""
    after = before
    for event in events:
        after = evolve_decision(after, event)
    try:
        await desk.record(events, caller, expects=governed.expects, leaves=ended(before, after))
    except Overtaken:
        return None
    except Forgotten as erased:
        raise PersonErased(f"{before.id}: {erased}") from None
    except Stale:
        desk.forget(before.decision_type)
        return None
    except Repeated as repeated:
        assert caller.command is not None, "only a keyed command repeats"
        same_content(caller.command, repeated.prior)
        return Answer(await desk.decision(before.id, up_to=repeated.prior.version), replayed=True)
    desk.remember(after)
    return Answer(after)


def require_match(caller: Caller, version: int) -> None:
    """Refuse a command that was meant for another version than this."""
    if caller.if_match is not None and caller.if_match != version:
        raise PreconditionFailed(f'If-Match: found "{caller.if_match}", the version is "{version}"')


def without_key(caller: Caller) -> Caller:
    """The same caller, for a write that is not the command itself."""
    return replace(caller, command=None)
