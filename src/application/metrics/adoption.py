"""Adoption: how much of the work comes this way, and whether the people are there."""

from collections.abc import Collection

from application.metrics.counting import Counts
from application.metrics.intervals import Proportion, proportion, share_of
from domain.model import Value


class Adoption(Value):
    """Whether the organisation really decides this way."""

    coverage: Proportion
    """R / the volume that the source system declares; never inferred from our own intake."""
    acted_on_rate: Proportion
    bypass_rate: Proportion
    """Outcomes recorded outside this path / the declared volume."""
    active_reviewer_share: Proportion
    """Reviewers on the roster who settled a decision in the window / reviewers on the roster."""


def adoption(
    them: Counts,
    eligible: int | None,
    bypassed: int | None,
    roster: Collection[str] | None,
) -> Adoption:
    """Measure the adoption of a window. What nobody declared stays unknown."""
    active = them.by_label("active")
    return Adoption(
        coverage=proportion("coverage/1", them.n("received"), eligible),
        acted_on_rate=proportion("acted_on_rate/1", them.n("acted_on"), them.n("ended")),
        bypass_rate=proportion(
            "bypass_rate/1", bypassed or 0, None if bypassed is None else eligible
        ),
        active_reviewer_share=share_of(
            "active_reviewer_share/1", (person in active for person in sorted(set(roster or ())))
        ),
    )
