"""Charts: each a picture of a few numbers, as SVG, made to be read on paper too."""

# matplotlib leaves its keywords without types
# pyright: reportUnknownMemberType=false
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, MaxNLocator, StrMethodFormatter

from application.metrics.calibration import Bin
from application.metrics.intervals import Proportion
from application.metrics.window import Bucket
from application.reading import Queue
from application.reporting import LANES, Period, RiskCurve

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a first use tells of a font cache

# Told apart by the colour-blind, and by their lightness on paper (Okabe and Ito).
COLOURS = {"automate": "#0072B2", "review": "#E69F00", "escalate": "#9C2F00", "": "#BBBBBB"}
NAMES = {"automate": "automated", "review": "reviewed", "escalate": "escalated", "": "not routed"}
CURVES = ("#0072B2", "#D55E00", "#009E73")
INK, FAINT, LINE = "#1a1a1a", "#666666", "#B00020"
WIDTH, HEIGHT = 7.2, 2.9
MOST_BARS = 15
MOST_DATES = 8
FAR = 30
"""Times that lie so far apart are told by their powers of ten, or the smaller would be nothing."""
WIDTHS: dict[Bucket, timedelta] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
DATES: dict[Bucket, str] = {
    "hour": "%H:%M",
    "day": "%d %b",
    "week": "%d %b %y",
    "month": "%b %Y",
}
STYLE: Any = {
    "font.size": 8,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "svg.fonttype": "path",
    "svg.hashsalt": "remit",
}
Draw = Callable[[Axes], None]


def picture(draw: Draw, height: float = HEIGHT) -> bytes:
    """What is drawn, as one SVG: the same numbers give the same bytes."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(color=FAINT, labelcolor=INK)
        draw(axes)
        written = BytesIO()
        figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


def volumes(periods: Sequence[Period], by: Bucket) -> bytes:
    """What came in, by lane, a bar a period."""

    def draw(axes: Axes) -> None:
        middles = [_day(period) + WIDTHS[by] / 2 for period in periods]
        bottom = [0] * len(periods)
        wide: Any = WIDTHS[by] * 0.8
        for lane in LANES:
            heights = [period.lanes.get(lane, 0) for period in periods]
            if any(heights):
                label, colour = NAMES[lane], COLOURS[lane]
                places: Any = middles
                axes.bar(places, heights, wide, bottom, color=colour, label=label)
                bottom = [low + high for low, high in zip(bottom, heights, strict=True)]
        axes.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axes.set_ylabel("decisions received")
        axes.margins(y=0.08)
        _by_time(axes, periods, by)
        _legend(axes)

    return picture(draw)


def cycle_times(periods: Sequence[Period], by: Bucket, baseline: float | None) -> bytes:
    """How long it took at the median and the slow tail, against the baseline."""

    def draw(axes: Axes) -> None:
        known = [period for period in periods if period.metrics.time.cycle_time.n]
        unit, name = _unit(
            [t for p in known if (t := p.metrics.time.cycle_time.p95)]
            + ([baseline] if baseline else [])
        )
        for quantile, style, colour in (("p50", "-", INK), ("p90", "--", FAINT)):
            taken = [getattr(p.metrics.time.cycle_time, quantile) / unit for p in known]
            _line(
                axes, known, by, taken, colour, style, {"p50": "median", "p90": "9 in 10"}[quantile]
            )
        if baseline:
            said = "baseline, median"
            axes.axhline(baseline / unit, color=LINE, linewidth=1.2, linestyle=":", label=said)
        axes.set_ylabel(f"from receipt to end, {name}")
        least = min([t for p in known if (t := p.metrics.time.cycle_time.p50)], default=0)
        if baseline and 0 < least * FAR < baseline:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
        else:
            axes.set_ylim(bottom=0)
        _by_time(axes, periods, by)
        _legend(axes)

    return picture(draw)


def overrides(periods: Sequence[Period], by: Bucket) -> bytes:
    """The share that people decided otherwise, with its 95 % band."""

    def draw(axes: Axes) -> None:
        known = [p for p in periods if p.metrics.agreement.override_rate.denominator]
        rates = [p.metrics.agreement.override_rate for p in known]
        middle = [(rate.value or 0) * 100 for rate in rates]
        low, high = _band(rates)
        places: Any = [_day(p) + WIDTHS[by] / 2 for p in known]
        _line(axes, known, by, middle, INK, "-", "override rate")
        axes.errorbar(
            places,
            middle,
            [
                [m - b for m, b in zip(middle, low, strict=True)],
                [t - m for m, t in zip(middle, high, strict=True)],
            ],
            fmt="none",
            ecolor=COLOURS["review"],
            elinewidth=2.5 if len(known) < 70 else 1,
            alpha=0.7,
            zorder=1,
            label="95 % interval",
        )
        axes.set_ylabel("decided otherwise, %")
        axes.set_ylim(0, max([5.0, *high]) * 1.05)
        _by_time(axes, periods, by)
        _legend(axes)

    return picture(draw)


def reliability(bins: Sequence[Bin]) -> bytes:
    """How often it was right, against how sure it said it was."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=":", label="as sure as right")
        said = [each.mean_confidence for each in bins]
        right = [each.accuracy for each in bins]
        down = [max(0.0, each.accuracy - each.accuracy_low) for each in bins]
        up = [max(0.0, each.accuracy_high - each.accuracy) for each in bins]
        axes.errorbar(
            said, right, [down, up], fmt="o", color=COLOURS["automate"], ecolor=COLOURS["automate"],
            elinewidth=1.2, capsize=2, markersize=4, label="right, with 95 % interval",
        )  # fmt: skip
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.04)
        axes.set_xlabel("confidence, as the model states it")
        axes.set_ylabel("share that was right")
        axes.set_aspect("equal")
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.02, 1))

    return picture(draw, height=3.1)


def risk(
    curves: Sequence[RiskCurve],
    limit: float | None,
    certified: Sequence[tuple[float, float, str]],
) -> bytes:
    """How often it would be wrong, against how much it would do; the certified threshold marked.

    `certified`: the coverage, the share of wrong ones and the threshold of each model's.
    """

    def draw(axes: Axes) -> None:
        top = [limit * 100 if limit else 0.0]
        for curve, colour in zip(curves, CURVES, strict=False):
            covered = [point.coverage * 100 for point in curve.points]
            wrong = [(point.wrong.value or 0) * 100 for point in curve.points]
            low, high = _band([point.wrong for point in curve.points])
            axes.plot(
                covered, wrong, color=colour, linewidth=1.5, label=f"{curve.model} {curve.version}"
            )
            axes.fill_between(covered, low, high, color=colour, alpha=0.15, linewidth=0)
            top += [max(wrong, default=0) * 1.6]
        if limit is not None:
            said = f"limit, {limit:.1%}"
            axes.axhline(limit * 100, color=LINE, linewidth=1.2, linestyle=":", label=said)
        for coverage, wrong_at, name in certified:
            axes.plot([coverage * 100], [wrong_at * 100], "D", color=LINE, markersize=6, zorder=5)
            axes.annotate(
                f"certified: {name}", (coverage * 100, wrong_at * 100), (0, 16),
                textcoords="offset points", color=LINE, ha="center",
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
            )  # fmt: skip
        axes.set_xlim(0, 100)
        axes.set_ylim(0, max(1.0, *top) * 1.1)
        axes.set_xlabel("covered from a confidence on, % of all decisions")
        axes.set_ylabel("wrong among the covered, %")
        _legend(axes)

    return picture(draw, height=3.4)


def bars(counts: dict[str, int], said: str) -> bytes:
    """So many of each, the most first."""
    shown = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_BARS]

    def draw(axes: Axes) -> None:
        names, numbers = [name for name, _ in shown][::-1], [n for _, n in shown][::-1]
        drawn = axes.barh(range(len(names)), numbers, color=COLOURS["review"], height=0.7)
        axes.bar_label(drawn, [f" {n:,}" for n in numbers])
        axes.set_yticks(range(len(names)), [_clipped(name) for name in names])
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.set_xlabel(said)
        axes.margins(x=0.1)
        axes.set_ylim(-0.6, len(names) - 0.4)

    return picture(draw, height=0.9 + 0.28 * len(shown))


def queue_ages(queues: Sequence[Queue], now: datetime) -> bytes:
    """How long the one that has waited longest has waited, in each queue."""
    oldest = sorted(queues, key=lambda queue: (queue.oldest_at, queue.name))[:MOST_BARS][::-1]

    def draw(axes: Axes) -> None:
        ages = [max(0.0, (now - queue.oldest_at).total_seconds()) for queue in oldest]
        unit, name = _unit(ages)
        colours = [LINE if queue.overdue else COLOURS["automate"] for queue in oldest]
        drawn = axes.barh(
            range(len(oldest)), [age / unit for age in ages], color=colours, height=0.7
        )
        axes.bar_label(
            drawn, [f" {queue.waiting:,} wait, {queue.overdue:,} late" for queue in oldest]
        )
        axes.set_yticks(range(len(oldest)), [_clipped(f"{q.name} ({q.kind})") for q in oldest])
        axes.set_xlabel(f"age of the oldest, {name}; red where any is past its deadline")
        axes.margins(x=0.25)
        axes.set_ylim(-0.6, len(oldest) - 0.4)

    return picture(draw, height=0.9 + 0.28 * len(oldest))


def _day(period: Period) -> datetime:
    return period.window.since.replace(tzinfo=None)


def _line(
    axes: Axes,
    known: Sequence[Period],
    by: Bucket,
    values: Sequence[float],
    colour: str,
    style: str,
    label: str,
) -> None:
    """A line through the middles of the periods, broken where one is missing."""
    step = WIDTHS[by]
    places: list[datetime] = []
    heights: list[float] = []
    for (this, value), following in zip(
        zip(known, values, strict=True), [*known[1:], None], strict=True
    ):
        places.append(_day(this) + step / 2)
        heights.append(value)
        if following is not None and _day(following) - _day(this) > step * 1.5:
            places.append(_day(this) + step)
            heights.append(float("nan"))
    dates: Any = places
    marker = "o" if len(known) < 32 else ""
    axes.plot(dates, heights, color=colour, linestyle=style, linewidth=1.4, marker=marker,
              markersize=3, label=label)  # fmt: skip


def _band(rates: Sequence[Proportion]) -> tuple[list[float], list[float]]:
    low = [(rate.low or 0) * 100 for rate in rates]
    return low, [(1 if rate.high is None else rate.high) * 100 for rate in rates]


def _by_time(axes: Axes, periods: Sequence[Period], by: Bucket) -> None:
    told = periods[:: -(-len(periods) // MOST_DATES)] if periods else ()
    places: Any = [_day(period) + WIDTHS[by] / 2 for period in told]
    axes.set_xticks(places, [f"{_day(period):{DATES[by]}}" for period in told])
    axes.yaxis.grid(visible=True, alpha=0.25)
    axes.set_axisbelow(True)
    if periods:
        first: Any = _day(periods[0]) - WIDTHS[by] * 0.3
        last: Any = _day(periods[-1]) + WIDTHS[by] * 1.3
        axes.set_xlim(first, last)


def _legend(axes: Axes) -> None:
    """Above the picture, where it covers nothing."""
    axes.legend(
        frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=4, borderaxespad=0.2
    )


UNITS = ((86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds"))


def _unit(seconds: Sequence[float]) -> tuple[int, str]:
    """The largest unit of which the largest has at least two."""
    most = max(seconds, default=0)
    return next((unit for unit in UNITS if most >= 2 * unit[0]), UNITS[-1])


def _clipped(name: str) -> str:
    return name if len(name) <= 34 else f"{name[:33]}…"
