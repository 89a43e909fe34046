"""A table says what its rows would say as rules, and is refused in the cell that is wrong."""

import pytest

from adapters.authoring import AuthoringError, parse_guardrail
from adapters.authoring.guardrails import MOST_RULES
from domain.guardrail.wording import condition_text
from tests.adapters.authoring.test_guardrail_refusals import FACTS, HEAD

TABLE = (
    HEAD
    + """rules:
  - table: refunds
    reason: REFUND_LIMIT
    columns: [action, tier, amount, topics, then, queue]
    rows:
      - [refund, basic,         "> 100 and <= 500",  -,       review,   refunds]
      - [refund, [gold, "NO"],  "> $usd",            legal,   review,   "-"]
      - ["-",    "not in ['or']",missing,             [legal, billing], escalate, leads]
"""
).replace("unit: USD", "unit: EUR")
RULES = (
    HEAD
    + """rules:
  - {id: refunds-1, when: action is refund and tier is basic and amount > 100 and amount <= 500, then: review, queue: refunds, reason: REFUND_LIMIT}
  - {id: refunds-2, when: 'action is refund and tier in [gold, NO] and amount > 5 and topics contains legal', then: review, reason: REFUND_LIMIT}
  - {id: refunds-3, when: 'tier not in ["or"] and amount is missing and (topics contains legal or topics contains billing)', then: escalate, queue: leads, reason: REFUND_LIMIT}
"""
)


def refused(old: str, new: str) -> str:
    assert old in TABLE
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(TABLE.replace(old, new), FACTS)
    return str(error.value)


def test_a_table_is_its_rows_as_rules() -> None:
    table, rules = parse_guardrail(TABLE, FACTS), parse_guardrail(RULES, FACTS)
    assert [condition_text(r.when) for r in table.rules] == [
        condition_text(r.when) for r in rules.rules
    ]
    assert table.digest == rules.digest


def test_an_id_column_names_the_rules_whatever_stands_before_them() -> None:
    named = TABLE.replace("columns: [", "columns: [id, ")
    for name, first in (
        ("small", "refund, basic"),
        ("large", "refund, [gold"),
        ("odd", '"-",    "'),
    ):
        named = named.replace(f"- [{first}", f"- [{name}, {first}")
    assert [rule.id for rule in parse_guardrail(named, FACTS).rules] == [
        "refunds-small",
        "refunds-large",
        "refunds-odd",
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("refund, basic", "refund, basc", "line 10, column 18: column tier: basc is not a value"),
        ("[gold, ", "[gol, ", "Did you mean gold?"),
        ("> 100 and", "> many and", "line 10, column 33: column amount: amount is a number"),
        ("> $usd", "> $use", "Did you mean $usd?"),
        ("tier, amount", "teir, amount", "line 8, column 23: a column is a fact or a rule's field"),
        ("then, queue]", "then, then]", "the column then stands here twice"),
        ("refund, basic, ", "refund,", "row 1 has 5 cells, and the table has 6 columns"),
        ("review,   refunds]", "automate, refunds]", "`then` is review or escalate, not automate"),
        ("review,   refunds]", "-, refunds]", "row 1 needs `then`"),
        (
            '[refund, basic,         "> 100 and <= 500"',
            '["-", "-", "-"',
            "row 1 asks about nothing",
        ),
        ("    reason: REFUND_LIMIT\n", "", "row 1 needs `reason`"),
        ("table: refunds", "table: refunds\n    rule: x", "a table has no `rule`"),
        ("table: refunds", "table: re funds", "is no table"),
        (
            "rules:\n",
            "rules:\n  - {id: refunds-2, when: vip, then: review, reason: R}\n",
            "is taken",
        ),
    ],
)
def test_what_is_wrong_is_shown_in_its_cell(old: str, new: str, said: str) -> None:
    assert said in refused(old, new)


def test_every_wrong_cell_of_a_table_is_named_at_once() -> None:
    text = TABLE.replace("basic", "basc").replace("> $usd", "> $use")
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(text, FACTS)
    assert len(error.value.problems) == 2


def test_a_table_has_no_more_rows_than_a_policy_has_rules() -> None:
    row = "      - [refund, basic, '> 1', '-', review, refunds]\n"
    with pytest.raises(AuthoringError, match=f"at most {MOST_RULES} are read"):
        parse_guardrail(TABLE + row * MOST_RULES, FACTS)
