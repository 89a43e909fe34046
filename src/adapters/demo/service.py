"""The service under the demo: a real process on a real port, ended when the demo ends."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from adapters.trouble import Trouble

STARTS_WITHIN = 30.0

Service = subprocess.Popen[bytes]


class NotStarted(Trouble):
    """The service did not come up."""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    environment: dict[str, str], log: Path, *command: str
) -> Generator[subprocess.Popen[bytes]]:
    """A `remit` command as a process of its own; it is asked to finish, then made to."""
    with log.open("wb") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
            [sys.executable, "-m", "adapters", *command],
            env=os.environ | environment,
            stdout=lines,
            stderr=lines,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def until_ready(
    session: aiohttp.ClientSession, process: subprocess.Popen[bytes], log: Path
) -> None:
    """Wait until the service says that it is ready, or say what it said instead."""
    async with asyncio.timeout(STARTS_WITHIN):
        while process.poll() is None:
            try:
                async with session.get("/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    raise NotStarted(f"the service ended; see {log}")
