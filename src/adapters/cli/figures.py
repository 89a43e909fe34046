"""Metrics as tables in the terminal."""

from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel
from rich.table import Table

from adapters.cli.common import out
from application.metrics.formulas import Metrics, Report
from application.metrics.intervals import Estimate, Figure, Proportion, Times


def print_report(report: Report) -> None:
    """Every metric of the window, and of each slice if there are any."""
    since, until = report.window.since, report.window.until
    out.print(f"[{since:%Y-%m-%d %H:%M}, {until:%Y-%m-%d %H:%M}) UTC", markup=False)
    out.print(_table("all", report.metrics))
    for one in report.slices:
        out.print(_table(one.key or "none", one.metrics))


def _table(title: str, metrics: Metrics) -> Table:
    table = Table("metric", "value", "95 % interval", "of", title=title, title_justify="left")
    for name, value in _figures(metrics):
        table.add_row(name, *_cells(value))
    return table


def _figures(part: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every figure in a report, by its name; what has parts is named with them."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Proportion | Estimate | Figure | Times):
            yield prefix + name, value
        elif isinstance(value, dict):
            parts = cast("dict[str, object]", value)
            yield from ((f"{prefix}{name}.{k}", p) for k, p in parts.items() if _is_rate(p))
        elif isinstance(value, BaseModel):
            yield from _figures(value)


def _is_rate(part: object) -> bool:
    return isinstance(part, Proportion)


def _cells(value: Proportion | Estimate | Figure | Times) -> tuple[str, str, str]:
    match value:
        case Proportion():
            counts = f"{value.numerator:,}/{value.denominator:,}"
            return _number(value.value), _interval(value.low, value.high), counts
        case Estimate():
            return _number(value.value), _interval(value.low, value.high), ""
        case Figure():
            return _number(value.value), "", f"n {value.n:,}"
        case Times():
            quantiles = " / ".join(_number(q) for q in (value.p50, value.p90, value.p95))
            return f"{quantiles} s", "p50 / p90 / p95", f"n {value.n:,}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.6f}, {high:.6f}]"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6f}"
