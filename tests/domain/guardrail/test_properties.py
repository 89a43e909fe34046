"""What holds for every policy and every case, tried on many at random."""

import json
from decimal import Decimal
from random import Random

import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import FACTS, TENTHS, all_facts, conditions, guardrails, known_facts, rules

from domain.guardrail import wording
from domain.guardrail.canonical import canonical_json, canonical_value, digest, plain_number
from domain.guardrail.conditions import Condition, evaluate_condition
from domain.guardrail.document import Guardrail, Rule
from domain.guardrail.evaluate import Compiled, evaluate, trace, trace_digest
from domain.values import FactValue, Lane

Known = dict[str, FactValue]
ANYTHING = st.one_of(
    st.booleans(),
    st.decimals(allow_nan=True),
    st.text(max_size=4),
    st.frozensets(st.text()),
)


@given(guardrails(), st.dictionaries(st.sampled_from(sorted(FACTS)), ANYTHING))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_facts_whatever_give_exactly_one_lane(guardrail: Guardrail, facts: Known) -> None:
    verdict = evaluate(guardrail, facts)
    assert verdict.lane in Lane
    assert (verdict.lane is Lane.AUTOMATE) == (not verdict.contributions)
    assert Compiled(guardrail).lane(facts) is verdict.lane
    assert trace_digest(guardrail, facts) == trace_digest(guardrail, facts)


@given(guardrails(), known_facts())
def test_a_missing_required_fact_never_automates(guardrail: Guardrail, facts: Known) -> None:
    needed = {name for name in guardrail.asked if FACTS[name].required} - set(facts)
    verdict = evaluate(guardrail, facts)
    assert set(verdict.missing) == needed
    assert not needed or verdict.lane is not Lane.AUTOMATE


@given(guardrails(), rules(name="one-more"), known_facts())
def test_adding_a_rule_never_relaxes(guardrail: Guardrail, rule: Rule, facts: Known) -> None:
    more = guardrail.model_copy(update={"rules": (*guardrail.rules, rule)})
    before, after = evaluate(guardrail, facts), evaluate(more, facts)
    assert after.lane.caution >= before.lane.caution
    assert after.lane is not before.lane or after.four_eyes >= before.four_eyes


@given(guardrails(), known_facts(), st.randoms())
def test_the_order_of_rules_never_changes_the_lane(
    guardrail: Guardrail, facts: Known, random: Random
) -> None:
    shuffled = list(guardrail.rules)
    random.shuffle(shuffled)
    other = guardrail.model_copy(update={"rules": tuple(shuffled)})
    one, two = evaluate(guardrail, facts), evaluate(other, facts)
    assert (one.lane, one.four_eyes) == (two.lane, two.four_eyes)
    assert set(one.contributions) == set(two.contributions)


@given(guardrails(), all_facts(), st.data())
def test_what_is_automated_with_facts_missing_is_automated_whatever_they_are(
    guardrail: Guardrail, facts: Known, data: st.DataObject
) -> None:
    known = data.draw(st.sets(st.sampled_from(sorted(facts))))
    part = {name: facts[name] for name in known}
    if evaluate(guardrail, part).lane is Lane.AUTOMATE:
        assert evaluate(guardrail, facts).lane is Lane.AUTOMATE


@given(conditions(in_rule=False), all_facts(), st.data())
def test_what_is_true_or_false_with_facts_missing_stays_so(
    condition: Condition, facts: Known, data: st.DataObject
) -> None:
    known = data.draw(st.sets(st.sampled_from(sorted(facts))))
    early = evaluate_condition(condition, {name: facts[name] for name in known})
    assert early is None or early is evaluate_condition(condition, facts)
    assert all(test.result is not None for test in wording.tests(condition, facts))


@given(guardrails(), known_facts())
def test_a_stored_policy_reads_back_as_itself(guardrail: Guardrail, facts: Known) -> None:
    back = Guardrail.model_validate_json(guardrail.model_dump_json())
    assert back == guardrail
    assert back.digest == guardrail.digest
    assert evaluate(back, facts) == evaluate(guardrail, facts)
    assert trace(back, facts) == trace(guardrail, facts)


@given(guardrails(), known_facts() | st.dictionaries(st.sampled_from(sorted(FACTS)), ANYTHING))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_trace_is_digested_in_its_canonical_spelling(guardrail: Guardrail, facts: Known) -> None:
    words = {True: "true", False: "false", None: "unknown"}
    lines = [
        [
            line.id,
            words[line.result],
            [
                [
                    test.text,
                    [] if test.seen is None else [canonical_value(test.seen)],
                    words[test.result],
                ]
                for test in line.tests
            ],
        ]
        for line in trace(guardrail, facts)
    ]
    assert trace_digest(guardrail, facts) == digest(rfc8785.dumps([guardrail.semantics, lines]))


@given(guardrails())
def test_canonical_json_is_rfc_8785(guardrail: Guardrail) -> None:
    canonical = guardrail.canonical()
    assert canonical_json(canonical) == rfc8785.dumps(canonical)
    assert json.loads(canonical_json(canonical)) == canonical


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_every_text_is_spelt_as_rfc_8785_spells_it(text: str) -> None:
    assert canonical_json([text, True, 7]) == rfc8785.dumps([text, True, 7])


@given(TENTHS, TENTHS)
def test_equal_numbers_are_spelt_alike_and_others_are_not(one: Decimal, two: Decimal) -> None:
    padded = two.quantize(Decimal("0.0000"))
    assert (plain_number(one) == plain_number(padded)) == (one == two)
