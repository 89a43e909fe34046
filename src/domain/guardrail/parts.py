"""Parts: what each limit and rule of a policy contributes, by how its condition comes out.

The evaluator's own table, without its sentences, in a form that questions can be asked of. Tests
hold the two against each other, case by case.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from domain.guardrail.conditions import Condition, Missing, facts_of
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.facts import FactType
from domain.guardrail.searching import ANY, FALSE, TRUE, UNKNOWN, Demand, Node
from domain.guardrail.space import Pins, Space
from domain.values import Lane


class Share(NamedTuple):
    """What a part asks for: a lane, and how to go about it there."""

    caution: int
    queue: str | None
    sla: timedelta | None
    four_eyes: bool = False

    @property
    def way(self) -> tuple[str | None, timedelta | None]:
        """Where it waits and for how long."""
        return self.queue, self.sla

    @property
    def urgency(self) -> timedelta:
        return self.sla or timedelta.max


class Part(NamedTuple):
    """A limit, a rule or a required fact: its condition, and its share by truth."""

    id: str
    condition: Condition
    shares: Mapping[int, Share]

    def where(self, allowed: Callable[[Share], bool]) -> int:
        """The truths in which it contributes something that is allowed."""
        return sum(truth for truth, share in self.shares.items() if allowed(share))

    def silent_or(self, allowed: Callable[[Share], bool]) -> int:
        """The truths in which it contributes nothing, or something that is allowed."""
        return ANY & ~self.where(lambda share: not allowed(share))

    def at_least(self, caution: int) -> int:
        return self.where(lambda share: share.caution >= caution)

    def at_most(self, caution: int) -> int:
        return self.silent_or(lambda share: share.caution <= caution)


@dataclass(frozen=True, slots=True)
class View:
    """A policy's parts, ready to be asked about in a space of cases."""

    parts: tuple[Part, ...]
    nodes: tuple[Node, ...]
    space: Space
    unseen: frozenset[str]

    @classmethod
    def of(cls, guardrail: Guardrail, space: Space) -> "View":
        """A policy as it sees a space: what is not of the type it knows is missing to it."""
        unseen = frozenset(
            name
            for name, kind in guardrail.facts.items()
            if name in space.types and _class(kind) != _class(space.types[name])
        )
        parts = parts_of(guardrail)
        nodes = tuple(space.compiled(part.condition, None, unseen) for part in parts)
        return cls(parts, nodes, space, unseen)

    def pinned(self, fact: str, pins: Pins) -> "View":
        """The same policy with one fact held in some cell."""
        nodes = tuple(
            self.space.compiled(part.condition, pins, self.unseen)
            if fact in facts_of(part.condition)
            else node
            for part, node in zip(self.parts, self.nodes, strict=True)
        )
        return replace(self, nodes=nodes)

    def where(self, index: int, truths: int) -> Demand:
        """A part comes out in one of these ways."""
        return Demand(self.nodes[index], truths)

    def all_but(self, index: int, allowed: Callable[[Share], bool]) -> list[Demand]:
        """Every part but one contributes nothing, or what is allowed."""
        return [
            Demand(node, part.silent_or(allowed))
            for at, (part, node) in enumerate(zip(self.parts, self.nodes, strict=True))
            if at != index
        ]

    def at_most(self, caution: int) -> list[Demand]:
        """The outcome is no stricter than this."""
        return self.all_but(-1, lambda share: share.caution <= caution)

    def reaching(self, caution: int) -> list[int]:
        """The parts that can make the outcome this strict or stricter."""
        return [at for at, part in enumerate(self.parts) if part.at_least(caution)]


def parts_of(guardrail: Guardrail) -> tuple[Part, ...]:
    """The parts of a policy, in the order in which the evaluator breaks ties."""
    required = sorted(name for name in guardrail.asked if guardrail.facts[name].required)
    return (
        *(_required(guardrail, name) for name in required),
        *(_limit(guardrail, limit) for limit in guardrail.limits),
        *(_rule(guardrail, rule) for rule in guardrail.rules),
    )


def _required(guardrail: Guardrail, name: str) -> Part:
    share = _share(guardrail, Lane.REVIEW)
    return Part(f"required:{name}", Missing(fact=name), {TRUE: share})


def _limit(guardrail: Guardrail, limit: Limit) -> Part:
    share = _share(guardrail, limit.otherwise)
    return Part(limit.id, limit.require, {FALSE: share, UNKNOWN: share})


def _rule(guardrail: Guardrail, rule: Rule) -> Part:
    shares = {
        truth: _share(guardrail, lane, rule)
        for truth, lane in ((TRUE, rule.then), (UNKNOWN, rule.if_unknown))
    }
    return Part(rule.id, rule.when, shares)


def _share(guardrail: Guardrail, lane: Lane, rule: Rule | None = None) -> Share:
    route = guardrail.routes.of(lane)
    if rule is None:
        return Share(lane.caution, route.queue, route.sla)
    return Share(lane.caution, rule.queue or route.queue, rule.sla or route.sla, rule.four_eyes)


def _class(kind: FactType) -> str:
    """What the evaluator tells apart: words are words, of whatever list."""
    return "word" if kind.type in ("choice", "level", "code") else kind.type


def time_text(sla: timedelta | None) -> str:
    """A service level as authors write it."""
    if sla is None:
        return "no time"
    seconds = int(sla.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
