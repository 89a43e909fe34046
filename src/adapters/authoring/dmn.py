"""DMN decision tables become policies where they mean the same; what has no counterpart is named.

A row that automates becomes part of what must be known to hold, since a table without a matching
row decides nothing; every other row becomes a rule. A missing input is unknown here, so a person
sees the case, where a DMN engine would pass over the row.
"""

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError  # types alone; defusedxml reads

import yaml
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from adapters.authoring.problems import AuthoringError, Problem
from domain.guardrail.facts import FactType, Number, YesNo, clipped
from domain.values import Lane

LARGEST_DMN = 1024 * 1024
_FAITHFUL = ("UNIQUE", "ANY", "PRIORITY", "FIRST")
_TEXTS = ("reason", "queue", "sla", "if_unknown", "why")
_STRING = re.compile(r'"[^"\\]*"')
_TRUTH = re.compile("true|false")
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_BOUND = re.compile(rf"(<=|>=|<|>)\s*({_NUMBER.pattern})", re.ASCII)
_RANGE = re.compile(rf"([\[\](])\s*({_NUMBER.pattern})\s*\.\.\s*({_NUMBER.pattern})\s*([\[\])])")
_NOT = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_PARTS = re.compile(r'"[^"]*"|\([^()]*\)|[^,"(]+|.', re.DOTALL)


def import_dmn(source: str, facts: Mapping[str, FactType], lanes: Mapping[str, Lane]) -> str:
    """The guardrail document that says what a DMN file's one decision table says."""
    table = _table(source)
    hit = table.get("hitPolicy", "UNIQUE")
    if hit not in _FAITHFUL or table.get("aggregation"):
        kind = " ".join(filter(None, (hit, table.get("aggregation"))))
        _refuse(f"the hit policy {kind} has no counterpart", f"It may be {', '.join(_FAITHFUL)}.")
    inputs = [_input(column, facts) for column in _all(table, "input")]
    outputs = _outputs(table)
    rows = [_row(row, inputs, outputs, facts, lanes) for row in _all(table, "rule")]
    ranks = [_rank(row["then"]) for row in rows]
    if hit == "PRIORITY":
        ranks = [_rank(_lane(said, lanes)) for said in _priorities(table, outputs)]
    if hit in ("FIRST", "PRIORITY") and ranks != sorted(ranks, reverse=True):
        _refuse(
            f"the hit policy {hit} puts a laxer outcome before a stricter one",
            "Here the strictest always wins: put escalate before review before automate.",
        )
    return _document(rows)


def _table(source: str) -> Element:
    if len(source) > LARGEST_DMN:
        _refuse(f"the file is larger than {LARGEST_DMN // 1024} KB")
    try:
        root: Any = fromstring(source.encode(), forbid_dtd=True)
    except ParseError as error:
        line, column = error.position
        raise AuthoringError((Problem(line, column + 1, "this is not XML"),), source) from None
    except (DefusedXmlException, UnicodeError, ValueError):
        _refuse("the file declares entities or a document type; DMN needs neither")
    tables = _all(root, "decisionTable")
    if len(tables) != 1:
        _refuse(f"the file has {len(tables)} decision tables; one is imported")
    table: Element = tables[0]
    return table


def _document(rows: list[dict[str, Any]]) -> str:
    automated = [row["when"] for row in rows if row["then"] is Lane.AUTOMATE]
    if not automated or None in automated:
        _refuse(
            "no row says what is automated by a test, so nothing would limit it",
            "Give a row with tests the outcome automate.",
        )
    require = " or ".join(f"({when})" for when in automated)
    rules = [
        {key: str(item) if key == "then" else item for key, item in row.items()}
        for row in rows
        if row["then"] is not Lane.AUTOMATE
    ]
    if any(rule["when"] is None for rule in rules):
        _refuse("a row asks about nothing, so nothing would ever be automated")
    document = {
        "guardrail": "v1",
        "policy": "imported",
        "automate_only_if": [{"id": "listed", "require": require, "reason": "NOT_LISTED"}],
        "rules": rules,
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)


def _input(column: Element, facts: Mapping[str, FactType]) -> str:
    name = _text(_all(column, "inputExpression")[0]) if _all(column, "inputExpression") else ""
    if name not in facts:
        _refuse(
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
        if name not in ("then", *_TEXTS) or names.count(name) > 1:
            _refuse(f"the output `{clipped(name)}` is no line of a rule", "then, reason, queue …")
    if "then" not in names:
        _refuse("no output is called `then`")
    return names


def _priorities(table: Element, outputs: list[str]) -> list[str]:
    column = _all(table, "output")[outputs.index("then")]
    listed = [_text(values) for values in _all(column, "outputValues")]
    if not listed:
        _refuse("the hit policy PRIORITY needs the output's values in their order")
    return [_string(part) for part in _split(listed[0])]


def _row(
    row: Element,
    inputs: list[str],
    outputs: list[str],
    facts: Mapping[str, FactType],
    lanes: Mapping[str, Lane],
) -> dict[str, Any]:
    cells = [_text(cell) for cell in _all(row, "inputEntry")]
    said = [_text(cell) for cell in _all(row, "outputEntry")]
    if len(cells) != len(inputs) or len(said) != len(outputs):
        _refuse("a row has not as many cells as the table has columns")
    tests = [
        _tests(cell, fact, facts[fact])
        for cell, fact in zip(cells, inputs, strict=True)
        if cell not in ("", "-")
    ]
    own = {name: _string(cell) for name, cell in zip(outputs, said, strict=True) if cell}
    then = _lane(own.pop("then", ""), lanes)
    number = row.get("number", "")
    return {
        "id": f"row-{number}",
        "when": " and ".join(tests) or None,
        "then": then,
        "reason": own.pop("reason", f"TABLE_ROW_{number}"),
        **own,
    }


def _tests(cell: str, fact: str, kind: FactType) -> str:
    negated = _NOT.fullmatch(cell)
    parts = [_test(part, fact, kind) for part in _split(negated[1] if negated else cell)]
    joined = parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"
    return f"not ({joined})" if negated else joined


def _test(part: str, fact: str, kind: FactType) -> str:
    if (bound := _BOUND.fullmatch(part)) is not None:
        return f"{fact} {bound[1]} {bound[2]}"
    if (span := _RANGE.fullmatch(part)) is not None:
        low = ">=" if span[1] == "[" else ">"
        high = "<=" if span[6] == "]" else "<"
        return f"({fact} {low} {span[2]} and {fact} {high} {span[4]})"
    if part == "null":
        return f"{fact} is missing"
    if _literal(kind).fullmatch(part):
        return f"{fact} is {part}"
    raise _refusal(
        f"`{clipped(part)}` has no counterpart: {_kind_of(part)}",
        "A cell has values, comparisons with a number, ranges, not(…), null or -.",
    )


def _literal(kind: FactType) -> re.Pattern[str]:
    match kind:
        case Number():
            return _NUMBER
        case YesNo():
            return _TRUTH
        case _:
            return _STRING


def _kind_of(part: str) -> str:
    if re.match(r"(date|time|duration|date and time)\s*\(|@", part):
        return "dates and times are not facts here; compute a number upstream"
    if re.search(r"\w\s*\(", part):
        return "there are no functions"
    if re.search(r"[*/+]|\w\s*-\s*\w", part):
        return "there is no arithmetic"
    return "a fact is compared with a constant only"


def _split(text: str) -> list[str]:
    """The parts between the commas that stand outside of quotes and brackets."""
    parts = [""]
    for piece in _PARTS.findall(text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def _string(cell: str) -> str:
    if not _STRING.fullmatch(cell):
        _refuse(f"the output {clipped(cell)} is no text in quotes, and has no counterpart")
    return cell[1:-1]


def _lane(said: str, lanes: Mapping[str, Lane]) -> Lane:
    if said in lanes:
        return lanes[said]
    if said in set(Lane):
        return Lane(said)
    raise _refusal(
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


def _refuse(message: str, hint: str | None = None) -> NoReturn:
    raise _refusal(message, hint)


def _refusal(message: str, hint: str | None = None) -> AuthoringError:
    return AuthoringError((Problem(1, 1, message, hint),))
