"""Mutants: the policy with one number or one comparison a step off. Would an example notice?

A mutant that no example tells from the policy shows a limit that nobody has specified exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from application.specifying.playing import Asked, Ready, parts_of, play
from domain.guardrail.canonical import plain_number
from domain.guardrail.cells import regions_of
from domain.guardrail.conditions import (
    And,
    Compare,
    Condition,
    In,
    Leaf,
    Missing,
    Not,
    Operator,
    Or,
    Truth,
    judge,
)
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.facts import Facts, FactType, Number, YesNo
from domain.guardrail.wording import leaf_text
from domain.values import FactValue

MOST_WORK = 1_000_000
"""So many limits and rules are asked in all; mutants for which none is left are not tried."""
_MADE_READY = 30
"""What it costs to make a policy ready, a limit or rule; to ask it costs one."""
MOST_LISTED = 20
"""Of a list of numbers, so many are moved: a long list draws no line."""

_OTHER: Mapping[Operator, Operator] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


class Mutant(NamedTuple):
    """One limit or rule with one test changed by the least there is."""

    part: Limit | Rule
    was: Leaf
    became: Leaf
    condition: Condition

    @property
    def text(self) -> str:
        return f"{self.part.id}: {leaf_text(self.became)} instead of {leaf_text(self.was)}"


class Proof(NamedTuple):
    """An example that holds, and the facts that it decided on."""

    steps: Sequence[Ready]
    facts: Facts


def mutants(guardrail: Guardrail) -> Iterator[Mutant]:
    """Every mutant that means something else than the policy, for some value of its fact."""
    for part in parts_of(guardrail):
        for was, became, condition in _changed(condition_of(part), guardrail.facts):
            yield Mutant(part, was, became, condition)


def mutated(guardrail: Guardrail, mutant: Mutant) -> Guardrail:
    """The policy as this mutant has it."""
    return _with(guardrail, mutant.part, mutant.condition)


class Survivors(NamedTuple):
    """The mutants that no example tells from the policy, and how many of them were not tried."""

    mutants: tuple[Mutant, ...]
    untried: int


def surviving(tried: Iterable[Mutant], proofs: Sequence[Proof], policy: Asked) -> Survivors:
    """Try every mutant, as far as the work that may be done goes."""
    trials = _Trials(proofs, policy)
    alive: list[Mutant] = []
    untried = 0
    for mutant in tried:
        if trials.exhausted:
            untried += 1
        elif trials.kill(mutant):
            continue
        alive.append(mutant)
    return Survivors(tuple(alive), untried)


def condition_of(part: Limit | Rule) -> Condition:
    """What a limit or a rule asks."""
    return part.require if isinstance(part, Limit) else part.when


class _Trials:
    """Plays examples against mutants: only those on whose facts the changed test differs.

    There, the mutant's part comes out as the policy's would with this one result forced on it;
    so a few variants of each part serve all of its mutants.
    """

    def __init__(self, proofs: Sequence[Proof], policy: Asked) -> None:
        self._policy = policy
        self._proofs = proofs
        self._by_value: dict[str, dict[FactValue, list[Proof]]] = {}
        self._variants: dict[tuple[str, Truth], Asked] = {}
        self._parts = len(parts_of(policy.guardrail)) + 1
        self._left = MOST_WORK

    @property
    def exhausted(self) -> bool:
        return self._left <= 0

    def kill(self, mutant: Mutant) -> bool:
        before, after = judge(condition_of(mutant.part)), judge(mutant.condition)
        for proof in self._concerned(mutant):
            result = after(proof.facts)
            if result is before(proof.facts):
                continue
            self._left -= self._parts
            if self.exhausted:
                return False
            if play(proof.steps, self._variant(mutant.part, result)).failed is not None:
                return True
        return False

    def _concerned(self, mutant: Mutant) -> Iterator[Proof]:
        """The examples on whose value of the fact the changed test has another result."""
        was, became = judge(mutant.was), judge(mutant.became)
        fact = mutant.was.fact
        known = self._values(fact)
        for value in _moved(mutant, known):
            if was({fact: value}) is not became({fact: value}):
                yield from known[value]

    def _values(self, fact: str) -> dict[FactValue, list[Proof]]:
        known = self._by_value.get(fact)
        if known is None:
            known = self._by_value[fact] = {}
            for proof in self._proofs:
                if (value := proof.facts.get(fact)) is not None:
                    known.setdefault(value, []).append(proof)
        return known

    def _variant(self, part: Limit | Rule, result: Truth) -> Asked:
        known = self._variants.get((part.id, result))
        if known is None:
            guardrail = _with(self._policy.guardrail, part, _forced(condition_of(part), result))
            never = {**guardrail.facts, _NEVER: YesNo(required=False)}
            known = self._policy.instead(guardrail.model_copy(update={"facts": never}))
            self._variants[part.id, result] = known
            self._left -= _MADE_READY * self._parts
        return known


def _moved(mutant: Mutant, known: Mapping[FactValue, object]) -> Iterable[FactValue]:
    """The known values on which the test can have changed: numbers where its constant moved."""
    was, became = _numbers(mutant.was), _numbers(mutant.became)
    if not was:
        return known
    moved = was ^ became or was
    low, high = min(moved), max(moved)
    return [value for value in known if isinstance(value, Decimal) and low <= value <= high]


def _numbers(leaf: Leaf) -> frozenset[Decimal]:
    constants = leaf.values if isinstance(leaf, In) else ()
    if isinstance(leaf, Compare):
        constants = (leaf.value,)
    return frozenset(value for value in constants if isinstance(value, Decimal))


_NEVER = "never known"
"""A fact that no example can know, for it has no author's name; so `is missing` holds of it."""


def _forced(condition: Condition, result: Truth) -> Condition:
    """A condition that asks about the same facts and always has this result."""
    always = Or(of=(condition, Missing(fact=_NEVER)))
    match result:
        case True:
            return always
        case False:
            return Not(of=always)
        case None:
            unknown = Compare(fact=_NEVER, type="yes_no", op="==", value=True)
            return And(of=(always, unknown))


def _with(guardrail: Guardrail, part: Limit | Rule, condition: Condition) -> Guardrail:
    if isinstance(part, Limit):
        limit = part.model_copy(update={"require": condition})
        limits = tuple(limit if each.id == part.id else each for each in guardrail.limits)
        return guardrail.model_copy(update={"limits": limits})
    rule = part.model_copy(update={"when": condition})
    rules = tuple(rule if each.id == part.id else each for each in guardrail.rules)
    return guardrail.model_copy(update={"rules": rules})


def _changed(
    condition: Condition, facts: Mapping[str, FactType]
) -> Iterator[tuple[Leaf, Leaf, Condition]]:
    """A condition with one of its tests changed: which, into what, and the whole."""
    match condition:
        case Not(of=inner):
            for was, became, whole in _changed(inner, facts):
                yield was, became, Not(of=whole)
        case And(of=parts) | Or(of=parts):
            for place, part in enumerate(parts):
                for was, became, whole in _changed(part, facts):
                    of = (*parts[:place], whole, *parts[place + 1 :])
                    yield was, became, condition.model_copy(update={"of": of})
        case Compare() | In():
            for became in _different(condition, facts[condition.fact]):
                yield condition, became, became
        case _:
            pass


def _different(leaf: Compare | In, kind: FactType) -> Iterator[Compare | In]:
    """The tests beside this one, each meaning once: no value tells the ones left out apart."""
    tried = (leaf, *_neighbours(leaf, kind))
    telling = [{leaf.fact: region.representative} for region in regions_of(leaf.fact, kind, tried)]
    known = [{n: v for n, v in facts.items() if v is not None} for facts in telling]
    seen: set[tuple[Truth, ...]] = set()
    for test in tried:
        results = tuple(map(judge(test), known))
        if results not in seen:
            seen.add(results)
            if test is not leaf:
                yield test


def _neighbours(leaf: Compare | In, kind: FactType) -> Iterator[Compare | In]:
    """A test with its constant a step up or down, or with its line on the other side."""
    match leaf:
        case Compare():
            for stepped in _beside(leaf.value, kind):
                yield leaf.model_copy(update={"value": stepped})
            if leaf.op in _OTHER:
                if leaf.order:
                    yield from _next_levels(leaf)
                yield leaf.model_copy(update={"op": _OTHER[leaf.op]})
        case In(values=values):
            for place, value in enumerate(values[:MOST_LISTED]):
                for other in _beside(value, kind):
                    changed = (*values[:place], other, *values[place + 1 :])
                    yield leaf.model_copy(update={"values": changed})


def _next_levels(leaf: Compare) -> Iterator[Compare]:
    at = leaf.order.index(str(leaf.value))
    for other in (at - 1, at + 1):
        if 0 <= other < len(leaf.order):
            yield leaf.model_copy(update={"value": leaf.order[other]})


def _beside(value: object, kind: FactType) -> tuple[Decimal, ...]:
    if not isinstance(value, Decimal) or not isinstance(kind, Number):
        return ()
    step = Decimal(1).scaleb(-kind.decimals)
    return (value - step, value + step)


def share_text(share: Decimal) -> str:
    """A share in per cent, as a reader has it."""
    return f"{plain_number(share * 100)} %"
