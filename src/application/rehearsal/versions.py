"""The versions that are tried, and by whom they may be."""

from application.desk import Caller, Desk, Governed
from application.rehearsal.trial import Trial
from domain.policy.aggregate import NoSuchVersion, Policy, PolicyVersion


async def versions(name: str, caller: Caller, desk: Desk) -> tuple[Governed, Policy]:
    """A decision type and its policy, for someone with a seat on it."""
    governed = await desk.governed_now(name)
    caller.require_any_seat(name)
    if governed.policy is None:
        raise NoSuchVersion("version: known are none")
    return governed, governed.policy


def trial(governed: Governed, candidate: PolicyVersion, against: PolicyVersion | None) -> Trial:
    """One version against another, for the decision type as it is defined now."""
    return Trial(
        definition=governed.decision_type.definition,
        version=candidate.version,
        guardrail=candidate.guardrail,
        against_version=against.version if against else None,
        against=against.guardrail if against else None,
    )
