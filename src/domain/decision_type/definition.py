"""What a decision type is: one document a decision owner can read, and the service obeys."""

from decimal import Decimal
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.calendar import Calendar
from domain.guardrail.facts import BUILT_IN, FactType, Number
from domain.model import OWNER_SEATS, Seat, Value
from domain.values import LEFT_OUT, Delivery, Duration, ExceptionCode, Lane, Reversibility, Stage

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class PermittedAction(Value):
    """An action the organisation allows for this decision, and how hard it is to undo."""

    reversibility: Reversibility
    title: str | None = None
    strictness: int | None = Field(
        default=None, ge=0, le=1_000, exclude_if=lambda value: value is None
    )
    """Where it stands in the order from lax (low) to strict (high), where there is such an order:
    it says which way an override goes."""


class ExceptionDefault(Value):
    """Where an exception of one class goes when nothing else says so: every class has one."""

    seat: Seat
    queue: str
    deadline: Duration
    safe_default: Lane = Lane.ESCALATE
    """What happens at the deadline. A timeout never approves, so `automate` is refused."""

    @model_validator(mode="after")
    def _never_approves(self) -> Self:
        if self.safe_default is Lane.AUTOMATE:
            raise ValueError("a safe default is review or escalate: a timeout never approves")
        return self


class ServiceLevels(Value):
    """How long each stage may take when the policy's route does not say otherwise."""

    review: Duration
    escalate: Duration
    receipt: Duration
    warn_after: Decimal | None = Field(
        default=None, gt=0, lt=1, exclude_if=lambda value: value is None
    )
    """The share of the time to a deadline after which whoever has the choice is warned."""


class Baseline(Value):
    """A measurement from before go-live, registered once, immutable."""

    cycle_time_p50_seconds: Decimal | None = Field(default=None, gt=0)
    eligible_per_day: Decimal | None = Field(default=None, gt=0)
    source: str


class DecisionTypeDefinition(Value):
    """A repeatable business decision: who owns it, what may be done, on what facts, how fast."""

    name: Name
    title: str
    purpose: str
    owners: dict[Seat, str]
    """Person id by seat; the four owner seats may be filled later, not left empty at activation."""
    fallback_owner: str
    reviewers: tuple[str, ...] | None = None
    """The roster of those who may review; without one, whoever holds the reviewer's seat may."""
    actions: dict[str, PermittedAction] = Field(min_length=1)
    context: dict[str, FactType]
    delivery: Delivery = Delivery.CALLER
    endpoint: Name | None = LEFT_OUT
    """By what name the operator knows where actions are sent, if this service carries them out."""
    recoverable_needs_review: bool = False
    minimum_dwell_seconds: int = Field(default=20, ge=0)
    four_eyes: bool = False
    blind_second_review: bool | None = LEFT_OUT
    """Whether the second pair of eyes looks without knowing what the first one chose."""
    stage: Stage = Stage.ASSIST
    partial_share: Decimal = Field(default=Decimal(0), ge=0, le=1)
    service_levels: ServiceLevels
    calendar: Calendar | None = LEFT_OUT
    """When somebody works; without one, deadlines of people run around the clock."""
    exceptions: dict[ExceptionCode, ExceptionDefault]
    baseline: Baseline | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = sorted(set(ExceptionCode) - set(self.exceptions))
        if missing:
            raise ValueError(f"exceptions: no default for {', '.join(missing)}")
        strangers = sorted(set(self.owners) - set(OWNER_SEATS))
        if strangers:
            raise ValueError(f"owners: {', '.join(strangers)} is not an owner's seat")
        named = self.reviewers or ()
        if twice := sorted({person for person in named if named.count(person) > 1}):
            raise ValueError(f"reviewers: {', '.join(twice)} is named more than once")
        if (self.delivery is Delivery.WEBHOOK) != (self.endpoint is not None):
            raise ValueError("endpoint: needed where `delivery` is webhook, and only there")
        taken = sorted(set(self.context) & set(BUILT_IN))
        if taken:
            raise ValueError(f"context: {', '.join(taken)} is built in and can't be declared")
        return self

    @property
    def facts(self) -> dict[str, FactType]:
        """All facts a policy of this type may speak about."""
        return {**BUILT_IN, **self.context}

    def differing(self, other: Self) -> tuple[str, ...]:
        """The names of what is said otherwise there, in the order of the document."""
        fields = type(self).model_fields
        return tuple(name for name in fields if getattr(self, name) != getattr(other, name))

    @cached_property
    def personal(self) -> frozenset[str]:
        """The facts about a person: sealed where they are stored, and erased on request."""
        return frozenset(name for name, kind in self.context.items() if kind.personal)


def contradictions(context: dict[str, FactType]) -> dict[str, str]:
    """The facts that no value fits, or that name a value twice, and what is the matter with each.

    Asked when a definition comes in, not when a stored one is read: those must load for ever.
    """
    found = {name: _contradiction(kind) for name, kind in context.items()}
    return {name: said for name, said in found.items() if said is not None}


def _contradiction(kind: FactType) -> str | None:
    if isinstance(kind, Number):
        if kind.min is None or kind.max is None or kind.min <= kind.max:
            return None
        return f"min is {kind.min} and max is {kind.max}, so no number fits"
    values: tuple[str, ...] = getattr(kind, "values", None) or ()
    twice = sorted({value for value in values if values.count(value) > 1})
    return f"values has {', '.join(twice)} more than once" if twice else None
