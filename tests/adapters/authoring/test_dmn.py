"""Tables of the DMN Technology Compatibility Kit decide here what the kit says they decide."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from adapters.authoring import AuthoringError, import_dmn, parse_guardrail
from domain.guardrail.evaluate import evaluate
from domain.guardrail.facts import BUILT_IN, Choice, FactType, Number, YesNo, normalise
from domain.values import Lane

KIT = Path(__file__).parents[2] / "samples/dmn"
FACTS: dict[str, FactType] = {
    **BUILT_IN,
    "Age": Number(),
    "RiskCategory": Choice(values=("High", "Medium", "Low")),
    "isAffordable": YesNo(),
}
LANES = {"Approved": Lane.AUTOMATE, "Declined": Lane.REVIEW}
XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"


def table(name: str) -> str:
    return (KIT / f"{name}.dmn").read_text("utf-8")


def cases(name: str) -> Iterator[tuple[dict[str, object], str]]:
    """What is known in each of the kit's test cases, and what it says comes of it."""
    root = fromstring((KIT / f"{name}-test-01.xml").read_bytes())
    for case in root.iterfind(".//{*}testCase"):
        known: dict[str, object] = {}
        for node in case.iterfind(".//{*}inputNode"):
            (value,) = node.iterfind(".//{*}value")
            said = value.text or ""
            known[node.attrib["name"]] = said == "true" if "boolean" in value.attrib[XSI] else said
        (result,) = case.iterfind(".//{*}expected")
        yield known, str(next(result.iterfind(".//{*}value")).text)


@pytest.mark.parametrize("name", ["0004-simpletable-U", "0005-simpletable-A"])
def test_a_table_decides_as_the_kit_says(name: str) -> None:
    guardrail = parse_guardrail(import_dmn(table(name), FACTS, LANES), FACTS)
    found = list(cases(name))
    assert found
    for known, expected in found:
        facts = {fact: normalise(fact, FACTS[fact], raw) for fact, raw in known.items()}
        assert evaluate(guardrail, facts).lane is LANES[expected]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("0108-first-hitpolicy", "is no line of a rule"),
        ("0115-sum-collect-hitpolicy", "the hit policy COLLECT SUM has no counterpart"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(name: str, said: str) -> None:
    with pytest.raises(AuthoringError, match=said):
        import_dmn(table(name), {**FACTS, "NumOfYears": Number()}, LANES)


def test_priorities_are_imported_only_where_the_strictest_comes_first() -> None:
    with pytest.raises(AuthoringError, match="PRIORITY puts a laxer outcome before a stricter one"):
        import_dmn(table("0006-simpletable-P1"), FACTS, LANES)
    turned = {"Approved": Lane.REVIEW, "Declined": Lane.AUTOMATE}
    name = "0006-simpletable-P1"
    guardrail = parse_guardrail(import_dmn(table(name), FACTS, turned), FACTS)
    for known, expected in cases(name):
        facts = {fact: normalise(fact, FACTS[fact], raw) for fact, raw in known.items()}
        assert evaluate(guardrail, facts).lane is turned[expected]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("&gt;= Age2 + 1", "no arithmetic"),
        ("date(&quot;2024-01-01&quot;)", "dates and times"),
        ("sqrt(4)", "no functions"),
        ("&gt; Other", "a fact is compared with a constant only"),
    ],
)
def test_a_cell_without_counterpart_is_refused_by_name(cell: str, said: str) -> None:
    text = table("0004-simpletable-U").replace("<text>&gt;=18</text>", f"<text>{cell}</text>")
    with pytest.raises(AuthoringError, match=said):
        import_dmn(text, FACTS, LANES)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this is not XML"),
        ("<definitions/>", "0 decision tables"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares entities"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "declares entities"),
        ("<a>" * 5000, "this is not XML"),
        ("<a>" * 5000 + "</a>" * 5000, "0 decision tables"),
        ("x" * 5_000_000, "larger than 1024 KB"),
        ("\ud800", "declares entities|not XML"),
    ],
    ids=range(8),
)
def test_hostile_xml_is_refused(text: str, said: str) -> None:
    with pytest.raises(AuthoringError, match=said):
        import_dmn(text, FACTS, LANES)
