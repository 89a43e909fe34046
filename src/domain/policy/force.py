"""Which version is in force: put there, now or at a moment to come, rolled back to, retired."""

from datetime import datetime

from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.guardrail.difference import Difference
from domain.model import Malformed, Seat, Stamp
from domain.policy.aggregate import Policy, Standing, find
from domain.policy.events import Activated, LifeEvent, Retired, RolledBack
from domain.policy.gate import Gate, require_passed
from domain.policy.signing import (
    MAY_WRITE,
    AlreadyActive,
    NeverServed,
    WrongStanding,
    bound_by,
    require_approver,
    require_current,
    require_signed,
    still_open,
)

Events = tuple[LifeEvent, ...]


def activate(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    difference: Difference,
    gate: Gate,
    at: datetime | None,
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Put an approved version into force, now or at a moment to come."""
    require_seat(decision_type, stamp.actor, *MAY_WRITE)
    now = policy.at(stamp.at)
    known = still_open(now, version)
    require_current(now, difference)
    if at is not None and at <= stamp.at:
        raise Malformed(f"at: found {at.isoformat()}; allowed is a moment after now")
    require_passed(version, gate)
    require_signed(known, bound_by(difference, gate))
    return (
        Activated(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            digest=known.digest,
            effective_at=at,
            gate=gate,
            reason=reason,
        ),
    )


def roll_back(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    difference: Difference,
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Put a version into force that was in force before: who may follows from what it changes."""
    now = policy.at(stamp.at)
    known = find(now, version)
    if now.active_version == version:
        raise AlreadyActive(f"version {version} of {policy.decision_type}")
    if known.standing is Standing.RETIRED:
        raise WrongStanding(f"version {version} is retired")
    if not known.served:
        raise NeverServed(f"version {version} of {policy.decision_type}")
    require_current(now, difference)
    require_approver(decision_type, difference, stamp)
    return (
        RolledBack(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            digest=known.digest,
            instead_of=now.active_version,
            difference=difference.digest,
            relaxes=difference.relaxes,
            reason=reason,
        ),
    )


def retire(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Take a version out of use for good. If it was in force, everything escalates from now on."""
    require_seat(decision_type, stamp.actor, Seat.RISK_OWNER, Seat.DECISION_OWNER)
    if find(policy, version).standing is Standing.RETIRED:
        return ()
    return (
        Retired(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            reason=reason,
        ),
    )
