"""A policy that can't be obeyed is refused where it is wrong, in its author's words."""

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.authoring import AuthoringError, parse_guardrail, source_digest
from domain.guardrail.conditions import And, Compare, In, Missing, Not
from domain.guardrail.document import Guardrail
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
from domain.guardrail.wording import condition_text

FACTS: dict[str, FactType] = {
    **BUILT_IN,
    "amount": Number(unit="EUR"),
    "vip": YesNo(),
    "tier": Choice(values=("gold", "basic", "NO", "or")),
    "severity": Level(values=("low", "mid", "high")),
    "region": Code(),
    "topics": Tags(values=("legal", "billing")),
}
HEAD = """guardrail: v1
policy: test
boundaries: {cap: {value: 0.30}, usd: {value: 5, unit: USD}}
automate_only_if: [{id: sure, require: confidence >= 0.9, reason: UNSURE}]
"""


def policy(when: str, more: str = "") -> Guardrail:
    return parse_guardrail(
        f"{HEAD}rules:\n  - id: r\n    when: {when}\n    then: review\n    reason: R\n{more}", FACTS
    )


def refused(text: str) -> str:
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(text, FACTS)
    return str(error.value)


def refused_when(when: str, more: str = "") -> str:
    with pytest.raises(AuthoringError) as error:
        policy(when, more)
    return str(error.value)


@pytest.mark.parametrize(
    ("when", "read"),
    [
        ("vip", "vip"),
        ("vip is false", "not vip"),
        ("not vip and amount>3", "not (vip) and amount > 3"),
        ("tier is gold or tier is not basic", "tier is gold or tier is not basic"),
        ("tier == 'or'", 'tier is "or"'),
        ("tier in [NO, gold]", "tier in [NO, gold]"),
        ("tier not in [gold]", "not (tier in [gold])"),
        ("risk > $cap", "risk > 0.30"),
        ("region is 4711", 'region is "4711"'),
        ("severity >= mid", "severity >= mid"),
        ("topics not contains legal", "not (topics contains legal)"),
        ("amount is missing or amount > 1", "amount is missing or amount > 1"),
        ("vip or vip and (vip or not vip)", "vip or (vip and (vip or not (vip)))"),
    ],
)
def test_a_condition_reads_as_it_is_written(when: str, read: str) -> None:
    assert condition_text(policy(when).rules[0].when) == read


def test_is_and_the_equals_sign_are_one_operator() -> None:
    assert policy("tier is gold").digest == policy("tier == gold").digest
    assert policy("tier is not gold").digest == policy("tier != gold").digest


def test_unless_is_and_not() -> None:
    when = policy("amount > 1", "    unless: tier in [gold]\n").rules[0].when
    assert when == And(
        of=(
            Compare(fact="amount", type="number", op=">", value=Decimal(1)),
            Not(of=In(fact="tier", type="choice", values=("gold",))),
        )
    )


def test_only_the_facts_asked_about_are_embedded() -> None:
    assert set(policy("amount is missing").facts) == {"confidence", "amount"}
    assert policy("amount is missing").rules[0].when == Missing(fact="amount")


@pytest.mark.parametrize(
    ("when", "message", "hint"),
    [
        ("amuont > 3", "there is no fact amuont", "Did you mean amount?"),
        ("tier is golf", "golf is not a value of tier", "Did you mean gold?"),
        ("amount > many", "amount is a number, and many is none", ""),
        ("amount > risk", "amount is a number, and risk is none", "Two facts can't be compared"),
        ("amount > '50'", "amount is a number, and 50 is none", "Write it without quotes: 50"),
        ("amount is null", "amount is a number, and null is none", "Write `amount is missing`."),
        ("risk > cap", "risk is a number, and cap is none", "Did you mean $cap?"),
        ("tier is not in [gold]", "`in` is not expected here", "Write `not in`"),
        ("risk > $kap", "there is no boundary $kap", "Did you mean $cap?"),
        ("amount > $usd", "$usd is in USD, and amount is in EUR", ""),
        ("tier is $cap", "$cap is a number, and tier is a choice", ""),
        ("tier > basic", "> needs a number or a level", ""),
        ("tier", "tier is a choice and can't stand alone", "`tier is gold`"),
        ("topics is legal", "topics is a set of tags", "contains"),
        ("topics contains lega", "lega is not a value of topics", "Did you mean legal?"),
        ("tier contains gold", "only a set of tags contains words", ""),
        ("vip is maybe", "vip is true or false, not maybe", ""),
        ("vip in [true]", "can't be one of a list", ""),
        ("tier in []", "the list is empty", ""),
        ("amount is present", "`amount is present` may not guard a rule", "if_unknown"),
        ("amount is not missing", "`amount is present` may not guard a rule", ""),
        ("not (amount is missing)", "`amount is present` may not guard a rule", ""),
        ("risk >", "the condition ends too early", "a number"),
        ("risk = 3", "`=` is not expected here", "`is` or `==`"),
        ("vip AND vip", "`AND` is not expected here", "Write `and`"),
        ("vip && vip", "is not expected here", "and"),
        ("amount > 1,5", "`,` is not expected here", "point"),
        ("amount > 1e5", "is not expected here", ""),
        ("amount > 1 andvip", "`andvip` is not expected here", ""),
        ("(vip", "the condition ends too early", ")"),
    ],
)
def test_a_condition_that_cannot_be_so_is_refused_with_its_place(
    when: str, message: str, hint: str
) -> None:
    said = refused_when(when)
    assert message in said
    assert hint in said
    assert said.startswith("line 7, column ")
    assert "^" in said


def test_the_caret_stands_under_the_word() -> None:
    said = refused_when("vip or tier is golf").splitlines()
    assert said[0] == "line 7, column 26: golf is not a value of tier"
    assert said[1].index("golf") == said[2].index("^")


@pytest.mark.parametrize("when", ["topics is missing", "topics is present"])
def test_a_limit_may_not_ask_whether_a_fact_is_there(when: str) -> None:
    assert "a limit may not ask" in refused(HEAD.replace("confidence >= 0.9", when))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1", "not a mapping"),
        ("a: [1", "this is not YAML"),
        ("", "there is nothing in the document"),
        ("# nothing but a comment", "there is nothing in the document"),
        ("a:\n  b: 1\n\tc: 2", "Indent with spaces, not with a tab."),
        ('a: 1\nb: "two\nc: 3\n', "line 2, column 4: this is not YAML: this quote is not closed"),
        ("boundaries: {a: {value: 30%}}\nguardrail: v1", "Write a share as a number: 0.30 for 30%"),
        (f"boundaries: {{a: {{value: {'9' * 31}}}}}\nguardrail: v1", "at most 30 digits"),
        ("a: \x01", "a character that can't be seen stands here"),
        ("guardrail: v1\nguardrail: v1", "stands here twice, first in line 1"),
        ("guardrail: &x v1", "anchors"),
        ("guardrail: *x", "aliases"),
        ("guardrail: !!str v1", "tags"),
        ("<<: {a: b}", "merging"),
        ("a: 1\n---\nb: 1", "a second document"),
        ("? [a]\n: b", "a name is a word"),
        ('guardrail: "\\ud800"', "this is not YAML"),
        ("guardrail: v2\npolicy: x", "the version of the language: v1"),
        ("guardrail: v1\npolicy: x", "at least one line under `automate_only_if`"),
        ("guardrail: v1\nrulez: []", "Did you mean rules?"),
        ("guardrail: v1\nrules: {}", "`rules` is a list, not a mapping"),
    ],
)
def test_a_document_of_another_shape_is_refused(text: str, message: str) -> None:
    assert message in refused(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("    then: automate", "`then` is review or escalate, not automate"),
        ("    then: reveiw", "Did you mean review?"),
        ("    sla: 4 hours", "`sla` is a duration, and 4 hours is none"),
        ("    sla: 0h", "`sla` is a duration"),
        ("    four_eyes: yes", "`four_eyes` is true or false, not yes"),
        ("    othrwise: review", "a rule has no `othrwise`"),
        ("    if_unknown: automate", "`if_unknown` is review or escalate"),
    ],
)
def test_a_field_of_a_rule_is_refused_in_words(line: str, message: str) -> None:
    text = f"{HEAD}rules:\n  - id: r\n    when: vip\n    reason: R\n{line}\n"
    assert message in refused(text if "then" in line else text + "    then: review\n")


def test_every_problem_is_told_at_once() -> None:
    said = refused(
        HEAD + "rules:\n  - {id: a, when: vipp, then: review, reason: R}\n"
        "  - {id: sure, when: vip, then: review, reason: R}\n"
        "  - {id: b, when: vip, then: review, reason: low}\n"
    )
    assert said.count("line ") == 4  # three problems, one of which names another line
    assert "the id sure is taken, first in line 4" in said


@pytest.mark.parametrize("opening", ["(", "not (", "not "])
def test_nesting_is_refused_not_exhausted(opening: str) -> None:
    closing = ")" * (2000 if "(" in opening else 0)
    assert "nested more than 50 deep" in refused_when(opening * 2000 + "vip" + closing)


def test_deep_yaml_is_refused_not_exhausted() -> None:
    assert "nested more than 50 deep" in refused("a: " + "[" * 100_000)
    assert "nested more than 50 deep" in refused("".join(" " * i + "a:\n" for i in range(200)))


def test_too_much_is_refused() -> None:
    assert "larger than 200 KB" in refused("# " + "x" * 205_000)
    many = "".join(f"  - {{id: r{i}, when: vip, then: review, reason: R}}\n" for i in range(1001))
    assert "at most 1000" in refused(f"{HEAD}rules:\n{many}")


@given(st.text(max_size=60))
def test_no_condition_fails_but_by_refusal(when: str) -> None:
    quoted = when.replace("\\", "\\\\").replace('"', '\\"')
    with contextlib.suppress(AuthoringError):
        policy(f'"{quoted}"')


@given(st.text(alphabet="ab:-[]{}&*!|>'\"# \n\t1.", max_size=80))
def test_no_document_fails_but_by_refusal(text: str) -> None:
    with pytest.raises(AuthoringError):
        parse_guardrail(text, FACTS)


def test_the_source_digest_is_that_of_the_bytes() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert source_digest("") == f"sha256:{empty}"
    assert source_digest("a: 0.3") != source_digest("a: 0.30")


PERSONAL: dict[str, FactType] = {
    **FACTS,
    "name": Code(personal=True),
    "age": Number(personal=True),
}


@pytest.mark.parametrize(
    ("below", "caret"),
    [
        ("rules: [{id: r, when: name is Ann, then: review, reason: R}]", 23),
        ("rules: [{id: r, when: vip and name is missing, then: review, reason: R}]", 31),
        ("rules: [{id: r, when: vip, unless: age > 60, then: review, reason: R}]", 36),
        ("claims: [{id: c, never: automate, when: age < 18}]", 41),
        ("claims: [{id: c, raising: age, is: never-laxer}]", 27),
    ],
    ids=["rule", "missing", "unless", "claim", "raising"],
)
def test_a_policy_may_not_ask_about_a_personal_fact(below: str, caret: int) -> None:
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(HEAD + below, PERSONAL)
    said = str(error.value)
    fact = "name" if "name" in below else "age"
    assert f"line 5, column {caret}: {fact} is personal, and a policy may not ask about it" in said
    assert f"\n  {below[:110]}\n  {' ' * (caret - 1)}^" in said
    assert "must stay erasable" in said


def test_a_limit_may_not_ask_about_a_personal_fact_either() -> None:
    with pytest.raises(AuthoringError, match="line 4, column 40: age is personal"):
        parse_guardrail(HEAD.replace("confidence >= 0.9", "age > 17"), PERSONAL)


def test_a_personal_fact_beside_it_changes_nothing_about_a_policy() -> None:
    with_people = parse_guardrail(HEAD, PERSONAL)
    assert with_people == parse_guardrail(HEAD, FACTS)
    assert with_people.digest == parse_guardrail(HEAD, FACTS).digest


def test_a_policy_with_a_personal_fact_can_not_even_be_made() -> None:
    good = policy("amount > 3")
    facts = {**good.facts, "amount": Number(unit="EUR", personal=True)}
    with pytest.raises(ValueError, match="amount is personal and can't be asked about"):
        Guardrail.model_validate(dict(good) | {"facts": facts})
