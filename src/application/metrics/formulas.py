"""The report: every metric of one window, whole and in slices, from facts alone.

Same facts, same `as_of`, same report: nothing here reads a clock or a store.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime

from application.metrics.adoption import Adoption, adoption
from application.metrics.agreement import Agreement, AtRisk, Strictness, agreement
from application.metrics.calibration import Calibration, calibration, points_of
from application.metrics.counting import (
    REVERSAL_HORIZON,
    Counts,
    agrees,
    counted,
    is_review,
    reversed_within,
    sums_of,
)
from application.metrics.drift import Drift, drift
from application.metrics.facts import DecisionFacts
from application.metrics.flow import Flow, flow
from application.metrics.intake import DeclaredVolume, Intake, intake
from application.metrics.kept import ended_within, kept_oversight, kept_timing
from application.metrics.oversight import RUN, Oversight, Reviews, Runs, oversight, reviews
from application.metrics.populations import Cases, counts_as_end, is_automated
from application.metrics.silence import FeedbackMissing
from application.metrics.slices import BUCKETS, GroupBy, slices
from application.metrics.timing import Stages, Timing, timing
from application.metrics.window import Window
from domain.model import Value


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
    feedback_missing: tuple[FeedbackMissing, ...] = ()
    """Feedback on the decision type that was due now and does not come: its figures are blind."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a window of one slice, from facts or from sums that were kept."""

    window: Window
    counts: Counts
    runs: Runs = field(default_factory=dict[str, Sequence[bool]])
    still_open: Stages = Stages()
    """Of decisions whose open stage is due in the window."""
    at_risk: AtRisk = AtRisk()
    intake: Intake = Intake()
    """What was declared of the periods within the window, beside what came of them."""


@dataclass(frozen=True, slots=True)
class OfType:
    """What is declared of one decision type."""

    baseline_p50: float | None = None
    roster: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Declared:
    """What can't be counted and was declared instead."""

    eligible: int | None = None
    bypassed: int | None = None
    baseline_p50: float | None = None
    roster: Collection[str] | None = None
    strictness: Strictness | None = None
    by_type: Mapping[str, OfType] = field(default_factory=dict[str, OfType])


def metrics_of(
    found: Found, declared: Declared, peers: Reviews, drifted: Drift | None = None
) -> Metrics:
    """Every metric of what was found."""
    them = found.counts
    return Metrics(
        flow=flow(them),
        time=timing(them, found.still_open, declared.baseline_p50),
        agreement=agreement(them, found.at_risk, declared.strictness),
        adoption=adoption(
            them, found.intake, declared.eligible, declared.bypassed, declared.roster
        ),
        oversight=oversight(them, found.runs, peers),
        calibration=calibration(points_of(them.by_parts("point")), them.n("improbable")),
        drift=drifted,
    )


def report(
    whole: Found,
    parts: Iterable[tuple[str, Found]],
    declared: Declared,
    *,
    as_of: datetime,
    group_by: GroupBy | None,
) -> Report:
    """The report of a window, and of its parts, from what was found."""
    peers = reviews(whole.counts)
    return Report(
        window=whole.window,
        as_of=as_of,
        group_by=group_by,
        metrics=metrics_of(whole, declared, peers),
        slices=tuple(
            Slice(
                key=key,
                window=part.window,
                metrics=metrics_of(part, of_a_slice(declared, group_by, key), peers),
            )
            for key, part in parts
        ),
    )


def of_a_slice(declared: Declared, by: GroupBy | None, key: str | None) -> Declared:
    """What was declared of the whole holds of a part of its time; a decision type has its own."""
    if by in BUCKETS:
        return replace(declared, eligible=None, bypassed=None)
    own = declared.by_type.get(key or "") if by == "decision_type" else None
    if own is None:
        return Declared(baseline_p50=declared.baseline_p50, strictness=declared.strictness)
    return Declared(
        baseline_p50=own.baseline_p50, roster=own.roster, strictness=declared.strictness
    )


@dataclass(frozen=True, slots=True)
class Counting:
    """How facts are counted."""

    as_of: datetime
    horizon: timedelta = REVERSAL_HORIZON
    reference: Window | None = None
    volumes: Collection[DeclaredVolume] = ()
    kept: Collection[str] = ()
    """Superseded formulas that are asked for by name."""

    def found(self, cases: Iterable[DecisionFacts], window: Window) -> Found:
        """What the facts say of a window."""
        every = [case for case in cases if not case.is_test]
        counts = (c for case in every for c in counted(case, self.horizon) if window.holds(c.at))
        ended = [case for case in every if window.holds(case.ended_at) and counts_as_end(case)]
        return Found(
            window=window,
            counts=Counts(sums_of(counts)),
            runs=last_reviews(ended),
            still_open=still_open(every, window, self.as_of),
            at_risk=at_risk(ended, self.as_of, self.horizon),
            intake=intake(self.volumes, every, window, self.as_of),
        )

    def kept_to(
        self,
        now: Metrics,
        cases: Iterable[DecisionFacts],
        window: Window,
        declared: Declared,
    ) -> Metrics:
        """The metrics, by the formulas that are asked for."""
        if not self.kept:
            return now
        ended = ended_within(cases, window)
        return now.model_copy(
            update={
                "time": kept_timing(now.time, ended, declared.baseline_p50, self.kept),
                "oversight": kept_oversight(now.oversight, ended, self.kept),
            }
        )

    def of_a_slice(self, by: GroupBy, key: str | None) -> "Counting":
        """Volumes are declared by period and decision type, and not by anything else."""
        if by in BUCKETS:
            return self
        own = [one for one in self.volumes if by == "decision_type" and one.decision_type == key]
        return replace(self, volumes=own)

    def drift(self, past: Iterable[DecisionFacts], now: Cases, window: Window) -> Drift | None:
        if self.reference is None:
            return None
        then = (c for c in past if self.reference.holds(c.received_at) and not c.is_test)
        received = (c for c in now if window.holds(c.received_at) and not c.is_test)
        return drift(tuple(then), tuple(received))


def last_reviews(ended: Iterable[DecisionFacts]) -> Runs:
    """Each reviewer's last reviews, in the order in which the decisions ended."""
    found: defaultdict[str, list[tuple[datetime, str, bool]]] = defaultdict(list)
    for case in ended:
        if is_review(case) and case.disposed_by and case.ended_at:
            found[case.disposed_by].append((case.ended_at, case.key, agrees(case)))
    return {who: [agreed for *_, agreed in sorted(all)[-RUN:]] for who, all in found.items()}


def still_open(every: Iterable[DecisionFacts], window: Window, as_of: datetime) -> Stages:
    """The stages of what is open: one overdue counts as missed, not yet due is left out."""
    due, missed = 0, 0
    for case in every:
        if case.end is None and case.stage_due_at is not None and window.holds(case.stage_due_at):
            overdue = case.stage_due_at < as_of
            due += case.stages_due + overdue
            missed += case.stages_missed + overdue
    return Stages(due, missed)


def at_risk(ended: Iterable[DecisionFacts], as_of: datetime, horizon: timedelta) -> AtRisk:
    """Automated ones that have been at risk for all of the horizon; what was reversed within it."""
    old = [c for c in ended if is_automated(c) and c.ended_at and c.ended_at + horizon <= as_of]
    return AtRisk(len(old), sum(reversed_within(case, horizon) for case in old))


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
    by_type: Mapping[str, OfType] | None = None,
    volumes: Collection[DeclaredVolume] = (),
    formulas: Collection[str] = (),
    reversal_horizon: timedelta = REVERSAL_HORIZON,
    reference: Window | None = None,
) -> Report:
    """Measure a window. What was not declared (volume, baseline, roster, order) stays unknown.

    `facts` are all that may matter: ended or received in the window, open, or received in the
    reference window. `eligible` and `bypassed` are given for the whole, so slices have none. A
    slice's reviewers are compared with the peers of the whole.
    """
    baseline = None if baseline_p50 is None else float(baseline_p50)
    declared = Declared(eligible, bypassed, baseline, roster, strictness, by_type or {})
    counting = Counting(as_of, reversal_horizon, reference, volumes, formulas)
    every = tuple(case for case in facts if not case.is_test)
    whole = counting.found(every, window)
    peers = reviews(whole.counts)
    drifted = counting.drift(every, every, window)
    return Report(
        window=window,
        as_of=as_of,
        group_by=group_by,
        metrics=counting.kept_to(
            metrics_of(whole, declared, peers, drifted), every, window, declared
        ),
        slices=tuple(_slices(every, window, group_by, counting, declared, peers))
        if group_by
        else (),
    )


def _slices(
    every: Cases,
    window: Window,
    by: GroupBy,
    counting: Counting,
    declared: Declared,
    peers: Reviews,
) -> Iterator[Slice]:
    for key, part, cases in slices(every, window, by):
        # A bucket of time holds no facts of the reference window: its past is everybody's.
        drifted = counting.drift(every if by in BUCKETS else cases, cases, part)
        found = counting.of_a_slice(by, key).found(cases, part)
        own = of_a_slice(declared, by, key)
        metrics = metrics_of(found, own, peers, drifted)
        kept = counting.kept_to(metrics, cases, part, own)
        yield Slice(key=key, window=part, metrics=kept)
