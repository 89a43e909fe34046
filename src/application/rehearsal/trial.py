"""What is tried, on what, and what a policy would say.

Both policies, the one on trial and the one it is compared with, are asked what routing would say if
nothing but the case mattered: the autonomy stage full, nothing halted, every seat filled. What they
say differently is then the policy's doing, and nobody else's.
"""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from domain.decision_type.definition import DecisionTypeDefinition
from domain.decision_type.state import DecisionType, Status
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import BUILT_IN, FactType, Unusable, normalise
from domain.model import OWNER_SEATS, Value
from domain.policy.aggregate import PolicyVersion
from domain.routing import Case, Ruling, route
from domain.values import ExceptionCode, FactValue, Lane, Recommendation, Stage

CASE_ALONE = "v1"
"""The semantics of routing that asks for no people: rosters and seats change, history does not."""


class Scope(Value):
    """Which decisions are looked at: received in a half-open window, in a part of the log."""

    since: AwareDatetime
    until: AwareDatetime
    behind: int = 0
    """Only what stands in the log behind this position."""
    up_to: int | None = None
    """Only what stands in the log up to this position; absent, everything there is."""


class Trial(Value):
    """A policy on trial, the one it is compared with, and the decision type they are of."""

    definition: DecisionTypeDefinition
    version: int | None
    """Absent where the policy stands in a file."""
    guardrail: Guardrail
    against_version: int | None
    against: Guardrail | None
    """Absent where no policy was in force: then everything escalates."""

    @cached_property
    def at_full_stage(self) -> DecisionType:
        """The decision type with nothing in the way but what the case itself says."""
        return DecisionType(
            id=UUID(int=0),
            version=0,
            definition=self.definition.model_copy(update={"reviewers": None}),
            owners=dict.fromkeys(OWNER_SEATS, "someone"),
            status=Status.ACTIVE,
            stage=Stage.FULL,
        )

    @property
    def asked(self) -> frozenset[str]:
        """The facts that make a difference to either policy, or to the decision type."""
        old = self.against.asked if self.against else frozenset[str]()
        return self.guardrail.asked | old | {"action", "confidence"}

    def types(self, guardrail: Guardrail) -> dict[str, FactType]:
        """The facts a policy sees, as it declared them; not what has become personal since."""
        seen = {n: k for n, k in guardrail.facts.items() if n not in self.definition.personal}
        return seen | BUILT_IN


class Said(NamedTuple):
    """What would become of a decision."""

    lane: Lane
    rule: str
    queue: str | None
    service_level: timedelta | None
    four_eyes: bool
    held: bool
    """It would first be held until missing input comes."""


class Pair(NamedTuple):
    """What the policy in force says of a case, and what the one on trial says."""

    before: Said
    after: Said

    @property
    def changes(self) -> bool:
        return self.before.lane is not self.after.lane

    @property
    def reroutes(self) -> bool:
        """The same lane, by another way: another queue, service level, or pair of eyes."""
        return not self.changes and self.before[2:] != self.after[2:]


def ask(trial: Trial, raw: Mapping[str, JsonValue]) -> Pair:
    """What both policies say of a case, from its facts as recorded."""
    old = trial.against
    return Pair(_asked(trial, old, raw), _asked(trial, trial.guardrail, raw))


def _asked(trial: Trial, guardrail: Guardrail | None, raw: Mapping[str, JsonValue]) -> Said:
    types = trial.types(guardrail) if guardrail else BUILT_IN
    facts = known(raw, types)
    policy = _version(guardrail) if guardrail else None
    case = Case(_recommendation(facts), facts)
    return _said(route(case, trial.at_full_stage, policy, CASE_ALONE), trial.definition)


def known(raw: Mapping[str, JsonValue], types: Mapping[str, FactType]) -> dict[str, FactValue]:
    """The recorded facts as these types understand them; what they don't is missing."""
    facts = ((name, normalise(name, kind, raw.get(name))) for name, kind in types.items())
    return {name: fact for name, fact in facts if not isinstance(fact, Unusable)}


def _recommendation(facts: Mapping[str, FactValue]) -> Recommendation:
    confidence = facts.get("confidence")
    return Recommendation(
        action=str(facts.get("action", "")),
        confidence=confidence if isinstance(confidence, Decimal) else None,
    )


def _version(guardrail: Guardrail) -> PolicyVersion:
    return PolicyVersion(
        version=0,
        source="",
        source_digest="",
        guardrail=guardrail,
        digest=guardrail.digest,
        drafted_by="nobody",
    )


def _said(ruling: Ruling, definition: DecisionTypeDefinition) -> Said:
    """Where it would wait: as the policy says, or as the decision type does where it is silent."""
    held = bool(ruling.missing)
    if held:
        place = definition.exceptions[ExceptionCode.MISSING_INPUT]
        return Said(ruling.lane, ruling.rule, place.queue, place.deadline, ruling.four_eyes, held)
    if ruling.lane is Lane.AUTOMATE:
        return Said(ruling.lane, ruling.rule, None, None, False, held)
    levels = definition.service_levels
    level = levels.review if ruling.lane is Lane.REVIEW else levels.escalate
    code = ruling.exceptions[0] if ruling.exceptions else ExceptionCode.POLICY_ERROR
    queue = ruling.queue or definition.exceptions[code].queue
    return Said(ruling.lane, ruling.rule, queue, ruling.sla or level, ruling.four_eyes, held)
