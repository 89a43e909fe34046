"""The events of a decision type's guardrail policy: one stream, many versions."""

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from domain.guardrail.document import Guardrail
from domain.model import Event


class PolicyEvent(Event):
    """A fact in the life of one decision type's policy."""

    decision_type: str
    policy_version: int


class Drafted(PolicyEvent):
    """Someone wrote a version of the policy: the text that is signed, and what it means."""

    TOPIC: ClassVar[str] = "policy.drafted"
    source: str
    source_digest: str
    guardrail: Guardrail
    digest: str


class Activated(PolicyEvent):
    """The risk owner put a version into force; the version before it no longer speaks."""

    TOPIC: ClassVar[str] = "policy.activated"
    digest: str


class Retired(PolicyEvent):
    """A version was taken out of force; without another, everything escalates."""

    TOPIC: ClassVar[str] = "policy.retired"


class Rehearsed(PolicyEvent):
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


class ShadowStarted(PolicyEvent):
    """A version is tried beside the one in force on what comes in; it has no say in anything."""

    TOPIC: ClassVar[str] = "policy.shadow_started"
    digest: str
    against: int
    behind: int
    """The position in the log behind which decisions count."""


class ShadowStopped(PolicyEvent):
    """Someone ended the trial of a version beside the one in force."""

    TOPIC: ClassVar[str] = "policy.shadow_stopped"


LifeEvent = Drafted | Activated | Retired | Rehearsed | ShadowStarted | ShadowStopped
