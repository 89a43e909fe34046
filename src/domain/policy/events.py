"""The events of a decision type's guardrail policy: one stream, many versions."""

from typing import ClassVar

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


LifeEvent = Drafted | Activated | Retired
