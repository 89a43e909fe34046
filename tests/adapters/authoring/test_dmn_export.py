"""What a policy says as a decision table: any engine reads it, and it reads back as the same."""

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from adapters.authoring import AuthoringError, export_dmn, import_dmn, parse_guardrail
from adapters.authoring.dmn.cells import read_cell
from adapters.authoring.syntax import parse
from adapters.authoring.typing import Scope, typed
from domain.guardrail.conditions import (
    ORDERED,
    And,
    Compare,
    Condition,
    In,
    Missing,
    Not,
    Or,
    evaluate_condition,
)
from domain.guardrail.document import (
    Guardrail,
    Limit,
    NeverClaim,
    RaisingClaim,
    Route,
    Routes,
    Rule,
    Sampling,
    asked_by,
)
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import YesNo
from domain.values import FactValue, Lane
from tests.domain.guardrail.strategies import (
    FACTS,
    LANES,
    all_facts,
    fact_values,
    known_facts,
)
from tests.domain.guardrail.strategies import tests_of_facts as any_test

POLICY = """
guardrail: v1
policy: refunds
boundaries: {most: {value: 200.00, unit: EUR, why: signed in May}}
automate_only_if:
  - {id: sure, require: confidence >= 0.90 and risk <= 0.30, reason: LIMIT, otherwise: escalate}
rules:
  - {id: one, when: CONDITION, then: review, reason: ONE}
"""


def _sayable(condition: Condition) -> bool:
    """A test of one fact that a cell can say: all but the order of levels."""
    level = isinstance(condition, Compare) and condition.type == "level" and condition.op in ORDERED
    doubled = isinstance(condition, In) and len(set(condition.values)) < len(condition.values)
    return not level and not doubled


def _is_value(part: Condition) -> bool:
    return isinstance(part, Compare) and part.op == "==" and part.type != "yes_no"


@st.composite
def alternatives(draw: st.DrawFn) -> Condition:
    """Several tests of one fact, of which one must hold."""
    first = draw(any_test().filter(_sayable))
    same = any_test().filter(lambda test: _sayable(test) and test.fact == first.fact)  # type: ignore[union-attr]
    parts = (first, *draw(st.lists(same, min_size=1, max_size=2)))
    return In.model_validate(_listed(draw, first)) if all(map(_is_value, parts)) else Or(of=parts)


def _listed(draw: st.DrawFn, like: Condition) -> dict[str, object]:
    assert isinstance(like, Compare)
    values = st.lists(fact_values(like.fact), min_size=1, max_size=3, unique=True)
    return {"fact": like.fact, "type": like.type, "values": tuple(draw(values))}


RANGES = st.tuples(st.sampled_from((">", ">=")), st.sampled_from(("<", "<="))).map(
    lambda ops: And(
        of=(
            Compare(fact="amount", type="number", op=ops[0], value=Decimal("0.10")),
            Compare(fact="amount", type="number", op=ops[1], value=Decimal(200)),
        )
    )
)
PLAIN = st.one_of(any_test().filter(_sayable), alternatives())
CELLS = st.one_of(PLAIN, RANGES, st.one_of(PLAIN, RANGES).map(lambda inner: Not(of=inner)))
MISSING = st.sampled_from(sorted(FACTS)).map(lambda name: Missing(fact=name))


def conjunctions(cells: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    return st.lists(cells, min_size=1, max_size=4).map(_joined)


def _joined(parts: list[Condition]) -> Condition:
    flat = tuple(leaf for part in parts for leaf in (part.of if isinstance(part, And) else [part]))
    return flat[0] if len(flat) == 1 else And(of=flat)


TEXTS = st.none() | st.text(min_size=1, max_size=12).filter(
    lambda text: bool(text.strip()) and "".join(text.split()).isprintable()
)
TIMES = st.none() | st.integers(1, 100_000).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def exportable(draw: st.DrawFn) -> Guardrail:
    """Any policy whose conditions are conjunctions of cells."""
    limits = tuple(
        Limit(id=f"limit-{i}", require=c, reason="LIMIT", otherwise=draw(LANES), why=draw(TEXTS))
        for i, c in enumerate(draw(st.lists(conjunctions(CELLS), min_size=1, max_size=3)))
    )
    rules = tuple(
        Rule(
            id=f"rule-{i}",
            when=condition,
            then=draw(LANES),
            reason="SOME.REASON",
            if_unknown=draw(LANES),
            four_eyes=draw(st.booleans()),
            queue=draw(TEXTS),
            sla=draw(TIMES),
            why=draw(TEXTS),
        )
        for i, condition in enumerate(
            draw(st.lists(conjunctions(st.one_of(CELLS, MISSING)), max_size=4))
        )
    )
    asked = asked_by((*(x.require for x in limits), *(x.when for x in rules)))
    return Guardrail(
        policy="any",
        facts={name: kind for name, kind in FACTS.items() if name in asked},
        routes=Routes(review=Route(queue=draw(TEXTS), sla=draw(TIMES))),
        limits=limits,
        rules=rules,
        sampling=(Sampling(id="qa", of=Lane.AUTOMATE, rate=Decimal("0.05")),),
        claims=(RaisingClaim(id="more", fact="risk", promise="never-laxer"),),
    )


@given(exportable())
def test_an_exported_policy_reads_back_as_the_same(policy: Guardrail) -> None:
    back = parse_guardrail(import_dmn(export_dmn(policy, FACTS), FACTS, {}), FACTS)
    assert back.digest == policy.digest
    assert (back.policy, back.title, back.claims) == (policy.policy, policy.title, policy.claims)
    assert [part.why for part in (*back.limits, *back.rules)] == [
        part.why for part in (*policy.limits, *policy.rules)
    ]


@given(exportable(), all_facts())
def test_an_engine_decides_a_known_case_as_we_do(
    policy: Guardrail, facts: dict[str, FactValue]
) -> None:
    assert engine(export_dmn(policy, FACTS), facts) is evaluate(policy, facts).lane


@given(exportable(), known_facts(), st.booleans())
def test_no_engine_automates_what_we_would_not(
    policy: Guardrail, facts: dict[str, FactValue], unlike: bool
) -> None:
    if engine(export_dmn(policy, FACTS), facts, unlike=unlike) is Lane.AUTOMATE:
        assert evaluate(policy, facts).lane is Lane.AUTOMATE
        assert policy.asked <= facts.keys()


def engine(text: str, facts: Mapping[str, FactValue], *, unlike: bool = False) -> Lane:
    """PRIORITY as DMN defines it: of the rows that match, the first in the order of the outputs.

    To some engines what is missing is `unlike` every value, to others it matches nothing.
    """
    root = fromstring(text)
    texts = {
        name: [item.text or "" for item in root.iterfind(f".//{{*}}{name}/{{*}}text")]
        for name in ("inputExpression", "outputValues", "defaultOutputEntry")
    }
    said: set[str] = set()
    for row in root.iterfind(".//{*}decisionTable/{*}rule"):
        cells = [item.text or "" for item in row.iterfind("{*}inputEntry/{*}text")]
        asked = zip(texts["inputExpression"], cells, strict=True)
        if all(cell == "-" or _matches(cell, fact, facts, unlike) for fact, cell in asked):
            said.add(next(item.text or "" for item in row.iterfind("{*}outputEntry/{*}text")))
    order = texts["outputValues"][0].split(", ")
    default = texts["defaultOutputEntry"][0]
    return Lane(next((word for word in order if word in said), default).strip('"'))


def _matches(cell: str, fact: str, facts: Mapping[str, FactValue], unlike: bool) -> bool:
    if unlike and fact not in facts and not re.search(r"[<>]|\.\.|contains", cell):
        return ("!=" in cell or "null" in cell) is not cell.startswith("not(")
    condition = typed(parse(str(read_cell(cell, fact, FACTS[fact]))), Scope(FACTS, {}))
    return evaluate_condition(condition, facts) is True


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("vip or tier is gold", "one test of tier and vip"),
        ("not (vip and tier is gold)", "one test of tier and vip"),
        ("severity >= high", "DMN knows no order of words"),
        ("tier is gold or tier is basic", "Write `tier in [...]`"),
        ("not (not (vip))", "nested deeper"),
        ("amount < 5 or not (amount < 100)", "nested deeper"),
        (b'country is "a\\u2003b"'.decode("unicode_escape"), "a character that a cell"),
    ],
)
def test_what_no_cell_can_say_is_refused_by_name(condition: str, said: str) -> None:
    text = POLICY.replace("CONDITION", "'" + condition + "'")
    policy = parse_guardrail(text, FACTS)
    with pytest.raises(AuthoringError, match=f"the rule one: .*\n?.*{re.escape(said)}"):
        export_dmn(policy, FACTS)


def test_everything_that_has_no_counterpart_is_named_at_once() -> None:
    text = POLICY.replace("CONDITION", "severity >= high").replace(
        "confidence >= 0.90 and", "vip or"
    )
    with pytest.raises(AuthoringError) as refused:
        export_dmn(parse_guardrail(text, FACTS), FACTS)
    assert [p.message.partition(":")[0] for p in refused.value.problems] == [
        "the limit sure",
        "the rule one",
    ]


def exported(condition: str = "vip and amount > $most") -> str:
    return export_dmn(parse_guardrail(POLICY.replace("CONDITION", condition), FACTS), FACTS)


def test_boundaries_are_told_to_people() -> None:
    assert "most = 200.00 EUR (signed in May)" in exported()


def test_a_texts_quotes_and_brackets_stay_its_own() -> None:
    condition = """'country in ["a, ""b", ")"]'""".replace('""', '\\"')
    back = parse_guardrail(import_dmn(exported(condition), FACTS, {}), FACTS)
    assert back.rules[0].when == In(fact="country", type="code", values=('a, "b', ")"))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (">= 0.90<", ">= 0.80<", "the row that automates does not say"),
        ('"review"</text>\n        </default', '"automate"</text>\n        </default', "default"),
        ('"limits"', '"limitless"', "the part `limitless` is none of"),
        ("policy: refunds", "rules: []", "`rules` can't stand beside the table"),
        ("policy: refunds", "policy: *a", "aliases"),
        ("policy: refunds", "policy: " + "[" * 60, "nested more than 50 deep"),
    ],
)
def test_a_table_that_was_changed_by_halves_is_refused(before: str, after: str, said: str) -> None:
    table = exported().replace("&gt;", ">")
    assert before in table
    with pytest.raises(AuthoringError, match=said):
        import_dmn(table.replace(before, after, 1), FACTS, {})


def test_a_policy_that_asks_in_ever_another_order_is_refused() -> None:
    rules = "\n".join(
        f"  - {{id: r{n}, when: {' and '.join(['vip', 'amount > 1'] * 20)}, then: review, reason: R}}"
        for n in range(2)
    )
    text = POLICY.replace("  - {id: one, when: CONDITION, then: review, reason: ONE}", rules)
    policy = parse_guardrail(text.replace("amount > 1", "amount > 1 and risk > 0"), FACTS)
    with pytest.raises(AuthoringError, match="more than 50 columns"):
        export_dmn(policy, FACTS)


def test_a_condition_that_fits_only_without_quotes_is_refused() -> None:
    countries = ", ".join(f"a{n}" for n in range(2600))
    policy = parse_guardrail(POLICY.replace("CONDITION", f"'country in [{countries}]'"), FACTS)
    with pytest.raises(AuthoringError, match=r"not read back as the same.*\n.*longer than"):
        export_dmn(policy, FACTS)


def test_claims_are_kept_in_words() -> None:
    claim = "\nclaims: [{id: vips, never: automate, when: vip and amount > 100}]"
    policy = parse_guardrail(POLICY.replace("CONDITION", "vip") + claim, FACTS)
    back = parse_guardrail(import_dmn(export_dmn(policy, FACTS), FACTS, {}), FACTS)
    assert back.claims == policy.claims
    assert isinstance(back.claims[0], NeverClaim)
    assert isinstance(FACTS["vip"], YesNo)


def test_catalogue_policies_are_exported_or_refused_by_name() -> None:
    from adapters.assembly import read_adoption

    outcomes: dict[str, bool] = {}
    for path in sorted((Path(__file__).parents[3] / "catalogue").glob("*.yaml")):
        adoption = read_adoption(path.read_text("utf-8"))
        facts = adoption.definition.facts
        try:
            text = export_dmn(adoption.guardrail, facts)
        except AuthoringError:
            outcomes[path.stem] = False
        else:
            back = parse_guardrail(import_dmn(text, facts, {}), facts)
            outcomes[path.stem] = back.digest == adoption.guardrail.digest
    assert outcomes == {
        "compliance_screening": True,
        "it_incident_routing": False,  # a rule is about either of two facts
        "risk_signal_review": True,
        "support_triage": True,
    }


@pytest.mark.parametrize(
    "require", ["tier is not gold", "not (tier is gold)", "tier not in [gold, basic]", "risk < 1"]
)
def test_no_engine_automates_with_a_fact_missing(require: str) -> None:
    text = POLICY.replace("CONDITION", "vip")
    text = text.replace("confidence >= 0.90 and risk <= 0.30", f"'{require}'")
    table = export_dmn(parse_guardrail(text, FACTS), FACTS)
    fact = require.removeprefix("not (").split()[0]
    facts: dict[str, FactValue] = {"vip": False, "tier": "basic", "risk": Decimal(0)}
    if "basic" not in require:
        assert engine(table, facts) is Lane.AUTOMATE
    for unlike in (True, False):
        for gone in (fact, "vip"):
            known = {name: value for name, value in facts.items() if name != gone}
            assert engine(table, known, unlike=unlike) is not Lane.AUTOMATE
