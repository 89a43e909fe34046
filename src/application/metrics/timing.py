"""Time: how long decisions take, and whether people keep their deadlines."""

from typing import NamedTuple

from application.metrics.counting import Counts
from application.metrics.intervals import Figure, Proportion, Times, proportion, times
from domain.model import Value


class Timing(Value):
    """How long it takes from receipt to end, and from the queue to a person."""

    cycle_time: Times
    time_to_first_touch: Times
    cycle_time_reduction: Figure
    """1 - p50 now / p50 of the baseline; absent without a baseline registered before go-live."""
    sla_attainment: Proportion


class Stages(NamedTuple):
    """Human stages that were due, and those of them that were not over in time."""

    due: int = 0
    missed: int = 0


def timing(them: Counts, still_open: Stages, baseline_p50: float | None) -> Timing:
    """Measure the times of a window; the baseline is in seconds."""
    cycle = times("cycle_time/2", them.by_label("cycle"))
    return Timing(
        cycle_time=cycle,
        time_to_first_touch=times("time_to_first_touch/2", them.by_label("touch")),
        cycle_time_reduction=Figure(
            n=cycle.n,
            value=cycle_time_reduction(cycle.p50, baseline_p50),
            formula="cycle_time_reduction/2",
        ),
        sla_attainment=sla_attainment(
            Stages(
                them.n("due") + still_open.due,
                them.n("missed") + still_open.missed,
            )
        ),
    )


def cycle_time_reduction(now: float | None, baseline: float | None) -> float | None:
    """How much of the baseline's median has gone. Negative when it takes longer than before."""
    return None if now is None or not baseline else 1 - now / baseline


def sla_attainment(stages: Stages) -> Proportion:
    """The share of human stages that were over by their deadline.

    A decision that has ended brings its stages into the window of its end; the withdrawn bring
    none. One still open belongs to the window of the deadline its stage is held to: overdue counts
    as missed, not yet due is left out.
    """
    return proportion("sla_attainment/1", stages.due - stages.missed, stages.due)
