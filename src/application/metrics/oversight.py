"""Oversight: is review real, or does somebody press the button?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from application.metrics.concordance import Concordance, concordance
from application.metrics.counting import Counts
from application.metrics.intervals import Figure, Proportion, Z, proportion
from domain.model import Value

RUN = 1_000
"""A run is looked for among so many of a reviewer's last reviews in the window."""

Mix = tuple[str, str]
"""Decision type and recommended action."""
Runs = Mapping[str, Sequence[bool]]
"""Each reviewer's last reviews in the order of the decisions' ends: agreed, or not."""


@dataclass(slots=True)
class Tally:
    """How many reviews, and how many of them agreed."""

    n: int = 0
    agreed: int = 0

    def add(self, n: int, agreed: int) -> None:
        self.n += n
        self.agreed += agreed


Reviews = Mapping[str, Mapping[Mix, Tally]]
"""Every reviewer's reviews, by what was reviewed."""


class AgreementRun(Value):
    """The longest run of agreement in the last `n` reviews, and how likely at the peers' rate.

    A small p-value means that peers would hardly agree so many times in a row.
    """

    n: int
    longest: int
    peers_rate: float | None
    p_value: float | None
    formula: str


class Surplus(Figure):
    """A difference in agreement, with the 95 % interval that chance on both sides leaves."""

    low: float | None
    high: float | None


class ReviewerOversight(Value):
    """One reviewer beside the peers."""

    reviewer: str
    agreement_rate: Proportion
    agreement_run: AgreementRun
    agreement_surplus: Surplus
    short_dwell_share: Proportion


class Oversight(Value):
    """Whether people look, and whether they see."""

    short_dwell_share: Proportion
    second_review_kappa: Concordance
    reviewers: tuple[ReviewerOversight, ...]


def oversight(them: Counts, runs: Runs, peers: Reviews) -> Oversight:
    """Measure the oversight of a window; `peers` are the reviews to compare each reviewer with."""
    mine, short = reviews(them), _short_dwell(them)
    everyone = Tally(sum(each.n for each in short.values()), sum(s.agreed for s in short.values()))
    return Oversight(
        short_dwell_share=_share("short_dwell_share/1", everyone),
        second_review_kappa=second_review_kappa(them),
        reviewers=tuple(
            ReviewerOversight(
                reviewer=reviewer,
                agreement_rate=_share("agreement_rate/1", _sum(own.values())),
                agreement_run=agreement_run(runs.get(reviewer, ()), _rate(peers, reviewer)),
                agreement_surplus=agreement_surplus(own, _others(peers, reviewer)),
                short_dwell_share=_share("short_dwell_share/1", short.get(reviewer, Tally())),
            )
            for reviewer, own in sorted(mine.items())
        ),
    )


def reviews(them: Counts) -> Reviews:
    """What reviewers settled in the lane review."""
    found: defaultdict[str, defaultdict[Mix, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for (reviewer, decision_type, action, agreed), n in them.by_parts("review"):
        found[reviewer][decision_type, action].add(n, n if agreed else 0)
    return found


def reviewers(them: Counts) -> list[str]:
    """Whoever reviewed anything."""
    return sorted({reviewer for (reviewer, *_), _ in them.by_parts("review")})


def _short_dwell(them: Counts) -> dict[str, Tally]:
    """Reviews whose dwell is known, and those under the decision type's minimum of looking."""
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for (reviewer, short), n in them.by_parts("dwell"):
        found[reviewer].add(n, n if short else 0)
    return found


def _share(formula: str, tally: Tally) -> Proportion:
    return proportion(formula, tally.agreed, tally.n)


def _sum(tallies: Iterable[Tally]) -> Tally:
    whole = Tally()
    for each in tallies:
        whole.add(each.n, each.agreed)
    return whole


def second_review_kappa(them: Counts) -> Concordance:
    """Whether two people who can't see each other agree on upholding the recommendation."""
    table = [[0, 0], [0, 0]]
    for (first, second), n in them.by_parts("pair"):
        table[not first][not second] += n
    return concordance("second_review_kappa/1", table)


def _others(peers: Reviews, reviewer: str) -> dict[Mix, Tally]:
    """What everyone else made of each kind of case."""
    found: defaultdict[Mix, Tally] = defaultdict(Tally)
    for peer, mixes in peers.items():
        if peer != reviewer:
            for kind, tally in mixes.items():
                found[kind].add(tally.n, tally.agreed)
    return found


def _rate(peers: Reviews, reviewer: str) -> float | None:
    others = _sum(_others(peers, reviewer).values())
    return others.agreed / others.n if others.n else None


def agreement_run(
    agreed: Sequence[bool], peers_rate: float | None, formula: str = "agreement_run/2"
) -> AgreementRun:
    """The longest run of agreement; without peers, nobody can say how likely it is."""
    longest = max(_runs(agreed), default=0)
    return AgreementRun(
        n=len(agreed),
        longest=longest,
        peers_rate=peers_rate,
        p_value=None if peers_rate is None else run_p_value(longest, len(agreed), peers_rate),
        formula=formula,
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


def agreement_surplus(own: Mapping[Mix, Tally], others: Mapping[Mix, Tally]) -> Surplus:
    """A reviewer's agreement less the peers' on the same mix of decision type and action.

    Kinds of case that no peer has seen are left out, because there is nothing to compare with.
    """
    shared = [(own[kind], others[kind]) for kind in sorted(own) if kind in others]
    n = sum(mine.n for mine, _ in shared)
    surplus = sum(mine.agreed - mine.n * (theirs.agreed / theirs.n) for mine, theirs in shared)
    formula = "agreement_surplus/1"
    if not n:
        return Surplus(n=0, value=None, low=None, high=None, formula=formula)
    reach = Z * sqrt(sum(_variance(mine, theirs) for mine, theirs in shared)) / n
    value = surplus / n
    return Surplus(n=n, value=value, low=value - reach, high=value + reach, formula=formula)


def _variance(mine: Tally, theirs: Tally) -> float:
    """Of how often somebody agrees less how often the peers' rate lets expect it.

    Both rates are drawn towards a half by one of each kind: who has always agreed is not sure to.
    """
    own, peers = (_drawn(each) for each in (mine, theirs))
    return mine.n * own * (1 - own) + mine.n**2 * peers * (1 - peers) / theirs.n


def _drawn(tally: Tally) -> float:
    return (tally.agreed + 1) / (tally.n + 2)
