"""Redrawing: is the lot that was recorded the one that the policy and the key give?"""

from collections.abc import Iterator
from uuid import UUID

from application.lots import LotDrawer, more_checked, sampled
from domain.breakers import Stream
from domain.decision_type.state import DecisionType
from domain.policy.aggregate import PolicyVersion
from domain.values import QualityDraw

Differing = tuple[str, str, str]
"""What differs, as recorded and as drawn again."""


def redrawn(
    id: UUID,
    recorded: QualityDraw,
    decision_type: DecisionType,
    policies: tuple[PolicyVersion | None, ...],
    lots: LotDrawer,
) -> Iterator[Differing]:
    """What the lot, drawn again, says otherwise. Without the key it was drawn with, only the rate
    can be told."""
    again = drawn(id, decision_type, policies, lots)
    if again is None or again.rate != recorded.rate:
        yield "quality.rate", str(recorded.rate), "none" if again is None else str(again.rate)
    elif lots.key_id == recorded.key_id and again.sampled != recorded.sampled:
        yield "quality.sampled", _said(recorded.sampled), _said(again.sampled)


def drawn(
    id: UUID,
    decision_type: DecisionType,
    policies: tuple[PolicyVersion | None, ...],
    lots: LotDrawer,
) -> QualityDraw | None:
    """The lot of a decision: of several policies, by the one that has most looked at; and by more
    where the circuit breaker asks for it."""
    samples = [sample for policy in policies if policy if (sample := sampled(policy.guardrail))]
    sample = more_checked(
        max(samples, key=lambda one: one.rate, default=None),
        warned=Stream.QUALITY in decision_type.warned,
        on_trial=decision_type.half_open,
    )
    return lots.quality(id, sample) if sample else None


def _said(sampled: bool) -> str:
    return "sampled" if sampled else "passed over"
