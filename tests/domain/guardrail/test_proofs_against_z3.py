"""Proofs and differences against a solver: what is proved is unsatisfiable, what isn't, is not."""

import os
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import z3

from domain.guardrail.conditions import And, Compare, Condition, Contains, In, Missing, Not, Or
from domain.guardrail.difference import compare
from domain.guardrail.document import AtLeastClaim, Claim, Guardrail, NeverClaim
from domain.guardrail.facts import Choice, Code, FactType, Level, Number, Tags
from domain.guardrail.proving import prove
from domain.values import Lane
from tests.domain.guardrail.random_policies import FACTS, edited, limit, policy, rule

MORE = int(os.environ.get("REMIT_SOLVED_POLICIES", "100"))
"""How many random policies, and pairs of them, the solver is asked about."""
UNITS = 5
WORDS = ("refund", "replace")


class Case:
    """One case as the solver sees it: for each fact its value and whether it is missing."""

    def __init__(self, facts: dict[str, FactType], name: str = "x") -> None:
        self.sound: list[Any] = []
        self.truths: dict[Condition, tuple[Any, Any]] = {}
        self.value: dict[str, Any] = {}
        self.missing = {fact: z3.Bool(f"{name}-{fact}-missing") for fact in facts}
        for fact, kind in facts.items():
            if isinstance(kind, Tags):
                self.value[fact] = {w: z3.Bool(f"{name}-{fact}-{w}") for w in ("legal", "harm")}
                continue
            value = self.value[fact] = z3.Int(f"{name}-{fact}")
            most = {Number: 10, Code: 2}.get(type(kind), len(getattr(kind, "values", "ab")) - 1)
            self.sound += [value >= 0, value <= most]

    def truth(self, facts: dict[str, FactType], condition: Condition) -> tuple[Any, Any]:
        """When a condition is true, and when it is false."""
        if condition not in self.truths:
            self.truths[condition] = self.newly_told(facts, condition)
        return self.truths[condition]

    def newly_told(self, facts: dict[str, FactType], condition: Condition) -> tuple[Any, Any]:
        match condition:
            case Not(of=inner):
                true, false = self.truth(facts, inner)
                return false, true
            case And(of=parts):
                truths = [self.truth(facts, part) for part in parts]
                return z3.And([t for t, _ in truths]), z3.Or([f for _, f in truths])
            case Or(of=parts):
                truths = [self.truth(facts, part) for part in parts]
                return z3.Or([t for t, _ in truths]), z3.And([f for _, f in truths])
            case Missing(fact=fact):
                return self.missing[fact], z3.Not(self.missing[fact])
        known = z3.Not(self.missing[condition.fact])
        test = self.test(facts[condition.fact], condition)
        return z3.And(known, test), z3.And(known, z3.Not(test))

    def test(self, kind: FactType, leaf: Any) -> Any:
        value = self.value[leaf.fact]
        match leaf:
            case Contains(value=word):
                return value[word]
            case In(values=words):
                assert isinstance(kind, Choice)
                return z3.Or([value == kind.values.index(str(word)) for word in words])
            case Compare(type="yes_no"):
                return value == int(leaf.value)
            case Compare(type="number"):
                bound = int(leaf.value * 20)
                return ordered(leaf.op, value * 2, bound)
            case Compare(type="level"):
                assert isinstance(kind, Level)
                return ordered(leaf.op, value, kind.values.index(leaf.value))
            case _:
                return ordered(leaf.op, value, WORDS.index(leaf.value))

    def at_least(self, guardrail: Guardrail, lane: Lane) -> Any:
        """The outcome is this strict or stricter."""
        facts = guardrail.facts
        found: list[Any] = [z3.BoolVal(lane is Lane.AUTOMATE)]
        if lane is Lane.REVIEW:
            found += [self.missing[f] for f in guardrail.asked if facts[f].required]
        for line in guardrail.limits:
            if line.otherwise.caution >= lane.caution:
                found.append(z3.Not(self.truth(facts, line.require)[0]))
        for line in guardrail.rules:
            true, false = self.truth(facts, line.when)
            if line.then.caution >= lane.caution:
                found.append(true)
            if line.if_unknown.caution >= lane.caution:
                found.append(z3.And(z3.Not(true), z3.Not(false)))
        return z3.Or(found)

    def caution(self, guardrail: Guardrail) -> Any:
        escalates = self.at_least(guardrail, Lane.ESCALATE)
        return z3.If(escalates, 2, z3.If(self.at_least(guardrail, Lane.REVIEW), 1, 0))


def ordered(op: str, value: Any, bound: int) -> Any:
    return {
        "<": value < bound,
        "<=": value <= bound,
        ">": value > bound,
        ">=": value >= bound,
        "==": value == bound,
        "!=": value != bound,
    }[op]


def possible(*asked: Any) -> bool:
    solver = z3.Solver()
    solver.add(*asked)
    result = solver.check()
    assert result != z3.unknown
    return bool(result == z3.sat)


def refutable(guardrail: Guardrail, claim: Claim, case: Case, caution: Any) -> bool:
    match claim:
        case NeverClaim():
            holds = case.truth(guardrail.facts, claim.when)[0]
            return possible(*case.sound, holds, caution == claim.lane.caution)
        case AtLeastClaim():
            holds = case.truth(guardrail.facts, claim.when)[0]
            return possible(*case.sound, holds, caution < claim.lane.caution)
        case _:
            low, high = case.value[claim.fact], z3.Int("raised")
            most = 10 if isinstance(guardrail.facts[claim.fact], Number) else 2
            after = z3.substitute(caution, (low, high))
            moved = after < caution if claim.promise == "never-laxer" else after > caution
            known = z3.Not(case.missing[claim.fact])
            return possible(*case.sound, known, high > low, high <= most, moved)


def larger(random: Random) -> Guardrail:
    """A policy over all the facts, too large for every case to be tried."""
    facts = {
        n: t.model_copy(update={"required": random.random() < 0.3})
        for n, t in random.sample(sorted(FACTS.items()), 5)
    }
    base = policy(random, facts)
    rules = tuple(rule(random, facts, f"rule{n}") for n in range(random.randint(2, 4)))
    limits = tuple(limit(random, facts, f"limit{n}") for n in range(random.randint(1, 2)))
    return base.model_copy(update={"rules": rules, "limits": limits})


@pytest.mark.parametrize("unit", range(UNITS))
def test_a_claim_is_proved_if_and_only_if_no_case_can_break_it(unit: int) -> None:
    for seed in range(unit, MORE, UNITS):
        guardrail = larger(Random(seed))
        case = Case(guardrail.facts)
        caution = case.caution(guardrail)
        for claim, proof in zip(guardrail.claims, prove(guardrail).claims, strict=True):
            assert proof.held != refutable(guardrail, claim, case, caution), (seed, proof)


@pytest.mark.parametrize("unit", range(UNITS))
def test_a_difference_relaxes_or_tightens_if_and_only_if_some_case_moves(unit: int) -> None:
    for seed in range(unit, MORE, UNITS):
        random = Random(10_000 + seed)
        old = larger(random)
        new = edited(random, old)
        case = Case(new.facts)
        before, after = case.caution(old), case.caution(new)
        difference = compare(old, new)
        assert bool(difference.of("relaxed")) == possible(*case.sound, after < before), seed
        assert bool(difference.of("tighter")) == possible(*case.sound, after > before), seed


def test_the_solver_counts_in_the_steps_of_the_policies() -> None:
    kinds = [kind for kind in FACTS.values() if isinstance(kind, Number)]
    assert {(kind.min, kind.max, kind.decimals) for kind in kinds} == {(Decimal(0), Decimal(1), 1)}
