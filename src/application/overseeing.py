"""Overseeing: whether reviewers look, for the type's owners and for each reviewer concerned.

Nothing follows from a figure by itself: it is a reason to talk, and only where there is enough to
go by.
"""

from application.desk import Caller, Desk
from application.measuring import metrics
from application.metrics.concordance import Concordance
from application.metrics.formulas import Report
from application.metrics.intervals import Proportion
from application.metrics.oversight import AgreementRun, Oversight, Surplus
from application.metrics.window import Window
from application.reading import Reader
from domain.model import OWNER_SEATS, Seat, Value

ENOUGH = 30
"""So many reviews must somebody have made before a figure says anything about them."""
OVERSEES = frozenset({*OWNER_SEATS, Seat.AUDITOR})


class ReviewerLine(Value):
    """One reviewer beside the peers; without figures as long as they have reviewed too little."""

    reviewer: str
    reviews: int
    enough: bool
    agreement_rate: Proportion | None = None
    agreement_surplus: Surplus | None = None
    agreement_run: AgreementRun | None = None
    short_dwell_share: Proportion | None = None


class OversightView(Value):
    """How real the review of one decision type is."""

    decision_type: str
    window: Window
    enough: int
    """From how many reviews on a reviewer has figures."""
    short_dwell_share: Proportion
    second_review_kappa: Concordance
    reviewers: tuple[ReviewerLine, ...]
    """All of them for an owner or an auditor; for a reviewer, their own line."""


async def overseen(
    decision_type: str, window: Window, caller: Caller, desk: Desk, reader: Reader
) -> OversightView:
    """Measure the oversight of a decision type, as far as the caller may see it."""
    await desk.governed(decision_type)
    now = desk.clock.now()
    report = await metrics(window, caller, desk, reader, decision_type=decision_type, as_of=now)
    found = for_eyes_of(report.metrics.oversight, caller, decision_type)
    return OversightView(
        decision_type=decision_type,
        window=window,
        enough=ENOUGH,
        short_dwell_share=found.short_dwell_share,
        second_review_kappa=found.second_review_kappa,
        reviewers=tuple(map(_line, _all_of(found))),
    )


def shown(report: Report, caller: Caller, decision_type: str | None) -> Report:
    """A report in which nobody reads of a colleague who need not."""
    whole = report.metrics.model_copy(
        update={"oversight": for_eyes_of(report.metrics.oversight, caller, decision_type)}
    )
    slices = tuple(
        one.model_copy(
            update={
                "metrics": one.metrics.model_copy(
                    update={"oversight": for_eyes_of(one.metrics.oversight, caller, decision_type)}
                )
            }
        )
        for one in report.slices
    )
    return report.model_copy(update={"metrics": whole, "slices": slices})


def for_eyes_of(found: Oversight, caller: Caller, decision_type: str | None) -> Oversight:
    """All reviewers' lines for who oversees what is asked about; otherwise the caller's own."""
    names = caller.identity.seats if decision_type is None else (decision_type,)
    if all(caller.seats(name) & OVERSEES for name in names):
        return found
    own = tuple(one for one in found.reviewers if one.reviewer == caller.identity.id)
    return found.model_copy(update={"reviewers": own})


def _all_of(found: Oversight) -> tuple[ReviewerLine, ...]:
    return tuple(
        ReviewerLine(
            reviewer=one.reviewer,
            reviews=one.agreement_rate.denominator,
            enough=one.agreement_rate.denominator >= ENOUGH,
            agreement_rate=one.agreement_rate,
            agreement_surplus=one.agreement_surplus,
            agreement_run=one.agreement_run,
            short_dwell_share=one.short_dwell_share,
        )
        for one in found.reviewers
    )


def _line(line: ReviewerLine) -> ReviewerLine:
    if line.enough:
        return line
    return ReviewerLine(reviewer=line.reviewer, reviews=line.reviews, enough=False)
