"""Rehearsal of a policy over a million recorded decisions, reading included.

    uv run --group bench python -m benchmarks.rehearsal --decisions 1000000

A store of one decision type is grown, and its policy put to all of it with one boundary moved.
First as it was grown: a thousand real cases, told again and again. Then with a confidence and a
risk of its own for every decision, so that nothing is gained by having seen a value before.
"""

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from adapters.assembly import read_adoption
from adapters.postgres.embedded import embedded
from adapters.postgres.history import PostgresHistory
from application.rehearsal.report import Report, report_of
from application.rehearsal.trial import Scope, Trial
from benchmarks.grow import grow
from benchmarks.machines import create_database, install
from domain.guardrail.document import Guardrail

BAR = 10.0
"""Seconds for a million decisions on two processors."""
NAME = "support_triage"
EVENTS_A_DECISION = 5.4
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
NO_TWO_ALIKE = """
    UPDATE past_cases SET facts = regexp_replace(
        regexp_replace(facts, '"confidence":"[^"]*"',
            '"confidence":"' || round((0.5 + 0.5 * random())::numeric, 6) || '"'),
        '"risk":"[^"]*"', '"risk":"' || round((0.4 * random())::numeric, 6) || '"')
"""


@dataclass(frozen=True, slots=True)
class Timed:
    """One rehearsal: how long it took by the clock, and of the processors' time."""

    report: Report
    seconds: float
    cpu: float


def rehearse(url: str, trial: Trial) -> Timed:
    """From nothing to a report, as a fresh command would do it: processes are started, too."""
    scope = Scope(since=FIRST, until=LAST)
    cpu, started = _cpu(), time.perf_counter()
    counted = PostgresHistory(url).count(trial, scope)
    report = report_of(trial, scope, counted.position, counted.tally)
    return Timed(report, time.perf_counter() - started, _cpu() - cpu)


def _cpu() -> float:
    """Of this process and of those it has ended; PostgreSQL's own is not seen."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))


def moved(guardrail: Guardrail, source: str) -> Guardrail:
    """The policy with every boundary of confidence a little lower."""
    found = read_adoption(source.replace("value: 0.90", "value: 0.85")).guardrail
    return guardrail if found.digest == guardrail.digest else found


def main() -> None:
    """Grow, rehearse, and hold the best round against the bar."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal", description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--url", help="a database grown by an earlier run; none grows one")
    asked = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="remit-bench-") as name:
        directory = Path(name)
        with embedded(directory / "postgres", keep=False) as server:
            _play(directory, server, asked.decisions, asked.rounds, console)


def _play(directory: Path, server: str, decisions: int, rounds: int, console: Console) -> None:
    url = create_database(server, "bench_rehearsal")
    whole = install(directory / "rehearsal", url)
    adoption = next(one for one in whole.adoptions if one.definition.name == NAME)
    only = replace(whole, adoptions=(adoption,))
    grow(only, round(decisions * EVENTS_A_DECISION), console)
    trial = Trial(
        definition=adoption.definition,
        version=2,
        guardrail=moved(adoption.guardrail, _source()),
        against_version=1,
        against=adoption.guardrail,
    )
    table = Table("facts", "decisions", "changed", "seconds", "a million", "CPU s", "bar", "")
    _row(table, "as grown", [rehearse(url, trial) for _ in range(rounds)])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(NO_TWO_ALIKE)
        connection.execute("VACUUM (FULL, ANALYZE) past_cases")
        connection.execute("CHECKPOINT")
    _row(table, "no two alike", [rehearse(url, trial) for _ in range(rounds)])
    console.print(table)


def _source() -> str:
    from adapters.demo.cases import CATALOGUE  # noqa: PLC0415 - where the file lies

    return (CATALOGUE / f"{NAME}.yaml").read_text(encoding="utf-8")


def _row(table: Table, facts: str, rounds: list[Timed]) -> None:
    best = min(rounds, key=lambda one: one.seconds)
    million = best.seconds * 1e6 / best.report.decisions
    table.add_row(
        facts,
        f"{best.report.decisions:,}",
        f"{best.report.changed:,}",
        " ".join(f"{one.seconds:.2f}" for one in rounds),
        f"{million:.2f}",
        f"{best.cpu:.2f}",
        f"≤ {BAR:.0f} s",
        "reached" if million <= BAR else "missed",
    )


if __name__ == "__main__":
    main()
