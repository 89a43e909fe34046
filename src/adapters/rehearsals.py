"""Rehearsals are done in processes of their own, beside the service and of lower priority."""

import logging
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Thread
from uuid import UUID

from adapters.assembly import postgres_desk
from adapters.http.parts import Trials
from adapters.postgres.history import PostgresHistory
from adapters.postgres.shelf import PostgresShelf
from adapters.settings import Settings
from application.rehearsing import perform
from application.shadowing import Figures

log = logging.getLogger(__name__)

HERE_AT_MOST = 1_000
"""Decisions that may be counted in the process that answers requests."""


class ProcessRunner:
    """Starts a process for each rehearsal; those left end with this one, however that ends."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running: set[subprocess.Popen[bytes]] = set()

    def start(self, id: UUID) -> None:
        """Begin in a process that ends when its standard input closes."""
        Thread(target=self._run, args=(id,), name=f"remit-rehearsal-{id}", daemon=True).start()

    def _run(self, id: UUID) -> None:
        with subprocess.Popen(  # noqa: S603 - our own program, and an id that is a UUID
            (sys.executable, "-m", "adapters", "policy", "perform", str(id)),
            env=os.environ | {"REMIT_DATABASE_URL": self._url},
            stdin=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            self._running.add(process)
            process.wait()
            self._running.discard(process)
        if process.returncode:
            log.error("rehearsal %s ended with %s", id, process.returncode)

    def close(self) -> None:
        """End what runs: nobody waits for it any more."""
        for process in tuple(self._running):
            process.terminate()


@contextmanager
def trials(url: str) -> Generator[Trials]:
    """Where the service tries policies."""
    runner = ProcessRunner(url)
    history = PostgresHistory(url, here_at_most=HERE_AT_MOST)
    try:
        yield Trials(PostgresShelf(url), runner, Figures(history))
    finally:
        runner.close()


async def perform_here(id: UUID, url: str, settings: Settings) -> None:
    """Do one rehearsal in this process and those that it starts."""
    async with postgres_desk(url, settings) as desk:
        await perform(id, desk, PostgresHistory(url), PostgresShelf(url))
