"""The breakers of a guardrail document: how often things may go wrong before automation stops."""

from decimal import Decimal

from adapters.authoring.fields import Fields, entries, number, refuse
from adapters.authoring.nodes import Node
from domain.breakers import ALWAYS, SHORTEST_HORIZON, Breaker, Stream
from domain.guardrail.facts import clipped

LARGEST_HORIZON = 10**9


def read_breakers(node: Node, name: str) -> dict[Stream, Breaker]:
    """Each stream's breaker, by what it watches."""
    named = Fields(node, f"`{name}`").only(*Stream)
    streams = [stream for stream in Stream if named.find(stream) is not None]
    if not streams:
        refuse(node, f"`{name}` names what is watched: {', '.join(Stream)}")
    return {stream: _breaker(named.get(stream), stream) for stream in streams}


def _breaker(node: Node, stream: Stream) -> Breaker:
    line = Fields(entries(node, f"the breaker {stream}"), f"the breaker {stream}")
    line.only("limit", "delta", "horizon")
    limit = _between(line.get("limit"), "limit", Decimal("0.8"))
    delta = line.find("delta")
    horizon = line.find("horizon")
    return Breaker(
        limit=limit,
        delta=ALWAYS.delta if delta is None else _between(delta, "delta", Decimal("0.5")),
        horizon=ALWAYS.horizon if horizon is None else _horizon(horizon),
    )


def _between(node: Node, name: str, below: Decimal) -> Decimal:
    value = number(node, name)
    if not 0 < value < below:
        refuse(node, f"`{name}` is above 0 and below {below}, and {clipped(str(value))} is not")
    return value


def _horizon(node: Node) -> int:
    value = number(node, "horizon")
    if value != value.to_integral_value() or not SHORTEST_HORIZON <= value <= LARGEST_HORIZON:
        said = f"`horizon` is a number of labels from {SHORTEST_HORIZON} to {LARGEST_HORIZON}"
        refuse(node, f"{said}, and {clipped(str(value))} is none")
    return int(value)
