"""The features: every scenario of `features/` and of the tutorial, through both doors."""

from collections.abc import Iterator

import pytest
from doors import Direct, Door, Http
from pytest_bdd import scenarios
from soundness import FEATURES

from adapters.assembly import memory_desk
from adapters.clock import HeldClock


@pytest.fixture(autouse=True, params=[Direct, Http], ids=["directly", "over HTTP"])
def door(request: pytest.FixtureRequest) -> Iterator[Door]:
    """The way in. Asked for by every scenario from the start: a step would ask too late."""
    clock = HeldClock()
    opened: Door = request.param(memory_desk(clock), clock)
    yield opened
    opened.close()


scenarios(*map(str, FEATURES))
