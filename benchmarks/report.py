"""The report: a table for the terminal, a JSON file, and a picture."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.rows import Outcome, Round

SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "max_connections",
)
PACKAGES = (
    *("remit", "eventsourcing", "litestar", "psycopg", "pydantic", "uvicorn", "uvloop"),
    *("httptools", "langgraph", "langgraph-checkpoint-postgres", "fastapi", "dbos"),
)
STYLES = {"reached": "bold green", "met": "green", "must not met": "bold red", "failed": "red"}


def shown(figure: float) -> str:
    """A figure with as many digits as it has meaning."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def spread(figures: list[float]) -> str:
    """From the smallest to the largest of the rounds."""
    return f"{shown(min(figures))} to {shown(max(figures))}"


def table(outcomes: list[Outcome]) -> Table:
    """What | ours | against | ratio | spread | must | reach for | verdict."""
    drawn = Table(title="Measured against what it must reach", title_justify="left")
    for column in ("row", "what", "ours", "against", "ratio", "spread", "must", "reach", "verdict"):
        drawn.add_column(column, justify="left" if column in ("row", "what") else "right")
    for outcome in outcomes:
        drawn.add_row(*_cells(outcome), style=STYLES.get(outcome.verdict, ""))
    return drawn


def _cells(outcome: Outcome) -> list[str]:
    row = outcome.row
    bound = "≤ " if row.less_is_better else "≥ "
    bars = [f"{bound}{shown(bar)}" if bar is not None else "" for bar in (row.must, row.reach)]
    if not outcome.pairs:
        return [row.name, row.what, "", "", "", outcome.why[:60], *bars, outcome.verdict]
    ours, theirs = (median(side) for side in zip(*outcome.pairs, strict=True))
    ratio = "" if row.absolute else shown(median(outcome.figures))
    against = "" if row.absolute else shown(theirs)
    here = f"{shown(ours)} {row.unit}"
    return [
        row.name,
        row.what,
        here,
        against,
        ratio,
        spread(outcome.figures),
        *bars,
        outcome.verdict,
    ]


def show(outcomes: list[Outcome], console: Console) -> None:
    """Print the table."""
    console.print(table(outcomes))
    for outcome in outcomes:
        if outcome.why:
            console.print(f"[red]{outcome.row.name}[/] {outcome.verdict}: {escape(outcome.why)}")


def machine(url: str) -> dict[str, Any]:
    """What everything ran on."""
    with psycopg.connect(url) as connection:
        settings = {
            name: connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            for name in SETTINGS
        }
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "postgresql": {name: row[0] for name, row in settings.items() if row},
    }


def caption(told: Mapping[str, Any]) -> str:
    """What the picture says below its title."""
    postgres = told["postgresql"]["server_version"].split()[0]
    return (
        f"{told['at'][:10]}; {told['cores']} cores for PostgreSQL {postgres}, server and load "
        f"together; {told['rounds']} rounds of {told['seconds']:g} s, medians; "
        f"large store: {told['grown']:,} events"
    )


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "unknown")


def keep(path: Path, told: Mapping[str, Any], outcomes: list[Outcome], rounds: list[Round]) -> None:
    """Everything that was measured, for whoever wants to reckon again."""
    content = {
        **told,
        "rows": [_kept(outcome) for outcome in outcomes],
        "rounds": [{name: asdict(figures) for name, figures in each.items()} for each in rounds],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _kept(outcome: Outcome) -> dict[str, Any]:
    row, figures = outcome.row, outcome.figures
    return {
        "row": row.name,
        "what": row.what,
        "unit": row.unit,
        "ours": [pair[0] for pair in outcome.pairs],
        "against": [] if row.absolute else [pair[1] for pair in outcome.pairs],
        "figure": median(figures) if figures else None,
        "figure_is": "ours" if row.absolute else "ours / against, the median of the rounds' ratios",
        "spread": [min(figures), max(figures)] if figures else None,
        "must": row.must,
        "reach_for": row.reach,
        "less_is_better": row.less_is_better,
        "verdict": outcome.verdict,
        "why": outcome.why,
    }
