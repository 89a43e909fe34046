"""Random policies, small enough that every case of them can be tried."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import combinations, product
from random import Random
from typing import Any

from domain.guardrail.conditions import (
    And,
    Compare,
    Condition,
    Contains,
    In,
    Missing,
    Not,
    Or,
)
from domain.guardrail.document import (
    AtLeastClaim,
    Guardrail,
    Limit,
    NeverClaim,
    RaisingClaim,
    Route,
    Routes,
    Rule,
    Sampling,
)
from domain.guardrail.facts import Choice, Code, FactType, Level, Number, Tags, YesNo
from domain.values import FactValue, Lane

FACTS: dict[str, FactType] = {
    "risk": Number(min=Decimal(0), max=Decimal(1), decimals=1),
    "confidence": Number(min=Decimal(0), max=Decimal(1), decimals=1, required=False),
    "action": Code(),
    "vip": YesNo(required=False),
    "tier": Choice(values=("gold", "silver"), required=False),
    "grade": Level(values=("low", "mid", "high"), required=False),
    "topics": Tags(required=False),
}
VALUES: dict[str, list[FactValue | None]] = {
    "risk": [Decimal(n) / 10 for n in range(11)],
    "confidence": [Decimal(n) / 10 for n in range(11)],
    "action": ["refund", "replace", "anything"],
    "vip": [True, False],
    "tier": ["gold", "silver"],
    "grade": ["low", "mid", "high"],
    "topics": [frozenset(c) for n in range(3) for c in combinations(("legal", "harm"), n)],
}
CAREFUL = (Lane.REVIEW, Lane.REVIEW, Lane.ESCALATE)
QUEUES = (None, None, "refunds", "specialists")
TIMES = (None, None, timedelta(hours=1), timedelta(hours=4))


def facts_of_size(random: Random, most: int = 4) -> dict[str, FactType]:
    names = random.sample(sorted(FACTS), random.randint(2, most))
    return {
        name: FACTS[name].model_copy(update={"required": random.random() < 0.4}) for name in names
    }


def leaf(random: Random, facts: dict[str, FactType], *, missing: bool = True) -> Condition:
    name = random.choice(sorted(facts))
    if missing and random.random() < 0.1:
        return Missing(fact=name)
    kind = facts[name]
    match kind:
        case YesNo():
            return Compare(fact=name, type="yes_no", op="==", value=random.random() < 0.5)
        case Number():
            value = Decimal(random.randint(-1, 22)) / 20
            op: Any = random.choice(["<", "<=", ">", ">=", "==", "!="])
            return Compare(fact=name, type="number", op=op, value=value)
        case Level():
            op = random.choice(["<", "<=", ">", ">="])
            return Compare(
                fact=name, type="level", op=op, value=random.choice(kind.values), order=kind.values
            )
        case Choice():
            return In(fact=name, type="choice", values=(random.choice(kind.values),))
        case Code():
            word = random.choice(("refund", "replace"))
            op = random.choice(["==", "!="])
            return Compare(fact=name, type="code", op=op, value=word)
        case Tags():
            return Contains(fact=name, value=random.choice(("legal", "harm")))


def condition(random: Random, facts: dict[str, FactType], depth: int = 2) -> Condition:
    shape = random.random()
    if depth == 0 or shape < 0.45:
        return leaf(random, facts)
    parts = tuple(condition(random, facts, depth - 1) for _ in range(random.randint(1, 3)))
    if shape < 0.7:
        return And(of=parts)
    return Or(of=parts) if shape < 0.88 else Not(of=parts[0])


def limit(random: Random, facts: dict[str, FactType], id: str) -> Limit:
    return Limit(
        id=id, require=condition(random, facts), reason="R", otherwise=random.choice(CAREFUL)
    )


def rule(random: Random, facts: dict[str, FactType], id: str) -> Rule:
    return Rule(
        id=id,
        when=condition(random, facts),
        then=random.choice(CAREFUL),
        if_unknown=random.choice(CAREFUL),
        reason="R",
        queue=random.choice(QUEUES),
        sla=random.choice(TIMES),
        four_eyes=random.random() < 0.2,
    )


def claims(random: Random, facts: dict[str, FactType]) -> Iterator[Any]:
    for n, kind in enumerate((NeverClaim, AtLeastClaim, NeverClaim)):
        lane = random.choice(list(Lane))
        yield kind(id=f"claim{n}", lane=lane, when=condition(random, facts, 1))
    for name, fact_type in facts.items():
        if isinstance(fact_type, Number | Level):
            yield RaisingClaim(id=f"{name}-up", fact=name, promise="never-laxer")
            yield RaisingClaim(id=f"{name}-up-too", fact=name, promise="never-stricter")


def policy(random: Random, facts: dict[str, FactType] | None = None) -> Guardrail:
    facts = facts or facts_of_size(random)
    return Guardrail(
        policy="random",
        facts=facts,
        routes=Routes(
            review=Route(queue="desk", sla=random.choice(TIMES)),
            escalate=Route(queue="leads", sla=random.choice(TIMES)),
        ),
        limits=tuple(limit(random, facts, f"limit{n}") for n in range(random.randint(0, 2))),
        rules=tuple(rule(random, facts, f"rule{n}") for n in range(random.randint(1, 4))),
        sampling=(Sampling(id="qa", of=Lane.AUTOMATE, rate=Decimal("0.05")),),
        claims=tuple(claims(random, facts)),
    )


def edited(random: Random, old: Guardrail) -> Guardrail:
    """The policy after a few edits."""
    limits, rules, routes = list(old.limits), list(old.rules), old.routes
    facts = dict(old.facts)
    for n in range(random.randint(1, 3)):
        at = random.randrange(len(rules)) if rules else 0
        match random.randrange(7):
            case 0:
                rules.append(rule(random, facts, f"new{n}"))
            case 1 if rules:
                del rules[at]
            case 2 if rules:
                name = random.choice(("then", "if_unknown", "queue", "sla", "four_eyes", "when"))
                changed = rule(random, facts, rules[at].id)
                rules[at] = rules[at].model_copy(update={name: getattr(changed, name)})
            case 3 if limits:
                limits[0] = limit(random, facts, limits[0].id)
            case 4:
                random.shuffle(rules)
            case 5:
                routes = Routes(
                    review=Route(queue="other", sla=random.choice(TIMES)), escalate=routes.escalate
                )
            case _:
                name = random.choice(sorted(facts))
                facts[name] = facts[name].model_copy(update={"required": random.random() < 0.5})
    parts = {"limits": tuple(limits), "rules": tuple(rules), "routes": routes, "facts": facts}
    return old.model_copy(update=parts)


def every_case(names: set[str] | frozenset[str]) -> Iterator[dict[str, FactValue]]:
    """Every case there is, for facts of these names; a missing fact has no entry."""
    ordered = sorted(names)
    for values in product(*([*VALUES[name], None] for name in ordered)):
        known = zip(ordered, values, strict=True)
        yield {name: value for name, value in known if value is not None}
