"""Are promises kept? Histories in which a threshold is asked for again and again.

    uv run python -m benchmarks.promises [--histories 500] [--looks 60] [--seed 1]

Each history is a stream of decisions whose true error rates are known. It is looked at after every
batch; the promise is broken if at any look a threshold is recommended at and above which more than
the limit are wrong. A method may break it in at most delta of the histories.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np

from application.evidence.certifying import Labels, Promise, certified, total, wrong_of

LIMIT = DELTA = 0.05
BATCH = 60


class Part(NamedTuple):
    """Decisions between two neighbouring thresholds that are labelled and err alike."""

    step: int
    """The step of the grid, from the highest down, that they first count at."""
    share: float
    probability: float
    error: float


class World(NamedTuple):
    """What is true, and nobody in the history knows."""

    name: str
    parts: tuple[Part, ...]

    @property
    def steps(self) -> int:
        return max(part.step for part in self.parts) + 1

    def true_rate(self, step: int) -> float:
        """P(wrong), at and above the threshold of a step."""
        above = [part for part in self.parts if part.step <= step]
        whole = sum(part.share for part in above)
        return sum(part.share * part.error for part in above) / whole


def _slope(rates: Sequence[float]) -> tuple[Part, ...]:
    return tuple(Part(step, 1 / len(rates), 1.0, rate) for step, rate in enumerate(rates))


EQUAL = World("equal chances", _slope((0.02, 0.04, 0.07, 0.073, 0.073, 0.15)))
"""From the fourth step on a little more than the limit is wrong."""
UNEQUAL = World(
    "unequal chances",
    tuple(
        part
        for step in range(6)
        for part in (Part(step, 1 / 12, 0.1, 0.082), Part(step, 1 / 12, 1.0, 0.02))
    ),
)
"""Everywhere 5.1 % are wrong; where people look at everything they are few, elsewhere many."""

Method = Callable[[Sequence[Sequence[Labels]]], int]
"""From the labels at and above each step, how many steps hold."""


def anytime(steps: Sequence[Sequence[Labels]]) -> int:
    """As the service recommends by default."""
    return certified(steps, Promise(LIMIT, DELTA))


def exact(steps: Sequence[Sequence[Labels]]) -> int:
    """The exact test, planned for one look and asked at every one."""
    return certified([_unweighted(labels) for labels in steps], Promise(LIMIT, DELTA, "exact"))


def unweighted(steps: Sequence[Sequence[Labels]]) -> int:
    """Anytime, as if all labels had been had with one chance."""
    return certified([_unweighted(labels) for labels in steps], Promise(LIMIT, DELTA))


def naive(steps: Sequence[Sequence[Labels]]) -> int:
    """The lowest threshold with an observed share of errors under the limit."""
    held = [
        step
        for step, labels in enumerate(steps, 1)
        if total(labels) and wrong_of(labels) <= LIMIT * total(labels)
    ]
    return max(held, default=0)


def _unweighted(labels: Sequence[Labels]) -> list[Labels]:
    return [Labels(1.0, sum(each.right for each in labels), wrong_of(labels))]


def broken(world: World, method: Method, histories: int, looks: int, seed: int) -> int:
    """In how many histories the promise is broken at any look."""
    return sum(
        _is_broken(world, method, looks, np.random.default_rng((seed, n))) for n in range(histories)
    )


def _is_broken(world: World, method: Method, looks: int, chance: np.random.Generator) -> bool:
    bad = [world.true_rate(step) > LIMIT for step in range(world.steps)]
    right, wrong = np.zeros(len(world.parts)), np.zeros(len(world.parts))
    for _ in range(looks):
        came = chance.multinomial(BATCH, [part.share for part in world.parts])
        labelled = chance.binomial(came, [part.probability for part in world.parts])
        erred = chance.binomial(labelled, [part.error for part in world.parts])
        wrong += erred
        right += labelled - erred
        steps = method(_steps(world, right.tolist(), wrong.tolist()))
        if steps and bad[steps - 1]:
            return True
    return False


def _steps(world: World, right: Sequence[float], wrong: Sequence[float]) -> list[list[Labels]]:
    """The labels at and above each step, by their chances."""
    found: list[list[Labels]] = []
    sums: dict[float, Labels] = {}
    for step in range(world.steps):
        for part, r, w in zip(world.parts, right, wrong, strict=True):
            if part.step == step:
                known = sums.get(part.probability, Labels(part.probability, 0, 0))
                sums[part.probability] = Labels(part.probability, known.right + r, known.wrong + w)
        found.append(list(sums.values()))
    return found


def most_broken(histories: int) -> float:
    """Delta of them, and three standard errors."""
    return DELTA * histories + 3 * sqrt(DELTA * (1 - DELTA) * histories)


CASES: tuple[tuple[World, Method, bool], ...] = (
    (EQUAL, anytime, True),
    (EQUAL, exact, False),
    (EQUAL, naive, False),
    (UNEQUAL, anytime, True),
    (UNEQUAL, unweighted, False),
    (UNEQUAL, naive, False),
)
"""Each world and method, and whether the method promises to hold there at every look."""


def main() -> int:
    """Print how often each method breaks the promise; 1 if one that may not does."""
    parser = ArgumentParser(description="How often is the promise broken?")
    parser.add_argument("--histories", type=int, default=500)
    parser.add_argument("--looks", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    failed = False
    for world, method, promises in CASES:
        n = broken(world, method, asked.histories, asked.looks, asked.seed)
        may = f"may break it in {most_broken(asked.histories):.0f}" if promises else "promises less"
        print(f"{world.name:16} {method.__name__:11} broke it in {n} of {asked.histories}; {may}")
        failed |= promises and n > most_broken(asked.histories)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
