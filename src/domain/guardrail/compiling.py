"""Compiling: what limits and rules ask, written as one Python function a policy.

The text that is compiled is ours alone. Facts, constants and pieces of the trace are bound to
names; nothing an author wrote ever stands in it. Every node of a condition is a statement of its
own, so the text is flat however deep a policy nests. The meaning is that of `conditions.judge`:
the tests hold the two against each other.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from domain.guardrail.conditions import (
    ORDERED,
    And,
    Compare,
    Condition,
    Contains,
    In,
    Missing,
    Not,
    Operator,
    Or,
    Truth,
    level_results,
)
from domain.guardrail.facts import Facts, FactType, class_of
from domain.guardrail.tracing import TracedPart, Worded, spelling_of, trace_pieces
from domain.values import Lane

Outcome = Callable[[Facts], Lane | None]
Heard = list[tuple[int, Truth]]
"""Those that speak against automating, by their place among all, and what each came to."""
Record = Callable[[Facts], tuple[Heard, str] | None]
"""Who speaks against automating, and the trace of all.

Both answer nothing when a fact is not what it was declared to be: ask again without it.
"""


class Asking(NamedTuple):
    """A condition, and the lane that each of its results asks for."""

    condition: Condition
    lanes: Mapping[Truth, Lane]


def outcome_function(
    declared: Mapping[str, FactType], required: Iterable[str], parts: Iterable[Asking]
) -> Outcome:
    """From facts to a lane: the most careful one is looked for first."""
    text = _Text(declared)
    asking = tuple(parts)
    for lane in (Lane.ESCALATE, Lane.REVIEW):
        answer = text.bound(lane)
        for name in required if lane is Lane.REVIEW else ():
            seen = text.fact(name)
            text.lines.append(f"if {seen} is None: return {answer}")
        for condition, lanes in asking:
            results = frozenset(result for result, asked in lanes.items() if asked is lane)
            if results:
                test = _AMONG[results].format(text.node(condition))
                text.lines.append(f"if {test}: return {answer}")
    function: Outcome = text.function(text.bound(Lane.AUTOMATE))
    return function


def record_function(
    semantics: str, declared: Mapping[str, FactType], parts: Iterable[TracedPart]
) -> Record:
    """From facts to what is heard, and the trace in its canonical spelling."""
    text = _Text(declared)
    traced = tuple(parts)
    text.lines.append("heard = []")
    for place, part in enumerate(traced):
        result = text.node(part.condition)
        text.lines.append(f"if {result} is not {part.quiet}: heard.append(({place}, {result}))")
    pieces: list[str] = []
    for piece in trace_pieces(semantics, traced):
        match piece:
            case str():
                pieces.append(text.bound(piece))
            case Worded():
                pieces.append(text.worded(piece))
            case name:
                pieces.append(text.spelled(name.fact))
    joined = f"{text.bound(''.join)}(({', '.join(pieces)},))"
    function: Record = text.function(f"heard, {joined}")
    return function


_AMONG: dict[frozenset[Truth], str] = {
    frozenset((True,)): "{}",
    frozenset((False,)): "{} is False",
    frozenset((None,)): "{} is None",
    frozenset((True, None)): "{} is not False",
    frozenset((False, None)): "{} is not True",
}
_SIGNS: dict[Operator, str] = {sign: sign for sign in ("==", "!=", "<", "<=", ">", ">=")}


class _Text:
    """The body of a function as it is being written, and what its names stand for."""

    def __init__(self, declared: Mapping[str, FactType]) -> None:
        self._declared = declared
        self.lines: list[str] = []
        self._names: dict[str, object] = {}
        self._written: dict[object, str] = {}

    def function(self, answer: str) -> Any:
        """The function whose body this is, compiled."""
        body = "".join(f"    {line}\n" for line in (*self.lines, f"return {answer}"))
        source = f"def policy(facts):\n    known = facts.get\n{body}"
        exec(compile(source, "<policy>", "exec"), self._names)  # noqa: S102 - all of it is written here
        return self._names["policy"]

    def bound(self, value: object) -> str:
        """A name for a value that stands fast."""
        name = f"k{len(self._names)}"
        self._names[name] = value
        return name

    def fact(self, name: str) -> str:
        """The value of a fact, which is sound or missing from there on."""
        if (known := self._written.get(("fact", name))) is not None:
            return known
        value = self._assigned(("fact", name), f"known({self.bound(name)})")
        kind = class_of(self._declared[name])
        finite = f" and {value}.is_finite()" if kind is Decimal else ""
        sound = f"isinstance({value}, {self.bound(kind)}){finite}"
        self.lines.append(f"if {value} is not None and not ({sound}): return None")
        return value

    def spelled(self, name: str) -> str:
        """How the trace spells a fact: nothing when it is missing."""
        if (known := self._written.get(("spelled", name))) is not None:
            return known
        seen, spelling = self.fact(name), self.bound(spelling_of(self._declared[name]))
        return self._assigned(("spelled", name), f"'' if {seen} is None else {spelling}({seen})")

    def worded(self, piece: Worded) -> str:
        """A piece of the trace by the result of a condition."""
        result = self.node(piece.condition)
        true, false, unknown = (self.bound(text) for text in piece.texts)
        return f"{true} if {result} else {false} if {result} is False else {unknown}"

    def node(self, condition: Condition) -> str:
        """The result of a condition, each condition worked out once."""
        known = self._written.get(condition)
        return known or self._assigned(condition, self._worked_out(condition))

    def _assigned(self, what: object, expression: str) -> str:
        name = self._written[what] = f"v{len(self._written)}"
        self.lines.append(f"{name} = {expression}")
        return name

    def _worked_out(self, condition: Condition) -> str:
        match condition:
            case Not(of=inner):
                return _unless_unknown(part := self.node(inner), f"not {part}")
            case And(of=parts):
                return _joined([self.node(part) for part in parts], settled=False)
            case Or(of=parts):
                return _joined([self.node(part) for part in parts], settled=True)
            case Missing(fact=fact):
                return f"{self.fact(fact)} is None"
            case Compare(op=op, order=order) if op in ORDERED and order:
                results = self.bound(level_results(condition).get)
                return f"{results}({self.fact(condition.fact)})"
            case Compare(op=op, fact=fact, value=value):
                return _unless_unknown(
                    seen := self.fact(fact), f"{seen} {_SIGNS[op]} {self.bound(value)}"
                )
            case In(fact=fact, values=values):
                return _unless_unknown(
                    seen := self.fact(fact), f"{seen} in {self.bound(frozenset(values))}"
                )
            case Contains(fact=fact, value=value):
                return _unless_unknown(seen := self.fact(fact), f"{self.bound(value)} in {seen}")


def _unless_unknown(name: str, expression: str) -> str:
    return f"None if {name} is None else {expression}"


def _joined(results: list[str], *, settled: bool) -> str:
    """One part that settles it does; else one unknown part leaves it unknown."""
    settling = " or ".join(f"{result} is {settled}" for result in results)
    unknown = " or ".join(f"{result} is None" for result in results)
    return f"{settled} if {settling} else None if {unknown} else {not settled}"
