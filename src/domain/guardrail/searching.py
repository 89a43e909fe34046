"""Searching: is there a case in which these conditions come out like that? Exactly, and bounded.

A case is a cell of each fact (see `cells`). A demand is a condition and the truths it may have. The
search keeps, for each fact, the set of cells that are left; it narrows them until every demand is
certain or one is impossible, takes apart what has no fact in common, and splits on a test where
nothing else helps. What it finds is a box: every case in it meets every demand.

Effort is counted in tests looked at, not in seconds, so the answer is the same on any machine.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from domain.guardrail.conditions import And, Condition, Leaf, Not, Or, judge
from domain.guardrail.facts import Facts
from domain.model import Malformed

DEFAULT_BUDGET = 5_000_000
"""Tests looked at before a question counts as too complex: some seconds."""

TRUE, FALSE, UNKNOWN = 1, 2, 4
ANY = 7
_BIT = {True: TRUE, False: FALSE, None: UNKNOWN}
_FLIPPED = tuple((m & UNKNOWN) | ((m & TRUE) << 1) | ((m & FALSE) >> 1) for m in range(8))
_DEEPEST = 60  # components within components; below, they are searched together

Box = tuple[int, ...]
"""For each variable, the cells that are left, as bits."""


class TooComplexToProve(Malformed):
    """What can't be proved within the budget is not taken for proved."""

    CODE = "REJ.too_complex"


class Effort:
    """What is left of a budget."""

    __slots__ = ("_budget", "_left")

    def __init__(self, budget: int = DEFAULT_BUDGET) -> None:
        self._budget = self._left = budget

    def spend(self, tests: int) -> None:
        """Look at some more tests, or refuse."""
        self._left -= tests
        if self._left < 0:
            raise TooComplexToProve(
                f"policy: more than {self._budget} tests would have to be looked at; allowed are "
                "fewer rules that ask about the same facts, or simpler ones"
            )

    @property
    def spent(self) -> int:
        return self._budget - self._left


class _State:
    """The cells that are left during one search, and which variables lost some."""

    __slots__ = ("cells", "dirty")

    def __init__(self, cells: Iterable[int]) -> None:
        self.cells = list(cells)
        self.dirty = 0


class Node(Protocol):
    """A condition over variables."""

    @property
    def size(self) -> int: ...
    @property
    def variables(self) -> int: ...
    def possible(self, cells: Sequence[int]) -> int:
        """The truths it may have there; sometimes more, never fewer."""
        ...

    def narrow(self, state: _State, wanted: int) -> bool:
        """Drop cells in which it has none of the wanted truths; false if none are left."""
        ...

    def undecided(self, cells: Sequence[int]) -> "Test | None":
        """A test in it that can still come out in more than one way."""
        ...

    def open_variables(self, cells: Sequence[int]) -> int:
        """The variables of all such tests."""
        ...

    def flipped(self) -> "Node": ...


class Known(NamedTuple):
    """A condition whose truth is settled beforehand."""

    truth: int
    size: int = 1
    variables: int = 0

    def possible(self, cells: Sequence[int]) -> int:  # noqa: ARG002
        return self.truth

    def narrow(self, state: _State, wanted: int) -> bool:  # noqa: ARG002
        return bool(self.truth & wanted)

    def undecided(self, cells: Sequence[int]) -> "Test | None":  # noqa: ARG002
        return None

    def open_variables(self, cells: Sequence[int]) -> int:  # noqa: ARG002
        return 0

    def flipped(self) -> Node:
        return Known(_FLIPPED[self.truth])


class Test:
    """A test: in which cells of its variable it is true, false and unknown."""

    __slots__ = ("false", "size", "true", "unknown", "variable", "variables")

    def __init__(self, variable: int, true: int, false: int, unknown: int) -> None:
        self.variable = variable
        self.true, self.false, self.unknown = true, false, unknown
        self.size = 1
        self.variables = 1 << variable

    def possible(self, cells: Sequence[int]) -> int:
        left = cells[self.variable]
        return (
            (TRUE if left & self.true else 0)
            | (FALSE if left & self.false else 0)
            | (UNKNOWN if left & self.unknown else 0)
        )

    def narrow(self, state: _State, wanted: int) -> bool:
        kept = (
            (self.true if wanted & TRUE else 0)
            | (self.false if wanted & FALSE else 0)
            | (self.unknown if wanted & UNKNOWN else 0)
        )
        left = state.cells[self.variable]
        if left & ~kept:
            state.cells[self.variable] = left & kept
            state.dirty |= self.variables
        return bool(left & kept)

    def undecided(self, cells: Sequence[int]) -> "Test | None":
        return self if self.possible(cells) not in (TRUE, FALSE, UNKNOWN) else None

    def open_variables(self, cells: Sequence[int]) -> int:
        return self.variables if self.undecided(cells) else 0

    def flipped(self) -> Node:
        return Test(self.variable, self.false, self.true, self.unknown)


def _both(one: int, other: int) -> int:
    """The truths that `and` may have, given those of its two sides."""
    false = (one | other) & FALSE
    true = one & other & TRUE
    unknown = one & other & UNKNOWN
    if (one & UNKNOWN and other & TRUE) or (one & TRUE and other & UNKNOWN):
        unknown = UNKNOWN
    return true | false | unknown


_BOTH = tuple(tuple(_both(one, other) for other in range(8)) for one in range(8))


class All:
    """All of some conditions; or, turned around, at least one of their opposites."""

    __slots__ = ("_parts", "_turned", "size", "variables")

    def __init__(self, parts: Sequence[Node], *, turned: bool = False) -> None:
        self._parts = tuple(parts)
        self._turned = turned
        self.size = sum(part.size for part in self._parts)
        self.variables = 0
        for part in self._parts:
            self.variables |= part.variables

    def possible(self, cells: Sequence[int]) -> int:
        truths = TRUE
        for part in self._parts:
            truths = _BOTH[truths][part.possible(cells)]
            if truths == FALSE:
                break
        return _FLIPPED[truths] if self._turned else truths

    def narrow(self, state: _State, wanted: int) -> bool:
        if self._turned:
            wanted = _FLIPPED[wanted]
        if not wanted & FALSE:
            kept = all(part.narrow(state, wanted | TRUE) for part in self._parts)
            return kept and (bool(wanted & TRUE) or self._narrow_one(state, UNKNOWN))
        return bool(wanted & TRUE) or self._narrow_one(state, wanted)

    def _narrow_one(self, state: _State, wanted: int) -> bool:
        """At least one part is wanted like this; the last one that can be, must be."""
        only: Node | None = None
        for part in self._parts:
            if part.possible(state.cells) & wanted:
                if only is not None:
                    return True
                only = part
        return only is not None and only.narrow(state, wanted)

    def undecided(self, cells: Sequence[int]) -> Test | None:
        for part in self._parts:
            test = part.undecided(cells)
            if test is not None:
                return test
        return None

    def open_variables(self, cells: Sequence[int]) -> int:
        found = 0
        for part in self._parts:
            found |= part.open_variables(cells)
        return found

    def flipped(self) -> Node:
        return All(self._parts, turned=not self._turned)


class Demand(NamedTuple):
    """A condition, and the truths it may have."""

    node: Node
    wanted: int


def search(cells: Sequence[int], demands: Iterable[Demand], effort: Effort) -> Box | None:
    """A box in which every demand is met, or the certainty that there is none."""
    found = _search(list(cells), [d for d in demands if d.wanted != ANY], effort, 0)
    return None if found is None else tuple(found)


def _search(
    cells: list[int], demands: list[Demand], effort: Effort, depth: int
) -> list[int] | None:
    waiting = [(cells, demands)]
    while waiting:
        cells, demands = waiting.pop()
        state = _State(cells)
        left = _narrowed(state, demands, effort)
        if left is None:
            continue
        if not left:
            return state.cells
        groups = _apart(state.cells, left, effort) if depth < _DEEPEST else [left]
        if len(groups) == 1:
            waiting.extend((split, left) for split in _splits(state.cells, left))
            continue
        found = _one_by_one(state.cells, groups, effort, depth)
        if found is not None:
            return found
    return None


def _one_by_one(
    cells: list[int], groups: list[list[Demand]], effort: Effort, depth: int
) -> list[int] | None:
    """Groups that have no open fact in common are searched each by itself."""
    found: list[int] | None = cells
    for group in sorted(groups, key=len):
        if found is None:
            return None
        found = _search(found, group, effort, depth + 1)
    return found


def _narrowed(state: _State, demands: list[Demand], effort: Effort) -> list[Demand] | None:
    """The demands that are neither met everywhere nor, which ends it, nowhere."""
    dirty = -1
    while dirty:
        state.dirty = 0
        left: list[Demand] = []
        for demand in demands:
            node, wanted = demand
            if not node.variables & dirty and dirty != -1:
                left.append(demand)
                continue
            effort.spend(node.size)
            possible = node.possible(state.cells)
            if not possible & ~wanted:
                continue
            if not possible & wanted or not node.narrow(state, wanted):
                return None
            left.append(demand)
        demands, dirty = left, state.dirty
    return demands


def _apart(cells: list[int], demands: list[Demand], effort: Effort) -> list[list[Demand]]:
    """The demands in groups that have no open fact in common."""
    groups: list[tuple[int, list[Demand]]] = []
    for demand in demands:
        effort.spend(demand.node.size)
        variables, members = demand.node.open_variables(cells), [demand]
        others: list[tuple[int, list[Demand]]] = []
        for group in groups:
            if group[0] & variables:
                variables |= group[0]
                members = group[1] + members
            else:
                others.append(group)
        groups = [*others, (variables, members)]
    return [members for _, members in groups]


def _splits(cells: list[int], demands: list[Demand]) -> Iterable[list[int]]:
    """The cells, split on a test of the demand that is nearest to being certain."""
    nearest = min(demands, key=lambda demand: demand.node.size)
    test = nearest.node.undecided(cells)
    assert test is not None, "a condition without an open test has one truth"
    for side in (test.unknown, test.false, test.true):
        left = cells[test.variable] & side
        if left:
            split = list(cells)
            split[test.variable] = left
            yield split


def compile_condition(condition: Condition, test: Callable[[Leaf], Node]) -> Node:
    """A condition over variables, each of its tests given."""
    match condition:
        case Not(of=inner):
            return compile_condition(inner, test).flipped()
        case And(of=parts):
            return All([compile_condition(part, test) for part in parts])
        case Or(of=parts):
            opposites = [compile_condition(part, test).flipped() for part in parts]
            return All(opposites, turned=True)
        case _:
            return test(condition)


def truth_of(leaf: Leaf, facts: Facts) -> int:
    """How a test comes out, as the evaluator says."""
    return _BIT[judge(leaf)(facts)]


def test_of(leaf: Leaf, variable: int, cases: Sequence[Facts]) -> Test:
    """A test over the cells of its fact; the evaluator itself says how it comes out in each."""
    ask = judge(leaf)
    masks = {TRUE: 0, FALSE: 0, UNKNOWN: 0}
    for index, facts in enumerate(cases):
        masks[_BIT[ask(facts)]] |= 1 << index
    return Test(variable, masks[TRUE], masks[FALSE], masks[UNKNOWN])
