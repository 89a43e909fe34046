"""Adoption: how much of the work comes this way, and whether the people are there."""

from collections.abc import Collection

from application.metrics.counting import Counts
from application.metrics.intake import Intake
from application.metrics.intervals import Proportion, proportion, share_of
from domain.model import Value


class Adoption(Value):
    """Whether the organisation really decides this way."""

    coverage: Proportion
    """What came here of the periods that the source system declared / what it declared; never
    inferred from our own intake."""
    declared_periods: int
    """So many declared days, months or years lie within the window."""
    acted_on_rate: Proportion
    bypass_rate: Proportion
    """Outcomes recorded outside this path / the declared volume of the periods that tell them."""
    active_reviewer_share: Proportion
    """Reviewers on the roster who settled a decision in the window / reviewers on the roster."""


def adoption(
    them: Counts,
    intake: Intake,
    eligible: int | None,
    bypassed: int | None,
    roster: Collection[str] | None,
) -> Adoption:
    """Measure the adoption of a window. What nobody declared stays unknown.

    A volume that came with the question goes before what was declared.
    """
    active = them.by_label("active")
    return Adoption(
        coverage=proportion("coverage/2", intake.received, intake.eligible)
        if eligible is None
        else proportion("coverage/1", them.n("received"), eligible),
        declared_periods=intake.periods,
        acted_on_rate=proportion("acted_on_rate/1", them.n("acted_on"), them.n("ended")),
        bypass_rate=proportion("bypass_rate/2", intake.bypassed, intake.told)
        if eligible is None
        else proportion("bypass_rate/1", bypassed or 0, None if bypassed is None else eligible),
        active_reviewer_share=share_of(
            "active_reviewer_share/1", (person in active for person in sorted(set(roster or ())))
        ),
    )
