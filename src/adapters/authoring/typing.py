"""From what an author wrote to the conditions of the domain: typed against the facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.authoring.fields import NUMBER
from adapters.authoring.syntax import Joined, SyntaxProblem, Tree, Word, Written
from domain.guardrail.conditions import (
    ORDERED,
    And,
    Compare,
    Condition,
    Contains,
    In,
    Missing,
    Not,
    Or,
)
from domain.guardrail.document import Boundary
from domain.guardrail.facts import (
    Choice,
    Code,
    FactType,
    Level,
    Number,
    Tags,
    YesNo,
    allowed,
    clipped,
    did_you_mean,
)

_KIND = {
    "yes_no": "a yes/no fact",
    "number": "a number",
    "choice": "a choice",
    "level": "a level",
    "code": "a code",
    "tags": "a set of tags",
}
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Scope:
    """What a condition may speak of, and what its place demands of tests on missing facts.

    A rule must not become false because a fact goes missing, nor a limit true: then a policy that
    automates with facts missing would have automated whatever they were.
    """

    facts: Mapping[str, FactType]
    boundaries: Mapping[str, Boundary]
    guards: str = "claim"
    actions: frozenset[str] | None = None
    """What may be proposed at all, where that is known."""
    used: set[str] = field(default_factory=set[str])
    """The boundaries that were asked about so far."""


def typed(tree: Tree, scope: Scope, *, positive: bool = True) -> Condition:
    """The condition, or a `SyntaxProblem` that says what in it can't be so."""
    match tree:
        case Joined(by="not", parts=(inner,)):
            return Not(of=typed(inner, scope, positive=not positive))
        case Joined(by=by, parts=parts):
            of = tuple(typed(part, scope, positive=positive) for part in parts)
            return _flat_and(of) if by == "and" else _flat_or(of)
        case Written(form="missing" | "present"):
            return _missing(tree, scope, positive)
        case Written():
            return _test(tree, _fact(tree, scope), scope)


def conjunction(parts: Sequence[Condition]) -> Condition:
    """All of some conditions, as `and` would join them."""
    return parts[0] if len(parts) == 1 else _flat_and(tuple(parts))


def _flat_and(parts: tuple[Condition, ...]) -> And:
    return And(
        of=tuple(leaf for part in parts for leaf in (part.of if isinstance(part, And) else (part,)))
    )


def _flat_or(parts: tuple[Condition, ...]) -> Or:
    return Or(
        of=tuple(leaf for part in parts for leaf in (part.of if isinstance(part, Or) else (part,)))
    )


def _fact(test: Written, scope: Scope) -> FactType:
    fact_type = scope.facts.get(test.fact)
    if fact_type is not None and fact_type.personal:
        raise SyntaxProblem(test.at, *personal_asked(test.fact))
    if fact_type is not None:
        return fact_type
    meant = did_you_mean(test.fact, scope.facts)
    known = ", ".join(sorted(scope.facts)[:40])
    of = next((name for name, kind in scope.facts.items() if test.fact in _values(kind)), None)
    if of is not None and test.form == "bare":
        raise SyntaxProblem(
            test.at,
            f"{test.fact[:60]} is a value of {of}, not a fact",
            f"Write `{of} in [..., {test.fact}]`.",
        )
    raise SyntaxProblem(
        test.at,
        f"there is no fact {test.fact[:60]}",
        f"Did you mean {meant}?" if meant else f"The facts are {known}.",
    )


def _values(kind: FactType) -> tuple[str, ...]:
    return kind.values or () if isinstance(kind, Choice | Level | Tags) else ()


def personal_asked(fact: str) -> tuple[str, str]:
    """Why no policy asks about a personal fact, and what to write instead."""
    hint = (
        "Reasons quote what they saw, and a person's data must stay erasable. Declare another "
        "fact that says only what the policy needs to know."
    )
    return f"{fact[:60]} is personal, and a policy may not ask about it", hint


def _missing(test: Written, scope: Scope, positive: bool) -> Condition:
    _fact(test, scope)
    asks_missing = (test.form == "missing") is positive
    if scope.guards == "rule" and not asks_missing:
        raise SyntaxProblem(
            test.at,
            f"`{test.fact} is present` may not guard a rule",
            f"Leave it out: when {test.fact} is missing, the rule is unknown and `if_unknown` "
            "says what happens.",
        )
    if scope.guards == "limit":
        raise SyntaxProblem(
            test.at,
            f"a limit may not ask whether {test.fact} is missing or present",
            "Leave it out: a limit that is not known to hold does not hold.",
        )
    node = Missing(fact=test.fact)
    return node if test.form == "missing" else Not(of=node)


def _test(test: Written, fact_type: FactType, scope: Scope) -> Condition:
    match test.form:
        case "bare":
            if not isinstance(fact_type, YesNo):
                raise SyntaxProblem(
                    test.at,
                    f"{test.fact} is {_KIND[fact_type.type]} and can't stand alone",
                    f"Say what it must be: {_example(test.fact, fact_type)}",
                )
            return Compare(fact=test.fact, type="yes_no", op="==", value=True)
        case "has" | "has_not":
            return _contains(test, fact_type, scope)
        case "one_of" | "none_of":
            listed = _in(test, fact_type, scope)
            return listed if test.form == "one_of" else Not(of=listed)
        case _:
            return _compare(test, fact_type, scope)


def _compare(test: Written, fact_type: FactType, scope: Scope) -> Compare:
    op: Any = test.op
    if isinstance(fact_type, Tags):
        raise SyntaxProblem(
            test.at,
            f"{test.fact} is a set of tags and can't be compared with {op}",
            f"Write `{test.fact} contains ...`.",
        )
    ordered = op in ORDERED
    if ordered and not isinstance(fact_type, Number | Level):
        raise SyntaxProblem(
            test.at,
            f"{test.fact} is {_KIND[fact_type.type]}: {op} needs a number or a level",
            f"Write `{test.fact} is ...` or `{test.fact} in [...]`.",
        )
    order = fact_type.values if ordered and isinstance(fact_type, Level) else ()
    value = _constant(test.constants[0], test.fact, fact_type, scope)
    return Compare(fact=test.fact, type=fact_type.type, op=op, value=value, order=order)


def _in(test: Written, fact_type: FactType, scope: Scope) -> In:
    if isinstance(fact_type, Tags | YesNo):
        instead = "contains ..." if isinstance(fact_type, Tags) else "is true"
        raise SyntaxProblem(
            test.at,
            f"{test.fact} is {_KIND[fact_type.type]} and can't be one of a list",
            f"Write `{test.fact} {instead}`.",
        )
    if not test.constants:
        raise SyntaxProblem(test.at, "the list is empty, so this would never hold")
    values = tuple(_constant(word, test.fact, fact_type, scope) for word in test.constants)
    return In(fact=test.fact, type=fact_type.type, values=tuple(dict.fromkeys(values)))


def _contains(test: Written, fact_type: FactType, scope: Scope) -> Condition:
    if not isinstance(fact_type, Tags):
        raise SyntaxProblem(
            test.at,
            f"{test.fact} is {_KIND[fact_type.type]}: only a set of tags contains words",
            f"Say what it must be: {_example(test.fact, fact_type)}",
        )
    value = _constant(test.constants[0], test.fact, fact_type, scope)
    node = Contains(fact=test.fact, value=str(value))
    return node if test.form == "has" else Not(of=node)


def _constant(word: Word, fact: str, fact_type: FactType, scope: Scope) -> bool | Decimal | str:
    if word.kind == "boundary":
        return _boundary(word, fact, fact_type, scope)
    match fact_type:
        case Number():
            if word.kind != "number":
                said = f"{fact} is a number, and {word.text[:40]} is none"
                raise SyntaxProblem(word.at, said, _instead(word, fact, scope))
            return _number(word, fact, fact_type)
        case YesNo():
            if word.text not in _YES_NO:
                raise SyntaxProblem(word.at, f"{fact} is true or false, not {word.text[:40]}")
            return _YES_NO[word.text]
        case Choice() | Level():
            return _known_word(word, fact, fact_type.values)
        case Tags(values=values) if values is not None:
            return _known_word(word, fact, values)
        case Code() if fact == "action" and scope.actions is not None:
            return _known_word(word, fact, tuple(sorted(scope.actions)))
        case Code() | Tags():
            return word.text


def _instead(word: Word, fact: str, scope: Scope) -> str | None:
    """What to write where a number stands in quotes, or is another fact, or nothing at all."""
    if word.kind == "quoted" and NUMBER.fullmatch(word.text):
        return f"Write it without quotes: {word.text}"
    if word.text in scope.facts:
        return "Two facts can't be compared: let a third one say it, computed upstream."
    if word.text.lower() in ("null", "none", "nothing", "empty", "unknown"):
        return f"Write `{fact} is missing`."
    return f"Did you mean ${word.text}?" if word.text in scope.boundaries else None


def _number(word: Word, fact: str, fact_type: Number) -> Decimal:
    if not NUMBER.fullmatch(word.text):
        raise SyntaxProblem(word.at, f"{clipped(word.text)} has more than 30 digits in a row")
    return _within(Decimal(word.text), word, fact, fact_type)


def _within(value: Decimal, word: Word, fact: str, fact_type: Number) -> Decimal:
    """A constant that the fact can never reach makes a test that is no test."""
    low, high = fact_type.min, fact_type.max
    if (low is not None and value < low) or (high is not None and value > high):
        hint = f"Write a share as a number: {value / 100} for {word.text} %"
        said = ("$" if word.kind == "boundary" else "") + word.text[:40]
        percent = high == 1 and 1 < value <= 100 and word.kind == "number"
        raise SyntaxProblem(
            word.at,
            f"{fact} is {allowed(fact_type)}, and {said} never is",
            hint if percent else None,
        )
    return value


def _known_word(word: Word, fact: str, values: tuple[str, ...]) -> str:
    if word.text in values:
        return word.text
    meant = did_you_mean(word.text, values)
    raise SyntaxProblem(
        word.at,
        f"{word.text[:60]} is not a value of {fact}",
        f"Did you mean {meant}?" if meant else f"{fact} is one of {', '.join(values[:40])}.",
    )


def _boundary(word: Word, fact: str, fact_type: FactType, scope: Scope) -> Decimal:
    boundary = scope.boundaries.get(word.text)
    if boundary is None:
        meant = did_you_mean(word.text, scope.boundaries)
        raise SyntaxProblem(
            word.at,
            f"there is no boundary ${word.text[:60]}",
            f"Did you mean ${meant}?" if meant else "Give it a value under `boundaries`.",
        )
    scope.used.add(word.text)
    if not isinstance(fact_type, Number):
        raise SyntaxProblem(
            word.at, f"${word.text} is a number, and {fact} is {_KIND[fact_type.type]}"
        )
    if boundary.unit and fact_type.unit and boundary.unit != fact_type.unit:
        raise SyntaxProblem(
            word.at, f"${word.text} is in {boundary.unit}, and {fact} is in {fact_type.unit}"
        )
    return _within(boundary.value, word, fact, fact_type)


def _example(fact: str, fact_type: FactType) -> str:
    match fact_type:
        case Number():
            return f"`{fact} > 10`"
        case Choice() | Level():
            return f"`{fact} is {fact_type.values[0]}`"
        case Tags():
            return f"`{fact} contains {(fact_type.values or ('legal',))[0]}`"
        case YesNo():
            return f"`{fact}` or `not {fact}`"
        case Code():
            return f"`{fact} is ...`"
