"""Past cases: what each decision was routed on, ready to be put to another policy.

A row is written once, with the decision, and never changes: facts that came later are not in it.
What is personal is left out, as no policy may ask about it.
"""

import json
from typing import ClassVar

from pydantic import AwareDatetime, JsonValue

from application.ports import Positioned
from application.projections import Projection, Row
from domain.admission import recorded
from domain.decision.events import Recommended
from domain.guardrail.facts import BUILT_IN, Unusable, normalise
from domain.model import Event
from domain.values import Recommendation


class PastCase(Row):
    """One decision, as it came in."""

    decision_type: str
    received_at: AwareDatetime
    position: int
    """Of the recommendation in the log."""
    facts: str
    """All facts as recorded, in JSON: the context's, and what every recommendation states."""


class PastCases(Projection[PastCase]):
    """One row a decision, for ever."""

    name: ClassVar[str] = "past_cases"
    topics = (Recommended.TOPIC,)
    Row = PastCase

    def key(self, event: Event) -> str | None:
        """The decision's id."""
        return str(event.originator_id) if isinstance(event, Recommended) else None

    def fold(self, row: PastCase | None, positioned: Positioned) -> PastCase | None:
        """The row of a decision that has just begun."""
        event = positioned.event
        if row is not None or not isinstance(event, Recommended):
            return row
        return PastCase(
            key=str(event.originator_id),
            decision_type=event.decision_type,
            received_at=event.timestamp,
            position=positioned.position,
            facts=json.dumps(recorded_facts(event), ensure_ascii=False, separators=(",", ":")),
        )


def recorded_facts(event: Recommended) -> dict[str, JsonValue]:
    """The facts of a recommendation as recorded, but for what is personal."""
    context = {n: fact for n, fact in event.context.items() if n not in event.personal}
    return context | stated(event.recommendation)


def stated(recommendation: Recommendation) -> dict[str, JsonValue]:
    """What every recommendation states, as routing saw it; what it leaves out is missing."""
    said: dict[str, object] = {
        "action": recommendation.action,
        "confidence": recommendation.confidence,
        "risk": recommendation.risk,
    }
    known = ((name, normalise(name, BUILT_IN[name], raw)) for name, raw in said.items())
    return {name: recorded(fact) for name, fact in known if not isinstance(fact, Unusable)}
