"""The picture: each row as a multiple of what it must reach, every round a point."""

from pathlib import Path
from statistics import median

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter

from benchmarks.rows import Outcome, Row

COLOURS = {"reached": "#1b7837", "met": "#7fbf7b", "must not met": "#c0392b"}
GREY = "#777777"


def draw(outcomes: list[Outcome], path: Path, caption: str) -> None:
    """Draw every row that has a bar and was measured."""
    shown = [o for o in outcomes if o.row.must is not None and o.pairs][::-1]
    if not shown:
        return
    mpl.rcParams["svg.hashsalt"] = "remit"  # the same figures give the same file
    figure, axes = plt.subplots(figsize=(10, 0.55 * len(shown) + 1.8), layout="constrained")
    for place, outcome in enumerate(shown):
        _row(axes, place, outcome)
    axes.axvline(1, color="black", linewidth=1.2)
    axes.set_xscale("log")
    axes.set_yticks(range(len(shown)), [outcome.row.what for outcome in shown], fontsize=8)
    axes.set_xlabel(
        "times what must be reached (line); small marks: what to reach for; right is better",
        fontsize=8,
    )
    for form in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        form(FormatStrFormatter("%g"))
    axes.tick_params(axis="x", which="both", labelsize=8)
    axes.grid(axis="x", which="both", alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(caption, fontsize=8, color=GREY, loc="left")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _row(axes: Axes, place: int, outcome: Outcome) -> None:
    row = outcome.row
    assert row.must is not None, "only rows with a bar are drawn"
    points = [_times(row, figure) for figure in outcome.figures]
    middle, colour = median(points), COLOURS.get(outcome.verdict, GREY)
    axes.barh(place, middle - 1, left=1, height=0.5, color=colour, alpha=0.35)
    axes.plot(points, [place] * len(points), "o", color=colour, markersize=4, alpha=0.7)
    axes.plot(middle, place, "|", color=colour, markersize=18, markeredgewidth=2.5)
    if row.reach is not None:
        axes.plot(_times(row, row.reach), place, "|", color="black", markersize=8)


def _times(row: Row, figure: float) -> float:
    """How often the bar is reached: above 1 is better, whichever way the figure runs."""
    assert row.must is not None, "only rows with a bar are drawn"
    return row.must / figure if row.less_is_better else figure / row.must
