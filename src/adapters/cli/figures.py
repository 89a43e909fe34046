"""Metrics as tables in the terminal: the whole in chapters, slices side by side."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import cast

from pydantic import BaseModel
from rich.table import Column, Table

from adapters.cli.common import escaped, out
from application.metrics.calibration import Calibration
from application.metrics.formulas import Metrics, Report, Slice
from application.metrics.intervals import Estimate, Figure, Proportion, Times
from application.metrics.oversight import ReviewerOversight

Number = Proportion | Estimate | Figure | Times
Cells = tuple[str, str, str]

SLICED: dict[str, Callable[[Metrics], Number]] = {
    "straight through": lambda m: m.flow.straight_through_rate,
    "automated": lambda m: m.flow.automation_rate,
    "exceptions": lambda m: m.flow.exception_rate,
    "escalated": lambda m: m.flow.escalation_rate,
    "in time": lambda m: m.time.sla_attainment,
    "cycle p50": lambda m: m.time.cycle_time,
    "overridden": lambda m: m.agreement.override_rate,
    "overturned": lambda m: m.agreement.quality_overturn_rate,
    "coverage": lambda m: m.adoption.coverage,
}
"""What of a slice may fit into a line; `--json` has everything."""
ROOM_FOR_THE_KEY, ROOM_FOR_A_FIGURE = 38, 12


def print_report(report: Report) -> None:
    """Every metric of the window, and the slices side by side if there are any."""
    since, until = report.window.since, report.window.until
    metrics = report.metrics
    out.print(
        f"[{since:%Y-%m-%d %H:%M}, {until:%Y-%m-%d %H:%M}) UTC: "
        f"{metrics.flow.received:,} received, {metrics.flow.ended:,} ended",
        markup=False,
        highlight=False,
    )
    for one in report.feedback_missing:
        heard = f"last heard {one.last_heard:%Y-%m-%d}" if one.last_heard else "never heard"
        out.print(
            f"[bold red]{one.code}[/]: no {one.feed} for {one.days} days and more ({heard})",
            highlight=False,
        )
    out.print(_whole(metrics))
    if report.slices:
        out.print(_side_by_side(str(report.group_by), report.slices))


def _whole(metrics: Metrics) -> Table:
    table = Table(Column("metric", no_wrap=True), "value", "95 % interval", "of")
    for chapter in type(metrics).model_fields:
        part = getattr(metrics, chapter)
        lines = list(_figures(part)) if isinstance(part, BaseModel) else []
        if lines:
            table.add_section()
            table.add_row(f"[bold]{chapter}[/]", "", "", "")
        for name, cells in lines:
            table.add_row(f"  {escaped(name)}", *cells)
    return table


def _side_by_side(by: str, slices: tuple[Slice, ...]) -> Table:
    table = Table(Column(by.replace("_", " "), no_wrap=True), "received", "ended")
    shown = dict(
        islice(SLICED.items(), max(2, (out.width - ROOM_FOR_THE_KEY) // ROOM_FOR_A_FIGURE))
    )
    for name in shown:
        table.add_column(name, justify="right")
    for one in slices:
        flow = one.metrics.flow
        figures = (_short(of(one.metrics)) for of in shown.values())
        table.add_row(_key(one.key, by), f"{flow.received:,}", f"{flow.ended:,}", *figures)
    return table


def _key(key: str | None, by: str) -> str:
    """A bucket of time by its beginning, to what it lasts."""
    if key is None:
        return "none"
    lengths = {"hour": 16, "day": 10, "week": 10, "month": 7}
    return escaped(key[: lengths[by]].replace("T", " ") if by in lengths else key)


def _short(value: Number) -> str:
    match value:
        case Times():
            return "–" if value.p50 is None else f"{value.p50:,.0f} s"
        case _:
            return "–" if value.value is None else f"{value.value:.1%}"


def _figures(part: BaseModel, prefix: str = "") -> Iterator[tuple[str, Cells]]:
    """Every figure in a report, by its name; what has parts is named with them."""
    if isinstance(part, Calibration):
        yield from _scores(part)
        return
    for name in type(part).model_fields:
        yield from _figure(prefix, name, getattr(part, name))


def _figure(prefix: str, name: str, value: object) -> Iterator[tuple[str, Cells]]:
    match value:
        case Proportion() | Estimate() | Figure() | Times():
            yield prefix + name, _cells(value)
        case dict():
            parts = cast("dict[str, object]", value)
            for key, one in parts.items():
                if isinstance(one, Proportion):
                    yield f"{prefix}{name}.{key}", _cells(one)
        case tuple():
            for one in cast("tuple[object, ...]", value):
                if isinstance(one, ReviewerOversight):
                    yield from _figures(one, f"{one.reviewer}: ")
        case BaseModel():
            yield from _figures(value, prefix)
        case _:
            return


def _scores(part: Calibration) -> Iterator[tuple[str, Cells]]:
    for weighing, scores in (("raw", part.raw), ("weighted", part.weighted)):
        for name in ("brier", "ece"):
            yield f"{name}, {weighing}", (_number(getattr(scores, name)), "", f"n {part.n:,}")
    yield "ece if calibrated", (_number(part.ece_if_calibrated), "", "by chance alone")


def _cells(value: Number) -> Cells:
    match value:
        case Proportion():
            counts = f"{value.numerator:,}/{value.denominator:,}"
            return _number(value.value), _interval(value.low, value.high), counts
        case Estimate():
            return _number(value.value), _interval(value.low, value.high), ""
        case Figure():
            return _number(value.value), "", f"n {value.n:,}"
        case Times():
            return _seconds(value.p50), _slow(value), f"n {value.n:,}"


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.6f}, {high:.6f}]".replace("[", r"\[")


def _slow(value: Times) -> str:
    return "" if value.p90 is None else f"90 % in {_seconds(value.p90)}"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f} s"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.6f}"
