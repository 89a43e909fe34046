"""Breakers: where each decision type's circuit breakers stand, folded in the order of the log.

One row a decision type. What a label is held against is the policy in force when it came in; a
budget begins anew when an owner lets automation begin again, and when that trial has gone well.
What a row says is due (a warning, a trip, an all-clear) others append as an event: see `breaking`.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar, NamedTuple

from pydantic import AwareDatetime, Field

from application.evidence.breaking import BLOCK, WARNS_AT, Evidence, Terms, after, fresh, weight_of
from application.ports import Positioned
from application.projections import Projection, Row
from domain.breakers import Breaker, Stream, breaker_of
from domain.decision import events as d
from domain.decision_type import events as t
from domain.guardrail.document import Guardrail
from domain.model import Event, Value
from domain.policy import events as p
from domain.values import Disposition, ExceptionCode, Lane, QualityDraw


class Stated(Value):
    """What one version of a policy says of breakers."""

    breakers: dict[Stream, Breaker] | None
    least: Decimal
    """The share of automated decisions that is checked by this version: the least there is, since
    a warning only raises it. It is fixed before any outcome, as the weights must be."""

    @classmethod
    def by(cls, guardrail: Guardrail) -> "Stated":
        """What this policy says."""
        rates = [sample.rate for sample in guardrail.sampling if sample.of is Lane.AUTOMATE]
        return cls(breakers=guardrail.breakers, least=next(filter(None, rates), Decimal(1)))


class Planned(Value):
    """A version that comes into force by itself at a moment."""

    version: int
    at: AwareDatetime


class Watch(Value):
    """One stream's evidence, and what it has come to."""

    evidence: Evidence
    position: int
    """Of the last label in the log."""
    warned: bool = False
    """Whether it reached the warning, and has not come to nothing since."""
    tripped: bool = False
    """Whether it reached 1/δ: from then on nothing is counted before a budget begins anew."""


class BreakersRow(Row):
    """The breakers of one decision type; its key is the type's name."""

    position: int
    """Of the last event that it rests on."""
    versions: dict[int, Stated] = Field(default_factory=dict[int, Stated])
    in_force: int | None = None
    planned: Planned | None = None
    watches: dict[Stream, Watch] = Field(default_factory=dict[Stream, Watch])

    def breaker(self, stream: Stream, at: datetime) -> Breaker | None:
        """What a label of this stream is held against at a moment."""
        stated = self.stated(at)
        return breaker_of(stated.breakers if stated else None, stream)

    def stated(self, at: datetime) -> Stated | None:
        """What the policy in force at a moment says."""
        planned = self.planned
        due = planned is not None and planned.at <= at
        version = planned.version if planned is not None and due else self.in_force
        return None if version is None else self.versions.get(version)


class Label(NamedTuple):
    """What became known of one decision, and how likely that was beforehand."""

    stream: Stream
    wrong: bool
    probability: Decimal | None = None
    """Absent where everyone has a label."""


class Breakers(Projection[BreakersRow]):
    """One row a decision type, folded event by event as the log has them."""

    name: ClassVar[str] = "breakers"
    in_order: ClassVar[bool] = True
    topics = (
        p.Drafted.TOPIC,
        p.Activated.TOPIC,
        p.RolledBack.TOPIC,
        p.Retired.TOPIC,
        p.Refused.TOPIC,
        t.BreakerHalfOpened.TOPIC,
        t.BreakerClosed.TOPIC,
        d.QualityConfirmed.TOPIC,
        d.QualityOverturned.TOPIC,
        d.Escalated.TOPIC,
        d.Reviewed.TOPIC,
        d.Overridden.TOPIC,
        d.ActionDelivered.TOPIC,
        d.ActionFailed.TOPIC,
    )
    Row = BreakersRow

    def key(self, event: Event) -> str | None:
        """The decision type that a policy, a breaker or a label is of."""
        match event:
            case p.PolicyEvent() | t.DecisionTypeEvent():
                return event.decision_type
            case d.DecisionEvent() if label_of(event) is not None:
                return event.decision_type
            case _:
                return None

    def fold(self, row: BreakersRow | None, positioned: Positioned) -> BreakersRow:
        """The row after the event."""
        event = positioned.event
        known = row or BreakersRow(key=_type_of(event), position=0)
        match event:
            case p.PolicyEvent():
                known = _governed(known, event)
            case t.DecisionTypeEvent():
                known = known.changed({"watches": {}})
            case d.DecisionEvent() if (label := label_of(event)) is not None:
                known = _labelled(known, label, positioned)
            case _:
                pass
        return known.changed({"position": positioned.position})


def _type_of(event: Event) -> str:
    assert isinstance(event, p.PolicyEvent | t.DecisionTypeEvent | d.DecisionEvent)
    return event.decision_type


def label_of(event: d.DecisionEvent) -> Label | None:
    """What an event tells about a decision, if that is counted."""
    match event:
        case d.QualityConfirmed(draw=draw):
            return Label(Stream.QUALITY, wrong=False, probability=_rate(draw))
        case d.QualityOverturned(draw=draw):
            return Label(Stream.QUALITY, wrong=True, probability=_rate(draw))
        case d.Escalated() if event.routing and ExceptionCode.POLICY_ERROR in event.raises:
            # Known of every decision, so its probability is 1 and its weight small.
            return Label(Stream.QUALITY, wrong=True, probability=Decimal(1))
        case d.Reviewed(disposition=Disposition.UPHOLD | Disposition.MODIFY):
            return Label(Stream.OVERRIDES, wrong=False)
        case d.Overridden():
            return Label(Stream.OVERRIDES, wrong=True)
        case d.ActionDelivered():
            return Label(Stream.ACTIONS, wrong=False)
        case d.ActionFailed():
            return Label(Stream.ACTIONS, wrong=True)
        case _:
            return None


def _rate(draw: QualityDraw | None) -> Decimal | None:
    """By what chance it was checked. Verdicts once did not say: theirs was the policy's least."""
    return draw.rate if draw else None


def _governed(row: BreakersRow, event: p.PolicyEvent) -> BreakersRow:
    """What is in force after something happened to a policy."""
    row = _come_into_force(row, event.timestamp)
    match event:
        case p.Drafted():
            stated = Stated.by(event.guardrail)
            return row.changed({"versions": {**row.versions, event.policy_version: stated}})
        case p.Activated(effective_at=at) if at is not None and at > event.timestamp:
            return row.changed({"planned": Planned(version=event.policy_version, at=at)})
        case p.Activated() | p.RolledBack():
            return row.changed({"in_force": event.policy_version, "planned": None})
        case p.Retired() if event.policy_version == row.in_force:
            return row.changed({"in_force": None, "planned": None})
        case p.Retired() | p.Refused():
            planned = row.planned
            of_it = planned is not None and planned.version == event.policy_version
            return row.changed({"planned": None}) if of_it else row
        case _:
            return row


def _come_into_force(row: BreakersRow, at: datetime) -> BreakersRow:
    planned = row.planned
    if planned is None or planned.at > at:
        return row
    return row.changed({"in_force": planned.version, "planned": None})


def _labelled(row: BreakersRow, label: Label, positioned: Positioned) -> BreakersRow:
    row = _come_into_force(row, positioned.event.timestamp)
    at = positioned.event.timestamp
    breaker = row.breaker(label.stream, at)
    if breaker is None:
        return row
    terms = Terms.of(breaker)
    stated = row.stated(at)
    least = stated.least if stated else Decimal(1)
    before = row.watches.get(label.stream) or Watch(evidence=fresh(terms), position=0)
    watch = counted(before, label, least, terms, positioned.position)
    return row.changed({"watches": {**row.watches, label.stream: watch}})


def counted(watch: Watch, label: Label, least: Decimal, terms: Terms, position: int) -> Watch:
    """A stream after one more label. What tripped stays as it was when it did."""
    if watch.tripped:
        return watch
    probability = label.probability
    weight = 1.0 if probability is None else weight_of(float(probability), float(least))
    evidence = after(watch.evidence, label.wrong, weight, terms)
    value = evidence.value
    calm = value <= 1 and evidence.n % BLOCK == 0
    return Watch.model_construct(
        evidence=evidence,
        position=position,
        warned=value >= WARNS_AT or (watch.warned and not calm),
        tripped=label.stream.trips and value >= terms.trips_at,
    )
