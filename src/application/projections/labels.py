"""Labels: was the recommended action right, and what was the chance beforehand of hearing so?

A label of known probability stands: a person's disposition (1), or a quality verdict (the sampling
rate). One that came by itself, an observed outcome or a reversal, fills in until there is one.
"""

from decimal import Decimal

from application.projections.feedback_row import FeedbackRow
from application.projections.parts import Changes
from domain.decision import events as d


def labelled(
    row: FeedbackRow,
    event: d.ActionAuthorised
    | d.QualityConfirmed
    | d.QualityOverturned
    | d.OutcomeObserved
    | d.Reversed,
) -> Changes:
    """What the event says of the label."""
    match event:
        case d.ActionAuthorised(authority="person"):
            # The disposition counts once an action rests on it; it is in the row by then.
            return _label(event.action == row.recommended_action, Decimal(1))
        case d.QualityConfirmed() if row.label_probability is None:
            return _label(True, row.sampling_rate)
        case d.QualityOverturned() if row.label_probability is None:
            return _label(False, row.sampling_rate)
        case d.OutcomeObserved() if event.correct is not None and row.label_probability is None:
            return _label(event.correct, None)
        case d.Reversed() if row.label is None:
            return _label(False, None)
        case _:
            return {}


def _label(right: bool, probability: Decimal | None) -> Changes:
    return {"label": right, "label_probability": probability}
