"""Rows of projections in their tables: loaded by key, kept, forgotten, or filled in by COPY."""

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, TypeVar

from psycopg import Connection, Cursor
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.json import JsonDumper

from application.projections import Projection, Row

R = TypeVar("R", bound=Row)

LOAD = "SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table} WHERE key = ANY (%s)) AS r"
LOAD_ALL = "SELECT row_to_json(r)::text FROM (SELECT {columns} FROM {table} ORDER BY key) AS r"
KEEP = """
    INSERT INTO {table} ({columns})
    SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)
    ON CONFLICT (key) DO UPDATE SET ({columns}) = ROW ({excluded})
"""
FORGET = "DELETE FROM {table} WHERE key = ANY (%s)"
FILL = "COPY {table} ({columns}) FROM STDIN"


def load(
    cursor: Cursor[Any], projection: Projection[R], table: str, keys: Sequence[str] | None
) -> dict[str, R]:
    """The rows of these keys, or all of them."""
    statement = statement_of(
        LOAD_ALL if keys is None else LOAD, table=table, columns=columns(projection)
    )
    parameters = () if keys is None else (list(keys),)
    found = tuples(cursor).execute(statement, parameters, prepare=True)
    read = projection.Row.model_validate_json
    return {row.key: row for row in (read(text) for (text,) in found)}


def keep(cursor: Cursor[Any], projection: Projection[R], table: str, rows: Iterable[R]) -> None:
    """Put rows in the place of those that have their keys."""
    kept = [row.model_dump_json() for row in rows]
    if kept:
        excluded = columns(projection, of="excluded")
        statement = statement_of(KEEP, table=table, columns=columns(projection), excluded=excluded)
        cursor.execute(statement, ("[" + ",".join(kept) + "]",), prepare=True)


def forget(cursor: Cursor[Any], table: str, keys: Sequence[str]) -> None:
    """Remove the rows of these keys."""
    if keys:
        cursor.execute(statement_of(FORGET, table=table), (list(keys),), prepare=True)


def fill(cursor: Cursor[Any], projection: Projection[R], table: str, rows: Sequence[R]) -> None:
    """Add rows whose keys are new to the table."""
    if not rows:
        return
    writer = tuples(cursor)
    # A row's lists and mappings are columns of JSON.
    writer.adapters.register_dumper(list, JsonDumper)
    writer.adapters.register_dumper(dict, JsonDumper)
    with writer.copy(statement_of(FILL, table=table, columns=columns(projection))) as copy:
        for row in rows:
            copy.write_row(tuple(row.model_dump(mode="json").values()))


def statement_of(
    statement: LiteralString, *, columns: Composed | None = None, **parts: Any
) -> Composed:
    """A statement about tables of these names."""
    names = {n: p if isinstance(p, Composed) else Identifier(p) for n, p in parts.items()}
    return SQL(statement).format(columns=columns, **names)


def columns(projection: Projection[R], of: str = "") -> Composed:
    """The columns of a projection's table, in the order of its row's fields."""
    fields = projection.Row.model_fields
    return SQL(", ").join(Identifier(of, name) if of else Identifier(name) for name in fields)


def tuples(cursor: Cursor[Any], *, binary: bool = False) -> Cursor[tuple[Any, ...]]:
    """A cursor beside this one, for rows as plain tuples."""
    connection: Connection[Any] = cursor.connection
    return connection.cursor(row_factory=tuple_row, binary=binary)


def number(cursor: Cursor[Any], statement: LiteralString, *parameters: Any) -> int:
    """The one number that a statement finds; 0 if it finds none."""
    found = tuples(cursor).execute(SQL(statement), parameters, prepare=True).fetchone()
    return int(found[0]) if found else 0
