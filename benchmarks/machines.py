"""What a run needs to stand: PostgreSQL, the product as it is served, its peers, the load."""

import asyncio
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from urllib.request import urlopen

import psycopg
from psycopg.sql import SQL, Identifier

from adapters.assembly import postgres_desk, read_adoption
from adapters.demo.cases import CATALOGUE
from adapters.demo.cast import AUDITOR, Cast, cast_for
from adapters.demo.service import free_port, running
from adapters.identity.api_keys import write
from adapters.postgres.embedded import binaries
from adapters.postgres.migrations import migrate
from adapters.settings import Settings
from application.desk import Caller
from application.governing import Adoption, adopt
from application.ports import Identity
from benchmarks.load import Load, Result

HERE = Path(__file__).parent
ROOT = HERE.parent
STARTS_WITHIN = 60.0


class BenchmarkFailed(Exception):
    """A measurement can't be trusted."""


def on(url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def create_database(url: str, name: str) -> str:
    """A database of its own on the same server; gives its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return on(url, name)


def checkpoint(url: str) -> None:
    """Let every measurement start from the same state of the disk."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


@dataclass(frozen=True, slots=True)
class Installation:
    """The product as installed: a database, adopted catalogue types, keys."""

    directory: Path
    url: str
    cast: Cast
    adoptions: tuple[Adoption, ...]
    settings: Settings

    @property
    def producer_key(self) -> str:
        """The key of the service that recommends."""
        return self.cast.keys[self.cast.producer("support_triage")]

    @property
    def auditor_key(self) -> str:
        """A key that may read everything."""
        return self.cast.keys[AUDITOR]

    def environment(self, port: int) -> dict[str, str]:
        """What a process is started with: what must be said, and nothing else."""
        return {
            "REMIT_DATABASE_URL": self.url,
            "REMIT_API_KEYS": str(self.directory / "api_keys.json"),
            "REMIT_LOT_KEY": self.settings.lot_key.get_secret_value(),
            "REMIT_PORT": str(port),
        }


def install(directory: Path, url: str) -> Installation:
    """Migrate, adopt the whole catalogue, issue everyone's key."""
    directory.mkdir(parents=True, exist_ok=True)
    migrate(url)
    files = sorted(CATALOGUE.glob("*.yaml"))
    adoptions = tuple(read_adoption(path.read_text(encoding="utf-8")) for path in files)
    cast = cast_for([adoption.definition for adoption in adoptions])
    write(directory / "api_keys.json", cast.records)
    settings = Settings.model_validate({"lot_key": secrets.token_hex(16)})
    asyncio.run(_adopt(url, settings, adoptions))
    return Installation(directory, url, cast, adoptions, settings)


async def _adopt(url: str, settings: Settings, adoptions: tuple[Adoption, ...]) -> None:
    async with postgres_desk(url, settings) as desk:
        for adoption in adoptions:
            await adopt(adoption, Caller(Identity("benchmark", "human")), desk)


@dataclass(frozen=True, slots=True)
class Served:
    """A process that answers on a port."""

    port: int
    process: subprocess.Popen[bytes]
    key: str


@contextmanager
def product(installation: Installation, *options: str) -> Generator[Served]:
    """`remit serve` as an operator starts it: its own command, its own defaults."""
    port = free_port()
    log = installation.directory / f"service-{port}.log"
    with running(installation.environment(port), log, "serve", *options) as process:
        _until_answering(port, "/health/ready", process, log)
        yield Served(port, process, installation.producer_key)


@contextmanager
def working(installation: Installation) -> Generator[None]:
    """`remit work`: the log followed by a process of its own."""
    with running(installation.environment(0), installation.directory / "work.log", "work"):
        yield


@contextmanager
def peer(name: str, url: str, directory: Path) -> Generator[Served]:
    """A peer's application in one process of the same server software, the same way."""
    port, log, key = free_port(), directory / f"{name}.log", secrets.token_hex(32)
    options = ("--port", str(port), "--no-access-log", "--log-level", "warning")
    command = (sys.executable, "-m", "uvicorn", f"benchmarks.peers.{name}:app", *options)
    environment = os.environ | {"BENCH_DATABASE_URL": url, "BENCH_API_KEY": key}
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            _until_answering(port, "/health", process, log)
            yield Served(port, process, key)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_answering(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise BenchmarkFailed(f"no answer on port {port}:\n{log.read_text()[-2000:]}")


def send(load: Load) -> Result:
    """Run the load generator, in a process of its own."""
    done = subprocess.run(
        (sys.executable, "-m", "benchmarks.load"),
        cwd=ROOT,
        input=load.model_dump_json().encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise BenchmarkFailed(f"the load generator ended: {done.stderr.decode()[-2000:]}")
    return Result.model_validate_json(done.stdout)


@dataclass(frozen=True, slots=True)
class Bare:
    """What `pgbench` said: single-row inserts, one a transaction."""

    transactions: int
    rate: float
    p50: float
    p99: float


SINGLE_ROW = HERE / "single_row.sql"
SINGLE_ROW_TABLE = (HERE / "single_row_table.sql").read_text()


def pgbench(url: str, clients: int, seconds: float) -> Bare:
    """Single-row inserts as fast as this PostgreSQL takes them from so many clients."""
    with tempfile.TemporaryDirectory() as directory:
        command = (
            *(str(binaries() / "pgbench"), "-n", "-M", "prepared", "-f", str(SINGLE_ROW)),
            *("-c", str(clients), "-j", str(min(clients, 2)), "-T", str(max(1, round(seconds)))),
            *("-l", "--log-prefix", f"{directory}/log", url),
        )
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchmarkFailed(f"pgbench: {done.stderr[-2000:]}")
        times = sorted(
            int(line.split(" ", 3)[2]) / 1000
            for file in Path(directory).iterdir()
            for line in file.read_text().splitlines()
        )
    return Bare(
        transactions=int(_said(done.stdout, r"number of transactions actually processed: (\d+)")),
        rate=float(_said(done.stdout, r"tps = ([\d.]+)")),
        p50=times[len(times) // 2],
        p99=times[len(times) * 99 // 100],
    )


def _said(output: str, pattern: str) -> str:
    match = re.search(pattern, output)
    if match is None:
        raise BenchmarkFailed(f"pgbench said: {output}")
    return match[1]
