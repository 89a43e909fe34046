"""A decision type's guardrail policy: its versions, the one in force, and the one that will be."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cache, cached_property, reduce
from typing import Any, assert_never
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from domain.guardrail.document import Guardrail
from domain.model import Aggregate, NotFound, Seat, Value
from domain.policy.events import (
    Activated,
    Approved,
    Drafted,
    FloorSet,
    LifeEvent,
    Proposed,
    Refused,
    Rehearsed,
    Retired,
    RolledBack,
    ShadowStarted,
    ShadowStopped,
    Specified,
    VersionEvent,
)
from domain.policy.gate import Floor, Gate
from domain.policy.shadow import Shadow, ended
from domain.values import PolicyRef

POLICIES = UUID("2f6c5d0a-8a5e-5f43-8f58-6a4a4c5f7b02")
"""Namespace of policies' stream ids."""


class Standing(StrEnum):
    """How far a version has come; whether it is in force is the policy's to say."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    RETIRED = "retired"


class Bound(Value):
    """What a signature is about: both versions, what changes between them, what the gate said."""

    digest: str
    against: str | None
    difference: str
    report: str


class Proposal(Value):
    """Who asked for a version to be put into force, and who has to approve it."""

    by: str
    bound: Bound
    relaxes: bool
    approver: Seat | None
    acknowledged: tuple[str, ...]


class Approval(Value):
    """Who signed a version, and what that is about."""

    by: str
    seat: Seat | None
    bound: Bound


class PolicyVersion(Value):
    """One immutable version, as its author signed it and as the service understands it."""

    version: int
    source: str
    source_digest: str
    guardrail: Guardrail
    digest: str
    drafted_by: str
    standing: Standing = Standing.DRAFT
    specification: str | None = None
    proposal: Proposal | None = None
    approval: Approval | None = None
    gate: Gate | None = None
    """What it was asked when it was last proposed or put into force."""
    rehearsal: str | None = None
    """The digest of the newest report on what it would have changed."""
    served: bool = False
    """Whether it is or was in force."""

    @cached_property
    def ref(self) -> PolicyRef:
        return PolicyRef(version=self.version, hash=self.digest, semantics=self.guardrail.semantics)


class Scheduled(Value):
    """A version that comes into force by itself, unless what is in force changes before."""

    version: int
    at: AwareDatetime


class Policy(Aggregate):
    """All versions of one decision type's policy."""

    decision_type: str
    versions: dict[int, PolicyVersion]
    active_version: int | None = None
    scheduled: Scheduled | None = None
    floor: Floor | None = None
    """What the risk owner asks of specifications; absent where nobody said."""
    shadow: Shadow | None = None
    """The last trial beside the version in force, running or ended."""

    @property
    def active(self) -> PolicyVersion | None:
        return None if self.active_version is None else self.versions[self.active_version]

    def at(self, moment: datetime) -> "Policy":
        """The policy as it speaks at a moment: what was scheduled until then is in force."""
        scheduled = self.scheduled
        if scheduled is None or scheduled.at > moment:
            return self
        changes = _in_force(self, scheduled.version, scheduled.at)
        return self._of(self.__dict__ | changes, self.model_fields_set | changes.keys())


class NoSuchVersion(NotFound):
    """Only a version that was drafted can be used."""

    CODE = "REJ.policy_version_unknown"


@cache
def stream_id(decision_type: str) -> UUID:
    """The stream of this decision type's policy."""
    return uuid5(POLICIES, decision_type)


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
    base = base.at(event.timestamp)
    return base.after(event, **_changes(base, event))


def _changes(policy: Policy, event: LifeEvent) -> dict[str, Any]:  # noqa: C901 - one case an event
    match event:
        case FloorSet():
            return {"floor": event.floor}
        case Drafted():
            return {"versions": policy.versions | {event.policy_version: _drafted(event)}}
        case Specified():
            return _noted(
                policy, event, specification=event.text, standing=Standing.DRAFT, **_UNSIGNED
            )
        case Proposed():
            return _noted(
                policy,
                event,
                standing=Standing.PROPOSED,
                gate=event.gate,
                proposal=_proposal(event),
                approval=None,
            )
        case Approved():
            return _noted(policy, event, standing=Standing.APPROVED, approval=_approval(event))
        case Refused():
            return _noted(policy, event, standing=Standing.REFUSED, **_UNSIGNED) | _unplanned(
                policy, event
            )
        case Activated():
            return _activated(policy, event)
        case RolledBack():
            return _in_force(policy, event.policy_version, event.timestamp)
        case Retired():
            return _retired(policy, event)
        case Rehearsed():
            return _noted(policy, event, rehearsal=event.report_digest)
        case ShadowStarted():
            return {"shadow": Shadow.started(event)}
        case ShadowStopped():
            return {"shadow": ended(policy.shadow, event.timestamp, event.policy_version)}
        case _:
            assert_never(event)


_UNSIGNED: dict[str, Any] = {"proposal": None, "approval": None}


def _drafted(event: Drafted) -> PolicyVersion:
    return PolicyVersion(
        version=event.policy_version,
        source=event.source,
        source_digest=event.source_digest,
        guardrail=event.guardrail,
        digest=event.digest,
        drafted_by=event.actor.id,
    )


def _noted(policy: Policy, event: VersionEvent, **changes: Any) -> dict[str, Any]:
    """The versions with something changed about the one an event is of."""
    known = policy.versions.get(event.policy_version)
    if known is None:
        return {}
    changed = known.model_copy(update=changes)
    return {"versions": policy.versions | {event.policy_version: changed}}


def _proposal(event: Proposed) -> Proposal:
    bound = Bound(
        digest=event.digest,
        against=event.against,
        difference=event.difference,
        report=event.gate.digest,
    )
    return Proposal(
        by=event.actor.id,
        bound=bound,
        relaxes=event.relaxes,
        approver=event.approver,
        acknowledged=event.acknowledged,
    )


def _approval(event: Approved) -> Approval:
    bound = Bound(
        digest=event.digest,
        against=event.against,
        difference=event.difference,
        report=event.report,
    )
    return Approval(by=event.actor.id, seat=event.actor.seat, bound=bound)


def _activated(policy: Policy, event: Activated) -> dict[str, Any]:
    at = event.effective_at
    noted = _noted(policy, event, gate=event.gate)
    if at is not None and at > event.timestamp:
        return noted | {"scheduled": Scheduled(version=event.policy_version, at=at)}
    after = policy.model_copy(update=noted)
    return noted | _in_force(after, event.policy_version, event.timestamp)


def _in_force(policy: Policy, version: int, at: datetime) -> dict[str, Any]:
    """A version speaks from a moment on: nothing that was to follow another follows it."""
    changes: dict[str, Any] = {"scheduled": None, "shadow": ended(policy.shadow, at)}
    known = policy.versions.get(version)
    if known is None:
        return changes | {"active_version": None}
    served = known.model_copy(update={"served": True})
    return changes | {
        "active_version": version,
        "versions": policy.versions | {version: served},
    }


def _retired(policy: Policy, event: Retired) -> dict[str, Any]:
    changes = _noted(policy, event, standing=Standing.RETIRED, **_UNSIGNED)
    changes["shadow"] = ended(policy.shadow, event.timestamp, event.policy_version)
    if policy.active_version == event.policy_version:
        return changes | {"active_version": None, "scheduled": None}
    return changes | _unplanned(policy, event)


def _unplanned(policy: Policy, event: VersionEvent) -> dict[str, Any]:
    """Whatever was to come into force stays out, if it is the version an event is of."""
    scheduled = policy.scheduled
    if scheduled is not None and scheduled.version == event.policy_version:
        return {"scheduled": None}
    return {}
