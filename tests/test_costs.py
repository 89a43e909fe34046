"""Nobody doubles the work on the request path unnoticed. Counted, not timed: see `costs.py`."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from a_service import REFUND

from adapters.eventstore.codec import Codec
from application import recommending
from tests.costs import STALE, Cost, acts, cost_of, measured, read_table

TABLE = read_table()


def test_nothing_costs_more_than_is_recorded() -> None:
    costs = asyncio.run(measured(REFUND))
    assert costs.keys() == TABLE.keys()
    assert {name: found for name, cost in costs.items() if (found := cost.above(TABLE[name]))} == {}


@pytest.mark.parametrize("name", TABLE)
def test_doing_it_twice_is_noticed(name: str) -> None:
    async def twice() -> list[str]:
        act = (await acts(REFUND))[name]

        async def again() -> object:
            await act()
            return await act()

        return (await cost_of(again)).above(TABLE[name])

    assert asyncio.run(twice())


def doubled(function: Callable[..., object]) -> Callable[..., Any]:
    def again(*args: object, **kwargs: object) -> object:
        function(*args, **kwargs)
        return function(*args, **kwargs)

    return again


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (recommending, "route"),
        (recommending, "dispatch"),
        (Codec, "to_stored_event"),
    ],
)
@pytest.mark.parametrize("act", ["recommending", "request"])
def test_an_extra_pass_within_a_request_is_noticed(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, act: str
) -> None:
    monkeypatch.setattr(owner, name, doubled(getattr(owner, name)))

    async def found() -> list[str]:
        return (await cost_of((await acts(REFUND))[act])).above(TABLE[act])

    assert asyncio.run(found())


def test_a_table_far_above_the_cost_is_asked_to_be_recorded_again() -> None:
    cost = Cost(work=1, calls=1, serialised=1, validated=1, hashed=1)
    generous = Cost(work=1.01 / STALE, calls=9, serialised=9, validated=9, hashed=9)
    assert "record it" in cost.above(generous)[0]
    assert cost.above(cost) == []
