"""What the page on the language shows is read, or refused, as the page says."""

import re
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from adapters.authoring import (
    AuthoringError,
    export_dmn,
    nodes,
    parse_guardrail,
    problems,
    syntax,
    tables,
)
from adapters.authoring.guardrails import MOST_RULES
from domain.guardrail.facts import BUILT_IN, Choice, Code, FactType, Level, Number, Tags, YesNo

PAGE = (Path(__file__).parents[1] / "docs/policy/language.md").read_text("utf-8")
FACTS: dict[str, FactType] = {
    **BUILT_IN,
    "amount": Number(min=Decimal(0), unit="EUR"),
    "tier": Choice(values=("basic", "silver", "gold")),
    "severity": Level(values=("low", "mid", "high")),
    "vip": YesNo(),
    "topics": Tags(values=("legal", "billing", "self_harm")),
    "country": Code(),
}
ACTIONS = frozenset(("refund", "replace", "reply"))
HEAD = """guardrail: v1
policy: page
boundaries: {refund_limit: {value: 200.00, unit: EUR}}
automate_only_if: [{id: sure, require: confidence >= 0.9, reason: UNSURE}]
"""


def blocks(kind: str) -> list[str]:
    found = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found


@pytest.mark.parametrize("text", blocks("yaml"))
def test_an_example_is_read(text: str) -> None:
    whole = text if text.startswith("guardrail:") else HEAD + text
    assert parse_guardrail(whole, FACTS, ACTIONS).rules


@pytest.mark.parametrize("when", blocks("conditions")[0].splitlines())
def test_a_condition_is_read(when: str) -> None:
    rule = f"rules:\n  - id: r\n    when: {when}\n    then: review\n    reason: R\n"
    assert parse_guardrail(HEAD + rule, FACTS, ACTIONS).rules


def test_what_is_wrong_is_said_as_on_the_page() -> None:
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(HEAD + blocks("wrong")[0], FACTS, ACTIONS)
    for line in blocks("said")[0].splitlines():
        assert line in str(error.value)


def test_a_condition_is_exported_to_the_cell_beside_it() -> None:
    rows = PAGE[PAGE.index("| condition | cell |") :].split("\n\n")[0].splitlines()[2:]
    assert rows
    for row in rows:
        conditions, cells = (re.findall(r"`(.*?)`", part) for part in row.split("|")[1:3])
        for condition, cell in zip(conditions, cells, strict=True):
            rule = f"rules: [{{id: r, when: '{condition}', then: review, reason: R}}]\n"
            table = export_dmn(parse_guardrail(HEAD + rule, FACTS, ACTIONS), FACTS)
            assert f"<text>{escape(cell)}</text>" in table


def test_the_limits_are_those_of_the_code() -> None:
    table = PAGE[PAGE.index("## Limits") : PAGE.index("## Your editor")]
    assert f"{nodes.LARGEST // 1024} KB" in table
    assert nodes.DEEPEST == syntax.DEEPEST
    for most in (nodes.DEEPEST, MOST_RULES, tables.MOST_COLUMNS, syntax.LONGEST):
        assert f"| {most}" in table
    assert f"the first {problems.MOST_PROBLEMS} problems" in PAGE
