"""Subjects: each thing that is measured once a round, started for it and stopped after it."""

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, LiteralString
from uuid import UUID

import psycopg

from adapters.worker import catch_up
from benchmarks import checking
from benchmarks.load import Load, Result
from benchmarks.machines import (
    ROOT,
    SINGLE_ROW_TABLE,
    BenchmarkFailed,
    Installation,
    Served,
    checkpoint,
    create_database,
    install,
    peer,
    pgbench,
    product,
    send,
    working,
)

SUBJECTS_A_LOAD = 10_000_000
MOST_READ = 2_000


Kind = Literal["post", "batch", "get"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What one measurement says. Times in milliseconds."""

    rate: float
    p50: float = 0.0
    p99: float = 0.0
    more: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much there is to work on."""

    grown: int = 1_000_000
    """Events of the large store."""
    memory: int = 1_000_000
    """Decisions that one server process takes while its memory is watched."""


@dataclass(slots=True)
class Site:
    """Where everything stands during a run."""

    directory: Path
    url: str
    seconds: float
    sizes: Sizes
    installation: Installation
    installations: dict[str, Installation] = field(default_factory=dict[str, Installation])
    """Those on grown stores."""
    databases: dict[str, str] = field(default_factory=dict[str, str])
    known: list[UUID] = field(default_factory=list[UUID])
    """Decisions that can be asked for."""
    _firsts: Iterator[int] = field(default_factory=lambda: itertools.count(0, SUBJECTS_A_LOAD))

    @classmethod
    def prepare(cls, directory: Path, url: str, seconds: float, sizes: Sizes) -> "Site":
        """A database with the product installed in it."""
        here = directory / "remit"
        installed = install(here, create_database(url, "remit_bench"))
        return cls(directory, url, seconds, sizes, installed)

    def first(self) -> int:
        """A range of subjects that nobody has used."""
        return next(self._firsts)

    def database(self, name: str) -> str:
        """A peer's own database on the same server."""
        if name not in self.databases:
            self.databases[name] = create_database(self.url, f"bench_{name}")
        return self.databases[name]

    def decided(
        self,
        installation: Installation,
        kind: Kind = "post",
        connections: int = 32,
        processes: int = 1,
        *,
        beside: bool = False,
    ) -> Figures:
        """Decisions through the product, each looked for afterwards in the database."""
        before = checking.newest(installation.url)
        answers = self.directory / "answers.ndjson"
        with served(installation, processes, beside) as services:
            load = Load(
                ports=[one.port for one in services],
                kind=kind,
                key=services[0].key,
                first=self.first(),
                connections=connections,
                seconds=self.seconds,
                answers=answers,
            )
            result = sent(load)
        counted = asyncio.run(checking.check(installation, before, answers))
        caught_up(installation)
        if installation is self.installation:
            self.known = list(itertools.islice(checking.acknowledged(answers), MOST_READ))
        each = load.lines if kind == "batch" else 1
        more: dict[str, float] = {
            "decisions_checked": counted.decisions,
            "events_checked": counted.events,
            "replayed": counted.replayed,
        }
        return figures_of(result, each, more)


Measure = Callable[[Site], Figures]


def bare(clients: int) -> Measure:
    """`pgbench`: one single-row insert a transaction."""

    def measure(site: Site) -> Figures:
        known = "pgbench" in site.databases
        url = site.database("pgbench")
        if not known:
            with psycopg.connect(url) as connection:
                connection.execute(SINGLE_ROW_TABLE.encode())
        before = _count(url, "SELECT count(*) FROM single_rows")
        said = pgbench(url, clients, site.seconds)
        stored = _count(url, "SELECT count(*) FROM single_rows") - before
        if stored != said.transactions:
            raise BenchmarkFailed(f"pgbench said {said.transactions}, {stored} are stored")
        return Figures(said.rate, said.p50, said.p99)

    return measure


@contextmanager
def served(installation: Installation, processes: int, beside: bool) -> Generator[list[Served]]:
    """The product's processes; `beside` has the log followed by a process of its own."""
    with ExitStack() as stack:
        if beside:
            stack.enter_context(working(installation))
        options = ("--no-work",) if beside else ()
        yield [stack.enter_context(product(installation, *options)) for _ in range(processes)]


def caught_up(installation: Installation) -> None:
    """Let the projections arrive at the end, so that no follower works during what comes next."""
    catch_up(installation.url)


def ours(
    kind: Kind = "post", connections: int = 32, processes: int = 1, *, beside: bool = False
) -> Measure:
    """Decisions through the product, on the run's own store."""
    return lambda site: site.decided(site.installation, kind, connections, processes, beside=beside)


def theirs(name: str, count: LiteralString) -> Measure:
    """A peer's application over HTTP; `count` is what it says it has stored."""

    def measure(site: Site) -> Figures:
        url = site.database(name)
        with peer(name, url, site.directory) as service:
            before = _count(url, count)
            load = Load(
                ports=[service.port],
                kind="post",
                key=service.key,
                first=site.first(),
                seconds=site.seconds,
            )
            result = sent(load)
            stored = _count(url, count) - before
        if stored != result.acknowledged:
            raise BenchmarkFailed(f"{name}: {result.acknowledged} acknowledged, {stored} stored")
        return figures_of(result)

    return measure


def echo(site: Site) -> Figures:
    """The load generator against an application that does nothing."""
    with peer("echo", site.url, site.directory) as service:
        load = Load(ports=[service.port], kind="post", key=service.key, seconds=site.seconds)
        return figures_of(sent(load))


def stock(threads: int) -> Measure:
    """The `eventsourcing` library as it comes, in process."""

    def measure(site: Site) -> Figures:
        url = site.database("stock")
        command = (sys.executable, "-m", "benchmarks.peers.stock", url)
        arguments = (str(threads), str(site.seconds))
        done = subprocess.run((*command, *arguments), cwd=ROOT, capture_output=True, check=True)
        return Figures(json.loads(done.stdout)["rate"])

    return measure


def reads(*views: str) -> Measure:
    """Questions about known decisions: so many decisions a second, each of its views asked."""

    def measure(site: Site) -> Figures:
        if not site.known:
            ours()(site)
        paths = [f"/v1/decisions/{id}{view}" for id in site.known for view in views]
        with served(site.installation, 1, False) as (service,):
            load = Load(
                ports=[service.port],
                kind="get",
                key=service.key,
                paths=paths,
                seconds=site.seconds,
            )
            return figures_of(sent(load), 1 / len(views))

    return measure


def measured(site: Site, measure: Measure) -> Figures:
    """One measurement, from a state of the disk that all share."""
    checkpoint(site.url)
    return measure(site)


def sent(load: Load) -> Result:
    """Send a load of which every request must be acknowledged."""
    result = send(load)
    if result.failed or not result.measured:
        raise BenchmarkFailed(f"{result.measured} measured; not acknowledged: {result.failed}")
    return result


def figures_of(result: Result, each: float = 1, more: dict[str, float] | None = None) -> Figures:
    """What a load came to; `each` is how many one answer counts for."""
    told = {"acknowledged": result.acknowledged, "load_generator_cpu": result.cpu}
    told |= {"p90": result.p90, "p999": result.p999, "worst": result.worst}
    return Figures(result.rate * each, result.p50, result.p99, told | (more or {}))


def _count(url: str, question: LiteralString) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return int(row[0])


SUBJECTS: dict[str, Measure] = {
    "pgbench_32": bare(32),
    "remit_32": ours(),
    "handwritten": theirs("handwritten", "SELECT count(*) FROM events"),
    "remit_beside_32": ours(beside=True),
    "langgraph": theirs("langgraph_app", "SELECT count(DISTINCT thread_id) FROM checkpoints"),
    "remit_two_32": ours(processes=2),
    "remit_batch_4": ours("batch", 4),
    "pgbench_1": bare(1),
    "remit_1": ours(connections=1),
    "dbos": theirs(
        "dbos_app", "SELECT count(*) FROM dbos.workflow_status WHERE status = 'SUCCESS'"
    ),
    "stock": stock(8),
    "get_both": reads("", "/events"),
    "get_decision": reads(""),
    "get_events": reads("/events"),
    "echo": echo,
}
