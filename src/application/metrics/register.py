"""The register of formulas: what each metric's number means, in every version there ever was.

A formula that changes gets a new version and a line here; the one before keeps its meaning, and is
still answered for whoever asks for it by name, or says why it no longer is.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Literal

from domain.model import Malformed, Value

FIRST = date(2026, 11, 24)

Answered = Literal["kept up", "counted from rows", "with the volume given"]
"""How a version is answered: from sums that are kept up; from the rows, when asked for by name; or
where the request itself gives the volume."""


class Formula(Value):
    """One version of one metric's formula."""

    name: str
    version: int
    says: str
    since: date = FIRST
    """When this version came."""
    superseded_by: int | None = None
    because: str | None = None
    """Why this version took the place of the one before."""
    answered: Answered = "kept up"

    @property
    def id(self) -> str:
        return f"{self.name}/{self.version}"


class NoSuchFormula(Malformed):
    """A formula asked for by its name and version is answered by that version, or not at all."""

    CODE = "REJ.formula"


def _first(name: str, says: str) -> Formula:
    return Formula(name=name, version=1, says=says)


def _changed(
    name: str, before: str, after: str, because: str, answered: Answered = "counted from rows"
) -> tuple[Formula, Formula]:
    return (
        Formula(name=name, version=1, says=before, superseded_by=2, answered=answered),
        Formula(name=name, version=2, says=after, because=because),
    )


_ROUNDED = "durations are counted to three significant digits, so that any days add up"
_DECLARED = "the source system declares its volume by period, and only declared periods count"

REGISTER: tuple[Formula, ...] = (
    _first("straight_through_rate", "ended completed and delivered, no person, no exception / T"),
    _first("clean_straight_through_rate", "the same, less those later reversed or overturned / T"),
    _first("automation_rate", "A / T"),
    _first("exception_rate", "decisions of R with at least one exception before their end / R"),
    _first("escalation_rate", "decisions of R escalated at least once before their end / R"),
    _first("conflict_rate", "decisions of R that joined a conflict / R"),
    *_changed(
        "cycle_time",
        "quantiles of end - receipt over T",
        "quantiles of end - receipt over T, to three significant digits",
        _ROUNDED,
    ),
    *_changed(
        "time_to_first_touch",
        "quantiles of first claim - entry into the queue over T",
        "quantiles of first claim - entry into the queue over T, to three significant digits",
        _ROUNDED,
    ),
    *_changed(
        "cycle_time_reduction",
        "1 - p50 of cycle_time/1 / p50 of the baseline",
        "1 - p50 of cycle_time/2 / p50 of the baseline",
        _ROUNDED,
    ),
    _first("sla_attainment", "stages closed by their deadline / stages due"),
    _first("override_rate", "decisions of H whose final action differs / H"),
    _first("override_direction", "overrides to a stricter, or laxer, action / overrides ranked"),
    _first("override_reasons", "overrides with this reason code / overrides"),
    _first("quality_overturn_rate", "overturned in Q / Q, each weighted by 1 / sampling rate"),
    _first("silent_error_estimate", "quality_overturn_rate · A"),
    _first("reversal_rate", "reversed within 30 days / A that ended at least 30 days ago"),
    *_changed(
        "coverage",
        "R / the volume given with the request",
        "R of the declared periods / the volume declared for them",
        _DECLARED,
        "with the volume given",
    ),
    *_changed(
        "bypass_rate",
        "the bypassed given with the request / the volume given with it",
        "bypassed outcomes declared / the volume declared for the same periods",
        _DECLARED,
        "with the volume given",
    ),
    _first("acted_on_rate", "decisions of T with an action delivered / T"),
    _first("active_reviewer_share", "of the roster, who settled a decision / the roster"),
    _first("agreement_rate", "a reviewer's reviews that agree with the model / all of them"),
    *_changed(
        "agreement_run",
        "longest run of agreement in all of a reviewer's reviews, in the order of disposal",
        "longest run of agreement in a reviewer's last 1,000 reviews, in the order of the ends",
        "runs can't be taken away again, so few rows are read, and those by an index",
    ),
    _first("agreement_surplus", "a reviewer's agreement less the peers' on the same mix"),
    _first("short_dwell_share", "reviews shorter than the type's minimum / reviews timed"),
    _first("second_review_kappa", "Cohen's kappa, and Gwet's AC1, over blind second reviews"),
    _first("brier", "mean (p - y)² over the labels of known probability"),
    _first("ece", "Σ (n of bin / n) · |accuracy - mean confidence|, ten equal bins"),
    _first("accuracy", "subjects on which a model was right / subjects compared"),
    _first("paired_accuracy", "challenger's share right - champion's, on the same subjects"),
    _first("paired_accuracy_weighted", "the same, weighted by 1 / P(labelled)"),
    _first("paired_brier", "champion's Brier - challenger's on the same subjects, weighted"),
    _first("psi", "Σ (a - e) · ln (a / e) over bins"),
)

BY_ID: Mapping[str, Formula] = {formula.id: formula for formula in REGISTER}


def kept_versions(asked: Collection[str], *, volume_given: bool) -> frozenset[str]:
    """Those of the formulas asked for that are not the current ones and are counted from rows.

    What can't be answered by the version asked for is refused, not answered by another.
    """
    return frozenset(id for id in asked if _answerable(id, volume_given=volume_given))


def _answerable(id: str, *, volume_given: bool) -> bool:
    formula = BY_ID.get(id)
    if formula is None:
        raise NoSuchFormula(f"formula: found {id[:60]}, allowed are {', '.join(BY_ID)}")
    by_volume = {one.name for one in REGISTER if one.answered == "with the volume given"}
    if formula.name in by_volume and volume_given != (formula.answered == "with the volume given"):
        here = "with" if volume_given else "without"
        raise NoSuchFormula(f"formula: found {id}, which is not answered {here} `eligible`")
    return formula.answered == "counted from rows"
