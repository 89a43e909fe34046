"""What PostgreSQL's settings do for a decision: each beside the defaults, in turns.

    uv run --group bench python -m benchmarks.tuning

Every variant has a server and a database of its own, which start for each measurement and stop
after it, so that no two work at once. A figure is the median of the rounds' ratios to the defaults.
"""

import argparse
import tempfile
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg
from psycopg.sql import SQL, Identifier, Literal
from rich.console import Console
from rich.table import Table

from adapters.postgres.embedded import Server, embedded
from benchmarks.machines import checkpoint
from benchmarks.subjects import Figures, Site, Sizes, ours

DEFAULTS = "defaults"
STANDBY = ("pg_basebackup", "--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream")


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings to try, perhaps with a standby that each commit waits for."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    standby: bool = False


VARIANTS = (
    Variant(DEFAULTS),
    Variant("shared_buffers = 1GB", {"shared_buffers": "1GB"}),
    Variant("wal_compression = on", {"wal_compression": "on"}),
    Variant("max_wal_size = 16GB", {"max_wal_size": "16GB", "checkpoint_timeout": "30min"}),
    Variant("commit_delay = 200", {"commit_delay": "200", "commit_siblings": "2"}),
    Variant("full_page_writes = off", {"full_page_writes": "off"}),
    Variant("synchronous_commit = off", {"synchronous_commit": "off"}),
    Variant("standby, remote_write", {"synchronous_commit": "remote_write"}, standby=True),
    Variant("standby, on", {"synchronous_commit": "on"}, standby=True),
    Variant("standby, remote_apply", {"synchronous_commit": "remote_apply"}, standby=True),
)


class Trial:
    """One variant, and where it is tried."""

    def __init__(self, variant: Variant, directory: Path, seconds: float) -> None:
        self.variant = variant
        self._directory = directory / str(VARIANTS.index(variant))
        self._seconds = seconds
        self._site: Site | None = None

    def measure(self, connections: int) -> Figures:
        """Decisions with so many connections."""
        with ExitStack() as stack:
            url = stack.enter_context(self._server())
            if self._site is None:
                self._site = Site.prepare(self._directory, url, self._seconds, Sizes())
            if self.variant.standby:
                stack.enter_context(self._followed(url))
            checkpoint(url)
            return ours(connections=connections)(self._site)

    @contextmanager
    def _server(self) -> Generator[str]:
        primary = self._directory / "primary"
        if not primary.exists():
            with embedded(primary) as url:
                _set(url, self.variant.settings)
        with embedded(primary) as url:
            yield url

    @contextmanager
    def _followed(self, url: str) -> Generator[None]:
        """A standby that commits wait for; on the same disk, so it costs more than one apart."""
        directory = self._directory / "standby"
        server = Server(directory)
        if not directory.exists():
            directory.mkdir(parents=True)
            server.open_the_way()
            server.must(*STANDBY, "-D", str(server.pgdata), "-d", url)
            for lock in server.pgdata.glob(".s.PGSQL.*"):  # of the server that was copied
                lock.unlink()
        with embedded(directory):
            _set(url, {"synchronous_standby_names": "*"})
            try:
                yield
            finally:
                _set(url, {"synchronous_standby_names": ""})


def _set(url: str, settings: Mapping[str, str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for name, value in settings.items():
            change = SQL("ALTER SYSTEM SET {} = {}").format(Identifier(name), Literal(value))
            connection.execute(change)
        connection.execute("SELECT pg_reload_conf()")


def tried(trials: list[Trial], rounds: int, console: Console) -> dict[str, list[list[Figures]]]:
    """Every variant once a round, every other round backwards: under load, and a lone caller."""
    found: dict[str, list[list[Figures]]] = {trial.variant.name: [] for trial in trials}
    for number in range(rounds):
        for trial in trials if number % 2 == 0 else trials[::-1]:
            both = [trial.measure(connections) for connections in (32, 1)]
            found[trial.variant.name].append(both)
            console.print(
                f"round {number + 1}  {trial.variant.name:26} {both[0].rate:>8,.0f}/s"
                f"  alone {both[1].p50:.2f} ms",
                highlight=False,
            )
    return found


def table(found: Mapping[str, list[list[Figures]]]) -> Table:
    """Each variant beside the defaults of the same round."""
    columns = ("setting", "decisions/s, 32 connections", "× defaults", "p50 alone", "× defaults")
    shown = Table(*columns)
    for name, rounds in found.items():
        pairs = list(zip(rounds, found[DEFAULTS], strict=True))
        shown.add_row(
            name,
            f"{median(ours[0].rate for ours in rounds):,.0f}",
            f"{median(ours[0].rate / theirs[0].rate for ours, theirs in pairs):.2f}",
            f"{median(ours[1].p50 for ours in rounds):.2f} ms",
            f"{median(ours[1].p50 / theirs[1].p50 for ours, theirs in pairs):.2f}",
        )
    return shown


def main() -> None:
    """Try them all."""
    names = [variant.name for variant in VARIANTS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tuning", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", nargs="+", metavar="SETTING", choices=names, default=names)
    asked = parser.parse_args()
    console = Console(width=110)
    chosen = [v for v in VARIANTS if v.name in (DEFAULTS, *asked.only)]
    with tempfile.TemporaryDirectory(prefix="remit-tuning-") as name:
        trials = [Trial(variant, Path(name), asked.seconds) for variant in chosen]
        console.print(table(tried(trials, asked.rounds, console)))


if __name__ == "__main__":
    main()
