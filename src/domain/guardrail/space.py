"""The space of all cases that some policies can tell apart, as variables to search over.

Every fact is one variable, whose values are its regions; of tags, every asked word is one, since a
set holds each word or doesn't, independently. Only that all of a fact is missing ties them.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from domain.guardrail.cells import Region, asked_words, fact_types, regions_of, tests_of
from domain.guardrail.conditions import And, Condition, Contains, Leaf, Missing, Not, Or
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import Facts, FactType, Tags
from domain.guardrail.searching import (
    TRUE,
    Box,
    Demand,
    Effort,
    Known,
    Node,
    compile_condition,
    search,
    test_of,
    truth_of,
)
from domain.values import FactValue

Pins = Mapping[int, int]
"""Variables that are held at one cell while others of their name are free: by number, the cell."""


class Variable(NamedTuple):
    """One thing about a case that can differ: a fact, or whether its tags hold a word."""

    fact: str
    regions: tuple[Region, ...]
    word: str | None = None

    @property
    def every(self) -> int:
        return (1 << len(self.regions)) - 1

    @property
    def missing(self) -> int:
        """The cell of the missing fact, which is the last."""
        return 1 << (len(self.regions) - 1)


class Space:
    """All cases that the last of some policies lets in."""

    def __init__(
        self,
        guardrails: Sequence[Guardrail],
        also: Sequence[Condition] = (),
        declared: Mapping[str, FactType] | None = None,
    ) -> None:
        tests = tests_of(guardrails, also)
        self.types = fact_types(guardrails, also, declared)
        self.variables: list[Variable] = []
        self.numbers: dict[str, tuple[int, ...]] = {}
        for fact, fact_type in self.types.items():
            first = len(self.variables)
            self.variables.extend(_variables(fact, fact_type, tests[fact]))
            self.numbers[fact] = tuple(range(first, len(self.variables)))
        self._words = {(v.fact, v.word): n for n, v in enumerate(self.variables)}
        self._tests: dict[Leaf, Node] = {}

    @cached_property
    def everything(self) -> Box:
        """The box of all cases."""
        return tuple(variable.every for variable in self.variables)

    @cached_property
    def _ties(self) -> tuple[Demand, ...]:
        """Of tags, all words are missing or none."""
        return tuple(
            Demand(compile_condition(_tied(numbers), self._missing_word), TRUE)
            for numbers in self.numbers.values()
            if len(numbers) > 1
        )

    def compiled(
        self, condition: Condition, pins: Pins | None = None, unseen: frozenset[str] = frozenset()
    ) -> Node:
        """A condition over the variables; what a policy can't see is missing to it."""

        def test(leaf: Leaf) -> Node:
            if leaf.fact in unseen:
                return Known(truth_of(leaf, {}))
            number = self._number(leaf)
            if pins is not None and number in pins:
                region = pins[number].bit_length() - 1
                return Known(truth_of(leaf, _cases(self.variables[number])[region]))
            return self._test(leaf, number)

        return compile_condition(condition, test)

    def search(self, cells: Sequence[int], demands: Iterable[Demand], effort: Effort) -> Box | None:
        """A box of cases that meet every demand, or none."""
        return search(cells, (*demands, *self._ties), effort)

    def limited(self, cells: Sequence[int], kept: Mapping[int, int]) -> Box:
        """The box with only some cells of some variables."""
        return tuple(left & kept.get(n, left) for n, left in enumerate(cells))

    def known(self, fact: str) -> dict[int, int]:
        """The cells in which a fact isn't missing."""
        return {n: self.variables[n].every & ~self.variables[n].missing for n in self.numbers[fact]}

    def missing(self, fact: str) -> dict[int, int]:
        """The cells in which it is."""
        return {n: self.variables[n].missing for n in self.numbers[fact]}

    def case(self, box: Box) -> dict[str, FactValue]:
        """One case of a box: known where it may be, with as few tags as there may be."""
        facts: dict[str, FactValue] = {}
        for fact, numbers in self.numbers.items():
            chosen = [self._chosen(number, box[number]) for number in numbers]
            if chosen[0].representative is None:
                continue
            if isinstance(self.types[fact], Tags):
                facts[fact] = frozenset(
                    word
                    for region in chosen
                    if isinstance(region.representative, frozenset)
                    for word in region.representative
                )
            else:
                facts[fact] = chosen[0].representative
        return facts

    def _chosen(self, number: int, left: int) -> Region:
        return self.variables[number].regions[(left & -left).bit_length() - 1]

    def _number(self, leaf: Leaf) -> int:
        word = leaf.value if isinstance(leaf, Contains) else None
        return self._words.get((leaf.fact, word), self.numbers[leaf.fact][0])

    def _test(self, leaf: Leaf, number: int) -> Node:
        known = self._tests.get(leaf)
        if known is None:
            cases = _cases(self.variables[number])
            known = self._tests[leaf] = test_of(leaf, number, cases)
        return known

    def _missing_word(self, leaf: Leaf) -> Node:
        number = int(leaf.fact)
        variable = self.variables[number]
        return test_of(Missing(fact=variable.fact), number, _cases(variable))


def _variables(fact: str, fact_type: FactType, tests: Sequence[Leaf]) -> list[Variable]:
    if not isinstance(fact_type, Tags):
        return [Variable(fact, regions_of(fact, fact_type, tests))]
    missing = Region(None, f"{fact} missing")
    words = asked_words(fact_type, tests)
    if not words:
        return [Variable(fact, (Region(frozenset(), f"{fact} of any kind"), missing))]
    return [
        Variable(
            fact,
            (
                Region(frozenset(), f"{fact} without {word}"),
                Region(frozenset((word,)), f"{fact} with {word}"),
                missing,
            ),
            word,
        )
        for word in words
    ]


def _cases(variable: Variable) -> list[Facts]:
    """For each cell, what is known of the fact."""
    values = [region.representative for region in variable.regions]
    return [{} if value is None else {variable.fact: value} for value in values]


def _tied(numbers: Sequence[int]) -> Condition:
    missing = tuple(Missing(fact=str(number)) for number in numbers)
    return Or(of=(And(of=missing), And(of=tuple(Not(of=each) for each in missing))))
