"""The life of a version up to its signature: drafted, specified, proposed, approved or refused.

Each command returns the events it causes, or refuses. What is computed from the versions - what
changes between them, and what the gate says - is an argument, so that the same call always gives
the same answer.
"""

from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.guardrail.difference import Difference
from domain.guardrail.document import Guardrail
from domain.model import Seat, Stamp, envelope
from domain.policy.aggregate import Policy, Standing, find, stream_id
from domain.policy.events import (
    Approved,
    Drafted,
    FloorSet,
    LifeEvent,
    Proposed,
    Refused,
    Specified,
)
from domain.policy.gate import Floor, Gate, require_passed
from domain.policy.signing import (
    MAY_WRITE,
    AlreadyActive,
    OwnDraft,
    OwnProposal,
    WrongStanding,
    bound_by,
    proposed,
    require_approver,
    require_current,
    require_same,
    still_open,
)

Events = tuple[LifeEvent, ...]


def set_floor(
    policy: Policy | None,
    decision_type: DecisionType,
    floor: Floor,
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Say what specifications have to show. That is the risk owner's to do."""
    require_seat(decision_type, stamp.actor, Seat.RISK_OWNER)
    if policy is not None and policy.floor == floor:
        return ()
    name = decision_type.name
    head = policy.next(stamp) if policy else envelope(stream_id(name), 1, stamp)
    return (FloorSet(**head, decision_type=name, floor=floor, reason=reason),)


def draft(
    policy: Policy | None,
    decision_type: str,
    source: str,
    source_digest: str,
    guardrail: Guardrail,
    stamp: Stamp,
) -> Events:
    """Write the next version."""
    head = policy.next(stamp) if policy else envelope(stream_id(decision_type), 1, stamp)
    return (
        Drafted(
            **head,
            decision_type=decision_type,
            policy_version=max(policy.versions, default=0) + 1 if policy else 1,
            source=source,
            source_digest=source_digest,
            guardrail=guardrail,
            digest=guardrail.digest,
        ),
    )


def specify(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    text: str,
    text_digest: str,
    stamp: Stamp,
) -> Events:
    """Write down what a version must do. Signatures that it had are void: they lack this."""
    require_seat(decision_type, stamp.actor, *MAY_WRITE)
    known = still_open(policy.at(stamp.at), version)
    if known.specification == text:
        return ()
    return (
        Specified(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            text=text,
            text_digest=text_digest,
        ),
    )


def propose(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    difference: Difference,
    gate: Gate,
    acknowledged: tuple[str, ...],
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Ask that a version be put into force; who has to approve follows from what it changes."""
    require_seat(decision_type, stamp.actor, *MAY_WRITE)
    now = policy.at(stamp.at)
    known = still_open(now, version)
    require_current(now, difference)
    require_passed(version, gate)
    return (
        Proposed(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            digest=known.digest,
            against=difference.old,
            difference=difference.digest,
            relaxes=difference.relaxes,
            approver=difference.approver,
            acknowledged=acknowledged,
            gate=gate,
            reason=reason,
        ),
    )


def approve(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    difference: Difference,
    gate: Gate,
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Sign a version that somebody else wrote and proposed."""
    now = policy.at(stamp.at)
    known = proposed(now, version)
    require_current(now, difference)
    require_approver(decision_type, difference, stamp)
    proposal = known.proposal
    assert proposal is not None, "it is proposed"
    if stamp.actor.id == proposal.by:
        raise OwnProposal(f"{stamp.actor.id} proposed version {version}")
    if stamp.actor.id == known.drafted_by:
        raise OwnDraft(f"{stamp.actor.id} wrote version {version}")
    require_passed(version, gate)
    bound = bound_by(difference, gate)
    require_same(version, proposal.bound, bound, "proposed")
    return (
        Approved(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            digest=bound.digest,
            against=bound.against,
            difference=bound.difference,
            report=bound.report,
            reason=reason,
        ),
    )


def refuse(
    policy: Policy,
    decision_type: DecisionType,
    version: int,
    reason: str | None,
    stamp: Stamp,
) -> Events:
    """Decline to sign a version, or take back what was to come into force, before it is."""
    require_seat(decision_type, stamp.actor, Seat.RISK_OWNER, Seat.AI_PRODUCT_OWNER)
    now = policy.at(stamp.at)
    known = find(now, version)
    if now.active_version == version:
        raise AlreadyActive(f"version {version} of {policy.decision_type}")
    if known.standing not in (Standing.PROPOSED, Standing.APPROVED):
        raise WrongStanding(f"version {version} is {known.standing}; it was not proposed")
    return (
        Refused(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            reason=reason,
        ),
    )
