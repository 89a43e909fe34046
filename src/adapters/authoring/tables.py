"""Tables: many rules of one kind, a row each. A cell says what its column's fact must be."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from adapters.authoring.fields import Fields, items, text
from adapters.authoring.nodes import Entries, Items, Node, Scalar, Wrong, wrong
from adapters.authoring.syntax import SyntaxProblem, parse
from adapters.authoring.typing import Scope, typed
from domain.guardrail.conditions import Condition, Or
from domain.guardrail.facts import FactType, Number, Tags, YesNo, clipped, did_you_mean

SHARED = ("then", "reason", "if_unknown", "queue", "sla", "four_eyes", "unless", "why")
"""What a rule has besides its tests: a column of its own, or one value for the whole table."""
_COLUMNS = ("id", "when", *SHARED)
MOST_COLUMNS = 50
_OPERATOR = re.compile(r"(<|>|=|!)|(is|in|not|contains)\b")


class Row(NamedTuple):
    """One row: the rule's own fields, its name, and the cells that test a fact."""

    rule: Fields
    id: str
    tests: tuple[tuple[str, Node], ...]


def rows(node: Node, facts: Mapping[str, FactType]) -> Iterator["Row | Wrong"]:
    """The rows of a table, and what is wrong with those that can't be read."""
    table = Fields(node, "a table").only("table", "columns", "rows", *SHARED)
    name = table.word("table", "id")
    columns = _columns(table, facts)
    shared = {key: table.get(key) for key in SHARED if table.find(key) is not None}
    listed = items(table.get("rows"), "rows")
    if not listed:
        raise wrong(table.get("rows").place, "a table needs at least one row")
    for number, row in enumerate(listed, 1):
        try:
            yield _row(row, f"{name}-", number, columns, shared)
        except Wrong as error:
            yield error


def _columns(table: Fields, facts: Mapping[str, FactType]) -> list[str]:
    columns: list[str] = []
    for column in items(table.get("columns"), "columns"):
        said = text(column, "columns")
        if said not in _COLUMNS and said not in facts:
            known = [*facts, *_COLUMNS]
            meant = did_you_mean(said, known)
            hint = f"Did you mean {meant}?" if meant else f"It may be one of {', '.join(known)}."
            raise wrong(column.place, f"a column is a fact or a rule's field, not {said}", hint)
        if said in columns and said in _COLUMNS:
            raise wrong(column.place, f"the column {said} stands here twice")
        columns.append(said)
    if not 1 <= len(columns) <= MOST_COLUMNS:
        raise wrong(table.get("columns").place, f"a table has 1 to {MOST_COLUMNS} columns")
    return columns


def _row(
    node: Node, prefix: str, number: int, columns: list[str], shared: Mapping[str, Node]
) -> Row:
    cells = items(node, "row")
    if len(cells) != len(columns):
        raise wrong(
            node.place,
            f"row {number} has {len(cells)} cells, and the table has {len(columns)} columns",
            "Write - where a row does not ask.",
        )
    filled = [(name, cell) for name, cell in zip(columns, cells, strict=True) if not _empty(cell)]
    own = {name: cell for name, cell in filled if name in _COLUMNS}
    rule = Entries(node.place, {**shared, **own}, {key: cell.place for key, cell in own.items()})
    tests = tuple((name, cell) for name, cell in filled if name not in _COLUMNS)
    if not tests and "when" not in own:
        raise wrong(node.place, f"row {number} asks about nothing, so it would always fire")
    name = text(own["id"], "id") if "id" in own else str(number)
    return Row(Fields(rule, f"row {number}"), prefix + name, tests)


def _empty(cell: Node) -> bool:
    return isinstance(cell, Scalar) and cell.text.strip() in ("", "-", "~", "null")


def cell_condition(fact: str, cell: Node, scope: Scope) -> Condition:
    """What a cell asks of its column's fact."""
    if isinstance(cell, Items) and isinstance(scope.facts[fact], Tags):
        parts = tuple(cell_condition(fact, item, scope) for item in cell.items)
        if not parts:
            raise wrong(cell.place, "the list is empty, so this would never hold")
        return parts[0] if len(parts) == 1 else Or(of=parts)
    if isinstance(cell, Items):
        words = [_constant(text(item, fact), scope.facts[fact]) for item in cell.items]
        return _read(fact, f" in [{', '.join(words)}]", cell, scope, None)
    said = text(cell, fact).strip()
    if said == "missing":
        return _read(fact, " is missing", cell, scope, None)
    if _OPERATOR.match(said):
        tests = said if '"' in said or "'" in said else said.replace(" and ", f" and {fact} ")
        return _read(fact, f" {tests}", cell, scope, len(fact) + 1 if tests == said else None)
    verb = "contains" if isinstance(scope.facts[fact], Tags) else "is"
    return _read(fact, f" {verb} {_constant(said, scope.facts[fact])}", cell, scope, None)


def _read(fact: str, rest: str, cell: Node, scope: Scope, skipped: int | None) -> Condition:
    """A condition on the fact; what is wrong with it is shown in the cell."""
    try:
        return typed(parse(fact + rest), scope)
    except SyntaxProblem as problem:
        place = cell.place
        if skipped is not None and isinstance(cell, Scalar) and problem.at >= skipped:
            place = cell.inside(problem.at - skipped)
        raise wrong(place, f"column {clipped(fact)}: {problem.message}", problem.hint) from None


def _constant(said: str, fact_type: FactType) -> str:
    """A cell's word as a condition writes it: quoted, whatever it is, where it is a word."""
    if isinstance(fact_type, Number | YesNo) or said[:1] in ("'", '"', "$"):
        return said
    escaped = said.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
