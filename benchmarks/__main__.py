"""Run the benchmarks: `uv run --group bench python -m benchmarks`."""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from rich.console import Console

from adapters.postgres.embedded import embedded
from benchmarks import picture, report
from benchmarks.around import AROUND
from benchmarks.claiming import CLAIMING
from benchmarks.rows import ROWS, Round, Row
from benchmarks.stores import ONCE, STORES
from benchmarks.subjects import SUBJECTS, Figures, Site, Sizes, measured

ALL = SUBJECTS | AROUND | STORES | CLAIMING | ONCE
ENDED_EARLY = 143
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"


def arguments() -> argparse.Namespace:
    """What was asked for."""
    names = [row.name for row in ROWS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often everything is measured")
    parser.add_argument("--seconds", type=float, default=3, help="how long each measurement takes")
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=names, default=names)
    parser.add_argument(
        "--grown",
        type=int,
        default=1_000_000,
        metavar="EVENTS",
        help="how many the large store holds (10000000: some 10 minutes and 15 GB more)",
    )
    parser.add_argument("--memory", type=int, default=1_000_000, metavar="DECISIONS")
    parser.add_argument("--out", type=Path, default=DOCS, help="where results.json and .svg go")
    return parser.parse_args()


def needed(rows: list[Row]) -> list[str]:
    """The subjects of these rows, each once, in the order they are measured."""
    wanted = {need for row in rows for need in row.needs}
    return [name for name in ALL if name in wanted]


def play(
    site: Site, names: list[str], count: int, console: Console
) -> tuple[list[Round], dict[str, str]]:
    """Interleaved: every subject once a round, every other round backwards."""
    rounds: list[Round] = []
    failures: dict[str, str] = {}
    for number in range(count):
        found: dict[str, Figures] = {}
        todo = [name for name in names if name not in ONCE or number == count - 1]
        for name in todo if number % 2 == 0 else todo[::-1]:
            started = time.monotonic()
            try:
                found[name] = measured(site, ALL[name])
            except Exception as failure:  # noqa: BLE001 - a row that fails says so, others go on
                failures[name] = f"round {number + 1}, {name}: {failure}"
                console.print(f"[red]{failures[name]}[/]", highlight=False)
                continue
            figures = found[name]
            console.print(
                f"round {number + 1}  {name:16} {figures.rate:>10,.0f}/s  p50 {figures.p50:8.3f} ms"
                f"  p99 {figures.p99:8.3f} ms  [dim]{time.monotonic() - started:.0f} s[/]",
                highlight=False,
            )
        rounds.append(found)
    return rounds, failures


def _ended_early(_number: int, _frame: FrameType | None) -> None:
    sys.exit(ENDED_EARLY)


def main() -> None:
    """Everything: start what is needed, measure, check, show, keep."""
    # Whoever ends the run early ends all that it started, the PostgreSQL included.
    signal.signal(signal.SIGTERM, _ended_early)
    asked = arguments()
    console = Console(width=max(Console().width, 150))
    sizes = Sizes(asked.grown, asked.memory)
    rows = [row for row in ROWS if row.name in asked.only]
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as name:
        directory = Path(name)
        with embedded(directory / "postgres", keep=False) as url:
            site = Site.prepare(directory, url, asked.seconds, sizes)
            told = report.machine(url) | {
                "rounds": asked.rounds,
                "seconds": asked.seconds,
                "grown": asked.grown,
            }
            names = needed(rows)
            measurements, failures = play(site, names, asked.rounds, console)
    outcomes = [row.outcome(measurements, failures) for row in rows]
    report.show(outcomes, console)
    report.keep(asked.out / "results.json", told, outcomes, measurements)
    picture.draw(outcomes, asked.out / "results.svg", report.caption(told))
    if any(outcome.verdict == "failed" for outcome in outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
