"""Proving: what a policy promises, decided over every case there can be, not tried on examples.

A claim holds, or there is a counterexample: a case that the door could admit and that the
evaluator itself sends where the claim says it never goes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from domain.guardrail.canonical import canonical_value
from domain.guardrail.conditions import Condition, Missing, leaves
from domain.guardrail.dead import DeadRule, dead_rules
from domain.guardrail.document import (
    AtLeastClaim,
    Claim,
    Guardrail,
    NeverClaim,
    RaisingClaim,
)
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import Facts, FactType, Level, Number
from domain.guardrail.parts import View
from domain.guardrail.searching import (
    DEFAULT_BUDGET,
    TRUE,
    Box,
    Demand,
    Effort,
    TooComplexToProve,
)
from domain.guardrail.space import Space
from domain.guardrail.wording import condition_text
from domain.model import Value
from domain.values import FactValue, Lane

__all__ = ["DEFAULT_BUDGET", "Counterexample", "DeadRule", "Proof", "Proofs", "TooComplexToProve"]

BUILT_IN_IDS = (
    "built-in:one-lane",
    "built-in:missing-facts",
    "built-in:more-risk",
    "built-in:more-confidence",
)


class Counterexample(Value):
    """A case that a claim says can't be. Where a claim is about a change, what changes as well."""

    facts: dict[str, JsonValue]
    """The known facts; a fact that isn't named is missing."""
    lane: Lane
    changed: dict[str, JsonValue] | None = None
    """What is set to another value, or becomes known."""
    then: Lane | None = None
    """The outcome after the change."""


class Proof(Value):
    """A claim, and whether it holds for every case there can be."""

    id: str
    statement: str
    held: bool
    counterexample: Counterexample | None = None


class Proofs(Value):
    """Everything that was to be proved of one policy, and the rules that do nothing in it."""

    policy: str
    digest: str
    claims: tuple[Proof, ...]
    """What its author claims."""
    built_in: tuple[Proof, ...]
    """What is asked of every policy."""
    dead: tuple[DeadRule, ...]
    held: bool
    """Whether every claim and everything built in holds; dead rules are another matter."""
    effort: int
    """Tests looked at, of the budget."""

    @property
    def refuted(self) -> tuple[Proof, ...]:
        return tuple(proof for proof in (*self.claims, *self.built_in) if not proof.held)


def prove(
    guardrail: Guardrail,
    budget: int = DEFAULT_BUDGET,
    declared: Mapping[str, FactType] | None = None,
) -> Proofs:
    """Prove or refute every claim of a policy and what is asked of all; name its dead rules.

    `declared` are the decision type's facts, for claims about facts that no limit or rule asks of.
    """
    effort = Effort(budget)
    asked = tuple(c.when for c in guardrail.claims if isinstance(c, NeverClaim | AtLeastClaim))
    prover = _Prover(guardrail, Space([guardrail], asked, declared), effort)
    claims = tuple(prover.claim(claim) for claim in guardrail.claims)
    built_in = prover.built_in()
    return Proofs(
        policy=guardrail.policy,
        digest=guardrail.digest,
        claims=claims,
        built_in=built_in,
        dead=dead_rules(guardrail, prover.view, effort),
        held=all(proof.held for proof in (*claims, *built_in)),
        effort=effort.spent,
    )


class _Change(NamedTuple):
    """Two cases that differ in one fact: what it is in the one and in the other."""

    box: Box
    fact: str
    before: FactValue | None
    after: FactValue | None


class _Prover:
    """Asks about one policy."""

    def __init__(self, guardrail: Guardrail, space: Space, effort: Effort) -> None:
        self._guardrail = guardrail
        self._space = space
        self._effort = effort
        self.view = View.of(guardrail, space)

    def claim(self, claim: Claim) -> Proof:
        """A claim of the author's."""
        match claim:
            case NeverClaim(lane=lane, when=when):
                statement = f"never {lane} when {condition_text(when)}"
                return self._about(claim.id, statement, self._reaches(lane, when))
            case AtLeastClaim(lane=lane, when=when):
                statement = f"at least {lane} when {condition_text(when)}"
                return self._about(claim.id, statement, self._stays_below(lane, when))
            case RaisingClaim(fact=fact, promise=promise):
                return self._raising(claim.id, fact, laxer=promise == "never-laxer")

    def built_in(self) -> tuple[Proof, ...]:
        """What is asked of every policy."""
        one, missing, risk, confidence = BUILT_IN_IDS
        return (
            # The strictest of the contributions is one lane, and there is one where there are none.
            Proof(id=one, statement="every case gets exactly one lane", held=True),
            self._change(
                missing,
                "no case is automated because a fact is missing",
                self._automated_for_lack(),
            ),
            self._raising(risk, "risk", laxer=True),
            self._raising(confidence, "confidence", laxer=False),
        )

    def _about(self, id: str, statement: str, box: Box | None) -> Proof:
        if box is None:
            return Proof(id=id, statement=statement, held=True)
        case = self._space.case(box)
        example = Counterexample(facts=plain(case), lane=evaluate(self._guardrail, case).lane)
        return Proof(id=id, statement=statement, held=False, counterexample=example)

    def _reaches(self, lane: Lane, when: Condition) -> Box | None:
        """A case in which the condition holds and the outcome is this lane."""
        holds = Demand(self._space.compiled(when), TRUE)
        within = [holds, *self.view.at_most(lane.caution)]
        if lane is Lane.AUTOMATE:
            return self._first([within])
        return self._first(
            [self.view.where(at, self.view.parts[at].at_least(lane.caution)), *within]
            for at in self.view.reaching(lane.caution)
        )

    def _stays_below(self, lane: Lane, when: Condition) -> Box | None:
        """A case in which the condition holds and the outcome is laxer than this lane."""
        if lane is Lane.AUTOMATE:
            return None
        holds = Demand(self._space.compiled(when), TRUE)
        return self._first([[holds, *self.view.at_most(lane.caution - 1)]])

    def _raising(self, id: str, fact: str, *, laxer: bool) -> Proof:
        """Raising one fact never moves the outcome in one direction; step by step is enough."""
        promise = "never-laxer" if laxer else "never-stricter"
        return self._change(id, f"raising {fact} is {promise}", self._step(fact, laxer=laxer))

    def _step(self, fact: str, *, laxer: bool) -> _Change | None:
        ordered = isinstance(self._space.types.get(fact), Number | Level)
        if fact not in self._guardrail.asked or not ordered:
            return None  # what nothing asks about, or can't be raised, moves nothing
        (number,) = self._space.numbers[fact]
        steps = self._space.variables[number].regions[:-1]
        views = [self.view.pinned(fact, {number: 1 << at}) for at in range(len(steps))]
        for at in range(len(steps) - 1):
            low, high = (views[at], views[at + 1]) if laxer else (views[at + 1], views[at])
            box = self._falls(low, high, {number: 1 << at})
            if box is not None:
                return _Change(box, fact, steps[at].representative, steps[at + 1].representative)
        return None

    def _falls(self, strict: View, lax: View, cells: Mapping[int, int]) -> Box | None:
        """A case that is stricter as the one view sees it than as the other does."""
        start = self._space.limited(self._space.everything, cells)
        pairs = zip(strict.nodes, lax.nodes, strict=True)
        moved = {at for at, (one, other) in enumerate(pairs) if one is not other}
        for caution in (1, 2):
            below = lax.at_most(caution - 1)
            for at in strict.reaching(caution):
                if at in moved:
                    fires = strict.where(at, strict.parts[at].at_least(caution))
                    box = self._space.search(start, [fires, *below], self._effort)
                    if box is not None:
                        return box
        return None

    def _automated_for_lack(self) -> _Change | None:
        """A case that is automated with a fact missing, and not with some value of it.

        Only a test that a fact `is missing` can do that: all others stay unknown, and what is
        unknown stops a limit and never silences a rule.
        """
        conditions = (part.condition for part in self.view.parts)
        asked = {leaf.fact for c in conditions for leaf in leaves(c) if isinstance(leaf, Missing)}
        for fact in sorted(asked):
            missing = self._space.missing(fact)
            lax = self.view.pinned(fact, missing)
            box = self._falls_when_known(fact, lax)
            if box is not None:
                return _Change(box, fact, None, self._space.case(box)[fact])
        return None

    def _falls_when_known(self, fact: str, lax: View) -> Box | None:
        start = self._space.limited(self._space.everything, self._space.known(fact))
        below = lax.at_most(0)
        return self._first(
            (
                [self.view.where(at, self.view.parts[at].at_least(1)), *below]
                for at in self.view.reaching(1)
            ),
            start,
        )

    def _change(self, id: str, statement: str, change: _Change | None) -> Proof:
        if change is None:
            return Proof(id=id, statement=statement, held=True)
        case = self._space.case(change.box)
        before, after = (
            _with(case, change.fact, change.before),
            _with(case, change.fact, change.after),
        )
        example = Counterexample(
            facts=plain(before),
            lane=evaluate(self._guardrail, before).lane,
            changed=plain({change.fact: change.after}) if change.after is not None else None,
            then=evaluate(self._guardrail, after).lane,
        )
        return Proof(id=id, statement=statement, held=False, counterexample=example)

    def _first(self, questions: Iterable[list[Demand]], start: Box | None = None) -> Box | None:
        """The answer to the first question that has one."""
        start = self._space.everything if start is None else start
        for demands in questions:
            box = self._space.search(start, demands, self._effort)
            if box is not None:
                return box
        return None


def plain(facts: Facts) -> dict[str, JsonValue]:
    """Facts as they travel: numbers as strings, tags as a sorted list."""
    return {name: canonical_value(value) for name, value in sorted(facts.items())}


def _with(case: Facts, fact: str, value: FactValue | None) -> dict[str, FactValue]:
    known = {**case, fact: value}
    return {name: held for name, held in known.items() if held is not None}
