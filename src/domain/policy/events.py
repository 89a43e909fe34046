"""The events of a decision type's guardrail policy: one stream, many versions."""

from operator import not_
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.guardrail.document import Guardrail
from domain.model import Event, Seat
from domain.policy.gate import Floor, Gate
from domain.values import LEFT_OUT

Why = Annotated[str | None, Field(exclude_if=not_)]
"""What whoever did it said about it. Stored only where they did, as what follows."""


class PolicyEvent(Event):
    """A fact in the life of one decision type's policy."""

    decision_type: str


class VersionEvent(PolicyEvent):
    """A fact in the life of one version."""

    policy_version: int


class FloorSet(PolicyEvent):
    """The risk owner said what specifications have to show from now on."""

    TOPIC: ClassVar[str] = "policy.floor_set"
    floor: Floor
    reason: Why = None


class Drafted(VersionEvent):
    """Someone wrote a version of the policy: the text that is signed, and what it means."""

    TOPIC: ClassVar[str] = "policy.drafted"
    source: str
    source_digest: str
    guardrail: Guardrail
    digest: str


class Specified(VersionEvent):
    """Someone wrote down what a version must do; what was signed before is signed anew."""

    TOPIC: ClassVar[str] = "policy.specified"
    text: str
    text_digest: str


class Proposed(VersionEvent):
    """An owner asked that a version be put into force, and it passed what is asked of it."""

    TOPIC: ClassVar[str] = "policy.proposed"
    digest: str
    against: str | None
    """The digest of the version in force, which it would follow; absent where there was none."""
    difference: str
    """The digest of what would change."""
    relaxes: bool
    approver: Seat | None
    """Who has to approve; nobody, if it means the same."""
    acknowledged: tuple[str, ...] = ()
    """Rules that do nothing, which the proposer knows of."""
    gate: Gate
    reason: Why = None


class Approved(VersionEvent):
    """Someone else than its proposer signed a version, and what was shown of it."""

    TOPIC: ClassVar[str] = "policy.approved"
    digest: str
    against: str | None
    difference: str
    report: str
    """The digest of what the gate said."""
    reason: Why = None


class Refused(VersionEvent):
    """Someone who had to approve a version did not."""

    TOPIC: ClassVar[str] = "policy.refused"
    reason: Why = None


class Activated(VersionEvent):
    """A version came into force, or will at a moment; the version before it no longer speaks."""

    TOPIC: ClassVar[str] = "policy.activated"
    digest: str
    effective_at: AwareDatetime | None = LEFT_OUT
    """From when it speaks; at once, where absent."""
    gate: Gate | None = LEFT_OUT
    """What it passed; absent where it was put into force before anything was asked."""
    reason: Why = None


class RolledBack(VersionEvent):
    """A version that was in force before came into force again."""

    TOPIC: ClassVar[str] = "policy.rolled_back"
    digest: str
    instead_of: int | None
    difference: str
    relaxes: bool
    reason: Why = None


class Retired(VersionEvent):
    """A version was taken out of force; without another, everything escalates."""

    TOPIC: ClassVar[str] = "policy.retired"
    reason: Why = None


class Rehearsed(VersionEvent):
    """A version was tried on recorded history, and this is what it would have changed."""

    TOPIC: ClassVar[str] = "policy.rehearsed"
    digest: str
    rehearsal: UUID
    """Under this id the whole report can be read again."""
    against: int | None
    """The version that it was compared with: the one in force; absent when none was."""
    since: AwareDatetime
    until: AwareDatetime
    position: int
    """How far in the log the history went that was looked at."""
    decisions: int
    changed: int
    automated: int
    """How many of the decisions this version would have automated."""
    automated_before: int
    report_digest: str


class ShadowStarted(VersionEvent):
    """A version is tried beside the one in force on what comes in; it has no say in anything."""

    TOPIC: ClassVar[str] = "policy.shadow_started"
    digest: str
    against: int
    behind: int
    """The position in the log behind which decisions count."""


class ShadowStopped(VersionEvent):
    """Someone ended the trial of a version beside the one in force."""

    TOPIC: ClassVar[str] = "policy.shadow_stopped"


LifeEvent = (
    FloorSet
    | Drafted
    | Specified
    | Proposed
    | Approved
    | Refused
    | Activated
    | RolledBack
    | Retired
    | Rehearsed
    | ShadowStarted
    | ShadowStopped
)
