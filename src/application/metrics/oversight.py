"""Oversight: is review real, or does somebody press the button?"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from application.metrics.concordance import Concordance, concordance, cross
from application.metrics.facts import DecisionFacts
from application.metrics.intervals import Figure, Proportion, proportion, share_of
from application.metrics.populations import Cases, Populations, is_overridden
from domain.model import Value
from domain.values import Lane

Mix = tuple[str, str]


class AgreementRun(Value):
    """The longest run of agreement in `n` reviews, and how likely it is at the peers' rate.

    A small p-value means that peers would hardly agree so many times in a row.
    """

    n: int
    longest: int
    peers_rate: float | None
    p_value: float | None
    formula: str


class ReviewerOversight(Value):
    """One reviewer beside the peers."""

    reviewer: str
    agreement_rate: Proportion
    agreement_run: AgreementRun
    agreement_surplus: Figure
    short_dwell_share: Proportion


class Oversight(Value):
    """Whether people look, and whether they see."""

    short_dwell_share: Proportion
    second_review_kappa: Concordance
    reviewers: tuple[ReviewerOversight, ...]


def oversight(them: Populations, peers: Cases) -> Oversight:
    """Measure the oversight of a window; `peers` are the reviews to compare each reviewer with."""
    mine = reviews(them.disposed)
    by_reviewer = _by_reviewer(mine)
    return Oversight(
        short_dwell_share=short_dwell_share(mine),
        second_review_kappa=second_review_kappa(them.ended),
        reviewers=tuple(
            _beside_peers(reviewer, by_reviewer[reviewer], peers)
            for reviewer in sorted(by_reviewer)
        ),
    )


def reviews(disposed: Cases) -> Cases:
    """What a reviewer settled in the lane review, in the order it was settled.

    A decision that the escalation owner settled is not a review, wherever it was routed first.
    """
    settled = (
        (case.disposed_at, case.key, case)
        for case in disposed
        if case.disposed_in is Lane.REVIEW and case.disposed_at is not None
    )
    return tuple(case for _, _, case in sorted(settled, key=lambda entry: entry[:2]))


def short_dwell_share(cases: Cases) -> Proportion:
    """The share of reviews that took less than the decision type's minimum of active looking."""
    return share_of(
        "short_dwell_share/1",
        (
            case.dwell_seconds < case.minimum_dwell_seconds
            for case in cases
            if case.dwell_seconds is not None and case.minimum_dwell_seconds is not None
        ),
    )


def second_review_kappa(ended: Cases) -> Concordance:
    """Whether two people who can't see each other agree on upholding the recommendation."""
    pairs = (
        (
            case.first_review_action == case.recommended_action,
            case.second_review_action == case.recommended_action,
        )
        for case in ended
        if case.first_review_action is not None and case.second_review_action is not None
    )
    return concordance("second_review_kappa/1", cross(pairs))


def _by_reviewer(cases: Cases) -> dict[str, list[DecisionFacts]]:
    found: defaultdict[str, list[DecisionFacts]] = defaultdict(list)
    for case in cases:
        if case.disposed_by is not None:
            found[case.disposed_by].append(case)
    return found


def _beside_peers(reviewer: str, own: list[DecisionFacts], everyone: Cases) -> ReviewerOversight:
    others = tuple(case for case in everyone if case.disposed_by != reviewer)
    agreed = sum(map(_agrees, own))
    return ReviewerOversight(
        reviewer=reviewer,
        agreement_rate=proportion("agreement_rate/1", agreed, len(own)),
        agreement_run=agreement_run([_agrees(case) for case in own], _rate(others)),
        agreement_surplus=agreement_surplus(own, others),
        short_dwell_share=short_dwell_share(tuple(own)),
    )


def _agrees(case: DecisionFacts) -> bool:
    return not is_overridden(case)


def _rate(cases: Sequence[DecisionFacts]) -> float | None:
    return sum(map(_agrees, cases)) / len(cases) if cases else None


def agreement_run(agreed: Sequence[bool], peers_rate: float | None) -> AgreementRun:
    """The longest run of agreement; without peers, nobody can say how likely it is."""
    longest = max(_runs(agreed), default=0)
    return AgreementRun(
        n=len(agreed),
        longest=longest,
        peers_rate=peers_rate,
        p_value=None if peers_rate is None else run_p_value(longest, len(agreed), peers_rate),
        formula="agreement_run/1",
    )


def _runs(agreed: Sequence[bool]) -> Iterator[int]:
    length = 0
    for one in agreed:
        length = length + 1 if one else 0
        yield length


def run_p_value(longest: int, n: int, rate: float) -> float:
    """P(a run of at least `longest` successes in `n` independent trials), exactly.

    A run is first complete at trial k when the last `longest` trials succeeded, the one before
    them failed, and none was complete before that.
    """
    if longest == 0:
        return 1.0
    if longest > n:
        return 0.0
    whole_run = rate**longest
    complete = [0.0] * longest + [whole_run]
    for k in range(longest + 1, n + 1):
        starts_here = (1 - rate) * whole_run * (1 - complete[k - longest - 1])
        complete.append(complete[-1] + starts_here)
    return min(1.0, complete[n])


def agreement_surplus(own: Sequence[DecisionFacts], others: Sequence[DecisionFacts]) -> Figure:
    """A reviewer's agreement less the peers' on the same mix of decision type and action.

    Kinds of case that no peer has seen are left out, because there is nothing to compare with.
    """
    mine, theirs = _mixes(own), _mixes(others)
    shared = [kind for kind in mine if kind in theirs]
    n = sum(len(mine[kind]) for kind in shared)
    surplus = sum(sum(mine[kind]) - len(mine[kind]) * _mean(theirs[kind]) for kind in shared)
    return Figure(n=n, value=surplus / n if n else None, formula="agreement_surplus/1")


def _mixes(cases: Sequence[DecisionFacts]) -> dict[Mix, list[bool]]:
    found: defaultdict[Mix, list[bool]] = defaultdict(list)
    for case in cases:
        found[case.decision_type, case.recommended_action].append(_agrees(case))
    return found


def _mean(verdicts: list[bool]) -> float:
    return sum(verdicts) / len(verdicts)
