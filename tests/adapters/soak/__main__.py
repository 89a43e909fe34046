"""Many processes write, many follow, some are killed: `PYTHONPATH=src:tests/adapters python -m soak SECONDS`.

The verdict goes to a file, if one is named, or to the output.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import reduce
from multiprocessing import get_context, parent_process
from multiprocessing.context import ForkProcess
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
from an_event import Counted, a_codec
from soak import followers, writers
from soak.checking import Answers, faults_of_answers, faults_of_sight
from soak.followers import (
    COUNTED,
    Enrolment,
    Roll,
    RollOfCounted,
    RollOfTheMortal,
    enrolled,
    line,
)
from soak.journals import Journal, whole_lines

from adapters.postgres.embedded import embedded
from adapters.postgres.migrations import migrate
from adapters.postgres.projections import ProjectionStore

FORK = get_context("fork")
WRITERS = {"append": 5, "library": 3}
KILL_EVERY = (1.0, 6.0)
CATCH_UP_WITHIN = 300.0
"""Seconds the followers have at the end, on a machine however slow."""

Lines = dict[str, list[str]]
Act = Callable[[str, Journal], Coroutine[Any, Any, None] | None]


@dataclass
class Part:
    """One part in the play: it is taken by one process after the other."""

    name: str
    act: Act
    directory: Path
    keeps_journal: bool = True
    takers: int = 0
    process: ForkProcess | None = None

    @property
    def journal(self) -> Path:
        """A follower goes on in its own; a writer begins another."""
        return self.directory / (self.name if self.keeps_journal else f"{self.name}-{self.takers}")

    def start(self, url: str) -> None:
        self.takers += 1
        self.process = FORK.Process(target=_play, args=(self.act, url, self.journal))
        self.process.start()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.process = None

    @property
    def fell(self) -> bool:
        """Whether its process ended by itself, which none should."""
        return self.process is not None and not self.process.is_alive()


def _play(act: Act, url: str, journal: Path) -> None:
    parent = parent_process()
    assert parent is not None
    Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    random.seed()
    acted = act(url, Journal(journal))
    if acted is not None:
        asyncio.run(acted)


@dataclass
class Play:
    """Everyone who writes and everyone who follows, on one database."""

    url: str
    directory: Path
    writers: list[Part] = field(default_factory=list[Part])
    steady: list[Part] = field(default_factory=list[Part])
    mortal: list[Part] = field(default_factory=list[Part])
    kills: int = 0
    faults: list[str] = field(default_factory=list[str])

    def cast(self) -> None:
        doors: dict[str, Act] = {
            "append": writers.write,
            "library": writers.write_through_the_librarys_door,
        }
        for door, many in WRITERS.items():
            for n in range(many):
                part = Part(f"writer-{door}-{n}", doors[door], self.directory, keeps_journal=False)
                self.writers.append(part)
        for name, act in followers.KEPT_JOURNAL.items():
            self.steady.append(Part(f"{name}-steady", act, self.directory))
            self.mortal.append(Part(f"{name}-mortal", act, self.directory))
        self.mortal.append(
            Part("poll-counted", lambda u, j: followers.poll(u, j, Counted.TOPIC), self.directory)
        )
        self.steady.append(
            Part("roll", lambda u, _: followers.project(u, Roll(), RollOfCounted()), self.directory)
        )
        self.mortal.append(
            Part(
                "roll-mortal", lambda u, _: followers.project(u, RollOfTheMortal()), self.directory
            )
        )

    @property
    def parts(self) -> list[Part]:
        return [*self.writers, *self.steady, *self.mortal]

    def run(self, seconds: float, go_on: Callable[[], bool]) -> None:
        for part in self.parts:
            part.start(self.url)
        until = time.monotonic() + seconds
        while time.monotonic() < until and go_on():
            time.sleep(random.uniform(*KILL_EVERY))
            self.faults += [f"{part.name} ended by itself" for part in self.parts if part.fell]
            victim = random.choice([*self.writers, *self.mortal])
            victim.kill()
            victim.start(self.url)
            self.kills += 1

    def end(self, go_on: Callable[[], bool]) -> None:
        """Kill the writers; let the followers come to the end of the log."""
        for part in self.writers:
            part.kill()
        log = in_lines(until_quiet(self.url, go_on))
        until = time.monotonic() + CATCH_UP_WITHIN
        while not self.at_the_end(log) and time.monotonic() < until and go_on():
            time.sleep(0.5)
        for part in self.parts:
            part.kill()

    def journals(self, log: Lines) -> Iterator[tuple[str, list[str], list[str]]]:
        """Each follower's name, what it should have seen, and what it saw."""
        for part in [*self.steady, *self.mortal]:
            if not part.name.startswith("roll"):
                kind = "counted" if part.name.endswith("counted") else "all"
                yield part.name, log[kind], list(whole_lines(part.journal))

    def rolls(self, log: Lines) -> Iterator[tuple[str, list[str], Enrolment]]:
        """Each projection's name, what it should have seen, and the row it holds."""
        with closing(ProjectionStore(self.url, a_codec())) as store:
            for roll in (Roll(), RollOfTheMortal(), RollOfCounted()):
                row = store.rows(roll).get("all") or Enrolment(key="all")
                yield roll.name, log["counted" if roll.topics else "all"], row

    def at_the_end(self, log: Lines) -> bool:
        return all(seen[-1:] == expected[-1:] for _, expected, seen in self.journals(log)) and all(
            row.last == int(expected[-1].split()[0]) for _, expected, row in self.rolls(log)
        )

    def sights(self, log: Lines) -> list[str]:
        found: list[str] = []
        for name, expected, seen in self.journals(log):
            found += faults_of_sight(name, expected, seen)
        for name, expected, row in self.rolls(log):
            if row.digest != reduce(enrolled, expected, ""):
                found.append(f"{name} holds {row}, and there are {len(expected)} events")
        return found

    def verdict(self) -> dict[str, Any]:
        rows = everything(self.url)
        answers = Answers()
        for journal in self.directory.glob("writer-*"):
            answers.note(whole_lines(journal))
        names = {row[0]: row[4] if "-" in row[4] else str(UUID(int=int(row[4]))) for row in rows}
        self.faults += self.sights(in_lines(rows)) + faults_of_answers(answers, names)
        return {
            "events": len(rows),
            "appends": len(answers.tried),
            "acknowledged": len(answers.written),
            "refused": len(answers.refused),
            "kills": self.kills,
            "writers": len(self.writers),
            "followers": len(self.steady) + len(self.mortal),
            "faults": self.faults,
        }


EVERYTHING = """
    SELECT notification_id, originator_id, originator_version, topic,
        coalesce(convert_from(state, 'UTF8')::jsonb ->> 'text',
                 convert_from(state, 'UTF8')::jsonb ->> 'amount')
    FROM remit_events ORDER BY notification_id
"""


def everything(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(EVERYTHING).fetchall()


def in_lines(rows: list[tuple[Any, ...]]) -> Lines:
    """The log as each kind of follower must have seen it."""
    return {
        "all": [line(*row[:3]) for row in rows],
        "counted": [line(*row[:3]) for row in rows if row[3] == COUNTED],
    }


def until_quiet(url: str, go_on: Callable[[], bool]) -> list[tuple[Any, ...]]:
    """The log once nobody writes: a killed client's last transaction may still be under way."""
    before: list[tuple[Any, ...]] | None = None
    while (now := everything(url)) != before and go_on():
        before = now
        time.sleep(2)
    return now


def a_database(server: str) -> str:
    name = f"soak_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    migrate(url)
    with psycopg.connect(url) as connection:
        connection.execute(followers.TABLES.encode())
    return url


def drop(server: str, url: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {urlsplit(url).path[1:]} WITH (FORCE)".encode())


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@contextmanager
def a_server(data_dir: Path | None) -> Any:
    if data_dir is not None:
        with embedded(data_dir, keep=False) as url:
            yield url
        return
    with tempfile.TemporaryDirectory() as directory, embedded(Path(directory), keep=False) as url:
        yield url


def soak(seconds: float, data_dir: Path | None, go_on: Callable[[], bool]) -> dict[str, Any]:
    """Play, and judge."""
    journals = Path(tempfile.mkdtemp(prefix="remit-soak-"))
    with a_server(data_dir) as server:
        url = a_database(server)
        play = Play(url, journals)
        play.cast()
        try:
            play.run(seconds, go_on)
            play.end(go_on)
            verdict = play.verdict()
        finally:
            for part in play.parts:
                part.kill()
            drop(server, url)
    if verdict["faults"]:
        return verdict | {"journals": str(journals)}
    shutil.rmtree(journals)
    return verdict


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("seconds", type=float)
    arguments.add_argument("--data-dir", type=Path)
    arguments.add_argument("--verdict", type=Path)
    arguments.add_argument("--while-alive", type=int, help="a process to end with")
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    watched = given.while_alive

    def go_on() -> bool:
        return watched is None or is_alive(watched)

    try:
        verdict = soak(given.seconds, given.data_dir, go_on)
    except Exception:  # noqa: BLE001 - whoever waits for the verdict must hear of it
        verdict = {"faults": [traceback.format_exc()]}
    found = json.dumps(verdict, indent=2)
    if given.verdict is None:
        print(found)
        return
    unfinished = given.verdict.with_suffix(".unfinished")
    unfinished.write_text(found)
    unfinished.rename(given.verdict)


if __name__ == "__main__":
    main()
