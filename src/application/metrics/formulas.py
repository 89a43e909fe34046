"""The report: every metric of one window, whole and in slices, from facts alone.

Same facts, same `as_of`, same report: nothing here reads a clock or a store.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime

from application.metrics.adoption import Adoption, adoption
from application.metrics.agreement import Agreement, Strictness, agreement
from application.metrics.calibration import Calibration, calibration
from application.metrics.drift import Drift, drift
from application.metrics.facts import DecisionFacts
from application.metrics.flow import Flow, flow
from application.metrics.oversight import Oversight, oversight, reviews
from application.metrics.populations import Cases, Populations, populations
from application.metrics.slices import BUCKETS, GroupBy, slices
from application.metrics.timing import Timing, timing
from application.metrics.window import Window
from domain.model import Value

REVERSAL_HORIZON = timedelta(days=30)
"""How long an automated action may take to prove wrong before it counts as having stood."""


class Metrics(Value):
    """Every metric of one window of one slice."""

    flow: Flow
    time: Timing
    agreement: Agreement
    adoption: Adoption
    oversight: Oversight
    calibration: Calibration
    drift: Drift | None
    """Against the reference window; absent when none was given."""


class Slice(Value):
    """The part of the facts that share a key; `null` is the part that has none."""

    key: str | None
    window: Window
    metrics: Metrics


class Report(Value):
    """What came of the decisions of a window."""

    window: Window
    as_of: AwareDatetime
    group_by: GroupBy | None
    metrics: Metrics
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class _Measure:
    """What all slices are measured with."""

    as_of: datetime
    baseline_p50: float | None
    strictness: Strictness | None
    reversal_horizon: timedelta
    reference: Window | None

    def of(self, them: Populations, adopted: Adoption, peers: Cases, past: Cases) -> Metrics:
        return Metrics(
            flow=flow(them),
            time=timing(them, self.baseline_p50),
            agreement=agreement(them, self.strictness, self.reversal_horizon),
            adoption=adopted,
            oversight=oversight(them, peers),
            calibration=calibration(them.labelled),
            drift=self._drift(past, them.received),
        )

    def _drift(self, past: Cases, now: Cases) -> Drift | None:
        if self.reference is None:
            return None
        then = tuple(case for case in past if self.reference.holds(case.received_at))
        return drift(then, now)


def compute(
    facts: Iterable[DecisionFacts],
    *,
    window: Window,
    as_of: datetime,
    group_by: GroupBy | None = None,
    eligible: int | None = None,
    bypassed: int | None = None,
    baseline_p50: Decimal | float | None = None,
    roster: Collection[str] | None = None,
    strictness: Strictness | None = None,
    reversal_horizon: timedelta = REVERSAL_HORIZON,
    reference: Window | None = None,
) -> Report:
    """Measure a window. What was not declared (volume, baseline, roster, order) stays unknown.

    `facts` are all that may matter: ended or received in the window, open, or received in the
    reference window. `eligible` and `bypassed` are declared for the whole, so slices have no
    coverage. A slice's reviewers are compared with the peers of the whole.
    """
    baseline = None if baseline_p50 is None else float(baseline_p50)
    measure = _Measure(as_of, baseline, strictness, reversal_horizon, reference)
    whole = populations(facts, window, as_of)
    adopted = adoption(whole, eligible, bypassed, roster)
    return Report(
        window=window,
        as_of=as_of,
        group_by=group_by,
        metrics=measure.of(whole, adopted, reviews(whole.disposed), whole.every),
        slices=tuple(_slices(whole, group_by, measure)) if group_by else (),
    )


def _slices(whole: Populations, by: GroupBy, measure: _Measure) -> Iterator[Slice]:
    peers = reviews(whole.disposed)
    for key, window, cases in slices(whole.every, whole.window, by):
        them = populations(cases, window, measure.as_of)
        # A bucket of time holds no facts of the reference window: its past is everybody's.
        past = whole.every if by in BUCKETS else cases
        metrics = measure.of(them, adoption(them, None, None, None), peers, past)
        yield Slice(key=key, window=window, metrics=metrics)
