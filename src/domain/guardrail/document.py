"""The guardrail: a policy as the service obeys it, stores it and replays it years later.

It has nothing of its author's text but the names, the reasons and the prose. Boundaries stand in
the conditions as constants; `boundaries` only remembers what they are called and why.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from domain.breakers import Breaker, Stream
from domain.guardrail.canonical import canonical_json, canonical_value, digest
from domain.guardrail.conditions import And, Condition, Not, facts_of
from domain.guardrail.facts import FactType
from domain.model import Value
from domain.values import LEFT_OUT, Duration, Lane, Probability

AUTOMATE = "automate"
"""What decided when nothing contributed; no limit or rule may be called that."""


def _careful(lane: Lane) -> Lane:
    if lane is Lane.AUTOMATE:
        raise ValueError("a policy can only make the outcome stricter: review or escalate")
    return lane


CarefulLane = Annotated[Lane, AfterValidator(_careful)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]
ReasonCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_.]{0,62}$")]


class Boundary(Value):
    """A number a risk owner signs, by its name in the conditions."""

    value: Decimal = Field(allow_inf_nan=False)
    unit: str | None = None
    why: str | None = None


class Route(Value):
    """Where what is not automated waits, and how long it may."""

    queue: str | None = None
    sla: Duration | None = None


class Routes(Value):
    """The route of each lane but the automatic one."""

    review: Route = Route()
    escalate: Route = Route()

    def of(self, lane: Lane) -> Route:
        return self.escalate if lane is Lane.ESCALATE else self.review


class Limit(Value):
    """What must be known to hold before anything is done automatically."""

    id: Id
    require: Condition
    reason: ReasonCode
    otherwise: CarefulLane = Lane.REVIEW
    why: str | None = None


class Rule(Value):
    """A case that needs more care than the limits ask for, or may need it when that is unknown."""

    id: Id
    when: Condition
    then: CarefulLane
    reason: ReasonCode
    if_unknown: CarefulLane = Lane.REVIEW
    queue: str | None = None
    sla: Duration | None = None
    four_eyes: bool = False
    why: str | None = None


class Sampling(Value):
    """A share of what was decided that a person looks at afterwards."""

    id: Id
    of: Lane
    rate: Probability
    mode: Literal["check-after"] = "check-after"
    queue: str | None = None


Open = Annotated[Decimal, Field(gt=0, lt=1, allow_inf_nan=False)]
"""A share or a risk that is neither nothing nor all."""
Threshold = Annotated[Decimal, Field(ge=0, le=1, decimal_places=4, allow_inf_nan=False)]
MOST_THRESHOLDS = 1_000


class Thresholds(Value):
    """What labels have to show before a threshold of confidence is recommended, declared before
    they are seen."""

    limit: Open
    """At most so large a share of what is at or above the threshold may be wrong."""
    delta: Open
    """The risk, at most, that what is recommended does not keep the limit."""
    grid: tuple[Threshold, ...] = Field(min_length=1, max_length=MOST_THRESHOLDS)
    """The thresholds that are looked at, from the highest down."""
    since: date
    """From which day (UTC) on decisions count."""
    method: Literal["anytime", "exact"] = "anytime"
    looks: int = Field(default=1, ge=1, le=1_000_000)
    """How many looks an exact test has planned; anytime needs no plan."""
    unjudged: Literal["wrong", "withheld"] = "wrong"
    """What a sample that nobody judged counts as: wrong; or nothing, and the recommendation is
    withheld while more than one in twenty are missing."""

    @model_validator(mode="after")
    def _walks_down(self) -> Self:
        if any(low >= high for high, low in pairwise(self.grid)):
            raise ValueError("grid: each threshold is lower than the one before it")
        if self.looks != 1 and self.method != "exact":
            raise ValueError("looks: only an exact test plans its looks")
        return self


class NeverClaim(Value):
    """Whenever a condition holds, an outcome is impossible."""

    claim: Literal["never"] = "never"
    id: Id
    lane: Lane
    when: Condition


class AtLeastClaim(Value):
    """Whenever a condition holds, the outcome is no laxer than this."""

    claim: Literal["at_least"] = "at_least"
    id: Id
    lane: Lane
    when: Condition


class RaisingClaim(Value):
    """Raising one fact, all else equal, never moves the outcome in one direction."""

    claim: Literal["raising"] = "raising"
    id: Id
    fact: str
    promise: Literal["never-laxer", "never-stricter"]


Claim = Annotated[NeverClaim | AtLeastClaim | RaisingClaim, Field(discriminator="claim")]

_PROSE = frozenset(("title", "why"))


class Guardrail(Value):
    """One policy: limits that must be known to hold, and rules that ask for more care."""

    semantics: Literal["v1"] = "v1"
    policy: str
    title: str | None = None
    facts: dict[str, FactType]
    """The facts that limits and rules ask about, as the decision type declared them."""
    boundaries: dict[str, Boundary] = Field(default_factory=dict)
    routes: Routes = Routes()
    limits: tuple[Limit, ...] = ()
    rules: tuple[Rule, ...] = ()
    sampling: tuple[Sampling, ...] = ()
    claims: tuple[Claim, ...] = ()
    thresholds: Thresholds | None = LEFT_OUT
    breakers: dict[Stream, Breaker] | None = LEFT_OUT
    """The circuit breakers, by what they watch; one always holds, see `domain.breakers`."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        ids = [*(limit.id for limit in self.limits), *(rule.id for rule in self.rules)]
        repeated = sorted({id for id in ids if ids.count(id) > 1 or id == AUTOMATE})
        if repeated:
            raise ValueError(f"{', '.join(repeated)}: every limit and rule has a name of its own")
        strangers = sorted(self.asked - set(self.facts))
        if strangers:
            raise ValueError(f"facts: {', '.join(strangers)} is asked about but not declared")
        personal = sorted(fact for fact, kind in self.facts.items() if kind.personal)
        if personal:
            raise ValueError(f"facts: {', '.join(personal)} is personal and can't be asked about")
        return self

    @property
    def asked(self) -> frozenset[str]:
        """The facts that limits and rules ask about."""
        conditions = (*(x.require for x in self.limits), *(x.when for x in self.rules))
        return asked_by(conditions)

    def canonical(self) -> dict[str, JsonValue]:
        """What the policy means, without how it is told: this is what its digest covers."""
        meaning: dict[str, object] = {
            "semantics": self.semantics,
            "facts": self.facts,
            "routes": self.routes,
            "limits": self.limits,
            "rules": self.rules,
            "sampling": self.sampling,
        }
        if self.thresholds is not None:
            meaning["thresholds"] = self.thresholds
        if self.breakers is not None:
            meaning["breakers"] = self.breakers
        return {key: canonical_value(part, prose=_PROSE) for key, part in meaning.items()}

    @cached_property
    def digest(self) -> str:
        """The policy's identity: equal digests route every case alike."""
        return digest(canonical_json(self.canonical()))

    @cached_property
    def spelling(self) -> str:
        """What tells apart even 0.30 and 0.3, which mean the same but are quoted as written."""
        return digest(self.model_dump_json().encode())

    def __hash__(self) -> int:
        return hash(self.digest)


def asked_by(conditions: Iterable[Condition]) -> frozenset[str]:
    """The facts that any of some conditions asks about."""
    return frozenset[str]().union(*map(facts_of, conditions))


def and_unless(when: Condition, unless: Condition | None) -> Condition:
    """`unless: c` is `and not (c)`."""
    if unless is None:
        return when
    parts = when.of if isinstance(when, And) else (when,)
    return And(of=(*parts, Not(of=unless)))
