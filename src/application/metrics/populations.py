"""Who is counted: what makes a decision a member of the populations that the formulas divide by."""

from application.metrics.facts import DecisionFacts
from domain.values import Disposition, Lane

Cases = tuple[DecisionFacts, ...]

SETTLING = frozenset({Disposition.UPHOLD, Disposition.OVERRIDE, Disposition.MODIFY})


def counts_as_end(case: DecisionFacts) -> bool:
    """It ended, and not because the producer took it back."""
    return case.end is not None and case.end != "withdrawn"


def is_completed(case: DecisionFacts) -> bool:
    """It ended completed: a reversal is a later fact about a completed decision."""
    return case.end in ("completed", "reversed")


def is_automated(case: DecisionFacts) -> bool:
    """Policy alone authorised it, even when the action failed and a person mended it later."""
    return case.lane is Lane.AUTOMATE and case.authorised_by == "policy"


def is_disposed(case: DecisionFacts) -> bool:
    """A person settled it, in review or after an escalation."""
    return case.disposed_by is not None and case.disposition in SETTLING


def is_overridden(case: DecisionFacts) -> bool:
    """The final action differs from the recommended one, or there is none because of a person."""
    if case.final_action is None:
        return case.disposition is Disposition.OVERRIDE
    return case.final_action != case.recommended_action


def is_taken_back(case: DecisionFacts) -> bool:
    """Reversed, or overturned by the quality check, at any time after its end."""
    reversed_later = case.reversed_at is not None or case.end == "reversed"
    return reversed_later or case.quality_verdict == "overturn"


def is_straight_through(case: DecisionFacts) -> bool:
    """Completed with its action delivered, and up to its end no person and no exception.

    What comes after the end does not cost it: a quality overturn and a reversal have their own
    metrics, and the clean rate leaves them out.
    """
    undisturbed = not case.human_before_end and not case.exceptions
    return is_completed(case) and undisturbed and case.delivered_at is not None
