"""Promises are kept over many histories, looked at again and again; naive ones are not.

The long form, over 500 histories, is `uv run python -m benchmarks.promises`.
"""

from collections.abc import Sequence

import pytest

from application.evidence.certifying import Labels
from benchmarks.promises import (
    DELTA,
    EQUAL,
    LIMIT,
    UNEQUAL,
    Method,
    Part,
    World,
    anytime,
    broken,
    exact,
    most_broken,
    naive,
    unweighted,
)

HISTORIES = 120
LOOKS = 60
SEED = 20261124


def often(world: World, method: Method) -> int:
    return broken(world, method, HISTORIES, LOOKS, SEED)


@pytest.mark.parametrize("world", [EQUAL, UNEQUAL], ids=lambda world: world.name)
def test_looking_at_any_time_keeps_the_promise(world: World) -> None:
    assert often(world, anytime) <= most_broken(HISTORIES)


def test_the_naive_recommendation_breaks_it_far_more_often() -> None:
    assert often(EQUAL, naive) > HISTORIES / 2 > 10 * DELTA * HISTORIES - 1
    assert often(UNEQUAL, naive) == HISTORIES


def test_a_test_planned_for_one_look_is_no_test_for_sixty() -> None:
    assert often(EQUAL, exact) > DELTA * HISTORIES


def test_labels_of_unequal_chances_need_their_weights() -> None:
    assert often(UNEQUAL, unweighted) > most_broken(HISTORIES)


def test_the_worlds_are_hard() -> None:
    """Just over the limit, where a promise is most easily broken."""
    for world in (EQUAL, UNEQUAL):
        rates = [world.true_rate(step) for step in range(world.steps)]
        assert any(LIMIT < rate < LIMIT * 1.1 for rate in rates)


def test_a_model_that_is_good_enough_is_certified_in_the_end() -> None:
    """A promise that nobody ever makes is easily kept."""
    parts = tuple(Part(step, 0.5, chance, 0.01) for step, chance in ((0, 0.2), (1, 1.0)))
    assert sum(_is_certified(World("good", parts), seed) for seed in range(20)) >= 18


def _is_certified(world: World, seed: int) -> bool:
    passed: list[int] = []

    def watched(steps: Sequence[Sequence[Labels]]) -> int:
        passed.append(anytime(steps))
        return passed[-1]

    broken(world, watched, 1, LOOKS, seed)
    return passed[-1] == world.steps
