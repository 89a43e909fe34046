"""Kept formulas: superseded versions, still answered for whoever asks for them by name.

They are counted from the rows of the window, as they were when they were current: sums that are
kept up follow the newest versions alone.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from application.metrics.counting import agrees, is_review
from application.metrics.facts import DecisionFacts
from application.metrics.intervals import Figure, Times, percentile
from application.metrics.oversight import Oversight, agreement_run
from application.metrics.populations import counts_as_end
from application.metrics.timing import Timing, cycle_time_reduction
from application.metrics.window import Window


def kept_timing(
    now: Timing, cases: Iterable[DecisionFacts], baseline: float | None, asked: Collection[str]
) -> Timing:
    """The times, by the versions asked for."""
    ended = [case for case in cases if case.ended_at is not None]
    exact = _exact("cycle_time/1", [c.ended_at - c.received_at for c in ended if c.ended_at])
    touch = [
        case.first_claimed_at - case.entered_queue_at
        for case in ended
        if case.first_claimed_at is not None and case.entered_queue_at is not None
    ]
    reduction = Figure(
        n=exact.n,
        value=cycle_time_reduction(exact.p50, baseline),
        formula="cycle_time_reduction/1",
    )
    versions: dict[str, Times | Figure] = {
        "cycle_time": exact,
        "time_to_first_touch": _exact("time_to_first_touch/1", touch),
        "cycle_time_reduction": reduction,
    }
    wanted = {name: figure for name, figure in versions.items() if figure.formula in asked}
    return now.model_copy(update=wanted)


def _exact(formula: str, durations: Sequence[timedelta]) -> Times:
    seconds = sorted(duration.total_seconds() for duration in durations)
    quantiles = {f"p{share}": percentile(seconds, share / 100) for share in (50, 90, 95)}
    return Times(n=len(seconds), formula=formula, **quantiles)


def kept_oversight(
    now: Oversight, cases: Iterable[DecisionFacts], asked: Collection[str]
) -> Oversight:
    """Oversight, by the versions asked for."""
    if "agreement_run/1" not in asked:
        return now
    settled = sorted(
        (case.disposed_at, case.key, case.disposed_by, agrees(case))
        for case in cases
        if is_review(case) and case.disposed_at is not None and case.disposed_by is not None
    )
    return now.model_copy(
        update={
            "reviewers": tuple(
                one.model_copy(
                    update={
                        "agreement_run": agreement_run(
                            [agreed for *_, who, agreed in settled if who == one.reviewer],
                            one.agreement_run.peers_rate,
                            formula="agreement_run/1",
                        )
                    }
                )
                for one in now.reviewers
            )
        }
    )


def ended_within(cases: Iterable[DecisionFacts], window: Window) -> list[DecisionFacts]:
    """The decisions of T."""
    return [
        case
        for case in cases
        if not case.is_test and window.holds(case.ended_at) and counts_as_end(case)
    ]
