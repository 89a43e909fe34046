"""Views of a policy's life: each version with who did what to it, and why."""

from collections.abc import Iterable
from typing import Literal

from pydantic import AwareDatetime

from domain.model import Seat, Value
from domain.policy import events as p
from domain.policy.aggregate import Policy, PolicyVersion, Standing
from domain.policy.gate import Check

State = Literal[
    "draft", "proposed", "approved", "refused", "scheduled", "in_force", "superseded", "retired"
]


class Step(Value):
    """Something that was done to a version."""

    what: str
    by: str
    seat: Seat | None
    via: str | None
    at: AwareDatetime
    effective_at: AwareDatetime | None = None
    reason: str | None = None


class VersionView(Value):
    """One version, and how far it has come."""

    decision_type: str
    version: int
    hash: str
    title: str | None
    state: State
    active: bool
    effective_at: AwareDatetime | None
    """When it comes into force by itself; absent unless it is scheduled."""
    drafted_by: str
    specified: bool
    proposed_by: str | None
    relaxes: bool | None
    """Whether it relaxes anything against the version that it was proposed to follow."""
    approver: Seat | None
    """Who has to approve it, once it is proposed; the risk owner may always."""
    approved_by: str | None
    checks: tuple[Check, ...]
    """What it was asked when it was last proposed or put into force."""
    steps: tuple[Step, ...] = ()


def view(policy: Policy, version: int, steps: Iterable[Step] = ()) -> VersionView:
    """A version as it stands in its policy."""
    known, scheduled = policy.versions[version], policy.scheduled
    proposal, approval = known.proposal, known.approval
    to_come = scheduled is not None and scheduled.version == version
    return VersionView(
        decision_type=policy.decision_type,
        version=version,
        hash=known.digest,
        title=known.guardrail.title,
        state=_state(policy, known),
        active=policy.active_version == version,
        effective_at=scheduled.at if to_come and scheduled else None,
        drafted_by=known.drafted_by,
        specified=known.specification is not None,
        proposed_by=proposal.by if proposal else None,
        relaxes=proposal.relaxes if proposal else None,
        approver=proposal.approver if proposal else None,
        approved_by=approval.by if approval else None,
        checks=known.gate.checks if known.gate else (),
        steps=tuple(steps),
    )


def _state(policy: Policy, known: PolicyVersion) -> State:
    if policy.active_version == known.version:
        return "in_force"
    if policy.scheduled is not None and policy.scheduled.version == known.version:
        return "scheduled"
    if known.served and known.standing is not Standing.RETIRED and not _asked_again(known):
        return "superseded"
    return known.standing.value


def _asked_again(known: PolicyVersion) -> bool:
    return known.standing is Standing.PROPOSED


def views(policy: Policy, events: Iterable[p.LifeEvent]) -> list[VersionView]:
    """Every version with its steps, the newest first."""
    steps: dict[int, list[Step]] = {version: [] for version in policy.versions}
    for event in events:
        if isinstance(event, p.VersionEvent) and event.policy_version in steps:
            steps[event.policy_version].append(_step(event))
    return [view(policy, version, steps[version]) for version in sorted(steps, reverse=True)]


def _step(event: p.VersionEvent) -> Step:
    return Step(
        what=event.TOPIC.partition(".")[2],
        by=event.actor.id,
        seat=event.actor.seat,
        via=event.actor.via,
        at=event.timestamp,
        effective_at=getattr(event, "effective_at", None),
        reason=getattr(event, "reason", None),
    )
