"""The events of a decision type, in the order of a life."""

from decimal import Decimal
from typing import ClassVar

from domain.decision_type.definition import Baseline, DecisionTypeDefinition
from domain.decision_type.ladder import Grounds
from domain.model import Event, Seat
from domain.values import LEFT_OUT, Stage


class DecisionTypeEvent(Event):
    """A fact in the life of one decision type."""

    decision_type: str


class Drafted(DecisionTypeEvent):
    """Someone wrote down what the decision is, or changed it."""

    TOPIC: ClassVar[str] = "decision_type.drafted"
    SCHEMA: ClassVar[int] = 2
    definition: DecisionTypeDefinition


class OwnerAssigned(DecisionTypeEvent):
    """A person took a seat."""

    TOPIC: ClassVar[str] = "decision_type.owner_assigned"
    seat: Seat
    person: str


class OwnerVacated(DecisionTypeEvent):
    """A seat became empty."""

    TOPIC: ClassVar[str] = "decision_type.owner_vacated"
    seat: Seat


class BaselineRegistered(DecisionTypeEvent):
    """A measurement from before go-live was put on record, once."""

    TOPIC: ClassVar[str] = "decision_type.baseline_registered"
    baseline: Baseline


class Activated(DecisionTypeEvent):
    """The decision type went live."""

    TOPIC: ClassVar[str] = "decision_type.activated"


class StageProposed(DecisionTypeEvent):
    """An owner proposed another autonomy stage; a second owner must agree."""

    TOPIC: ClassVar[str] = "decision_type.stage_proposed"
    stage: Stage
    partial_share: Decimal = Decimal(0)
    grounds: Grounds | None = LEFT_OUT
    """What spoke for it, where more would be automated."""


class StageChanged(DecisionTypeEvent):
    """The autonomy stage changed."""

    TOPIC: ClassVar[str] = "decision_type.stage_changed"
    stage: Stage
    partial_share: Decimal = Decimal(0)
    because: str | None = LEFT_OUT
    """Why it changed by itself; absent where two owners agreed."""
    grounds: Grounds | None = LEFT_OUT
    """What spoke for it when the second owner agreed, where more is automated."""


class Suspended(DecisionTypeEvent):
    """Someone pulled the kill switch: nothing automates until it is lifted."""

    TOPIC: ClassVar[str] = "decision_type.suspended"
    reason_code: str
    comment: str | None = None


class BreakerTripped(DecisionTypeEvent):
    """The evidence turned: the circuit breaker stopped automation by itself."""

    TOPIC: ClassVar[str] = "decision_type.breaker_tripped"
    stream: str
    detail: str
    label: int | None = LEFT_OUT
    """The position in the log of the last label it rests on."""


class Resumed(DecisionTypeEvent):
    """An owner allowed automation again."""

    TOPIC: ClassVar[str] = "decision_type.resumed"
    reason_code: str
    comment: str | None = None


class Retired(DecisionTypeEvent):
    """The decision type takes no more recommendations."""

    TOPIC: ClassVar[str] = "decision_type.retired"


class BreakerWarned(DecisionTypeEvent):
    """The evidence begins to turn: more is checked from now on."""

    TOPIC: ClassVar[str] = "decision_type.breaker_warned"
    stream: str
    detail: str
    label: int


class BreakerCalmed(DecisionTypeEvent):
    """What the warning rested on has come to nothing: no more is checked than the policy says."""

    TOPIC: ClassVar[str] = "decision_type.breaker_calmed"
    stream: str
    detail: str
    label: int


class BreakerHalfOpened(DecisionTypeEvent):
    """An owner lets automation begin again on trial: all of it is checked."""

    TOPIC: ClassVar[str] = "decision_type.breaker_half_opened"
    reason_code: str
    comment: str | None = None


class BreakerClosed(DecisionTypeEvent):
    """The trial went well: automation goes on, watched with a fresh budget."""

    TOPIC: ClassVar[str] = "decision_type.breaker_closed"
    stream: str
    detail: str
    label: int


LifeEvent = (
    Drafted
    | OwnerAssigned
    | OwnerVacated
    | BaselineRegistered
    | Activated
    | StageProposed
    | StageChanged
    | Suspended
    | BreakerTripped
    | Resumed
    | Retired
    | BreakerWarned
    | BreakerCalmed
    | BreakerHalfOpened
    | BreakerClosed
)
