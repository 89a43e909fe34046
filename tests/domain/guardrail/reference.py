"""The semantics of `v1` written to be read: what the service's evaluator must equal, byte for byte.

Nothing is prepared, kept or compiled here, and nothing of the evaluator is used but the shape of
its results.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from domain.guardrail.conditions import And, Compare, Condition, Contains, In, Missing, Not, Or
from domain.guardrail.document import Guardrail
from domain.guardrail.evaluate import Contribution, Verdict
from domain.guardrail.facts import Facts, FactType, Number, Tags, YesNo, clipped
from domain.guardrail.wording import leaf_text
from domain.values import FactValue, Lane

Truth = bool | None


def verdict(guardrail: Guardrail, raw: Facts) -> Verdict:
    """Everything contributes; the strictest lane wins; there the shortest service level decides."""
    facts = known(guardrail, raw)
    spoken = list(contributions(guardrail, facts))
    missing = tuple(c.id.removeprefix("required:") for c in spoken if c.kind == "required")
    if not spoken:
        return Verdict(Lane.AUTOMATE, "automate")
    lane = Lane.ESCALATE if any(c.lane == Lane.ESCALATE for c in spoken) else Lane.REVIEW
    peers = [c for c in spoken if c.lane == lane]
    first = min(peers, key=lambda c: c.sla or timedelta.max)
    eyes = any(c.four_eyes for c in peers)
    return Verdict(lane, first.id, tuple(spoken), first.queue, first.sla, eyes, missing)


def contributions(guardrail: Guardrail, facts: Facts) -> Iterator[Contribution]:
    """A missing required fact, a limit not known to hold, a rule that holds or can't be checked."""
    review = guardrail.routes.review
    for name in sorted(asked(guardrail)):
        if guardrail.facts[name].required and name not in facts:
            text = f"{name} is missing"
            id = f"required:{name}"
            yield Contribution(
                id, "required", Lane.REVIEW, "MISSING_INPUT", text, True, review.queue, review.sla
            )
    for limit in guardrail.limits:
        truth = holds(limit.require, facts)
        if truth is not True:
            route = guardrail.routes.of(limit.otherwise)
            text = because(limit.require, facts)
            yield Contribution(
                limit.id,
                "limit",
                limit.otherwise,
                limit.reason,
                text,
                truth is None,
                route.queue,
                route.sla,
            )
    for rule in guardrail.rules:
        truth = holds(rule.when, facts)
        if truth is not False:
            lane = rule.then if truth else rule.if_unknown
            route = guardrail.routes.of(lane)
            yield Contribution(
                rule.id,
                "rule",
                lane,
                rule.reason if truth else f"CANNOT_CHECK.{rule.reason}",
                because(rule.when, facts),
                truth is None,
                rule.queue or route.queue,
                rule.sla or route.sla,
                rule.four_eyes,
            )


def within_limits(guardrail: Guardrail, raw: Facts) -> str:
    """Each limit with its numbers."""
    facts = known(guardrail, raw)
    held = [because(limit.require, facts) for limit in guardrail.limits]
    return " and ".join(dict.fromkeys(held)) or "no limit and no rule speaks against"


def trace_digest(guardrail: Guardrail, raw: Facts) -> str:
    """SHA-256 over the canonical JSON of every limit and rule, its tests, and what they saw."""
    facts = known(guardrail, raw)
    conditions = [
        *((limit.id, limit.require) for limit in guardrail.limits),
        *((rule.id, rule.when) for rule in guardrail.rules),
    ]
    lines = [
        [
            id,
            word(condition, facts),
            [
                [leaf_text(leaf), seen(leaf.fact, facts), word(leaf, facts)]
                for leaf in leaves(condition)
            ],
        ]
        for id, condition in conditions
    ]
    text = json.dumps([guardrail.semantics, lines], separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def holds(condition: Condition, facts: Facts) -> Truth:
    """Strong Kleene: what can't be known is unknown, unless the rest settles it."""
    match condition:
        case Missing(fact=fact):
            return fact not in facts
        case Not(of=inner):
            truth = holds(inner, facts)
            return None if truth is None else not truth
        case And(of=parts):
            truths = [holds(part, facts) for part in parts]
            return False if False in truths else None if None in truths else True
        case Or(of=parts):
            truths = [holds(part, facts) for part in parts]
            return True if True in truths else None if None in truths else False
        case _:
            value = facts.get(condition.fact)
            return None if value is None else tested(condition, value)


def tested(leaf: Compare | In | Contains, value: FactValue) -> Truth:
    """One test of a known value."""
    match leaf:
        case Contains(value=tag):
            return tag in value  # type: ignore[operator]
        case In(values=values):
            return value in values
        case Compare(op="==", value=constant):
            return value == constant
        case Compare(op="!=", value=constant):
            return value != constant
        case Compare(type="level", order=order) if value not in order:
            return None
        case Compare(type="level", order=order, value=constant):
            return ordered(leaf.op, order.index(str(value)), order.index(str(constant)))
        case Compare(value=constant):
            return ordered(leaf.op, value, constant)


def ordered(op: str, one: object, two: object) -> bool:
    return {
        "<": lambda: one < two,  # type: ignore[operator]
        "<=": lambda: one <= two,  # type: ignore[operator]
        ">": lambda: one > two,  # type: ignore[operator]
        ">=": lambda: one >= two,  # type: ignore[operator]
    }[op]()


def known(guardrail: Guardrail, facts: Facts) -> Facts:
    """What is not of its declared type is missing."""
    return {
        name: facts[name]
        for name in asked(guardrail)
        if name in facts and sound(facts[name], guardrail.facts[name])
    }


def sound(value: FactValue, declared: FactType) -> bool:
    match declared:
        case YesNo():
            return isinstance(value, bool)
        case Number():
            return isinstance(value, Decimal) and value.is_finite()
        case Tags():
            return isinstance(value, frozenset)
        case _:
            return isinstance(value, str)


def asked(guardrail: Guardrail) -> set[str]:
    conditions = [*(x.require for x in guardrail.limits), *(x.when for x in guardrail.rules)]
    return {leaf.fact for condition in conditions for leaf in leaves(condition)}


def leaves(condition: Condition) -> list[Compare | In | Contains | Missing]:
    match condition:
        case Not(of=inner):
            return leaves(inner)
        case And(of=parts) | Or(of=parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case _:
            return [condition]


def because(condition: Condition, facts: Facts) -> str:
    return " and ".join(dict.fromkeys(causes(condition, facts)))


def causes(condition: Condition, facts: Facts) -> Iterator[str]:
    """The tests that made it so: those parts that came out as the whole did."""
    match condition:
        case Not(of=inner):
            yield from causes(inner, facts)
        case And(of=parts) | Or(of=parts):
            truth = holds(condition, facts)
            for part in parts:
                if holds(part, facts) is truth:
                    yield from causes(part, facts)
        case Missing(fact=fact):
            yield f"{fact} is missing" if fact not in facts else f"{fact} is known"
        case _:
            truth = holds(condition, facts)
            value = facts.get(condition.fact)
            missing = truth is None or value is None
            yield f"{condition.fact} is missing" if missing else phrase(condition, value, truth)


def phrase(leaf: Compare | In | Contains, value: FactValue, truth: Truth) -> str:
    """A test as it came out, with its numbers."""
    fact = leaf.fact
    match leaf:
        case Contains(value=tag):
            return f"{fact} {'contains' if truth else 'does not contain'} {clipped(tag)}"
        case In(values=values):
            listed = ", ".join(spoken(constant) for constant in values[:12])
            more = f", … ({len(values)} in all)" if len(values) > 12 else ""
            return f"{fact} {spoken(value)} is {'' if truth else 'not '}one of {listed}{more}"
        case Compare(type="yes_no"):
            return f"{fact} is {spoken(value)}"
        case Compare(op="==" | "!=", value=constant) if (leaf.op == "==") == truth:
            return f"{fact} is {spoken(constant)}"
        case Compare(op="==" | "!=", value=constant):
            return f"{fact} is {spoken(value)}, not {spoken(constant)}"
        case Compare(op=op, value=constant):
            held = {"<": "under", "<=": "at most", ">": "above", ">=": "at least"}
            failed = {"<": "at least", "<=": "above", ">": "at most", ">=": "under"}
            words = held if truth else failed
            return f"{fact} {spoken(value)} is {words[op]} {spoken(constant)}"


def spoken(value: FactValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return format(value, "f")
        case str():
            return clipped(value)
        case _:
            return ""


def word(condition: Condition, facts: Facts) -> str:
    return {True: "true", False: "false", None: "unknown"}[holds(condition, facts)]


def seen(fact: str, facts: Facts) -> list[object]:
    match facts.get(fact):
        case None:
            return []
        case Decimal() as number:
            digits = format(number, "f")
            digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
            return ["0" if digits == "-0" else digits]
        case frozenset() as tags:
            return [sorted(tags)]
        case value:
            return [value]
