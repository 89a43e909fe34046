"""Time: how long decisions take, and whether people keep their deadlines."""

from collections.abc import Iterator

from application.metrics.facts import DecisionFacts
from application.metrics.intervals import Figure, Proportion, Times, proportion, times
from application.metrics.populations import Cases, Populations
from domain.model import Value


class Timing(Value):
    """How long it takes from receipt to end, and from the queue to a person."""

    cycle_time: Times
    time_to_first_touch: Times
    cycle_time_reduction: Figure
    """1 - p50 now / p50 of the baseline; absent without a baseline registered before go-live."""
    sla_attainment: Proportion


def timing(them: Populations, baseline_p50: float | None) -> Timing:
    """Measure the times of a window; the baseline is in seconds."""
    cycle = times(
        "cycle_time/1",
        (case.ended_at - case.received_at for case in them.ended if case.ended_at is not None),
    )
    return Timing(
        cycle_time=cycle,
        time_to_first_touch=_first_touch(them.ended),
        cycle_time_reduction=Figure(
            n=cycle.n,
            value=cycle_time_reduction(cycle.p50, baseline_p50),
            formula="cycle_time_reduction/1",
        ),
        sla_attainment=sla_attainment(them),
    )


def _first_touch(ended: Cases) -> Times:
    return times(
        "time_to_first_touch/1",
        (
            case.first_claimed_at - case.entered_queue_at
            for case in ended
            if case.first_claimed_at is not None and case.entered_queue_at is not None
        ),
    )


def cycle_time_reduction(now: float | None, baseline: float | None) -> float | None:
    """How much of the baseline's median has gone. Negative when it takes longer than before."""
    return None if now is None or not baseline else 1 - now / baseline


def sla_attainment(them: Populations) -> Proportion:
    """The share of human stages that were over by their deadline.

    A decision that has ended brings its stages into the window of its end; the withdrawn bring
    none. One still open belongs to the window of the deadline its stage is held to: overdue counts
    as missed, not yet due is left out.
    """
    due, missed = 0, 0
    for case in _with_stages(them):
        due += case.stages_due
        missed += case.stages_missed
        if is_overdue(case, them):
            due += 1
            missed += 1
    return proportion("sla_attainment/1", due - missed, due)


def _with_stages(them: Populations) -> Iterator[DecisionFacts]:
    yield from them.ended
    for case in them.every:
        if case.end is None and them.window.holds(case.stage_due_at):
            yield case


def is_overdue(case: DecisionFacts, them: Populations) -> bool:
    """Its open stage has passed the deadline it is held to."""
    return case.end is None and case.stage_due_at is not None and case.stage_due_at < them.as_of
