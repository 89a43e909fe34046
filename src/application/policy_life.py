"""The life of a policy: what owners do with its versions, from the first draft to the last day."""

from asyncio import to_thread
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256

from application.desk import ATTEMPTS, Caller, Contended, Desk, Governed, require_match
from application.gatekeeping import Inspection, candidate, inspect
from application.ports import Overtaken, Repeated, Stale
from domain.decision_type.commands import require_seat
from domain.guardrail.difference import compare
from domain.model import Seat, Stamp
from domain.policy import force, life
from domain.policy.aggregate import NoSuchVersion, Policy, find, fold
from domain.policy.events import LifeEvent
from domain.policy.gate import Floor
from domain.policy.signing import MAY_WRITE

Decide = Callable[[Governed, Stamp], Awaitable[tuple[LifeEvent, ...]]]
OWNERS = (Seat.RISK_OWNER, Seat.DECISION_OWNER, Seat.AI_PRODUCT_OWNER)
"""The seats a person acts in, the one that may most first."""


async def draft(name: str, source: str, caller: Caller, desk: Desk) -> Policy:
    """Write the next version, from its author's text."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        state = governed.decision_type
        require_seat(state, stamp.actor, *MAY_WRITE)
        assert desk.reads is not None, "policies are written at desks that read them"
        guardrail = desk.reads(source, state.definition.facts)
        return life.draft(governed.policy, name, source, _digest(source), guardrail, stamp)

    return await _change(name, caller, desk, decide)


async def set_floor(
    name: str, floor: Floor, reason: str | None, caller: Caller, desk: Desk
) -> Policy:
    """Say what specifications have to show from now on."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        return life.set_floor(governed.policy, governed.decision_type, floor, reason, stamp)

    return await _change(name, caller, desk, decide)


async def specify(name: str, version: int, text: str, caller: Caller, desk: Desk) -> Policy:
    """Write down what a version must do."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        return life.specify(policy, state, version, text, _digest(text), stamp)

    return await _change(name, caller, desk, decide)


async def look(
    name: str, version: int, acknowledged: tuple[str, ...], caller: Caller, desk: Desk
) -> Inspection:
    """What the gate would say of a version now. Records nothing."""
    governed = await desk.governed_now(name)
    caller.require_any_seat(name)
    known = find(_policy(governed, version), version)
    noted = known.proposal.acknowledged if known.proposal else ()
    return await inspect(candidate(governed, known, (*acknowledged, *noted)))


async def propose(
    name: str,
    version: int,
    acknowledged: tuple[str, ...],
    reason: str | None,
    caller: Caller,
    desk: Desk,
) -> Policy:
    """Ask that a version be put into force."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        found = await _inspected(governed, version, acknowledged, stamp)
        return life.propose(
            policy, state, version, found.difference, found.gate, acknowledged, reason, stamp
        )

    return await _change(name, caller, desk, decide)


async def approve(
    name: str, version: int, reason: str | None, caller: Caller, desk: Desk
) -> Policy:
    """Sign a version that somebody else wrote and proposed."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        found = await _inspected(governed, version, None, stamp)
        return life.approve(policy, state, version, found.difference, found.gate, reason, stamp)

    return await _change(name, caller, desk, decide)


async def refuse(name: str, version: int, reason: str | None, caller: Caller, desk: Desk) -> Policy:
    """Decline to sign a version."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        return life.refuse(policy, state, version, reason, stamp)

    return await _change(name, caller, desk, decide)


async def activate(
    name: str,
    version: int,
    at: datetime | None,
    reason: str | None,
    caller: Caller,
    desk: Desk,
) -> Policy:
    """Put an approved version into force, now or at a moment to come."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        found = await _inspected(governed, version, None, stamp)
        return force.activate(
            policy, state, version, found.difference, found.gate, at, reason, stamp
        )

    return await _change(name, caller, desk, decide)


async def roll_back(
    name: str, version: int, reason: str | None, caller: Caller, desk: Desk
) -> Policy:
    """Put a version into force again that was in force before."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        active = governed.active_policy
        known = find(policy, version)
        before = active.guardrail if active else None
        # In a thread, since it may take seconds in which others want to be answered.
        difference = await to_thread(compare, before, known.guardrail)
        return force.roll_back(policy, state, version, difference, reason, stamp)

    return await _change(name, caller, desk, decide)


async def retire(name: str, version: int, reason: str | None, caller: Caller, desk: Desk) -> Policy:
    """Take a version out of use for good."""

    async def decide(governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        policy, state = _policy(governed, version), governed.decision_type
        return force.retire(policy, state, version, reason, stamp)

    return await _change(name, caller, desk, decide)


async def history(name: str, caller: Caller, desk: Desk) -> tuple[Policy | None, list[LifeEvent]]:
    """The policy as it stands, and everything that happened to it, in order."""
    await desk.governed_now(name)
    caller.require_any_seat(name)
    events = await desk.policy_history(name)
    policy = fold(events)
    return (policy.at(desk.clock.now()) if policy else None), events


async def _inspected(
    governed: Governed, version: int, acknowledged: tuple[str, ...] | None, stamp: Stamp
) -> Inspection:
    """What the gate says, for someone who may go on. Before `acknowledged`, as was proposed."""
    require_seat(governed.decision_type, stamp.actor, *MAY_WRITE)
    known = find(_policy(governed, version), version)
    if acknowledged is None:
        acknowledged = known.proposal.acknowledged if known.proposal else ()
    return await inspect(candidate(governed, known, acknowledged))


def _policy(governed: Governed, version: int) -> Policy:
    if governed.policy is None:
        raise NoSuchVersion(f"version: found {version}, known are none")
    return governed.policy


def _digest(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"


async def _change(name: str, caller: Caller, desk: Desk, decide: Decide) -> Policy:
    for _ in range(ATTEMPTS):
        if prior := await desk.repeated(caller):
            repeated = await desk.policy(name, up_to=prior.version)
            assert repeated is not None
            return repeated
        governed = await desk.governed_now(name)
        caller.require_part(name)
        policy, state = governed.policy, governed.decision_type
        require_match(caller, policy.version if policy else 0)
        held = tuple(seat for seat in OWNERS if state.owner(seat) == caller.identity.id)
        events = await decide(governed, desk.stamp(caller, caller.actor(name, *held)))
        if not events:
            assert policy is not None, "the first event is never left out"
            return policy
        try:
            await desk.record(events, caller, expects=((state.id, state.version),))
        except (Overtaken, Repeated, Stale):
            continue
        desk.forget(name)
        after = fold(events, policy)
        assert after is not None
        return after
    raise Contended(f"gave up after {ATTEMPTS} attempts")
