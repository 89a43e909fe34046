"""How long it takes to prove a policy and to compare two: `uv run python -m benchmarks.proofs`.

Processor time of one thread, the best of several. The adversarial policy's rules all ask about the
same facts, with thresholds of their own.
"""

from collections.abc import Callable
from decimal import Decimal
from random import Random
from time import process_time

from domain.guardrail.conditions import And, Compare, Condition, Contains, In, Not
from domain.guardrail.difference import compare
from domain.guardrail.document import AtLeastClaim, Guardrail, Limit, NeverClaim, RaisingClaim, Rule
from domain.guardrail.facts import Choice, FactType, Number, Tags
from domain.guardrail.proving import prove
from domain.guardrail.searching import TooComplexToProve
from domain.values import Lane

TIERS = ("gold", "silver", "bronze", "none")
WORDS = tuple(f"word{n}" for n in range(12))


def policy(rules: int, seed: int = 1) -> Guardrail:
    """A policy of so many rules over ten facts, with eight claims."""
    random = Random(seed)
    numbers = [f"n{n}" for n in range(6)]
    number = Number(min=Decimal(0), max=Decimal(1000), decimals=2)
    facts: dict[str, FactType] = dict.fromkeys(numbers, number)
    facts |= {
        "risk": Number(min=Decimal(0), max=Decimal(1)),
        "confidence": Number(min=Decimal(0), max=Decimal(1), required=False),
        "tier": Choice(values=TIERS, required=False),
        "topics": Tags(required=False),
    }
    return Guardrail(
        policy="measured",
        facts=facts,
        limits=(
            Limit(id="low-risk", require=_over("risk", "0.3", "<="), reason="R"),
            Limit(id="confident", require=_over("confidence", "0.9", ">="), reason="C"),
        ),
        rules=tuple(_rule(random, numbers, n) for n in range(rules)),
        claims=(
            NeverClaim(id="cap", lane=Lane.AUTOMATE, when=_over("risk", "0.3", ">")),
            AtLeastClaim(id="sure", lane=Lane.REVIEW, when=_over("confidence", "0.8", "<")),
            RaisingClaim(id="more-risk", fact="risk", promise="never-laxer"),
            RaisingClaim(id="more-sure", fact="confidence", promise="never-stricter"),
        ),
    )


def _rule(random: Random, numbers: list[str], n: int) -> Rule:
    parts: list[Condition] = [
        _over(name, str(random.randint(1, 999)), random.choice([">", ">", "<"]))
        for name in random.sample(numbers, random.randint(1, 3))
    ]
    if random.random() < 0.4:
        parts.append(Contains(fact="topics", value=random.choice(WORDS)))
    if random.random() < 0.3:
        parts.append(Not(of=In(fact="tier", type="choice", values=(random.choice(TIERS),))))
    then = random.choice([Lane.REVIEW, Lane.ESCALATE])
    return Rule(id=f"rule{n}", when=And(of=tuple(parts)), then=then, reason=f"R{n}")


def _over(fact: str, value: str, op: str) -> Condition:
    return Compare.model_validate(
        {"fact": fact, "type": "number", "op": op, "value": Decimal(value)}
    )


def relaxed(guardrail: Guardrail) -> Guardrail:
    """The same policy with a higher limit and without its last rule."""
    limit = guardrail.limits[0].model_copy(update={"require": _over("risk", "0.35", "<=")})
    parts = {"limits": (limit, *guardrail.limits[1:]), "rules": guardrail.rules[:-1]}
    return guardrail.model_copy(update=parts)


def measured(work: Callable[[], object], times: int = 5) -> str:
    """The best processor time of several, or that it was refused."""
    best = float("inf")
    for _ in range(times):
        start = process_time()
        try:
            work()
        except TooComplexToProve:
            return f"refused after {process_time() - start:.1f} s"
        best = min(best, process_time() - start)
        if best > 1:
            break
    return f"{best * 1000:.1f} ms"


def main() -> None:
    """Print a line for each size."""
    for rules in (15, 30, 100, 200):
        one = policy(rules)
        other = relaxed(one)
        print(f"{rules} rules: prove {measured(lambda: prove(one))}", end=", ")  # noqa: B023
        print(f"compare {measured(lambda: compare(one, other))}")  # noqa: B023


if __name__ == "__main__":
    main()
