"""What the feedback rows count for, kept up as they change: by decision type, day and measure."""

from collections.abc import Iterator

from application.evidence.cases import case_label
from application.metrics.counting import Count, counted, day_of, is_review, label
from application.metrics.populations import counts_as_end
from application.projections import Key
from application.projections.feedback_row import FeedbackRow

EVIDENCE = "~evidence"
"""The measure that certifying counts: the last of all in order, so that metrics pass it over."""


def counted_by_day(row: FeedbackRow) -> Iterator[tuple[Key, int]]:
    """Everything that a row counts for."""
    for at, measure, text, n in counts_of(row):
        yield (row.decision_type, day_of(at), measure, text), n


def counts_of(row: FeedbackRow) -> Iterator[Count]:
    """The same, with the moments that say when."""
    yield from counted(row)
    if not row.is_test:
        yield from _looked(row)
        yield Count(row.received_at, EVIDENCE, case_label(row))


def _looked(row: FeedbackRow) -> Iterator[Count]:
    """Whole seconds of looking: what the decision type asks for is a whole number of seconds, and
    only who reads knows the decision type."""
    if row.dwell_seconds is None or row.ended_at is None:
        return
    if is_review(row) and counts_as_end(row):
        looked = (row.disposed_by, row.decision_type, row.decision_type_version)
        yield Count(row.ended_at, "looked", label(*looked, int(row.dwell_seconds)))
