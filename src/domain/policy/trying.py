"""Trying a version before it is put into force: on recorded history, and beside what comes in."""

from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.model import Forbidden, Seat, Stamp
from domain.policy.aggregate import Policy, find
from domain.policy.events import LifeEvent, Rehearsed, ShadowStarted, ShadowStopped
from domain.policy.rehearsal import Rehearsal


class NotInForce(Forbidden):
    """A trial runs beside a version in force, and there is none."""

    CODE = "REJ.no_policy_in_force"


class InForceAlready(Forbidden):
    """A version can't be tried beside itself."""

    CODE = "REJ.shadow_of_itself"


class ShadowRuns(Forbidden):
    """One version at a time is tried beside the one in force."""

    CODE = "REJ.shadow_runs"


class NoShadow(Forbidden):
    """This version is not being tried beside the one in force."""

    CODE = "REJ.no_shadow"


MAY_TRY = (Seat.AI_PRODUCT_OWNER, Seat.RISK_OWNER, Seat.DECISION_OWNER)
"""Who starts and stops a trial beside the version in force."""


def rehearsed(policy: Policy, rehearsal: Rehearsal, stamp: Stamp) -> tuple[LifeEvent, ...]:
    """Keep what trying a version on recorded history has shown."""
    version = find(policy, rehearsal.version)
    return (
        Rehearsed(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=rehearsal.version,
            digest=version.digest,
            rehearsal=rehearsal.id,
            against=rehearsal.against,
            since=rehearsal.since,
            until=rehearsal.until,
            position=rehearsal.position,
            decisions=rehearsal.decisions,
            changed=rehearsal.changed,
            automated=rehearsal.automated,
            automated_before=rehearsal.automated_before,
            report_digest=rehearsal.report_digest,
        ),
    )


def start_shadow(
    policy: Policy, decision_type: DecisionType, version: int, behind: int, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Try a version beside the one in force, on the decisions behind a position in the log."""
    require_seat(decision_type, stamp.actor, *MAY_TRY)
    now = policy.at(stamp.at)
    drafted = find(now, version)
    if now.active_version is None:
        raise NotInForce(f"{policy.decision_type} has no version in force")
    if now.active_version == version:
        raise InForceAlready(f"version {version} is in force")
    if now.shadow is not None and now.shadow.is_running:
        raise ShadowRuns(f"version {now.shadow.version} is being tried")
    return (
        ShadowStarted(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            digest=drafted.digest,
            against=now.active_version,
            behind=behind,
        ),
    )


def stop_shadow(
    policy: Policy, decision_type: DecisionType, version: int, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """End the trial of a version."""
    require_seat(decision_type, stamp.actor, *MAY_TRY)
    find(policy, version)
    shadow = policy.at(stamp.at).shadow
    if shadow is None or not shadow.is_running or shadow.version != version:
        raise NoShadow(f"version {version} of {policy.decision_type}")
    name = policy.decision_type
    return (ShadowStopped(**policy.next(stamp), decision_type=name, policy_version=version),)
