"""Breaking: do wrong ones come more often than they may? A test that is read at every label.

Several bets, one for each alternative to the limit, each with its share of the budget: wealth grows
while wrong ones come more often than the limit says, and is lost while they don't. What is not yet
at stake counts as it is, so the whole is worth 1 at the beginning and, while the rate is within its
limit, is expected to stay at most that (a test supermartingale). By Ville's inequality it reaches
1/δ with probability δ at most, however often it is looked at. The budget comes in portions, block
by block, so that a rate that turns late meets fresh money.
"""

from functools import reduce
from operator import add

from pydantic import Field

from domain.breakers import Breaker
from domain.model import Value

ALTERNATIVES = (1.25, 1.5, 2.0, 3.0, 6.0)
"""How many times the limit the rate may be instead."""
BLOCK = 50
WARNS_AT = 2.0
MOST = 1e12
"""What a bet may grow to: far beyond any 1/δ it would only make the way back longer."""


class Terms(Value):
    """What a label is held against, in binary floats: the same operations give the same bits."""

    limit: float
    delta: float
    horizon: int

    @classmethod
    def of(cls, breaker: Breaker) -> "Terms":
        """A policy's breaker as it is computed with."""
        return cls(limit=float(breaker.limit), delta=float(breaker.delta), horizon=breaker.horizon)

    @property
    def trips_at(self) -> float:
        return 1 / self.delta

    @property
    def alternatives(self) -> tuple[float, ...]:
        """Those that are rates at all."""
        return tuple(a for a in ALTERNATIVES if a * self.limit < 1)


class Evidence(Value):
    """What the labels of one budget have come to."""

    alternatives: tuple[float, ...]
    """Fixed when the budget was: another limit later changes the bets, not whose they are."""
    bets: tuple[float, ...]
    """The wealth of each."""
    staked: float = 0.0
    """The part of the budget that the bets were given so far."""
    n: int = Field(default=0, ge=0)
    wrong: int = Field(default=0, ge=0)

    @property
    def value(self) -> float:
        """What the whole is worth now: the evidence against the limit."""
        # Added one by one: `sum` rounds otherwise from Python 3.12 on, and replay must not.
        return reduce(add, self.bets) / len(self.bets) + 1 - self.staked


def fresh(terms: Terms) -> Evidence:
    """A budget before its first label."""
    alternatives = terms.alternatives
    return Evidence(alternatives=alternatives, bets=(0.0,) * len(alternatives))


def after(evidence: Evidence, wrong: bool, weight: float, terms: Terms) -> Evidence:
    """The evidence after one more label.

    `weight` is the least probability of a label over this one's (at most 1), so that labels that
    were likelier to be had don't count for more.
    """
    portion = 0.0
    if evidence.n % BLOCK == 0:
        portion = min(BLOCK / terms.horizon, 1 - evidence.staked)
    surprise = weight * ((1.0 if wrong else 0.0) - terms.limit)
    bets = (
        min((bet + portion) * (1 + stake(a, terms.limit) * surprise), MOST)
        for a, bet in zip(evidence.alternatives, evidence.bets, strict=True)
    )
    return Evidence.model_construct(
        alternatives=evidence.alternatives,
        bets=tuple(bets),
        staked=evidence.staked + portion,
        n=evidence.n + 1,
        wrong=evidence.wrong + wrong,
    )


def stake(alternative: float, limit: float) -> float:
    """The part of its wealth that a bet on an alternative puts up; nothing on what is no rate."""
    return (alternative - 1) / (1 - limit) if alternative * limit < 1 else 0.0


def weight_of(probability: float, least: float) -> float:
    """A label's weight: 1 for the least probable ones, less for those likelier to be had."""
    return min(1.0, least / probability)
