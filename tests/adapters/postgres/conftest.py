"""Starts the long play of writers, followers and kills beside the other tests, and judges it last."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

ADAPTERS = Path(__file__).parents[1]
SOURCE = ADAPTERS.parents[1] / "src"
SECONDS = os.environ.get("REMIT_SOAK_SECONDS", "180")
JUDGED_BY = "soak_verdict"
"""The fixture of the test that waits for the verdict."""
PATIENCE = 900.0
"""Seconds beyond its length that the play may take on a slow machine."""


@pytest.fixture
def soak_verdict(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What became of the play."""
    directory = run_directory(request.config)
    verdict = directory / "soak.json"
    until = time.monotonic() + float(SECONDS) + PATIENCE
    while not verdict.exists():
        assert time.monotonic() < until, (directory / "soak.log").read_text()
        time.sleep(0.2)
    found: dict[str, Any] = json.loads(verdict.read_text())
    return found


def is_judge(item: pytest.Item) -> bool:
    return JUDGED_BY in getattr(item, "fixturenames", ())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The verdict is waited for when everything else is done."""
    items.sort(key=is_judge)


def pytest_collection_finish(session: pytest.Session) -> None:
    """One worker begins the play, for all of them, if its verdict will be asked for."""
    first = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    if first and not session.config.option.collectonly and any(map(is_judge, session.items)):
        directory = run_directory(session.config)
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "soak.log").open("wb") as log:
            play = [
                *(sys.executable, "-W", "error", "-m", "soak", SECONDS),
                *("--data-dir", str(directory), "--verdict", str(directory / "soak.json")),
                *("--while-alive", str(run_process(session.config))),
            ]
            paths = f"{SOURCE}{os.pathsep}{ADAPTERS}"
            begun = subprocess.Popen(
                play,
                env=os.environ | {"PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        begun.returncode = 0  # it may outlive this worker, and is nobody's to wait for


def run_process(config: pytest.Config) -> int:
    """The process that lives as long as the test run does."""
    return os.getppid() if hasattr(config, "workerinput") else os.getpid()


def run_directory(config: pytest.Config) -> Path:
    """Where all workers of a run find what they share."""
    workers = getattr(config, "workerinput", None)
    run = workers["testrunuid"] if workers else f"alone-{os.getpid()}"
    return Path(tempfile.gettempdir()) / f"remit-tests-{run[:12]}"
