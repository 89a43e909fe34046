"""What a decision owner wants to see, drawn in the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.progress import ProgressColumn, Task
from rich.table import Table
from rich.text import Text

from application.replaying_log import LogReplay

BAR = 28
LANES = {"automate": "green", "review": "yellow", "escalate": "red"}
BLOCKS = " ▏▎▍▌▋▊▉█"


class Rate(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


def bar(share: float, width: int = BAR, style: str = "cyan") -> Text:
    """A share between 0 and 1 as a bar, exact to an eighth of a character."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    text = "█" * full + (BLOCKS[rest] if rest else "")
    return Text(text.ljust(width), style=style)


def share_text(proportion: Mapping[str, Any]) -> str:
    """A proportion with its interval, or a dash where there is nothing to divide by."""
    if proportion["value"] is None:
        return "–"
    value, low, high = (100 * float(proportion[k]) for k in ("value", "low", "high"))
    return f"{value:.1f} % [{low:.1f}, {high:.1f}]"


def lanes_table(lanes_by_type: Mapping[str, Mapping[str, int]]) -> Table:
    """Where policy sent the recommendations of each decision type."""
    table = Table(title="Lanes: where policy sent them", title_justify="left", expand=False)
    for column in ("decision type", "lane", "", "decisions", "share"):
        table.add_column(column, justify="right" if column in ("decisions", "share") else "left")
    for name, lanes in lanes_by_type.items():
        total = sum(lanes.values())
        for place, (lane, style) in enumerate(LANES.items()):
            count = lanes.get(lane, 0)
            table.add_row(
                name if place == 0 else "",
                lane,
                bar(count / total if total else 0, style=style),
                f"{count:,}",
                f"{100 * count / total:.1f} %" if total else "–",
                end_section=place == len(LANES) - 1,
            )
    return table


def rates_table(by_type: Mapping[str, Mapping[str, Any]]) -> Table:
    """Straight-through rate, override rate and cycle time of each decision type."""
    table = Table(title="Rates, with Wilson 95 % intervals", title_justify="left", expand=False)
    for column in ("decision type", "straight-through", "override", "automation"):
        table.add_column(column, justify="left" if column == "decision type" else "right")
    for name, metrics in by_type.items():
        table.add_row(
            name,
            share_text(metrics["straight_through_rate"]),
            share_text(metrics["override_rate"]),
            share_text(metrics["automation_rate"]),
        )
    return table


def times_table(by_type: Mapping[str, Mapping[str, Any]]) -> Table:
    """How long decisions took. Recorded outcomes answer at once: these are the service's times."""
    table = Table(
        title="Cycle time in seconds, receipt to end (the demo's reviewers answer at once)",
        title_justify="left",
        expand=False,
    )
    for column in ("decision type", "decisions", "p50", "p90", "p95"):
        table.add_column(column, justify="left" if column == "decision type" else "right")
    for name, metrics in by_type.items():
        times = metrics["cycle_time"]
        shown = (f"{times[p]:.3f}" if times[p] is not None else "–" for p in ("p50", "p90", "p95"))
        table.add_row(name, f"{times['n']:,}", *shown)
    return table


def exceptions_table(rates: Mapping[str, Mapping[str, Any]]) -> Table:
    """How many decisions met each exception before their end."""
    table = Table(title="Exceptions, by code", title_justify="left", expand=False)
    table.add_column("code")
    table.add_column("decisions", justify="right")
    met = {code: rate["numerator"] for code, rate in rates.items() if rate["numerator"]}
    for code, count in sorted(met.items(), key=lambda pair: -pair[1]):
        table.add_row(code, f"{count:,}")
    if not met:
        table.add_row("none", "0")
    return table


def reliability_diagram(calibration: Mapping[str, Any], title: str) -> Panel:
    """Stated confidence against what proved right: a bar should end at its mark."""
    lines = [_reliability_line(one) for one in calibration["bins"] if one["n"]]
    ece = calibration["raw"]["ece"]
    said = "no labels yet" if ece is None else f"ECE {ece:.3f} over {calibration['n']:,} labels"
    return Panel(Group(*lines), title=f"{title} ({said})", title_align="left", expand=False)


def _reliability_line(one: Mapping[str, Any]) -> Text:
    accuracy, confidence = float(one["accuracy"]), float(one["mean_confidence"])
    drawn = bar(accuracy).plain
    mark = min(BAR - 1, round(confidence * BAR))
    line = Text(f"{one['low']:.1f}–{one['high']:.1f} ")
    line.append(drawn[:mark] + "┃" + drawn[mark + 1 :], style=_honesty(one))
    line.append(f" said {confidence:.2f}, right {accuracy:.2f}, n {one['n']:,}")
    return line


def _honesty(one: Mapping[str, Any]) -> str:
    """Red where the model claimed more than its labels bear out, beyond chance."""
    return "red" if one["mean_confidence"] > one["accuracy_high"] else "green"


def replay_text(verdict: LogReplay) -> Text:
    """What the audit says."""
    text = Text("Audit: ", style="bold")
    text.append(f"{verdict.decisions:,} decisions replayed, {verdict.matches:,} of ")
    text.append(f"{verdict.routings:,} routings match, ")
    drifted = verdict.routings - verdict.matches
    text.append(f"{drifted:,} drifted", style="red" if drifted else "green")
    return text


def trail_panel(lines: Sequence[Mapping[str, Any]], title: str) -> Panel:
    """One decision's history as sentences."""
    text = Text()
    for line in lines:
        text.append(f"{line['who']} ", style="bold")
        text.append(f"{line['what']}\n")
    text.rstrip()
    return Panel(text, title=title, title_align="left", expand=False)


def show(console: Console, *parts: object) -> None:
    """Print parts with air between them."""
    for part in parts:
        console.print(part)
        console.print()
