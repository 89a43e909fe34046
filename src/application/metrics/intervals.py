"""Proportions and times as they are reported: with what they were computed from, and how sure.

Wilson's interval is written out, and checked against scipy in the tests: the weighted rates need
it for a fractional number of cases, and a command line should not load scipy for a square root.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import fsum, sqrt
from statistics import NormalDist
from typing import NamedTuple, overload

from domain.model import Value

Z = NormalDist().inv_cdf(0.975)
"""The two-sided 95 % point of the normal distribution."""


class Proportion(Value):
    """So many of so many, with a Wilson 95 % interval. Of nothing, there is no share."""

    numerator: int
    denominator: int
    value: float | None
    low: float | None
    high: float | None
    formula: str


class Times(Value):
    """How long it took, in seconds: of how many, the median and the slow tail."""

    n: int
    p50: float | None
    p90: float | None
    p95: float | None
    formula: str


class Estimate(Value):
    """A number that was not counted but inferred, with its 95 % interval."""

    value: float | None
    low: float | None
    high: float | None
    formula: str


class Figure(Value):
    """A single number and how many cases it rests on."""

    n: int
    value: float | None
    formula: str


def wilson(share: float, n: float) -> tuple[float, float]:
    """Wilson's 95 % score interval of a share seen in `n` cases; `n` may be an effective number."""
    square = Z * Z / n
    centre = share + square / 2
    reach = Z * sqrt(share * (1 - share) / n + square / n / 4)
    low, high = (centre - reach) / (1 + square), (centre + reach) / (1 + square)
    # At 0 and 1 the bound is exact; rounding must not push it past what was seen.
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def proportion(formula: str, numerator: int, denominator: int | None) -> Proportion:
    """A counted share. More than the whole (a volume declared too low) has no interval."""
    if not denominator:
        return _no_proportion(formula, numerator)
    share = numerator / denominator
    low, high = wilson(share, denominator) if share <= 1 else (None, None)
    return Proportion(
        numerator=numerator,
        denominator=denominator,
        value=share,
        low=low,
        high=high,
        formula=formula,
    )


def share_of(formula: str, verdicts: Iterable[bool]) -> Proportion:
    """The share of cases for which something holds."""
    known = tuple(verdicts)
    return proportion(formula, sum(known), len(known))


class Weighed(NamedTuple):
    """So many cases that had the same chance of being seen; the weight is 1 / that chance."""

    hit: bool
    weight: float
    n: int = 1


def weighted_share(formula: str, cases: Sequence[Weighed]) -> Proportion:
    """A share of cases that had unequal chances of being seen.

    The interval is Wilson's for Kish's effective number of cases, which is the plain number when
    all weights are equal.
    """
    if not cases:
        return _no_proportion(formula, 0)
    total = sum_of((case.weight, case.n) for case in cases)
    share = min(1.0, sum_of((case.weight, case.n) for case in cases if case.hit) / total)
    effective = total**2 / sum_of((case.weight**2, case.n) for case in cases)
    low, high = wilson(share, effective)
    return Proportion(
        numerator=sum(case.n for case in cases if case.hit),
        denominator=sum(case.n for case in cases),
        value=share,
        low=low,
        high=high,
        formula=formula,
    )


def sum_of(repeated: Iterable[tuple[float, int]]) -> float:
    """The sum of values that come so many times each, rounded once: in any order, in any grouping,
    the same to the last digit. Doubling is exact, so each is told as the powers of two in its n."""
    return fsum(_told(repeated))


def _told(repeated: Iterable[tuple[float, int]]) -> Iterator[float]:
    for value, times in repeated:
        n = times
        while n:
            yield value * (lowest := n & -n)
            n ^= lowest


def _no_proportion(formula: str, numerator: int) -> Proportion:
    return Proportion(
        numerator=numerator, denominator=0, value=None, low=None, high=None, formula=formula
    )


class Ranked(Sequence[float]):
    """Durations in seconds, in order, from how often each came in microseconds."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        ordered = sorted((int(microseconds), n) for microseconds, n in counts.items())
        self._values = [microseconds / 1_000_000 for microseconds, _ in ordered]
        self._ends = list(accumulate(n for _, n in ordered))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> float: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[float]: ...
    def __getitem__(self, index: int | slice) -> float | Sequence[float]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        return self._values[bisect_right(self._ends, index)]


def times(formula: str, counts: Mapping[str, int]) -> Times:
    """The median and the slow tail of how long things took."""
    seconds = Ranked(counts)
    return Times(
        n=len(seconds),
        p50=percentile(seconds, 0.50),
        p90=percentile(seconds, 0.90),
        p95=percentile(seconds, 0.95),
        formula=formula,
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The linear percentile of ordered values, as PostgreSQL's `percentile_cont`."""
    if not ordered:
        return None
    rank = share * (len(ordered) - 1)
    below = int(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (rank - below) * (ordered[above] - ordered[below])
