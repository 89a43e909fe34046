"""Views: what the service shows of a decision, made for its reader and stable for clients."""

from operator import not_
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from domain.decision.state import Decision, Status
from domain.model import Value
from domain.values import (
    AuthorityKind,
    ExceptionCode,
    Lane,
    ModelRef,
    PolicyRef,
    Reason,
    Receipt,
    Recommendation,
    Unsettled,
)


class PolicyView(Value):
    """Which policy spoke, and which of its rules decided."""

    version: int
    hash: str
    rule: str


class OwnerView(Value):
    """Who answers for the choice."""

    seat: str
    person: str | None


class Links(Value):
    """Where to go from here."""

    self: str
    events: str
    trail: str
    replay: str


class DecisionView(Value):
    """A decision as a client sees it."""

    id: UUID
    version: int
    decision_type: str
    subject: str
    subject_version: str | None
    lane: Lane | None
    """Absent while a decision is held before it was ever routed."""
    state: Status
    action: str | None
    """The action that may be carried out now, or was: nothing may be done without one here."""
    parameters: dict[str, JsonValue] | None
    authority: AuthorityKind | None
    reasons: tuple[Reason, ...]
    exceptions: tuple[ExceptionCode, ...]
    policy: PolicyView | None
    organisation: PolicyRef | None = Field(default=None, exclude_if=not_)
    """The organisation's policy, where one spoke beside the type's own."""
    owner: OwnerView | None
    queue: str | None
    due_at: AwareDatetime | None
    missing: tuple[str, ...]
    conflict: UUID | None
    recommendation: Recommendation | None
    """Absent where the reader may still be the one who checks its quality: see `blind`."""
    model: ModelRef
    context: dict[str, JsonValue]
    erased: tuple[str, ...]
    """The facts that are null in the context because the person's data were erased."""
    workflow: str | None
    producer: str
    previous: UUID | None
    four_eyes: bool
    unsettled: tuple[Unsettled, ...]
    """Exceptions raised over what was done that wait for somebody, and where."""
    receipt: Receipt | None
    received_at: AwareDatetime
    recommended_at: AwareDatetime | None
    expires_at: AwareDatetime | None
    ended_at: AwareDatetime | None
    links: Links
    blind: bool = Field(default=False, exclude_if=not_)
    """Whether what was recommended is hidden, since the reader may be the one to check it."""

    @classmethod
    def of(cls, decision: Decision) -> "DecisionView":
        """The view of a decision's state."""
        routing, place = decision.routing, decision.placement
        waits = decision.waits and place is not None
        return DecisionView.model_construct(
            id=decision.id,
            version=decision.version,
            decision_type=decision.decision_type,
            subject=decision.subject,
            subject_version=decision.subject_version,
            lane=decision.lane,
            state=decision.status,
            action=decision.action,
            parameters=decision.parameters,
            authority=decision.authority,
            reasons=routing.reasons if routing else (),
            exceptions=decision.exceptions,
            policy=_policy(decision),
            organisation=routing.organisation if routing else None,
            owner=OwnerView.model_construct(seat=place.seat, person=place.person)
            if place
            else None,
            queue=place.queue if place and waits else None,
            due_at=place.due_at if place and waits else None,
            missing=decision.missing,
            conflict=decision.conflict,
            recommendation=decision.recommendation,
            model=decision.model,
            context=decision.context,
            erased=decision.erased,
            workflow=decision.workflow,
            producer=decision.producer,
            previous=decision.previous,
            four_eyes=routing.four_eyes if routing else False,
            unsettled=decision.unsettled,
            receipt=decision.receipt,
            received_at=decision.received_at,
            recommended_at=decision.recommended_at,
            expires_at=decision.expires_at,
            ended_at=decision.ended_at,
            links=_links(decision.id),
        )


def _policy(decision: Decision) -> PolicyView | None:
    routing = decision.routing
    if routing is None or routing.policy is None:
        return None
    spoke = routing.policy
    return PolicyView.model_construct(version=spoke.version, hash=spoke.hash, rule=routing.rule)


def _links(id: UUID) -> Links:
    here = f"/v1/decisions/{id}"
    return Links.model_construct(
        self=here,
        events=f"{here}/events",
        trail=f"{here}/trail",
        replay=f"{here}/replay",
    )


class LeaseView(Value):
    """A lease as its holder needs it: the token and digest go into the disposition."""

    token: UUID
    holder: str
    expires_at: AwareDatetime


class ClaimView(Value):
    """What a claim answers with: the lease, the exact action shown, and the decision."""

    lease: LeaseView
    action_digest: str
    decision: DecisionView

    @classmethod
    def of(cls, decision: Decision) -> Self:
        """The view of a decision that was just claimed."""
        lease = decision.lease
        assert lease is not None, "a claimed decision has a lease"
        return cls(
            lease=LeaseView(token=lease.token, holder=lease.holder, expires_at=lease.expires_at),
            action_digest=lease.action_digest,
            decision=DecisionView.of(decision),
        )
