"""Sorting cases into groups that no test of either policy tells apart.

What a policy says of a case is a function of the answers to its tests. So each recorded value is
put to the tests about its fact once; cases whose values all give the same answers form a group, and
only the first of a group is routed. Nothing is estimated: every case is sorted by all its facts.
"""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from json import JSONDecoder
from typing import Any, NamedTuple, cast

from pydantic import JsonValue

from application.rehearsal.trial import Pair, Trial, ask, known
from domain.guardrail.conditions import Compare, In, Leaf, judge, leaves
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import FactType, Number, normalise

MOST_REMEMBERED = 200_000
"""Values of one fact whose answers are kept: the memory this may take, not what it can sort."""
Answers = Callable[[JsonValue], Hashable]


class Group:
    """Cases that both policies must treat alike, and what they say."""

    __slots__ = ("changes", "missing", "pair")

    def __init__(self, pair: Pair, missing: tuple[str, ...]) -> None:
        self.pair = pair
        self.changes = pair.changes
        self.missing = missing
        """Facts the policy on trial asks about that these cases don't have."""


class Column(dict[JsonValue, int]):
    """One fact: for each recorded value a number that stands for the answers to all its tests."""

    __slots__ = ("_answers", "_numbers")

    def __init__(self, answers: Answers) -> None:
        super().__init__()
        self._answers = answers
        self._numbers: dict[Hashable, int] = {}

    def __missing__(self, value: JsonValue) -> int:
        """A value that was not seen before: most of what is recorded was."""
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        found = self[value] = self.learnt(value)
        return found

    def learnt(self, value: JsonValue) -> int:
        """The number of a value's answers."""
        return self._numbers.setdefault(self._answers(as_written(value)), len(self._numbers))


class Bare(NamedTuple):
    """A number that was recorded as such: Python takes 1 for `True`, and neither is text."""

    value: int | float


def as_written(value: Any) -> JsonValue:
    """What was recorded."""
    return value.value if isinstance(value, Bare) else value


_decoder = JSONDecoder(
    parse_int=lambda text: Bare(int(text)), parse_float=lambda text: Bare(float(text))
)


def facts_in(text: str) -> dict[str, Any]:
    """The facts of a case, as a sorter takes them."""
    return cast("dict[str, Any]", _decoder.raw_decode(text)[0])


class Sorter:
    """Finds the group of a case."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        names = sorted(trial.asked)
        self._columns = tuple((name, Column(_answers(trial, name))) for name in names)
        self._groups: dict[tuple[int, ...], Group] = {}
        self._pairs: dict[Pair, Pair] = {}

    def group(self, facts: Mapping[str, Any]) -> Group:
        """The group of a case, by its facts."""
        get = facts.get
        try:
            key = tuple([column[get(name)] for name, column in self._columns])
        except TypeError:  # a list of tags can't be looked up
            key = tuple([_number(column, get(name)) for name, column in self._columns])
        found = self._groups.get(key)
        if found is None:
            raw = {name: as_written(value) for name, value in facts.items()}
            found = self._groups[key] = self._opened(raw)
        return found

    def _opened(self, raw: Mapping[str, JsonValue]) -> Group:
        pair = ask(self.trial, raw)
        facts = known(raw, self.trial.types(self.trial.guardrail))
        missing = tuple(sorted(self.trial.guardrail.asked - facts.keys()))
        return Group(self._pairs.setdefault(pair, pair), missing)


def _number(column: Column, value: JsonValue) -> int:
    return column.learnt(value) if isinstance(value, list | dict) else column[value]


def _answers(trial: Trial, name: str) -> Answers:
    """What all tests about a fact say of a value."""
    policies = (trial.guardrail, *((trial.against,) if trial.against else ()))
    kinds = [trial.types(policy).get(name) for policy in policies]
    if isinstance(kinds[0], Number) and all(kind == kinds[0] for kind in kinds):
        return _of_number(name, kinds[0], policies)
    asked = [_of_policy(policy, trial.types(policy).get(name), name) for policy in policies]
    if name != "action":
        return lambda value: tuple([answer(value) for answer in asked])
    actions = trial.definition.actions

    def of_action(value: JsonValue) -> Hashable:
        permitted = value if isinstance(value, str) and value in actions else None
        return permitted, tuple([answer(value) for answer in asked])

    return of_action


def _of_number(name: str, kind: Number, policies: Sequence[Guardrail]) -> Answers:
    """Between two neighbouring constants all tests about a number answer alike."""
    marks = sorted({mark for policy in policies for mark in _constants(policy, name)})

    def answers(value: JsonValue) -> Hashable:
        known = normalise(name, kind, value)
        if not isinstance(known, Decimal):
            return None
        place = bisect_left(marks, known)
        return place, place < len(marks) and marks[place] == known

    return answers


def _constants(guardrail: Guardrail, name: str) -> Iterator[Decimal]:
    for test in _tests(guardrail, name):
        match test:
            case Compare(value=Decimal() as value):
                yield value
            case In(values=values):
                yield from (value for value in values if isinstance(value, Decimal))
            case _:
                pass


def _tests(guardrail: Guardrail, name: str) -> Iterable[Leaf]:
    conditions = (*(x.require for x in guardrail.limits), *(x.when for x in guardrail.rules))
    return dict.fromkeys(leaf for c in conditions for leaf in leaves(c) if leaf.fact == name)


def _of_policy(guardrail: Guardrail, kind: FactType | None, name: str) -> Answers:
    judges: list[Any] = [judge(test) for test in _tests(guardrail, name)]
    types = {} if kind is None else {name: kind}

    def answers(value: JsonValue) -> Hashable:
        facts = known({name: value}, types)
        return name in facts, tuple([one(facts) for one in judges])

    return answers
