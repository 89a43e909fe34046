"""Signing: who may, for which version, and for how long a signature holds."""

from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.guardrail.difference import Difference
from domain.model import Forbidden, Seat, Stamp, Unauthorised
from domain.policy.aggregate import Bound, Policy, PolicyVersion, Standing, find
from domain.policy.gate import Gate

MAY_WRITE = (Seat.AI_PRODUCT_OWNER, Seat.DECISION_OWNER, Seat.RISK_OWNER)
"""Who writes versions, specifies and proposes them, and puts into force what is approved."""


class OwnDraft(Unauthorised):
    """Whoever wrote a policy can't approve it."""

    CODE = "REJ.own_draft"


class OwnProposal(Unauthorised):
    """Whoever proposed a policy can't approve it."""

    CODE = "REJ.own_proposal"


class AlreadyActive(Forbidden):
    """This version is in force already."""

    CODE = "REJ.policy_active"


class WrongStanding(Forbidden):
    """The version has not come far enough for this, or too far."""

    CODE = "REJ.policy_standing"


class NotApproved(Forbidden):
    """Only a version that was approved is put into force."""

    CODE = "REJ.policy_not_approved"


class OutdatedSignature(Forbidden):
    """A signature holds for the versions and the reports that were signed, and for no others."""

    CODE = "REJ.policy_stale"


class NeverServed(Forbidden):
    """Only a version that was in force before can be rolled back to."""

    CODE = "REJ.policy_never_active"


def bound_by(difference: Difference, gate: Gate) -> Bound:
    """What a signature on these would be about."""
    return Bound(
        digest=difference.new,
        against=difference.old,
        difference=difference.digest,
        report=gate.digest,
    )


def still_open(policy: Policy, version: int) -> PolicyVersion:
    """A version that may still come into force for the first time."""
    known = find(policy, version)
    if policy.active_version == version:
        raise AlreadyActive(f"version {version} of {policy.decision_type}")
    if known.standing is Standing.RETIRED:
        raise WrongStanding(f"version {version} is retired")
    if policy.scheduled is not None and policy.scheduled.version == version:
        at = policy.scheduled.at.isoformat()
        raise WrongStanding(f"version {version} comes into force at {at}; refuse it to stop that")
    return known


def proposed(policy: Policy, version: int) -> PolicyVersion:
    """A version that somebody asked to be put into force."""
    known = still_open(policy, version)
    if known.standing is not Standing.PROPOSED:
        raise WrongStanding(f"version {version} is {known.standing}, not proposed")
    return known


def require_approver(decision_type: DecisionType, difference: Difference, stamp: Stamp) -> None:
    """The risk owner signs anything; the AI product owner, what relaxes nothing."""
    owner = (Seat.RISK_OWNER,) if difference.relaxes else (Seat.RISK_OWNER, Seat.AI_PRODUCT_OWNER)
    require_seat(decision_type, stamp.actor, *owner)


def require_current(policy: Policy, difference: Difference) -> None:
    """What changes is told against the version in force, and against no other."""
    active = policy.active
    if difference.old != (active.digest if active else None):
        raise OutdatedSignature(f"another version of {policy.decision_type} has come into force")


def require_signed(known: PolicyVersion, bound: Bound) -> None:
    """Refuse a version that nobody signed, or that is another thing now than what was signed."""
    proposal = known.proposal
    means_the_same = proposal is not None and proposal.approver is None
    if proposal is not None and means_the_same and known.standing is Standing.PROPOSED:
        return require_same(known.version, proposal.bound, bound, "proposed")
    if known.approval is None:
        raise NotApproved(f"version {known.version} is {known.standing}")
    return require_same(known.version, known.approval.bound, bound, "approved")


def require_same(version: int, signed: Bound, now: Bound, word: str) -> None:
    """Refuse where what was signed and what is there now differ."""
    if signed == now:
        return
    if signed.against != now.against:
        why = "another version is in force than when it was"
    else:
        why = "the reports on it say something else than when it was"
    raise OutdatedSignature(f"version {version}: {why} {word}; propose it again")
