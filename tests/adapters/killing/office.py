"""The office that is killed: its processes, its database and a receiver, and who works there."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import psycopg

from adapters.demo.service import free_port
from adapters.identity.api_keys import KeyRecord, issue, write
from adapters.postgres.embedded import Server
from domain.model import Seat
from tests.adapters.webhooks.receivers import SECRET

TYPE = "refund"
LOT_KEY = "lots of those who are killed"
DECISION_TYPE = """
decision_type:
  name: refund
  title: Refunds
  purpose: Give customers their money back where that is right, whoever is killed meanwhile.
  owners:
    decision_owner: ana
    ai_product_owner: bo
    risk_owner: cy
    escalation_owner: di
  fallback_owner: eve
  actions: {refund: recoverable, replace: recoverable}
  context: {amount: {type: number, min: 0, max: 1000000, decimals: 2}}
  delivery: webhook
  endpoint: payments
  stage: full
  service_levels: {review: 6s, escalate: 4s, receipt: 30s, warn_after: 0.5}
  exceptions:
    default: {seat: escalation_owner, queue: exceptions, deadline: 4s}
policy: |
  guardrail: v1
  policy: refund
  title: What the assistant may refund by itself
  routes:
    review:   {queue: first-line, sla: 6s}
    escalate: {queue: leads, sla: 4s}
  automate_only_if:
    - {id: confident, require: confidence >= 0.90, reason: CONFIDENCE_BELOW_LIMIT}
  rules:
    - {id: uncertain, when: confidence < 0.50, then: escalate, reason: LOW_CONFIDENCE}
    - {id: large,     when: amount > 200,      then: review,   reason: AMOUNT}
"""
SEATS = {
    "bot": Seat.PRODUCER,
    "rae": Seat.REVIEWER,
    "sam": Seat.REVIEWER,
    "tom": Seat.REVIEWER,
    "di": Seat.ESCALATION_OWNER,
}
RECOVERS = 0.75
"""How often everything is up again before the next one is killed: otherwise nobody would get on."""
SERVERS, WORKERS = 2, 2
STARTS_WITHIN = 300.0
KILL_EVERY = (0.3, 1.5)
AWAY = (0.0, 1.0)
"""Seconds until whoever looks after processes starts the killed one again."""


class NotStarted(Exception):
    """A service that was started again did not get ready."""


@dataclass
class Mortal:
    """A process that is killed at any moment, and started again by whoever looks after it."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    log: Path
    kills: int = 0
    fell: int = 0
    """How often it ended by itself: it may, where it finds no database when it starts."""
    _process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                return
            self.fell += self._process.returncode != -signal.SIGKILL
        with self.log.open("ab") as lines:
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", "adapters", *self.command],
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=lines,
                stderr=lines,
            )

    def abort(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGABRT)
            self._process.wait()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.kills += 1


@dataclass
class MortalServer:
    """PostgreSQL: its first process is killed, and what it leaves has to go before it comes back."""

    server: Server
    kills: int = 0
    name: str = "postgres"

    def kill(self) -> None:
        with suppress(FileNotFoundError, ProcessLookupError):
            lines = (self.server.pgdata / "postmaster.pid").read_text().splitlines()
            os.kill(int(lines[0]), signal.SIGKILL)
            self.kills += 1

    def start(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                self.server.ensure_running()
            except (RuntimeError, psycopg.OperationalError):  # the killed one is not all gone yet
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
            else:
                return


@dataclass
class Office:
    """Everything that may be killed, and the keys of everyone who works there."""

    url: str
    server: Server
    directory: Path
    receiver: str
    ports: list[int] = field(default_factory=lambda: [free_port() for _ in range(SERVERS)])
    keys: dict[str, str] = field(default_factory=dict[str, str])
    mortals: list[Mortal | MortalServer] = field(default_factory=list[Mortal | MortalServer])

    def furnish(self) -> None:
        """Write the files that the processes read, and say which processes there are."""
        self._issue_keys()
        endpoint = {"url": self.receiver, "secrets": [SECRET], "private": True}
        endpoints = self.directory / "endpoints.json"
        endpoints.write_text(json.dumps({"payments": endpoint | {"timeout_seconds": 2}}))
        common = {
            "REMIT_DATABASE_URL": self.url,
            "REMIT_API_KEYS": str(self.directory / "keys.json"),
            "REMIT_LOT_KEY": LOT_KEY,
            "REMIT_ENDPOINTS": str(endpoints),
            "REMIT_LOG_LEVEL": "WARNING",
        }
        serves = [
            ("serve", port, ("serve", "--no-work"), common | {"REMIT_PORT": str(port)})
            for port in self.ports
        ]
        works = [("work", n, ("work",), common) for n in range(WORKERS)]
        for kind, n, command, environment in (*serves, *works):
            log = self.directory / f"{kind}-{n}.log"
            self.mortals.append(Mortal(f"{kind}-{n}", command, environment, log))
        self.mortals.append(MortalServer(self.server))

    def _issue_keys(self) -> None:
        records: list[KeyRecord] = []
        for who, seat in SEATS.items():
            kind = "service" if seat is Seat.PRODUCER else "human"
            self.keys[who], record = issue(who, who, kind, {TYPE: frozenset({seat})})
            records.append(record)
        write(self.directory / "keys.json", tuple(records))

    def start(self) -> None:
        for mortal in reversed(self.mortals):  # the database first
            mortal.start()

    def kills(self, seconds: float) -> Iterator[str]:
        """Kill one after the other for a while; whoever was killed comes back."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(random.uniform(*KILL_EVERY))
            victim = random.choice(self.mortals)
            victim.kill()
            yield victim.name
            time.sleep(random.uniform(*AWAY))
            self.start()
            if random.random() < RECOVERS:
                self.until_ready()
        self.start()

    def until_ready(self) -> None:
        """Wait until every service has said that it is ready."""
        until = time.monotonic() + STARTS_WITHIN
        waiting = list(self.ports)
        while waiting:
            if time.monotonic() > until:
                self.tell_where_they_are()
                raise NotStarted(f"port {waiting[0]}; see {self.directory}")
            self.start()
            try:
                with urlopen(f"http://127.0.0.1:{waiting[0]}/health/ready", timeout=5):
                    waiting.pop(0)
            except OSError:
                time.sleep(0.2)

    def tell_where_they_are(self) -> None:
        """Have every process that still runs write to its log what it is doing, and end."""
        for mortal in self.mortals:
            if isinstance(mortal, Mortal):
                mortal.abort()

    def close(self) -> None:
        for mortal in self.mortals:
            if isinstance(mortal, Mortal):
                mortal.kill()
