"""What each exception means for a decision: what is so right after it was raised."""

from collections.abc import Callable

from domain.decision.state import Decision, Status
from domain.values import ExceptionCode, Lane

Meaning = Callable[[Decision, Decision], bool]
"""Whether a decision, before and after the events of one command, is as the exception has it."""

E = ExceptionCode


def _with_somebody_above(_: Decision, after: Decision) -> bool:
    """Escalated, or held for an input that would be missed there as well."""
    above = after.status is Status.ESCALATED or after.status is Status.HELD
    return above and after.authority is None


def _one_level_up(before: Decision, after: Decision) -> bool:
    """Or at the ladder's end, where the clock stops."""
    if after.clock_stopped:
        return after.status in (Status.ESCALATED, Status.IN_REVIEW) and after.authority is None
    return after.status is Status.ESCALATED and after.level > before.level


def _is(*statuses: Status) -> Meaning:
    return lambda _, after: after.status in statuses


MEANINGS: dict[ExceptionCode, Meaning] = {
    E.LOW_CONFIDENCE: _with_somebody_above,
    E.CONFIDENCE_MISSING: _with_somebody_above,
    E.NO_POLICY: _with_somebody_above,
    E.POLICY_ERROR: _with_somebody_above,
    E.INVALID_INPUT: _with_somebody_above,
    E.NO_ELIGIBLE_REVIEWER: _with_somebody_above,
    E.OWNER_VACANT: _with_somebody_above,
    E.MISSING_INPUT: _is(Status.HELD, Status.ESCALATED),
    E.CONFLICT: lambda _, after: after.in_conflict or after.status is Status.EXPIRED,
    E.STALE_SUBJECT: lambda before, after: (
        after.status is Status.EXPIRED or after.routing is not before.routing
    ),
    E.SUPERSEDED: _is(Status.SUPERSEDED),
    E.EXPIRED: _is(Status.EXPIRED),
    E.REVIEW_TIMEOUT: _one_level_up,
    E.AUTOMATION_HALTED: lambda _, after: after.lane is not Lane.AUTOMATE,
    E.ACTION_FAILED: _is(Status.ACTION_FAILED),
    E.ACTION_UNKNOWN: _is(Status.ACTION_UNKNOWN),
    E.REVERSAL_FAILED: lambda _, after: after.status is Status.COMPLETED and after.reversal is None,
    E.QA_OVERTURNED: lambda _, after: after.quality_verdict is False,
    E.CONTESTED: lambda _, after: after.contested,
}


def as_they_mean(before: Decision, after: Decision) -> bool:
    """Whether all that was raised in between came with what it means."""
    raised = after.exceptions[len(before.exceptions) :]
    return all(MEANINGS[code](before, after) for code in raised)
