"""Promoting: what speaks for an autonomy stage that automates more, looked up when owners ask."""

from datetime import timedelta
from decimal import Decimal

from application.certifying import FIRST_DAY, Asked, thresholds
from application.desk import Caller, Desk
from application.evidence.expecting import in_force
from application.evidence.recommending import Recommendation
from application.measuring import metrics
from application.metrics.window import Window
from application.reading import Reader
from domain.breakers import Stream, breaker_of
from domain.decision_type.ladder import Grounds, OfModel
from domain.guardrail.document import Guardrail

LOOKED_BACK = timedelta(days=30)


async def grounds_of(name: str, caller: Caller, desk: Desk, reader: Reader) -> Grounds | None:
    """What the labels and the service levels say now; None without a policy to hold them against.

    What has to be shown is declared in the policy: under `thresholds`, or else what its breaker of
    quality may let pass. Each model heard of since the declared start has to be certified.
    """
    policy = (await desk.governed(name)).active_policy
    if policy is None:
        return None
    threshold = in_force(policy.guardrail) or Decimal(0)
    report = await thresholds(name, _asked(policy.guardrail, threshold), caller, desk, reader)
    now = desk.clock.now()
    window = Window(since=now - LOOKED_BACK, until=now + timedelta(microseconds=1))
    measured = await metrics(window, caller, desk, reader, decision_type=name, as_of=now)
    in_time = measured.metrics.time.sla_attainment
    return Grounds(
        policy_version=policy.version,
        threshold=threshold,
        limit=report.limit,
        delta=report.delta,
        models=tuple(map(_of_model, report.recommendations)),
        due=in_time.denominator,
        missed=in_time.denominator - in_time.numerator,
    )


def _asked(guardrail: Guardrail, threshold: Decimal) -> Asked:
    """Whether the threshold in force is borne out, and no other."""
    grid = (threshold,)
    if guardrail.thresholds is not None:
        return Asked(grid=grid)
    breaker = breaker_of(guardrail.breakers, Stream.QUALITY)
    assert breaker is not None, "quality is always watched"
    return Asked(grid=grid, limit=breaker.limit, delta=breaker.delta, since=FIRST_DAY)


def _of_model(found: Recommendation) -> OfModel:
    return OfModel(
        name=found.model,
        version=found.model_version,
        labels=found.n,
        wrong=found.k,
        certified=found.threshold is not None,
        missing=found.labels_missing,
    )
