"""A suggested change really makes the difference, no smaller one does, and none is overlooked."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import WORDS, all_facts, guardrails, known_facts

from domain.guardrail.conditions import Compare, Contains, In
from domain.guardrail.document import Guardrail, Limit, Rule
from domain.guardrail.evaluate import compiled
from domain.guardrail.explaining import Change, single_changes
from domain.guardrail.facts import Choice, Code, Facts, FactType, Level, Number, Tags, YesNo
from domain.values import FactValue, Lane

COARSE: dict[str, FactType] = {
    "confidence": Number(min=Decimal(0), max=Decimal(1), decimals=1, required=False),
    "risk": Number(min=Decimal(0), max=Decimal(1), decimals=1),
}
"""Numbers of which there are few enough to try them all."""
AMOUNTS = [Decimal(cents) / 100 for cents in (0, 1, 19998, 19999, 20000, 20001, 20002, 99999)]


def coarse(guardrail: Guardrail) -> Guardrail:
    return guardrail.model_copy(update={"facts": {**guardrail.facts, **COARSE}})


def everything(name: str, kind: FactType, seen: FactValue | None) -> Iterator[FactValue]:
    """Every value of a fact that could make a difference, whatever the policy."""
    match kind:
        case YesNo():
            yield from (True, False)
        case Number():
            yield from AMOUNTS if name == "amount" else [Decimal(n) / 10 for n in range(11)]
        case Choice(values=values) | Level(values=values):
            yield from values
        case Code():
            yield from ("refund", "reply", "DE", "something else")
        case Tags():
            kept = frozenset(seen if isinstance(seen, frozenset) else ()) - set(WORDS)
            for size in range(len(WORDS) + 1):
                yield from (kept | set(some) for some in combinations(WORDS, size))


def distance(kind: FactType, seen: FactValue | None, value: FactValue) -> Decimal:
    match kind:
        case Number() if isinstance(seen, Decimal) and isinstance(value, Decimal):
            return abs(seen - value)
        case Level(values=values) if isinstance(seen, str) and isinstance(value, str):
            return Decimal(abs(values.index(seen) - values.index(value)))
        case Tags() if isinstance(value, frozenset):
            had = seen if isinstance(seen, frozenset) else frozenset[str]()
            return Decimal(len(had ^ value))
        case _:
            return Decimal(1)


def automates(guardrail: Guardrail, facts: Facts) -> bool:
    return compiled(guardrail).lane(facts) is Lane.AUTOMATE


def changes(guardrail: Guardrail, facts: Facts) -> dict[str, Change]:
    found = single_changes(guardrail, facts, lambda other: automates(guardrail, other))
    return {change.fact: change for change in found}


@settings(max_examples=100)
@given(guardrails().map(coarse), st.one_of(all_facts(), known_facts()))
def test_each_change_automates_and_nothing_nearer_does(
    guardrail: Guardrail, facts: dict[str, FactValue]
) -> None:
    if automates(guardrail, facts):
        return
    found = changes(guardrail, facts)
    for name in guardrail.asked:
        kind, seen = guardrail.facts[name], facts.get(name)
        would = [
            distance(kind, seen, value)
            for value in everything(name, kind, seen)
            if automates(guardrail, {**facts, name: value})
        ]
        assert (name in found) == bool(would), name
        if name in found:
            value = found[name].value
            assert value is not None, "what is unknown automates nothing"
            assert automates(guardrail, {**facts, name: value})
            if seen is not None:
                assert distance(kind, seen, value) <= min(would), (name, value)


@settings(max_examples=40)
@given(guardrails().map(coarse), all_facts())
def test_the_whole_range_that_is_told_automates(
    guardrail: Guardrail, facts: dict[str, FactValue]
) -> None:
    for name, change in changes(guardrail, facts).items():
        kind = guardrail.facts[name]
        if not isinstance(kind, Number) or name == "amount":
            continue
        words = change.text.split(" (")[0].removeprefix(f"{name} had been ").split()
        low, high = kind.min or Decimal(0), kind.max or Decimal(1)
        match words:
            case ["at", "least", least]:
                low = Decimal(least)
            case ["at", "most", most]:
                high = Decimal(most)
            case ["from", least, "to", most]:
                low, high = Decimal(least), Decimal(most)
            case [exactly]:
                low = high = Decimal(exactly)
            case _:
                raise AssertionError(change.text)
        for tenth in range(11):
            value = Decimal(tenth) / 10
            if low <= value <= high:
                assert automates(guardrail, {**facts, name: value}), change.text


TYPES: dict[str, FactType] = {
    "amount": Number(min=Decimal(0), decimals=2, unit="EUR"),
    "tier": Choice(values=("basic", "silver", "gold")),
    "topics": Tags(required=False),
    "country": Code(),
}


def a_policy(*rules: Rule) -> Guardrail:
    return Guardrail(policy="p", facts=TYPES, rules=rules)


AMOUNT = Compare(fact="amount", type="number", op=">", value=Decimal("50.00"))


def texts(guardrail: Guardrail, facts: Facts) -> list[str]:
    return [change.text for change in changes(guardrail, facts).values()]


def test_a_change_reads_like_the_end_of_a_sentence() -> None:
    large = Rule(id="large", when=AMOUNT, then=Lane.REVIEW, reason="LARGE")
    legal = Contains(fact="topics", value="legal")
    about = Rule(id="legal", when=legal, then=Lane.REVIEW, reason="LEGAL")
    abroad = In(fact="country", type="code", values=("DE", "FR"))
    rule = Rule(id="abroad", when=abroad, then=Lane.REVIEW, reason="ABROAD")
    assert texts(a_policy(large), {"amount": Decimal(120)}) == [
        "amount had been at most 50 EUR (it is 120 EUR)"
    ]
    assert texts(a_policy(about), {"topics": frozenset({"legal", "late"})}) == [
        "topics had been without legal (it is late, legal)"
    ]
    assert texts(a_policy(rule), {"country": "DE"}) == [
        "country had been anything but DE, FR (it is DE)"
    ]


def test_two_things_in_the_way_are_changed_by_no_single_fact() -> None:
    gold = Compare(fact="tier", type="choice", op="==", value="gold")
    limit = Limit(id="gold", require=gold, reason="TIER")
    large = Rule(id="large", when=AMOUNT, then=Lane.REVIEW, reason="LARGE")
    both = Guardrail(policy="p", facts=TYPES, limits=(limit,), rules=(large,))
    assert texts(both, {"amount": Decimal(120), "tier": "basic"}) == []
