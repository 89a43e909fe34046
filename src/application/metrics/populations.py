"""Who is counted: the populations that the formulas divide by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from application.metrics.facts import DecisionFacts
from application.metrics.window import Window
from domain.values import Disposition, Lane

Cases = tuple[DecisionFacts, ...]

SETTLING = frozenset({Disposition.UPHOLD, Disposition.OVERRIDE, Disposition.MODIFY})


@dataclass(frozen=True, slots=True)
class Populations:
    """The populations of one window. A decision belongs to the window of its end for rates and
    of its receipt for volumes; test and shadow decisions belong to none."""

    window: Window
    as_of: datetime
    every: Cases
    """All business decisions, whatever their window: for what is still open."""
    received: Cases
    """R: received in the window."""
    ended: Cases
    """T: ended in the window, without the withdrawn."""
    automated: Cases
    """A: of T, lane automate, authorised by policy."""
    disposed: Cases
    """H: of T, disposed of by a person: upheld, overridden, modified."""
    judged: Cases
    """Q: of A, chosen for the quality sample and judged."""
    labelled: Cases
    """L: of T, with a label."""


def populations(facts: Iterable[DecisionFacts], window: Window, as_of: datetime) -> Populations:
    """Sort the facts into the populations of a window."""
    every = tuple(case for case in facts if not case.is_test)
    ended = tuple(case for case in every if window.holds(case.ended_at) and counts_as_end(case))
    automated = tuple(case for case in ended if is_automated(case))
    return Populations(
        window=window,
        as_of=as_of,
        every=every,
        received=tuple(case for case in every if window.holds(case.received_at)),
        ended=ended,
        automated=automated,
        disposed=tuple(case for case in ended if is_disposed(case)),
        judged=tuple(case for case in automated if case.sampled and case.quality_verdict),
        labelled=tuple(case for case in ended if case.label is not None),
    )


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
