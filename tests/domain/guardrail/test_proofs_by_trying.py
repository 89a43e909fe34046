"""Proofs and differences against the plainest oracle: the evaluator, asked about every case."""

import os
from collections import Counter
from random import Random

import pytest

from domain.guardrail.conditions import Missing, Not, Or, evaluate_condition
from domain.guardrail.difference import compare
from domain.guardrail.document import AtLeastClaim, Claim, Guardrail, Limit, NeverClaim
from domain.guardrail.edits import changes
from domain.guardrail.evaluate import Compiled, Verdict
from domain.guardrail.facts import Facts
from domain.guardrail.proving import prove
from domain.model import Seat
from tests.domain.guardrail.random_policies import VALUES, edited, every_case, policy

MORE = int(os.environ.get("REMIT_PROOF_POLICIES", "40"))
"""How many random policies, and pairs of them, are tried; set it higher for a longer look."""
UNITS = 10


def seeds(unit: int) -> range:
    return range(unit, MORE, UNITS)


def verdicts(guardrail: Guardrail, names: frozenset[str]) -> list[tuple[Facts, Verdict]]:
    ready = Compiled(guardrail)
    return [(case, ready.verdict(case)) for case in every_case(names)]


def holds(claim: Claim, tried: list[tuple[Facts, Verdict]]) -> bool:
    match claim:
        case NeverClaim(lane=lane, when=when):
            return not any(v.lane is lane and evaluate_condition(when, c) for c, v in tried)
        case AtLeastClaim(lane=lane, when=when):
            return not any(
                v.lane.caution < lane.caution and evaluate_condition(when, c) for c, v in tried
            )
        case _:
            return rises(tried, claim.fact, laxer=claim.promise == "never-laxer")


def rises(tried: list[tuple[Facts, Verdict]], fact: str, *, laxer: bool) -> bool:
    lanes = {frozenset(case.items()): verdict.lane.caution for case, verdict in tried}
    for case, verdict in tried:
        seen = case.get(fact)
        if seen is None:
            continue
        at = VALUES[fact].index(seen)
        if at + 1 < len(VALUES[fact]):
            after = lanes[frozenset({**case, fact: VALUES[fact][at + 1]}.items())]
            if (after < verdict.lane.caution) if laxer else (after > verdict.lane.caution):
                return False
    return True


def lacks(tried: list[tuple[Facts, Verdict]], names: frozenset[str]) -> bool:
    """Whether some case is automated that isn't with one missing fact known."""
    automated = {frozenset(case.items()) for case, verdict in tried if verdict.lane == "automate"}
    return any(
        frozenset((*case, (name, value))) not in automated
        for case in automated
        for name in names - {fact for fact, _ in case}
        for value in VALUES[name]
    )


@pytest.mark.parametrize("unit", range(UNITS))
def test_what_is_proved_holds_for_every_case_and_what_is_refuted_does_not(unit: int) -> None:
    for seed in seeds(unit):
        guardrail = policy(Random(seed))
        asked = frozenset(guardrail.facts)
        tried = verdicts(guardrail, asked)
        proofs = prove(guardrail)
        for claim, proof in zip(guardrail.claims, proofs.claims, strict=True):
            assert proof.held == holds(claim, tried), (seed, proof)
        built_in = {proof.id: proof.held for proof in proofs.built_in}
        assert built_in["built-in:missing-facts"] != lacks(tried, asked & guardrail.asked), seed
        for fact, laxer in (("risk", True), ("confidence", False)):
            expected = fact not in asked or rises(tried, fact, laxer=laxer)
            assert built_in[f"built-in:more-{fact}"] == expected, seed


@pytest.mark.parametrize("unit", range(UNITS))
def test_dead_rules_are_those_that_could_be_struck_out(unit: int) -> None:
    for seed in seeds(unit):
        guardrail = asking(policy(Random(1_000 + seed)))
        tried = verdicts(guardrail, guardrail.asked)
        dead = {rule.id: rule for rule in prove(guardrail).dead}
        never = {
            rule.id
            for rule in guardrail.rules
            if not any(evaluate_condition(rule.when, case) is True for case, _ in tried)
        }
        assert never == {id for id, rule in dead.items() if not rule.covered_by}, seed
        kept = tuple(rule for rule in guardrail.rules if rule.id not in dead or rule.id in never)
        struck = with_rules(guardrail, kept)
        assert all(same(v, struck.verdict(case)) for case, v in tried), seed
        for rule in kept:
            if rule.id not in never:
                fewer = with_rules(
                    guardrail, tuple(r for r in kept if r != rule and r.id not in never)
                )
                full = with_rules(guardrail, tuple(r for r in kept if r.id not in never))
                assert any(not same(full.verdict(c), fewer.verdict(c)) for c, _ in tried), seed


def asking(guardrail: Guardrail) -> Guardrail:
    """The policy with a limit for each fact that always holds, so that all stay asked about."""
    always = tuple(
        Limit(
            id=f"ask-{name}",
            reason="R",
            require=Or(of=(Missing(fact=name), Not(of=Missing(fact=name)))),
        )
        for name in guardrail.facts
    )
    return guardrail.model_copy(update={"limits": (*guardrail.limits, *always)})


def with_rules(guardrail: Guardrail, rules: tuple[object, ...]) -> Compiled:
    return Compiled(guardrail.model_copy(update={"rules": rules}))


def same(one: Verdict, other: Verdict) -> bool:
    return fate(one) == fate(other)


def fate(verdict: Verdict) -> tuple[object, ...]:
    return verdict.lane, verdict.queue, verdict.sla, verdict.four_eyes


@pytest.mark.parametrize("unit", range(UNITS))
def test_a_difference_names_every_way_in_which_cases_fare_differently(unit: int) -> None:
    for seed in seeds(unit):
        random = Random(2_000 + seed)
        old = policy(random)
        new = edited(random, old)
        names = old.asked | new.asked
        difference = compare(old, new)
        before, after = Compiled(old), Compiled(new)
        moved: Counter[str] = Counter()
        for case in every_case(names):
            one, other = before.verdict(case), after.verdict(case)
            if fate(one) != fate(other):
                moved[bucket(one, other)] += 1
        told = {effect.bucket for effect in difference.total}
        assert told == set(moved), (seed, moved, difference)
        if old.digest != new.digest:
            expected = Seat.RISK_OWNER if difference.relaxes else Seat.AI_PRODUCT_OWNER
            assert difference.approver is expected
        else:
            assert difference.approver is None


def bucket(one: Verdict, other: Verdict) -> str:
    if one.lane is other.lane:
        return "rerouted"
    return "relaxed" if other.lane.caution < one.lane.caution else "tighter"


@pytest.mark.parametrize("unit", range(UNITS))
def test_all_edits_together_make_the_new_version(unit: int) -> None:
    for seed in seeds(unit):
        random = Random(3_000 + seed)
        old = policy(random)
        new = edited(random, old)
        made = old.model_copy(update={"facts": new.facts | old.facts})
        for change in changes(made, new):
            made = change.apply(made)
        assert (made.limits, made.rules, made.routes) == (new.limits, new.rules, new.routes), seed
        assert made.facts == new.facts
