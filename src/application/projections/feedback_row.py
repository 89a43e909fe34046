"""The row of the feedback projection."""

from pydantic import AwareDatetime

from application.metrics.facts import DecisionFacts
from application.projections import Row
from domain.values import Unsettled


class FeedbackRow(DecisionFacts, Row):
    """The facts of one decision, and what the fold has to remember to go on with them."""

    decision_type_version: int | None = None
    """Of the decision type as it was when the decision was last routed."""
    level: int = 0
    """How far up the escalation owner's ladder it stands."""
    held_in_conflict: bool = False
    """Whether it waits for a conflict to be settled."""
    four_eyes: bool = False
    chosen_action: str | None = None
    """What the first reviewer chose, until it is settled."""
    quality_queue: str | None = None
    """Where the quality check waits, or waited, if the lot fell on it."""
    unsettled: tuple[Unsettled, ...] = ()
    """What was raised over what was done, and nobody has dealt with yet."""
    reversal_due_at: AwareDatetime | None = None
    """Until when a reversal must be reported, while one is on its way."""
    rings_at: AwareDatetime | None = None
    """After the end: when time has something to say next (`domain.decision.timing.next_moment`)."""
    touched_at: AwareDatetime
    """When something last happened to it: no metric of a later window asks about it."""
