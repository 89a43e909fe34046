"""Conditions as text of the Common Expression Language, for others to read or to check us with.

The text speaks of one map, `facts`, in which a missing fact has no key. To CEL that is an error,
which `&&` and `||` absorb exactly as strong Kleene logic absorbs the unknown: where a condition is
unknown to us, its text errs. CEL has no decimals, so every number is a whole number of the fact's
smallest unit. The text is for reading and for tests; the policy remains the tree it came from.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal

from domain.guardrail.conditions import (
    ORDERED,
    And,
    Compare,
    Condition,
    Constant,
    Contains,
    In,
    Missing,
    Not,
    Or,
    Truth,
    leaves,
)
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import Facts, Number
from domain.model import Malformed
from domain.values import FactValue, Lane

Scales = Mapping[str, int]
"""How many decimals of each number its whole numbers keep."""

CelValue = bool | int | str | list[str]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import"),
        *("in", "let", "loop", "namespace", "null", "package", "return", "true", "var", "void"),
        "while",
    )
)
_EXACT = Context(prec=200)
_LARGEST = 2**63 - 1


class NotForCel(Malformed):
    """CEL counts in whole numbers of 64 bits, and this number is none."""


def scales(guardrail: Guardrail) -> Scales:
    """The decimals that are declared, or more where a constant has more."""
    declared = {
        name: fact.decimals for name, fact in guardrail.facts.items() if isinstance(fact, Number)
    }
    for condition in _conditions(guardrail):
        for leaf in leaves(condition):
            for constant in _constants(leaf):
                if isinstance(constant, Decimal):
                    declared[leaf.fact] = max(declared.get(leaf.fact, 0), _decimals(constant))
    return declared


def facts_for_cel(facts: Facts, scales: Scales) -> dict[str, CelValue]:
    """The facts of one case as the texts expect them."""
    return {name: _value(name, value, scales) for name, value in facts.items()}


def condition_for_cel(condition: Condition, scales: Scales) -> str:
    """True and false where the condition is; an error where it is unknown."""
    match condition:
        case Not(of=inner):
            return f"!({condition_for_cel(inner, scales)})"
        case And(of=parts):
            return _joined(" && ", (condition_for_cel(part, scales) for part in parts))
        case Or(of=parts):
            return _joined(" || ", (condition_for_cel(part, scales) for part in parts))
        case Missing(fact=fact):
            return f"!{_has(fact)}"
        case _:
            return _test(condition, scales)


def outcome_for_cel(guardrail: Guardrail) -> str:
    """The whole policy as one expression that gives the lane, whatever is missing."""
    known = scales(guardrail)
    asking: dict[Lane, list[str]] = {
        Lane.ESCALATE: [],
        Lane.REVIEW: [
            f"!{_has(name)}" for name in sorted(guardrail.asked) if guardrail.facts[name].required
        ],
    }
    for limit in guardrail.limits:
        asking[limit.otherwise].append(f"!{_came_out(limit.require, True, known)}")
    for rule in guardrail.rules:
        asking[rule.then].append(_came_out(rule.when, True, known))
        asking[rule.if_unknown].append(_came_out(rule.when, None, known))
    escalate, review = (_any(asking[lane]) for lane in (Lane.ESCALATE, Lane.REVIEW))
    return f'({escalate})\n  ? "escalate"\n  : ({review})\n  ? "review"\n  : "automate"'


def policy_for_cel(guardrail: Guardrail) -> str:
    """Every limit and rule on a line of its own, with what the numbers count."""
    known = scales(guardrail)
    counted = [f"//   facts.{name} counts {_unit(known[name])}" for name in sorted(known)]
    limits = [
        f"// limit {limit.id}: unless true, {limit.otherwise}\n"
        f"{condition_for_cel(limit.require, known)}"
        for limit in guardrail.limits
    ]
    rules = [
        f"// rule {rule.id}: if true, {rule.then}; on an error, {rule.if_unknown}\n"
        f"{condition_for_cel(rule.when, known)}"
        for rule in guardrail.rules
    ]
    head = [f"// policy {guardrail.digest}, in CEL; a missing fact has no key in `facts`"]
    return "\n".join([*head, *counted, *limits, *rules])


def _unit(decimals: int) -> str:
    return f"10^-{decimals}" if decimals else "ones"


def _came_out(condition: Condition, result: Truth, scales: Scales) -> str:
    """Whether a condition came out so: true or false, never an error."""
    match condition:
        case Compare() | In() | Contains() if result is None:
            return f"!{_has(condition.fact)}"
        case _ if result is None:
            either = (_came_out(condition, settled, scales) for settled in (True, False))
            return f"!{_joined(' || ', either)}"
        case Not(of=inner):
            return _came_out(inner, not result, scales)
        case And(of=parts) | Or(of=parts):
            every = isinstance(condition, And) is result
            told = (_came_out(part, result, scales) for part in parts)
            return _joined(" && " if every else " || ", told)
        case Missing():
            return condition_for_cel(condition if result else Not(of=condition), scales)
        case _:
            test = _test(condition, scales)
            return f"({_has(condition.fact)} && {test if result else f'!({test})'})"


def _joined(by: str, parts: Iterable[str]) -> str:
    several = list(parts)
    return several[0] if len(several) == 1 else f"({by.join(several)})"


def _any(parts: list[str]) -> str:
    return "\n    || ".join(parts) or "false"


def _test(leaf: Compare | In | Contains, scales: Scales) -> str:
    fact = _fact(leaf.fact)
    match leaf:
        case Contains(value=tag):
            return f"{_quoted(tag)} in {fact}"
        case In(values=values):
            return f"{fact} in [{', '.join(_constant(leaf.fact, v, scales) for v in values)}]"
        case Compare(op=op, order=order, value=value) if op in ORDERED and order:
            ranks = ", ".join(f"{_quoted(word)}: {rank}" for rank, word in enumerate(order))
            return f"{{{ranks}}}[{fact}] {op} {order.index(str(value))}"
        case Compare(op=op, value=value):
            return f"{fact} {op} {_constant(leaf.fact, value, scales)}"


def _fact(name: str) -> str:
    return f"facts.{name}" if _is_plain(name) else f"facts[{_quoted(name)}]"


def _has(name: str) -> str:
    return f"has(facts.{name})" if _is_plain(name) else f"({_quoted(name)} in facts)"


def _is_plain(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in _RESERVED


def _constant(fact: str, constant: Constant, scales: Scales) -> str:
    value = _value(fact, constant, scales)
    if isinstance(value, str):
        return _quoted(value)
    return str(value).lower()


def _value(name: str, value: FactValue, scales: Scales) -> CelValue:
    match value:
        case Decimal():
            return _whole(name, value, scales[name])
        case frozenset():
            return sorted(value)
        case _:
            return value


def _whole(name: str, value: Decimal, decimals: int) -> int:
    scaled = value.scaleb(decimals, _EXACT)
    whole = int(scaled)
    if whole != scaled or not -_LARGEST <= whole <= _LARGEST:
        raise NotForCel(
            f"{name}: found {value}; allowed are 18 digits, {decimals} of them decimals"
        )
    return whole


def _decimals(value: Decimal) -> int:
    exponent = value.normalize(_EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _quoted(text: str) -> str:
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) < 0x1_0000 else f"\\U{ord(char):08x}"


def _constants(leaf: Compare | In | Contains | Missing) -> tuple[Constant, ...]:
    match leaf:
        case Compare(value=value):
            return (value,)
        case In(values=values):
            return values
        case _:
            return ()


def _conditions(guardrail: Guardrail) -> tuple[Condition, ...]:
    limits = (limit.require for limit in guardrail.limits)
    return (*limits, *(rule.when for rule in guardrail.rules))
