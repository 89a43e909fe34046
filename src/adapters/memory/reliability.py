"""What calibration, drift and silence are counted from, in memory."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from application.metrics.calibration import in_units
from application.metrics.drift import kinds_of
from application.metrics.populations import counts_as_end
from application.metrics.reliability import UNKNOWN, Labelled, Portion
from application.metrics.silence import OUTCOMES, VERDICTS, VOLUME, Due
from application.metrics.slices import model_of
from application.metrics.window import Window
from application.projections.audit_trail import AuditLine
from application.projections.feedback_row import FeedbackRow
from application.projections.past_cases import PastCase

Segmented = Iterable[tuple[FeedbackRow, str | None]]
"""Rows, each with the segment it is in."""


def due(
    rows: Sequence[FeedbackRow],
    unjudged: Iterable[FeedbackRow],
    lines: Iterable[AuditLine],
    began: datetime,
) -> Due:
    """What there was to hear of since a moment, and when something last was heard."""
    heard = [(line.type, line.at) for line in lines]
    outcomes, verdicts, volume = (
        max((at for kind, at in heard if kind in kinds), default=None)
        for kinds in (OUTCOMES, VERDICTS, VOLUME)
    )
    ended = [row.ended_at for row in rows if row.delivered_at and counts_as_end(row)]
    return Due(
        acted=_before_and_since(began, [at for at in ended if at is not None]),
        received=_before_and_since(began, [row.received_at for row in rows]),
        unjudged=any(row.ended_at is not None and row.ended_at < began for row in unjudged),
        outcomes=outcomes,
        verdicts=verdicts,
        volume=volume,
    )


def _before_and_since(began: datetime, moments: Iterable[datetime]) -> bool:
    """Whether there were some before that day, and some from it on."""
    return {at < began for at in moments} == {True, False}


def labels(rows: Segmented, window: Window) -> Sequence[Labelled]:
    """What ended in a window and has a label."""
    found: Counter[tuple[str, str | None, int | None, bool, str | None]] = Counter()
    for row, segment in rows:
        if row.label is not None and window.holds(row.ended_at) and counts_as_end(row):
            confidence, probability = row.confidence, row.label_probability
            stated = None if confidence is None else in_units(confidence)
            chance = None if probability is None else str(probability.normalize())
            found[model_of(row), segment, stated, row.label, chance] += 1
    return [Labelled(*alike, n) for alike, n in found.items()]


def kinds(rows: Segmented, window: Window) -> Sequence[Portion]:
    """What was received in a window, by what it is."""
    found: Counter[tuple[str, str | None, str, str]] = Counter()
    for row, segment in rows:
        if window.holds(row.received_at):
            for measure, kind in kinds_of(row):
                found[model_of(row), segment, measure, kind] += 1
    return [Portion(*alike, n) for alike, n in found.items()]


def segment_of(case: PastCase, name: str) -> str:
    """The value of a fact as text, as JSON writes it."""
    value = json.loads(case.facts).get(name)
    if value is None:
        return UNKNOWN
    return value if isinstance(value, str) else json.dumps(value)
