"""Tables for analysts: one row a decision, as the metrics have it, in CSV or Parquet."""

import csv
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TextIO, Union, cast, get_args, get_origin

from pydantic import AwareDatetime

from adapters.exporting.writers import moment
from adapters.trouble import Trouble
from application.exporting.histories import History, facts
from application.metrics.facts import DecisionFacts, ExceptionRaised
from application.projections.feedback_row import FeedbackRow
from domain.model import Value

ROWS_AT_ONCE = 5_000
Cell = str | int | float | bool | datetime | None
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would carry out."""


def _kind(annotation: Any) -> type:
    """What the cells of a column hold."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _kind(next(each for each in get_args(annotation) if each is not NoneType))
    if origin in (Literal, tuple):
        return str
    if annotation is AwareDatetime:
        return datetime
    if issubclass(annotation, Decimal):
        return float
    return str if issubclass(annotation, StrEnum | Value) else cast("type", annotation)


COLUMNS: dict[str, type] = {
    name: _kind(field.annotation) for name, field in DecisionFacts.model_fields.items()
}
"""Every fact the metrics are made of. None is free text."""


def cells(row: FeedbackRow) -> dict[str, Cell]:
    """A decision's row."""
    return {name: _cell(getattr(row, name)) for name in COLUMNS}


def _cell(value: object) -> Cell:
    match value:
        case None | bool() | int() | float() | datetime():
            return value
        case Decimal():
            return float(value)
        case tuple():
            return ";".join(_word(each) for each in cast("tuple[object, ...]", value))
        case _:
            return str(value)


def _word(value: object) -> str:
    return f"{value.code}@{moment(value.at)}" if isinstance(value, ExceptionRaised) else str(value)


class CsvWriter:
    """CSV (RFC 4180): moments in UTC, lists joined by `;`, nothing where nothing is known."""

    def __init__(self, out: TextIO) -> None:
        self._rows = csv.writer(out)
        self._rows.writerow(COLUMNS)

    def add(self, history: History) -> None:
        """One decision is one row."""
        self._rows.writerow(map(_written, cells(facts(history)).values()))

    def end(self) -> None:
        """That was all."""


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case datetime():
            return moment(cell)
        case str() if cell.startswith(FORMULA):
            return f"'{cell}"
        case _:
            return str(cell)


class ParquetWriter:
    """Parquet, some thousand rows at a time."""

    def __init__(self, out: Path) -> None:
        try:
            pa: Any = import_module("pyarrow")  # an extra
            pq: Any = import_module("pyarrow.parquet")
        except ImportError:
            raise Trouble(
                "--format: parquet needs an extra: pip install 'remit[parquet]'"
            ) from None
        kinds: dict[type, Any] = {
            str: pa.string(),
            int: pa.int64(),
            float: pa.float64(),
            bool: pa.bool_(),
            datetime: pa.timestamp("us", tz="UTC"),
        }
        self._table: Any = pa.Table
        self._schema: Any = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
        self._file: Any = pq.ParquetWriter(out, self._schema)
        self._rows: list[dict[str, Cell]] = []

    def add(self, history: History) -> None:
        """One decision is one row."""
        self._rows.append(cells(facts(history)))
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write(self._rows)
            self._rows = []

    def end(self) -> None:
        """The rest of the rows, and the file's foot."""
        self._write(self._rows)
        self._file.close()

    def _write(self, rows: Iterable[dict[str, Cell]]) -> None:
        self._file.write_table(self._table.from_pylist(list(rows), schema=self._schema))
