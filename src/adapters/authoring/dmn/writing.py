"""A policy as a DMN 1.3 decision table that any DMN engine reads, and that reads back as the same.

Each rule is a row. Each limit is a row that says when it fails, and one row says what is automated:
what all limits allow, with every fact known. Hit policy PRIORITY makes the strictest win, and the
default output is review, so that no engine automates a case in which a fact is missing.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import yaml

from adapters.authoring.dmn.cells import refuse
from adapters.authoring.dmn.reading import LARGEST_DMN, LINES, OURS, REST, import_dmn
from adapters.authoring.dmn.unary import Cell, NoCell, cells_of
from adapters.authoring.guardrails import parse_guardrail
from adapters.authoring.problems import AuthoringError, Problem
from domain.guardrail.canonical import written_number
from domain.guardrail.document import (
    AtLeastClaim,
    Claim,
    Guardrail,
    NeverClaim,
    Route,
    Rule,
    Thresholds,
)
from domain.guardrail.facts import Choice, FactType, Level, clipped
from domain.guardrail.wording import condition_text
from domain.values import Lane

_DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
MOST_COLUMNS = 50
_OUTPUTS = ("then", "part", *LINES)
_TYPES = {"number": "number", "yes_no": "boolean", "tags": "Any"}
_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


@dataclass(eq=False, slots=True)
class _Column:
    """A column of the table; a fact has a second one where rows ask in another order."""

    fact: str


@dataclass(slots=True)
class _Line:
    """A row: its outputs, and its cells by column."""

    said: dict[str, str | bool]
    cells: dict[_Column, str] = field(default_factory=dict["_Column", str])


def export_dmn(guardrail: Guardrail, facts: Mapping[str, FactType]) -> str:
    """The DMN file whose import is this very policy, or what in it has no counterpart."""
    if strange := tuple(_strange(guardrail)):
        raise AuthoringError(strange)
    columns: list[_Column] = []
    lines = [*_limits(guardrail, columns), *_rules(guardrail, columns), _open(guardrail, columns)]
    text = _file(guardrail, columns, lines)
    if len(text.encode()) > LARGEST_DMN:
        refuse(f"the table would be larger than {LARGEST_DMN // 1024} KB", "Split the policy.")
    _check_back(text, guardrail, facts)
    return text


def _check_back(text: str, guardrail: Guardrail, facts: Mapping[str, FactType]) -> None:
    """What can't be foreseen here, as a condition that gets too long, shows when it is read."""
    said = "the table would not read back as the same policy, so it is not written"
    try:
        back = parse_guardrail(import_dmn(text, facts, {}), facts)
    except AuthoringError as error:
        refuse(said, error.problems[0].message)
    if back.digest != guardrail.digest:
        refuse(said)


def _strange(guardrail: Guardrail) -> Iterator[Problem]:
    """Everything that no cell can say."""
    limits = [(f"the limit {limit.id}", limit.require) for limit in guardrail.limits]
    rules = [(f"the rule {rule.id}", rule.when) for rule in guardrail.rules]
    for number, (name, condition) in enumerate((*limits, *rules), 1):
        try:
            cells_of(condition)
        except NoCell as no:
            said = f"{name}: `{clipped(no.what)}` has no counterpart: {no}"
            yield Problem(number, 1, said, no.hint)


def _limits(guardrail: Guardrail, columns: list[_Column]) -> Iterator[_Line]:
    """A limit that asks several things fails when one of them does: a row for each."""
    for limit in guardrail.limits:
        said = {"then": limit.otherwise.value, "part": "limit", "id": limit.id}
        said |= {"reason": limit.reason, **({"why": limit.why} if limit.why else {})}
        for cell in cells_of(limit.require):
            yield _line({**said}, [cell.opposite()], columns)


def _rules(guardrail: Guardrail, columns: list[_Column]) -> Iterator[_Line]:
    for rule in guardrail.rules:
        yield _line(_said(rule), cells_of(rule.when), columns)


def _said(rule: Rule) -> dict[str, str | bool]:
    said: dict[str, Any] = {"then": rule.then.value, "part": "rule", "id": rule.id}
    said |= {"reason": rule.reason, "if_unknown": rule.if_unknown.value}
    optional = {
        "queue": rule.queue,
        "sla": None if rule.sla is None else _duration(rule.sla),
        "four_eyes": rule.four_eyes or None,
        "why": rule.why,
    }
    return said | {name: item for name, item in optional.items() if item is not None}


def _open(guardrail: Guardrail, columns: list[_Column]) -> _Line:
    """The row of what is automated: the limits hold, and nothing that anyone asks is missing."""
    cells = [cell for limit in guardrail.limits for cell in cells_of(limit.require)]
    known = {cell.fact for cell in cells if cell.asks_for_a_value}
    cells += [Cell(fact, "null", True) for fact in sorted(guardrail.asked - known)]
    first = [column.fact for column in columns]
    cells.sort(key=lambda cell: first.index(cell.fact) if cell.fact in first else len(first))
    return _line({"then": Lane.AUTOMATE.value, "part": "limits"}, cells, columns)


def _line(said: Mapping[str, str | bool], cells: list[Cell], columns: list[_Column]) -> _Line:
    """The row, with columns put in where no later one is of the fact."""
    line, at = _Line(dict(said)), 0
    for cell in cells:
        later = (i for i in range(at, len(columns)) if columns[i].fact == cell.fact)
        index = next(later, None)
        if index is None:
            index = at
            columns.insert(index, _Column(cell.fact))
        if len(columns) > MOST_COLUMNS:
            refuse(
                f"the table would have more than {MOST_COLUMNS} columns",
                "Ask about the facts in one order in all rules.",
            )
        line.cells[columns[index]] = str(cell)
        at = index + 1
    return line


def _file(guardrail: Guardrail, columns: list[_Column], lines: list[_Line]) -> str:
    root = Element(
        "definitions",
        {"xmlns": _DMN, "xmlns:remit": OURS, "id": "definitions"}
        | {"name": guardrail.policy, "namespace": f"{OURS}:{guardrail.policy}"},
    )
    asked = sorted(guardrail.asked)
    decision = SubElement(root, "decision", id="decision", name=guardrail.policy)
    SubElement(decision, "description").text = _description(guardrail)
    extension = SubElement(decision, "extensionElements")
    SubElement(extension, f"remit:{REST}").text = _rest(guardrail)
    SubElement(decision, "variable", id="outcome", name=guardrail.policy)
    for number, fact in enumerate(asked, 1):
        needed = SubElement(decision, "informationRequirement", id=f"needs-{number}")
        SubElement(needed, "requiredInput", href=f"#fact-{number}")
        data = SubElement(root, "inputData", id=f"fact-{number}", name=fact)
        kind = _type(guardrail.facts[fact])
        SubElement(data, "variable", id=f"value-{number}", name=fact, typeRef=kind)
    _table(decision, guardrail.facts, columns, lines)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _table(
    decision: Element, facts: Mapping[str, FactType], columns: list[_Column], lines: list[_Line]
) -> None:
    table = SubElement(decision, "decisionTable", id="table", hitPolicy="PRIORITY")
    for number, column in enumerate(columns, 1):
        _input(SubElement(table, "input", id=f"in-{number}"), column.fact, facts[column.fact])
    names = [name for name in _OUTPUTS if any(name in line.said for line in lines)]
    for name in names:
        kind = "boolean" if name == "four_eyes" else "string"
        output = SubElement(table, "output", id=f"out-{name}", name=name, typeRef=kind)
        if name == "then":
            strictest = ", ".join(_quoted(lane.value) for lane in reversed(Lane))
            _worded(output, "outputValues", strictest)
            _worded(output, "defaultOutputEntry", _quoted(Lane.REVIEW.value))
    for number, line in enumerate(lines, 1):
        row = SubElement(table, "rule", id=f"row-{number}")
        for column in columns:
            _worded(row, "inputEntry", line.cells.get(column, "-"))
        for name in names:
            _worded(row, "outputEntry", _output(line.said.get(name)))


def _input(column: Element, fact: str, kind: FactType) -> None:
    expression = SubElement(column, "inputExpression", typeRef=_type(kind))
    SubElement(expression, "text").text = fact
    if isinstance(kind, Choice | Level):
        _worded(column, "inputValues", ", ".join(map(_quoted, kind.values)))


def _worded(parent: Element, name: str, text: str) -> None:
    SubElement(SubElement(parent, name), "text").text = text


def _output(said: str | bool | None) -> str:
    if isinstance(said, bool):
        return "true" if said else "false"
    return "null" if said is None else _quoted(said)


def _quoted(text: str) -> str:
    if not "".join(text.split()).isprintable():
        refuse(f"`{clipped(text)}` has a character that can't be written in XML")
    return json.dumps(text, ensure_ascii=False)


def _type(kind: FactType) -> str:
    return _TYPES.get(kind.type, "string")


def _duration(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    unit, size = next(unit for unit in _UNITS if seconds % unit[1] == 0)
    return f"{seconds // size}{unit}"


def _description(guardrail: Guardrail) -> str:
    """For people: the numbers by the names that a risk owner knows, which cells can't have."""
    named = [
        f"{name} = {written_number(boundary.value)}"
        + (f" {clipped(boundary.unit)}" if boundary.unit else "")
        + (f" ({clipped(boundary.why)})" if boundary.why else "")
        for name, boundary in guardrail.boundaries.items()
    ]
    return "; ".join([f"The policy {guardrail.policy}, {guardrail.digest}", *named])


def _rest(guardrail: Guardrail) -> str:
    """What stands beside limits and rules, in our language, since a table has no place for it."""
    routes = guardrail.routes
    rest: dict[str, Any] = {
        "policy": guardrail.policy,
        "title": guardrail.title,
        "routes": {
            lane: route
            for lane, route in (
                ("review", _route(routes.review)),
                ("escalate", _route(routes.escalate)),
            )
            if route
        },
        "sampling": [
            {"id": part.id, "of": part.of.value, "rate": written_number(part.rate)}
            | ({"queue": part.queue} if part.queue else {})
            for part in guardrail.sampling
        ],
        "claims": [_claim(claim) for claim in guardrail.claims],
        "thresholds": _thresholds(guardrail.thresholds) if guardrail.thresholds else None,
        "breakers": {
            stream.value: {
                "limit": written_number(breaker.limit),
                "delta": written_number(breaker.delta),
                "horizon": breaker.horizon,
            }
            for stream, breaker in (guardrail.breakers or {}).items()
        },
    }
    said = {name: item for name, item in rest.items() if item}
    return yaml.safe_dump(said, sort_keys=False, allow_unicode=True, width=10_000)


def _route(route: Route) -> dict[str, str]:
    queue = {"queue": route.queue} if route.queue else {}
    return queue | ({"sla": _duration(route.sla)} if route.sla is not None else {})


def _thresholds(promise: Thresholds) -> dict[str, Any]:
    looks = {"looks": promise.looks} if promise.method == "exact" else {}
    return {
        "limit": written_number(promise.limit),
        "delta": written_number(promise.delta),
        "grid": [written_number(step) for step in promise.grid],
        "from": promise.since.isoformat(),
        "method": promise.method,
        "unjudged": promise.unjudged,
        **looks,
    }


def _claim(claim: Claim) -> dict[str, str]:
    match claim:
        case NeverClaim():
            said = {"never": claim.lane.value, "when": condition_text(claim.when)}
        case AtLeastClaim():
            said = {"at_least": claim.lane.value, "when": condition_text(claim.when)}
        case _:
            said = {"raising": claim.fact, "is": claim.promise}
    return {"id": claim.id, **said}
