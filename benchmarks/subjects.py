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
from uuid import UUID

import psycopg
from psycopg.sql import SQL

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


@dataclass(frozen=True, slots=True)
class Figures:
    """What one measurement says. Times in milliseconds."""

    rate: float
    p50: float = 0.0
    p99: float = 0.0
    more: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(slots=True)
class Site:
    """Where everything stands during a run."""

    directory: Path
    url: str
    seconds: float
    installation: Installation
    databases: dict[str, str] = field(default_factory=dict[str, str])
    known: list[UUID] = field(default_factory=list[UUID])
    """Decisions that can be asked for."""
    _firsts: Iterator[int] = field(default_factory=lambda: itertools.count(0, SUBJECTS_A_LOAD))

    @classmethod
    def prepare(cls, directory: Path, url: str, seconds: float) -> "Site":
        """A database with the product installed in it."""
        here = directory / "remit"
        installed = install(here, create_database(url, "remit_bench"))
        return cls(directory, url, seconds, installed)

    def first(self) -> int:
        """A range of subjects that nobody has used."""
        return next(self._firsts)

    def database(self, name: str) -> str:
        """A peer's own database on the same server."""
        if name not in self.databases:
            self.databases[name] = create_database(self.url, f"bench_{name}")
        return self.databases[name]


Measure = Callable[[Site], Figures]


def bare(clients: int) -> Measure:
    """`pgbench`: one single-row insert a transaction."""

    def measure(site: Site) -> Figures:
        known = "pgbench" in site.databases
        url = site.database("pgbench")
        if not known:
            with psycopg.connect(url) as connection:
                connection.execute(SINGLE_ROW_TABLE)  # type: ignore[arg-type]
        before = _count(url, "SELECT count(*) FROM single_rows")
        said = pgbench(url, clients, site.seconds)
        stored = _count(url, "SELECT count(*) FROM single_rows") - before
        if stored != said.transactions:
            raise BenchmarkFailed(f"pgbench said {said.transactions}, {stored} are stored")
        return Figures(said.rate, said.p50, said.p99)

    return measure


@contextmanager
def served(site: Site, processes: int, beside: bool) -> Generator[list[Served]]:
    """The product's processes; `beside` has the log followed by a process of its own."""
    with ExitStack() as stack:
        if beside:
            stack.enter_context(working(site.installation))
        options = ("--no-work",) if beside else ()
        yield [stack.enter_context(product(site.installation, *options)) for _ in range(processes)]
    catch_up(site.installation.url)  # so that no follower works during the next measurement


def ours(
    kind: str = "post", connections: int = 32, processes: int = 1, *, beside: bool = False
) -> Measure:
    """Decisions through the product, each checked afterwards in the database."""

    def measure(site: Site) -> Figures:
        before = checking.newest(site.installation.url)
        answers = site.directory / "answers.ndjson"
        with served(site, processes, beside) as services:
            load = Load(
                ports=[one.port for one in services],
                kind=kind,  # type: ignore[arg-type]
                key=services[0].key,
                first=site.first(),
                connections=connections,
                seconds=site.seconds,
                answers=answers,
            )
            result = _sent(load)
        counted = asyncio.run(checking.check(site.installation, before, answers))
        site.known = list(itertools.islice(checking.acknowledged(answers), MOST_READ))
        each = load.lines if kind == "batch" else 1
        more = {"decisions_checked": counted.decisions, "events_checked": counted.events}
        return _figures(result, each, more)

    return measure


def theirs(name: str, count: str) -> Measure:
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
            result = _sent(load)
            stored = _count(url, count) - before
        if stored != result.acknowledged:
            raise BenchmarkFailed(f"{name}: {result.acknowledged} acknowledged, {stored} stored")
        return _figures(result)

    return measure


def echo(site: Site) -> Figures:
    """The load generator against an application that does nothing."""
    with peer("echo", site.url, site.directory) as service:
        load = Load(ports=[service.port], kind="post", key=service.key, seconds=site.seconds)
        return _figures(_sent(load))


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
        with served(site, 1, False) as (service,):
            load = Load(
                ports=[service.port],
                kind="get",
                key=service.key,
                paths=paths,
                seconds=site.seconds,
            )
            return _figures(_sent(load), 1 / len(views))

    return measure


def measured(site: Site, measure: Measure) -> Figures:
    """One measurement, from a state of the disk that all share."""
    checkpoint(site.url)
    return measure(site)


def _sent(load: Load) -> Result:
    result = send(load)
    if result.failed or not result.measured:
        raise BenchmarkFailed(f"{result.measured} measured; not acknowledged: {result.failed}")
    return result


def _figures(result: Result, each: float = 1, more: dict[str, float] | None = None) -> Figures:
    told = {"acknowledged": result.acknowledged, "load_generator_cpu": result.cpu}
    told |= {"p90": result.p90, "p999": result.p999, "worst": result.worst}
    return Figures(result.rate * each, result.p50, result.p99, told | (more or {}))


def _count(url: str, question: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(SQL(question)).fetchone()  # type: ignore[arg-type]
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
