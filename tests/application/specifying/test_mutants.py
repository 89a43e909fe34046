"""A mutant that is reported noticed is noticed, and one reported surviving is not."""

import sys
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.specifying.mutants import Proof, mutants, mutated, surviving
from application.specifying.playing import Asked, asked, play, ready
from application.specifying.reading import Example, Step
from domain.decision_type.definition import PermittedAction
from domain.guardrail.conditions import Compare
from domain.guardrail.document import Guardrail, Limit
from domain.guardrail.facts import BUILT_IN, Level, Number
from domain.values import FactValue, Reversibility
from tests.domain.builders import a_definition

sys.path.append(str(Path(__file__).parents[2] / "domain" / "guardrail"))
from strategies import FACTS, all_facts, guardrails, known_facts

DEFINITION = a_definition(
    context={name: kind for name, kind in FACTS.items() if name not in BUILT_IN},
    actions={
        "refund": PermittedAction(reversibility=Reversibility.NEGLIGIBLE),
        "reply": PermittedAction(reversibility=Reversibility.RECOVERABLE),
        "DE": PermittedAction(reversibility=Reversibility.IRREVERSIBLE),
    },
)


def text(value: FactValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case frozenset():
            return ", ".join(sorted(value)) or ","
        case _:
            return str(value)


def proof(facts: dict[str, FactValue], policy: Asked) -> Proof:
    """An example that says of a case what the policy says of it, as closely as can be."""
    facts = {"action": "refund", **facts}
    steps = [Step("given", f"{name} is {text(value)}", 1, None) for name, value in facts.items()]
    steps.append(Step("when", "the policy decides", 1, None))
    first = ready(Example("", 1, tuple(steps)), policy)
    ruling = _ruling(facts, policy)
    says = [f"the decision is {ruling.lane}", f"rule {ruling.rule} decides"]
    says += [f"the reason {reason.code} is given" for reason in ruling.reasons]
    told = [Step("then", say, 1, None) for say in says]
    steps_ready = (*first, *ready(Example("", 1, (*steps, *told)), policy)[len(first) :])
    played = play(steps_ready, policy)
    assert played.failed is None, played
    return Proof(steps_ready, played.decided_on)


def _ruling(facts: dict[str, FactValue], policy: Asked):  # type: ignore[no-untyped-def]
    from application.specifying.playing import _case
    from domain.routing import route

    return route(_case(facts), policy.decision_type, policy.policy)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(guardrails(), st.lists(st.one_of(all_facts(), known_facts()), max_size=6))
def test_noticed_and_surviving_mutants_are_what_they_are_said_to_be(
    guardrail: Guardrail, cases: list[dict[str, FactValue]]
) -> None:
    policy = asked(DEFINITION, guardrail)
    proofs = [proof(facts, policy) for facts in cases]
    every = tuple(mutants(guardrail))
    alive, untried = surviving(every, proofs, policy)
    assert untried == 0
    for mutant in every:
        other = policy.instead(mutated(guardrail, mutant))
        noticed = any(play(each.steps, other).failed is not None for each in proofs)
        assert noticed == (mutant not in alive), mutant.text


def a_limit(condition: Compare, fact: Number | Level) -> Guardrail:
    limit = Limit(id="limit", require=condition, reason="LIMIT")
    return Guardrail(policy="p", facts={condition.fact: fact}, limits=(limit,))


def test_a_number_is_moved_one_step_of_its_fact_either_way() -> None:
    amount = Compare(fact="amount", type="number", op="<=", value=Decimal(50))
    texts = [m.text for m in mutants(a_limit(amount, Number(min=Decimal(0), decimals=2)))]
    assert texts == [
        "limit: amount <= 49.99 instead of amount <= 50",
        "limit: amount <= 50.01 instead of amount <= 50",
    ]


def test_a_mutant_that_no_value_tells_from_the_policy_is_none() -> None:
    most = Compare(fact="risk", type="number", op="<=", value=Decimal(1))
    fact = Number(min=Decimal(0), max=Decimal(1), decimals=1)
    assert [m.text for m in mutants(a_limit(most, fact))] == [
        "limit: risk <= 0.9 instead of risk <= 1"
    ]


def test_a_level_is_moved_one_level() -> None:
    order = ("low", "high", "top")
    level = Compare(fact="severity", type="level", op=">=", value="high", order=order)
    assert [m.text for m in mutants(a_limit(level, Level(values=order)))] == [
        "limit: severity >= low instead of severity >= high",
        "limit: severity >= top instead of severity >= high",
    ]
