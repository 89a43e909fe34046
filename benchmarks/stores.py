"""Subjects that need a grown store, or a million decisions: what age and size cost."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from threading import Event as Flag
from threading import Thread
from uuid import UUID

import psutil
import psycopg
from psycopg.sql import SQL, Identifier

from adapters.postgres.merkle import MerkleStore
from adapters.postgres.reading import PostgresReader
from application.audit.ledger import inclusion
from benchmarks import checking
from benchmarks.grow import grow
from benchmarks.load import Load
from benchmarks.machines import (
    BenchmarkFailed,
    Installation,
    create_database,
    install,
    on,
    product,
    send,
)
from benchmarks.subjects import Figures, Measure, Site, caught_up, figures_of, sent

SMALL = 10_000
LINES = 100
SAMPLED_EVERY = 0.5
WARM, PROOFS = 20, 200
RECENT = (
    "SELECT originator_id FROM remit_events WHERE topic LIKE 'decision.recommended.v%' LIMIT 100"
)


def grown(site: Site, events: int) -> Installation:
    """The product on a store of so many events; grown once a run."""
    name = f"grown_{events}"
    if name not in site.installations:
        installation = install(site.directory / name, create_database(site.url, f"bench_{name}"))
        grow(installation, events)
        site.installations[name] = installation
    return site.installations[name]


def fresh_copy(site: Site, model: Installation) -> Installation:
    """The same store anew, so that no round finds what the one before it left."""
    name = f"{model.directory.name}_copy"
    with psycopg.connect(site.url, autocommit=True) as connection:
        connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        source = Identifier(f"bench_{model.directory.name}")
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), source))
    return replace(model, url=on(site.url, name))


def decides_on(events: Callable[[Site], int], *, anew: bool = False) -> Measure:
    """Decisions on a store that holds so many events already."""

    def measure(site: Site) -> Figures:
        installation = grown(site, events(site))
        if anew:
            installation = fresh_copy(site, installation)
        return site.decided(installation)

    return measure


def rebuild(site: Site) -> Figures:
    """`remit projections rebuild feedback`, the command's own start included; events a second."""
    installation = grown(site, site.sizes.grown)
    _, took = _told(installation, "projections", "rebuild", "feedback")
    return Figures(checking.newest(installation.url) / took, more={"seconds": took})


def replay(site: Site) -> Figures:
    """`remit replay --all`, the command's own start included; decisions a second."""
    installation = grown(site, site.sizes.grown)
    said, took = _told(installation, "replay", "--all", "--json")
    replayed: dict[str, int] = json.loads(said)
    if replayed["matches"] != replayed["routings"]:
        raise BenchmarkFailed(f"replay: {replayed['routings'] - replayed['matches']} drifted")
    return Figures(replayed["decisions"] / took, more={"seconds": took})


def merkle(site: Site) -> Figures:
    """`remit audit rebuild`: the log's tree from its first event on, events a second."""
    installation = grown(site, site.sizes.grown)
    _, took = _told(installation, "audit", "rebuild")
    return Figures(checking.newest(installation.url) / took, more={"seconds": took})


def proof(site: Site) -> Figures:
    """Inclusion proofs of events all over the large store, one after the other."""
    installation = grown(site, site.sizes.grown)
    with closing(MerkleStore(installation.url)) as tree:
        tree.catch_up()
    took = sorted(asyncio.run(_proofs(installation.url)))
    p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
    return Figures(1_000 / p50, p50, p99)


async def _proofs(url: str) -> list[float]:
    """Milliseconds that each took, after a few to warm up."""
    took: list[float] = []
    async with PostgresReader(url) as reader:
        size = (await reader.ledger.head()).size
        for n in range(WARM + PROOFS):
            started = time.perf_counter()
            await inclusion(1 + n * 7_919 % size, reader.ledger)
            took.append(1_000 * (time.perf_counter() - started))
    return took[WARM:]


def _told(installation: Installation, *words: str) -> tuple[str, float]:
    """What a command says, and the seconds it took."""
    command = (sys.executable, "-m", "adapters", *words)
    environment = os.environ | installation.environment(0)
    started = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    took = time.perf_counter() - started
    if done.returncode != 0:
        raise BenchmarkFailed(f"{' '.join(words)}: {done.stderr.decode()[-2000:]}")
    return done.stdout.decode(), took


def look_up(path: str, events: Callable[[Site], int]) -> Measure:
    """One reader's question to a grown store, over and over: the figure is its p50."""

    def measure(site: Site) -> Figures:
        installation = grown(site, events(site))
        with product(installation) as service:
            load = Load(
                ports=[service.port],
                kind="get",
                key=installation.auditor_key,
                paths=[path],
                connections=1,
                seconds=min(site.seconds, 5),
            )
            return figures_of(sent(load))

    return measure


def memory(site: Site) -> Figures:
    """Resident megabytes of the server while it takes a million decisions, in batches."""
    decisions = site.sizes.memory
    installation = install(site.directory / "memory", create_database(site.url, "bench_memory"))
    before = checking.newest(installation.url)
    with product(installation) as service:
        watch = _Watch(service.process.pid)
        load = Load(
            ports=[service.port],
            kind="batch",
            key=service.key,
            lines=LINES,
            connections=4,
            warm_up=0,
            seconds=24 * 3_600,
            most=decisions // LINES,
        )
        result = send(load)
        samples = watch.samples()
    caught_up(installation)
    with psycopg.connect(installation.url) as connection:
        counts = connection.execute(checking.COUNTS, (before,)).fetchone()
        ids: list[UUID] = [id for (id,) in connection.execute(RECENT).fetchall()]
    if counts is None or not counts[0] == result.decided == decisions:
        raise BenchmarkFailed(f"sent {decisions}, acknowledged {result.decided}, stored {counts}")
    asyncio.run(checking.replayed(installation, ids))
    half = len(samples) // 2
    early, late = samples[half // 2 : half], samples[-max(1, half // 2) :]
    more = {"decisions": decisions, "grew_by": sum(late) / len(late) - sum(early) / len(early)}
    more |= {"samples": len(samples), "last": samples[-1], "seconds": result.seconds}
    return Figures(max(samples), more=more)


class _Watch:
    """Reads a process's resident memory, in MB, until it is asked what it saw."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._seen = [self._now()]
        self._stop = Flag()
        self._thread = Thread(target=self._look)
        self._thread.start()

    def samples(self) -> list[float]:
        """What it saw."""
        self._stop.set()
        self._thread.join()
        return [*self._seen, self._now()]

    def _look(self) -> None:
        while not self._stop.wait(SAMPLED_EVERY):
            self._seen.append(self._now())

    def _now(self) -> float:
        return float(self._process.memory_info().rss) / 1e6


def _small(_: Site) -> int:
    return SMALL


def _large(site: Site) -> int:
    return site.sizes.grown


STORES: dict[str, Measure] = {
    "small_store": decides_on(_small, anew=True),
    "large_store": decides_on(_large),
    "rebuild": rebuild,
    "replay": replay,
    "merkle": merkle,
    "proof": proof,
    "metrics_page": look_up("/v1/metrics?decision_type=support_triage", _large),
    "queue_page": look_up("/v1/queues/support-desk?limit=100", _large),
}
ONCE: dict[str, Measure] = {"memory": memory}
"""Measured in the last round only: it takes minutes."""
