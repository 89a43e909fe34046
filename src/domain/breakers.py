"""Circuit breakers: how often things may go wrong before automation stops by itself.

A policy states them, stream by stream. Where it states none, the one that protects holds all the
same: wrong ones among the automated decisions that a person checked.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from domain.model import Value

SHORTEST_HORIZON = 50
"""The number of labels in a block; a budget lasts for one at least."""


class Stream(StrEnum):
    """What is watched: each stream of labels has a breaker of its own."""

    QUALITY = "quality"
    """Automated decisions that a person checked, and those whose policy could not be evaluated."""
    OVERRIDES = "overrides"
    """Reviewed decisions: how often people choose otherwise. A signal of workload."""
    ACTIONS = "actions"
    """Actions with a receipt: how often they fail."""

    @property
    def trips(self) -> bool:
        """Whether it stops automation. People who choose otherwise are in control already."""
        return self is not Stream.OVERRIDES

    @property
    def spoken(self) -> str:
        """What a wrong one is."""
        return _SPOKEN[self]


_SPOKEN = {
    Stream.QUALITY: "were wrong",
    Stream.OVERRIDES: "were overridden",
    Stream.ACTIONS: "failed",
}


class Breaker(Value):
    """The share that may be wrong, and the chance of stopping although it is not exceeded."""

    limit: Decimal = Field(gt=0, lt=Decimal("0.8"))
    delta: Decimal = Field(default=Decimal("0.05"), gt=0, lt=Decimal("0.5"))
    """With at most this probability it ever trips within the horizon while the rate is within the
    limit, however often it is looked at."""
    horizon: int = Field(default=100_000, ge=SHORTEST_HORIZON, le=10**9)
    """So many labels is what the promise holds for."""


ALWAYS = Breaker(limit=Decimal("0.05"))
"""The breaker of quality where a policy states none."""


def breaker_of(stated: Mapping[Stream, Breaker] | None, stream: Stream) -> Breaker | None:
    """A stream's breaker; None where it has none."""
    found = (stated or {}).get(stream)
    return ALWAYS if found is None and stream is Stream.QUALITY else found
