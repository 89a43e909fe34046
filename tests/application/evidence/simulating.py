"""Many streams of labels at once: the fold of `breaking`, operation by operation, over arrays.

That the two agree to the bit, label by label, is a test of its own; so what is simulated here holds
for the fold that runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from application.evidence.breaking import BLOCK, MOST, Terms, stake

Floats = NDArray[np.float64]


@dataclass
class Streams:
    """The evidence of so many streams, each label of all of them at once."""

    terms: Terms
    count: int
    n: int = 0
    staked: float = 0.0
    bets: list[Floats] = field(init=False)

    def __post_init__(self) -> None:
        self.bets = [np.zeros(self.count) for _ in self.terms.alternatives]

    def take(self, wrong: NDArray[np.bool_], weight: float = 1.0) -> Floats:
        """One more label of each stream; the evidence of each after it."""
        portion = 0.0
        if self.n % BLOCK == 0:
            portion = min(BLOCK / self.terms.horizon, 1 - self.staked)
        surprise = weight * (np.where(wrong, 1.0, 0.0) - self.terms.limit)
        for at, alternative in enumerate(self.terms.alternatives):
            factor = 1 + stake(alternative, self.terms.limit) * surprise
            self.bets[at] = np.minimum((self.bets[at] + portion) * factor, MOST)
        self.staked += portion
        self.n += 1
        return self.value

    @property
    def value(self) -> Floats:
        total = self.bets[0]
        for bet in self.bets[1:]:
            total = total + bet
        return total / len(self.bets) + 1 - self.staked


def labels(rates: Iterator[float], count: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """A label of each stream after another, at these rates."""
    random = np.random.default_rng(seed)
    for rate in rates:
        yield random.random(count) < rate


def first_trips(terms: Terms, rates: Iterator[float], count: int, seed: int) -> NDArray[np.int64]:
    """After how many labels each stream tripped; 0 for those that never did."""
    streams = Streams(terms, count)
    tripped = np.zeros(count, dtype=np.int64)
    for n, wrong in enumerate(labels(rates, count, seed), start=1):
        over = streams.take(wrong) >= terms.trips_at
        tripped[(tripped == 0) & over] = n
    return tripped
