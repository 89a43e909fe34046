"""Guardrails, facts and cases at random: what the properties of the language are tried on."""

from collections.abc import Mapping
from decimal import Decimal

from hypothesis import strategies as st

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
from domain.guardrail.document import Guardrail, Limit, Route, Routes, Rule
from domain.guardrail.facts import (
    BUILT_IN,
    Choice,
    Code,
    FactType,
    Level,
    Number,
    Tags,
    YesNo,
)
from domain.values import FactValue, Lane

FACTS: dict[str, FactType] = {
    **BUILT_IN,
    "vip": YesNo(required=False),
    "amount": Number(min=Decimal(0), max=Decimal(1000), decimals=2, required=False),
    "tier": Choice(values=("basic", "gold")),
    "severity": Level(values=("low", "high", "top"), required=False),
    "country": Code(required=False),
    "topics": Tags(required=False),
}
WORDS = ("legal", "billing", "other")
TENTHS = st.integers(0, 10).map(lambda tenth: Decimal(tenth) / 10)


def numbers(name: str) -> st.SearchStrategy[Decimal]:
    if name == "amount":
        return st.sampled_from([Decimal(0), Decimal("199.99"), Decimal(200), Decimal("200.01")])
    return TENTHS


def fact_values(name: str) -> st.SearchStrategy[FactValue]:
    match FACTS[name]:
        case YesNo():
            return st.booleans()
        case Number():
            return numbers(name)
        case Choice(values=values) | Level(values=values):
            return st.sampled_from(values)
        case Code():
            return st.sampled_from(("refund", "reply", "DE"))
        case Tags():
            return st.frozensets(st.sampled_from(WORDS))


@st.composite
def known_facts(draw: st.DrawFn) -> dict[str, FactValue]:
    """Facts of one case: each known or missing."""
    known = draw(st.sets(st.sampled_from(sorted(FACTS))))
    return {name: draw(fact_values(name)) for name in sorted(known)}


@st.composite
def all_facts(draw: st.DrawFn) -> dict[str, FactValue]:
    """Facts of one case: all known."""
    return {name: draw(fact_values(name)) for name in sorted(FACTS)}


@st.composite
def tests_of_facts(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(sorted(FACTS)))
    fact_type = FACTS[name]
    if isinstance(fact_type, Tags):
        return Contains(fact=name, value=draw(st.sampled_from(WORDS)))
    if not isinstance(fact_type, YesNo) and draw(st.booleans()):
        values = draw(st.lists(fact_values(name), min_size=1, max_size=2))
        return In.model_validate({"fact": name, "type": fact_type.type, "values": tuple(values)})
    ordered = isinstance(fact_type, Number | Level)
    op = draw(st.sampled_from(("==", "!=", "<", "<=", ">", ">=") if ordered else ("==", "!=")))
    order = fact_type.values if isinstance(fact_type, Level) else ()
    return Compare.model_validate(
        {
            "fact": name,
            "type": fact_type.type,
            "op": op,
            "value": draw(fact_values(name)),
            "order": order if op not in ("==", "!=") else (),
        }
    )


def missing_tests() -> st.SearchStrategy[Condition]:
    return st.sampled_from(sorted(FACTS)).map(lambda name: Missing(fact=name))


def conditions(*, in_rule: bool = True) -> st.SearchStrategy[Condition]:
    """Conditions as the authoring adapter admits them: `is missing` only plain, only in rules."""
    plain = st.recursive(tests_of_facts(), _grown, max_leaves=5)
    if not in_rule:
        return plain
    whole = st.one_of(plain, plain, missing_tests())
    return st.one_of(
        whole,
        st.lists(whole, min_size=2, max_size=3).map(lambda parts: And(of=tuple(parts))),
        st.lists(whole, min_size=2, max_size=3).map(lambda parts: Or(of=tuple(parts))),
    )


def _grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        inner.map(lambda part: Not(of=part)),
        several.map(lambda parts: And(of=tuple(parts))),
        several.map(lambda parts: Or(of=tuple(parts))),
    )


LANES = st.sampled_from((Lane.REVIEW, Lane.ESCALATE))


@st.composite
def rules(draw: st.DrawFn, name: str = "rule") -> Rule:
    return Rule(
        id=name,
        when=draw(conditions()),
        then=draw(LANES),
        reason="SOME_REASON",
        if_unknown=draw(LANES),
        four_eyes=draw(st.booleans()),
    )


@st.composite
def guardrails(draw: st.DrawFn) -> Guardrail:
    """Any guardrail an author could have written over `FACTS`."""
    limits = tuple(
        Limit(
            id=f"limit-{i}",
            require=draw(conditions(in_rule=False)),
            reason="LIMIT",
            otherwise=draw(LANES),
        )
        for i in range(draw(st.integers(1, 3)))
    )
    return Guardrail(
        policy="any",
        facts=FACTS,
        routes=Routes(review=Route(queue="r"), escalate=Route(queue="e")),
        limits=limits,
        rules=tuple(draw(rules(name=f"rule-{i}")) for i in range(draw(st.integers(0, 4)))),
    )


def with_facts(facts: Mapping[str, FactValue], **more: FactValue) -> dict[str, FactValue]:
    return {**facts, **more}
