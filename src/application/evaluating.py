"""Evaluating: a dry run of a policy. It records nothing and changes nothing."""

from collections.abc import Mapping

from pydantic import Field, JsonValue

from application.desk import Caller, Desk
from application.explaining import Explanation, TraceView, explained, traced
from application.governing import Adoption
from domain.admission import admit
from domain.decision_type.state import DecisionType, Status, stream_id
from domain.halting import KillSwitches
from domain.model import Value
from domain.policy.aggregate import NoSuchVersion, PolicyVersion, find
from domain.routing import Case, route
from domain.values import Lane, Reason, Recommendation


class Evaluation(Value):
    """What routing would say."""

    lane: Lane
    rule: str
    reasons: tuple[Reason, ...]
    missing: tuple[str, ...]
    queue: str | None
    four_eyes: bool
    policy_version: int | None
    trace: tuple[TraceView, ...]
    explanation: Explanation


class Trial(Value):
    """A recommendation to try."""

    recommendation: Recommendation
    context: dict[str, JsonValue] = Field(default_factory=dict)


def evaluate_file(
    adoption: Adoption, recommendation: Recommendation, context: Mapping[str, JsonValue]
) -> Evaluation:
    """Try a recommendation on a policy that no service knows of yet, at the stage it asks for."""
    definition = adoption.definition
    guardrail = adoption.guardrail
    policy = PolicyVersion(
        version=0,
        source=adoption.policy_source,
        source_digest=adoption.source_digest,
        guardrail=guardrail,
        digest=guardrail.digest,
        drafted_by="nobody",
    )
    decision_type = DecisionType(
        id=stream_id(definition.name),
        version=0,
        definition=definition,
        owners=definition.owners,
        status=Status.ACTIVE,
        stage=definition.stage,
        partial_share=definition.partial_share,
    )
    return _evaluated(decision_type, policy, recommendation, context)


async def evaluate_version(
    name: str, version: int, trial: Trial, caller: Caller, desk: Desk
) -> Evaluation:
    """Try a recommendation on any version of a decision type's policy."""
    governed = await desk.governed_now(name)
    caller.require_any_seat(name)
    if governed.policy is None:
        raise NoSuchVersion(f"version: found {version}, known are none")
    policy = find(governed.policy, version)
    return _evaluated(
        governed.decision_type,
        policy,
        trial.recommendation,
        trial.context,
        governed.organisation_policy,
        governed.halts,
    )


def _evaluated(
    decision_type: DecisionType,
    policy: PolicyVersion,
    recommendation: Recommendation,
    context: Mapping[str, JsonValue],
    organisation: PolicyVersion | None = None,
    halts: KillSwitches | None = None,
) -> Evaluation:
    definition = decision_type.definition
    facts = admit(recommendation, context, definition).facts
    # A lot is drawn for a decision, and this is none: at stage `partial` it counts as lost.
    case = Case(recommendation, facts, organisation=organisation, halts=halts)
    ruling = route(case, decision_type, policy)
    return Evaluation(
        lane=ruling.lane,
        rule=ruling.rule,
        reasons=ruling.reasons,
        missing=ruling.missing,
        queue=ruling.queue,
        four_eyes=ruling.four_eyes,
        policy_version=policy.version or None,
        trace=traced(case, decision_type, policy),
        explanation=explained(case, ruling, decision_type, policy),
    )
