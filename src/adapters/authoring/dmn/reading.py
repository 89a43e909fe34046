"""DMN decision tables become policies where they mean the same; what has no counterpart is named.

A row that automates becomes part of what must be known to hold, since a table without a matching
row decides nothing; every other row becomes a rule. A missing input is unknown here, so a person
sees the case, where a DMN engine would pass over the row. A table that we wrote names its limits,
each by the rows in which it fails; then the row that automates must say just what they say.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError  # types alone; defusedxml reads

import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.authoring.dmn.cells import Tested, read_cell, refusal, refuse, split, unquoted
from adapters.authoring.nodes import Entries, Items, Node, Scalar, read
from adapters.authoring.problems import AuthoringError, Problem
from domain.guardrail.facts import FactType, clipped
from domain.values import Lane

LARGEST_DMN = 1024 * 1024
_FAITHFUL = ("UNIQUE", "ANY", "PRIORITY", "FIRST")
LINES = ("id", "reason", "queue", "sla", "if_unknown", "four_eyes", "why")
_PARTS = ("", "rule", "limit", "limits")
OURS = "urn:remit:guardrail:v1"
REST = "rest"
_OPTIONAL = ("sampling", "claims", "thresholds", "breakers")
_BESIDE = ("policy", "title", "routes", *_OPTIONAL)


class _Row(NamedTuple):
    """A row of the table: what it asks, what comes of it, and what else it says."""

    tests: list[Tested]
    then: Lane
    part: str
    said: dict[str, Any]

    @property
    def when(self) -> str | None:
        return " and ".join(map(str, self.tests)) or None


def import_dmn(source: str, facts: Mapping[str, FactType], lanes: Mapping[str, Lane]) -> str:
    """The guardrail document that says what a DMN file's one decision table says."""
    root = _root(source)
    table = _table(root)
    hit = table.get("hitPolicy", "UNIQUE")
    if hit not in _FAITHFUL or table.get("aggregation"):
        kind = " ".join(filter(None, (hit, table.get("aggregation"))))
        refuse(f"the hit policy {kind} has no counterpart", f"It may be {', '.join(_FAITHFUL)}.")
    inputs = [_input(column, facts) for column in _all(table, "input")]
    outputs = _outputs(table)
    rows = [_row(row, inputs, outputs, facts, lanes) for row in _all(table, "rule")]
    _check_default(table, outputs, lanes)
    ranks = [_rank(row.then) for row in rows]
    if hit == "PRIORITY":
        ranks = [_rank(_lane(said, lanes)) for said in _priorities(table, outputs)]
    if hit in ("FIRST", "PRIORITY") and ranks != sorted(ranks, reverse=True):
        refuse(
            f"the hit policy {hit} puts a laxer outcome before a stricter one",
            "Here the strictest always wins: put escalate before review before automate.",
        )
    return _document(rows, _rest(root), facts)


def _root(source: str) -> Element:
    if len(source) > LARGEST_DMN:
        refuse(f"the file is larger than {LARGEST_DMN // 1024} KB")
    try:
        root: Element = fromstring(source.encode(), forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise AuthoringError((Problem(line, column + 1, "this is not XML"),), source) from None
    except (DefusedXmlException, UnicodeError, ValueError):
        refuse("the file declares entities or a document type; DMN needs neither")
    return root


def _table(root: Element) -> Element:
    tables = _all(root, "decisionTable")
    if len(tables) != 1:
        refuse(f"the file has {len(tables)} decision tables; one is imported")
    return tables[0]


def _rest(root: Element) -> dict[str, Any]:
    """What a table that we wrote keeps of the policy beside its rows."""
    found = [element for element in root.iter() if element.tag == f"{{{OURS}}}{REST}"]
    if not found:
        return {}
    rest = read(found[0].text or "").entries
    for name in rest:
        if name not in _BESIDE:
            refuse(f"`{clipped(name)}` can't stand beside the table", f"{', '.join(_BESIDE)} can.")
    return {name: _plain(node) for name, node in rest.items()}


def _plain(node: Node) -> Any:
    match node:
        case Scalar():
            return node.text
        case Items():
            return [_plain(item) for item in node.items]
        case Entries():
            return {name: _plain(item) for name, item in node.entries.items()}


def _document(rows: list[_Row], rest: dict[str, Any], facts: Mapping[str, FactType]) -> str:
    automated = [row for row in rows if row.then is Lane.AUTOMATE]
    failing = [row for row in rows if row.then is not Lane.AUTOMATE and row.part == "limit"]
    rules = [row for row in rows if row.then is not Lane.AUTOMATE and row.part != "limit"]
    if any(row.when is None for row in (*rules, *failing)):
        refuse("a row asks about nothing, so nothing would ever be automated")
    if not automated or any(row.when is None for row in automated):
        refuse(
            "no row says what is automated by a test, so nothing would limit it",
            "Give a row with tests the outcome automate.",
        )
    if failing:
        limits = _limits(failing)
        _agree(automated, failing, facts)
    else:
        require = " or ".join(f"({row.when})" for row in automated)
        limits = [{"id": "listed", "require": require, "reason": "NOT_LISTED"}]
    document: dict[str, Any] = {
        "guardrail": "v1",
        "policy": rest.get("policy", "imported"),
        **{name: rest[name] for name in ("title", "routes") if name in rest},
        "automate_only_if": limits,
        "rules": [
            {"id": row.said["id"], "when": row.when, "then": str(row.then), **row.said}
            for row in rules
        ],
        **{name: rest[name] for name in _OPTIONAL if name in rest},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)


def _limits(failing: list[_Row]) -> list[dict[str, Any]]:
    """The limits, each from the rows in which it fails: what they ask must not be so."""
    limits: dict[str, dict[str, Any]] = {}
    for row in failing:
        if len(row.tests) != 1:
            refuse(
                f"a row of the limit {clipped(row.said['id'])} asks {len(row.tests)} things",
                "A limit has a row with one test for each way in which it fails.",
            )
        require = str(row.tests[0].opposite())
        line = {"require": require, "otherwise": str(row.then), **row.said}
        first = limits.setdefault(row.said["id"], line)
        if first is not line:
            if {**line, "require": ""} != {**first, "require": ""}:
                refuse(f"the rows of the limit {clipped(row.said['id'])} differ in what they say")
            first["require"] += f" and {require}"
    return [{"id": line["id"], **line} for line in limits.values()]


def _agree(automated: list[_Row], failing: list[_Row], facts: Mapping[str, FactType]) -> None:
    """What other engines automate by must be what the limits say."""
    known = {f"not ({fact} is missing)" for fact in facts}
    asked = [{str(test) for test in row.tests} - known for row in automated]
    allowed = {str(test.opposite()) for row in failing for test in row.tests}
    if asked != [allowed]:
        refuse(
            "the row that automates does not say what the rows of the limits say",
            "Change it along with them.",
        )


def _input(column: Element, facts: Mapping[str, FactType]) -> str:
    name = _text(_all(column, "inputExpression")[0]) if _all(column, "inputExpression") else ""
    if name not in facts:
        refuse(
            f"the input `{clipped(name)}` is no fact of the decision type",
            f"The facts are {', '.join(sorted(facts))}.",
        )
    return name


def _outputs(table: Element) -> list[str]:
    columns = _all(table, "output")
    if len(columns) == 1:
        return ["then"]
    names = [column.get("name", "") for column in columns]
    for name in names:
        if name not in ("then", "part", *LINES) or names.count(name) > 1:
            refuse(f"the output `{clipped(name)}` is no line of a rule", "then, reason, queue …")
    if "then" not in names:
        refuse("no output is called `then`")
    return names


def _priorities(table: Element, outputs: list[str]) -> list[str]:
    column = _all(table, "output")[outputs.index("then")]
    listed = [_text(values) for values in _all(column, "outputValues")]
    if not listed:
        refuse("the hit policy PRIORITY needs the output's values in their order")
    return [unquoted(part) for part in split(listed[0])]


def _check_default(table: Element, outputs: list[str], lanes: Mapping[str, Lane]) -> None:
    """Where no row matches a person decides here, whatever a table's default is."""
    column = _all(table, "output")[outputs.index("then")]
    for default in filter(None, map(_text, _all(column, "defaultOutputEntry"))):
        if _lane(unquoted(default), lanes) is not Lane.REVIEW:
            refuse(
                f"the default output {clipped(default)} has no counterpart",
                "Where no row matches, the outcome is review.",
            )


def _row(
    row: Element,
    inputs: list[str],
    outputs: list[str],
    facts: Mapping[str, FactType],
    lanes: Mapping[str, Lane],
) -> _Row:
    cells = [_text(cell) for cell in _all(row, "inputEntry")]
    said = [_text(cell) for cell in _all(row, "outputEntry")]
    if len(cells) != len(inputs) or len(said) != len(outputs):
        refuse("a row has not as many cells as the table has columns")
    tests = [
        read_cell(cell, fact, facts[fact])
        for cell, fact in zip(cells, inputs, strict=True)
        if cell not in ("", "-")
    ]
    own = {
        name: _said(name, cell)
        for name, cell in zip(outputs, said, strict=True)
        if cell not in ("", "null")
    }
    then = _lane(str(own.pop("then", "")), lanes)
    part = str(own.pop("part", ""))
    if part not in _PARTS:
        refuse(f"the part `{clipped(part)}` is none of rule, limit and limits")
    number = row.get("number", "")
    named = {"id": f"row-{number}", "reason": f"TABLE_ROW_{number}"}
    return _Row(tests, then, part, named | own)


def _said(name: str, cell: str) -> str | bool:
    if name == "four_eyes" and cell in ("true", "false"):
        return cell == "true"
    return unquoted(cell)


def _lane(said: str, lanes: Mapping[str, Lane]) -> Lane:
    if said in lanes:
        return lanes[said]
    if said in set(Lane):
        return Lane(said)
    raise refusal(
        f"the outcome {clipped(said)} is none of automate, review and escalate",
        f"Say which it is: --lane '{clipped(said)}=review'",
    )


def _rank(lane: Lane) -> int:
    return list(Lane).index(lane)


def _all(element: Element, name: str) -> list[Element]:
    """Elements of a name, whichever version of DMN they are of; rules are numbered."""
    found = [child for child in element.iter() if str(child.tag).rpartition("}")[2] == name]
    if name == "rule":
        for number, rule in enumerate(found, 1):
            rule.set("number", str(number))
    return found


def _text(element: Element) -> str:
    texts = _all(element, "text")
    return "" if not texts else (texts[0].text or "").strip()
