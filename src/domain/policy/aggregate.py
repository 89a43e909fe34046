"""A decision type's guardrail policy: its versions, and the one in force."""

from collections.abc import Iterable
from functools import cache, cached_property, reduce
from typing import Any, assert_never
from uuid import UUID, uuid5

from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.guardrail.document import Guardrail
from domain.model import (
    Aggregate,
    Forbidden,
    NotFound,
    Seat,
    Stamp,
    Unauthorised,
    Value,
    envelope,
)
from domain.policy.events import (
    Activated,
    Drafted,
    LifeEvent,
    Rehearsed,
    Retired,
    ShadowStarted,
    ShadowStopped,
)
from domain.policy.shadow import Shadow, ended
from domain.values import PolicyRef

POLICIES = UUID("2f6c5d0a-8a5e-5f43-8f58-6a4a4c5f7b02")
"""Namespace of policies' stream ids."""


class PolicyVersion(Value):
    """One immutable version, as its author signed it and as the service understands it."""

    version: int
    source: str
    source_digest: str
    guardrail: Guardrail
    digest: str
    drafted_by: str

    @cached_property
    def ref(self) -> PolicyRef:
        return PolicyRef(version=self.version, hash=self.digest, semantics=self.guardrail.semantics)


class Policy(Aggregate):
    """All versions of one decision type's policy."""

    decision_type: str
    versions: dict[int, PolicyVersion]
    active_version: int | None = None
    shadow: Shadow | None = None
    """The last trial beside the version in force, running or ended."""

    @property
    def active(self) -> PolicyVersion | None:
        return None if self.active_version is None else self.versions[self.active_version]


class NoSuchVersion(NotFound):
    """Only a version that was drafted can be used."""

    CODE = "REJ.policy_version_unknown"


class OwnDraft(Unauthorised):
    """Whoever wrote a policy can't put it into force."""

    CODE = "REJ.own_draft"


class AlreadyActive(Forbidden):
    """This version is in force already."""

    CODE = "REJ.policy_active"


@cache
def stream_id(decision_type: str) -> UUID:
    """The stream of this decision type's policy."""
    return uuid5(POLICIES, decision_type)


def draft(
    policy: Policy | None,
    decision_type: str,
    source: str,
    source_digest: str,
    guardrail: Guardrail,
    stamp: Stamp,
) -> tuple[LifeEvent, ...]:
    """Write the next version."""
    id = policy.id if policy else stream_id(decision_type)
    number = max(policy.versions, default=0) + 1 if policy else 1
    return (
        Drafted(
            **envelope(id, (policy.version if policy else 0) + 1, stamp),
            decision_type=decision_type,
            policy_version=number,
            source=source,
            source_digest=source_digest,
            guardrail=guardrail,
            digest=guardrail.digest,
        ),
    )


def activate(
    policy: Policy, decision_type: DecisionType, version: int, stamp: Stamp
) -> tuple[LifeEvent, ...]:
    """Put a version into force. The risk owner does, and not for a version of their own."""
    require_seat(decision_type, stamp.actor, Seat.RISK_OWNER)
    drafted = find(policy, version)
    if drafted.drafted_by == stamp.actor.id:
        raise OwnDraft(f"{stamp.actor.id} wrote version {version}")
    if policy.active_version == version:
        raise AlreadyActive(f"version {version} of {policy.decision_type}")
    return (
        Activated(
            **policy.next(stamp),
            decision_type=policy.decision_type,
            policy_version=version,
            digest=drafted.digest,
        ),
    )


def find(policy: Policy, version: int) -> PolicyVersion:
    """A version by its number."""
    if version not in policy.versions:
        known = ", ".join(map(str, policy.versions)) or "none"
        raise NoSuchVersion(f"version: found {version}, known are {known}")
    return policy.versions[version]


def fold(events: Iterable[LifeEvent], policy: Policy | None = None) -> Policy | None:
    """The state after these events."""
    return reduce(evolve, events, policy)


def evolve(policy: Policy | None, event: LifeEvent) -> Policy:
    """Fold one event into the state. Total: recorded history is never refused."""
    base = policy or Policy(
        id=event.originator_id, version=0, decision_type=event.decision_type, versions={}
    )
    return base.after(event, **_changes(base, event))


def _changes(policy: Policy, event: LifeEvent) -> dict[str, Any]:
    match event:
        case Drafted():
            version = PolicyVersion(
                version=event.policy_version,
                source=event.source,
                source_digest=event.source_digest,
                guardrail=event.guardrail,
                digest=event.digest,
                drafted_by=event.actor.id,
            )
            return {"versions": policy.versions | {event.policy_version: version}}
        case Activated():
            return {
                "active_version": event.policy_version,
                "shadow": ended(policy.shadow, event.timestamp),
            }
        case Retired():
            gone = policy.active_version == event.policy_version
            return {
                "active_version": None if gone else policy.active_version,
                "shadow": ended(policy.shadow, event.timestamp, event.policy_version),
            }
        case Rehearsed():
            return {}
        case ShadowStarted():
            return {"shadow": Shadow.started(event)}
        case ShadowStopped():
            return {"shadow": ended(policy.shadow, event.timestamp, event.policy_version)}
        case _:
            assert_never(event)
