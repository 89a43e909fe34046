"""The load generator: a process of its own that keeps every connection busy and misses nothing.

Each connection has one request on its way; its answer is checked and timed, then the next one goes
out. When time is up nothing new is sent, and every answer under way is awaited: so what was
acknowledged is exactly what must be stored.

    python -m benchmarks.load < load.json > result.json
"""

import asyncio
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import httptools
import uvloop
from pydantic import BaseModel

from benchmarks import exceptional, payloads
from benchmarks.exceptional import Affected

GIVES_UP_AFTER = 30.0
DECISION = b'{"id":'
INVALID = 422


class Load(BaseModel):
    """What to send, where, and for how long."""

    ports: list[int]
    kind: Literal["post", "batch", "get", "claim", "mixed"]
    paths: list[str] = []
    key: str = ""
    other_key: str = ""
    """Another producer's, who contradicts the first in a mixed load."""
    first: int = 0
    """The first subject's number: no two loads of a run may share one."""
    lines: int = 100
    connections: int = 32
    pace: float | None = None
    """How many are sent a second, by all connections together; without one, as many as can be."""
    seconds: float = 10.0
    warm_up: float = 1.0
    most: int | None = None
    """Stop after so many requests, if that comes first."""
    answers: Path | None = None
    """Where the answers' bodies are kept, a line each, for whoever compares them with the store."""

    def requests(self) -> Iterator[bytes]:
        """What is sent, without end."""
        header = f"Authorization: Bearer {self.key}\r\n".encode()
        if self.kind == "post":
            return payloads.posts("/v1/decisions", header, self.first)
        if self.kind == "batch":
            return payloads.batches("/v1/decisions/batch", header, self.first, self.lines)
        if self.kind == "claim":
            return payloads.asked("POST", self.paths, header + b"Content-Length: 0\r\n")
        if self.kind == "mixed":
            other = f"Authorization: Bearer {self.other_key}\r\n".encode()
            return exceptional.mixed("/v1/decisions", header, other, self.first)
        return payloads.asked("GET", self.paths, header)


class Result(BaseModel):
    """What came back. Times are in milliseconds, and exact: every answer was timed."""

    acknowledged: int
    """Answers with a status of success, the warm-up's included."""
    decided: int
    """Decisions in those answers: one each, or a batch's lines that are no problem documents."""
    failed: dict[str, int]
    affected: int = 0
    """Answers to requests that end in an exception, as they are meant to: they are not timed."""
    measured: int
    """Answers within the measured window."""
    seconds: float
    rate: float
    p50: float
    p90: float
    p99: float
    p999: float
    worst: float
    cpu: float
    """The share of one core that the load generator itself used."""


@dataclass(slots=True)
class Tally:
    """What all connections share."""

    requests: Iterator[bytes]
    opens: float
    """When the measured window begins."""
    closes: float
    most: int | None
    between: float = 0.0
    """Seconds from one request to the next, whichever connection sends it."""
    due: float = 0.0
    """When the next request is due."""
    sent: int = 0
    acknowledged: int = 0
    decided: int = 0
    affected: int = 0
    failed: Counter[str] = field(default_factory=Counter[str])
    latencies: list[float] = field(default_factory=list[float])
    bodies: list[bytes] | None = None

    def next(self) -> bytes | None:
        """The next request, or None when it is time to stop."""
        if time.perf_counter() >= self.closes or self.sent == self.most:
            return None
        self.sent += 1
        return next(self.requests)

    def wait(self) -> float:
        """For how long the next request has to wait for its turn. What is late is sent at once."""
        self.due = max(self.due + self.between, time.perf_counter() - self.between)
        return self.due - time.perf_counter()

    def answered(self, status: int, body: bytes, sent_at: float, *, affected: bool = False) -> None:
        """Count one answer."""
        now = time.perf_counter()
        if affected and (status == INVALID or 200 <= status < 300):
            self.affected += 1
            self.decided += body.startswith(DECISION)
            return
        if not 200 <= status < 300:
            self.failed[str(status)] += 1
            return
        self.acknowledged += 1
        self.decided += body.startswith(DECISION) + body.count(b"\n" + DECISION)
        if self.opens <= now < self.closes:
            self.latencies.append(now - sent_at)
        if self.bodies is not None:
            self.bodies.append(body)


class Connection(asyncio.Protocol):
    """One connection: a request out, its answer in, the next request out."""

    def __init__(self, tally: Tally, done: asyncio.Future[None]) -> None:
        self._tally = tally
        self._done = done
        self._body: list[bytes] = []
        self._sent_at = 0.0
        self._affected = False
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._in_turn()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, part: bytes) -> None:
        """A part of an answer's body."""
        self._body.append(part)

    def on_message_complete(self) -> None:
        """An answer is whole."""
        status, body = self._parser.get_status_code(), b"".join(self._body)
        self._tally.answered(status, body, self._sent_at, affected=self._affected)
        self._body.clear()
        self._in_turn()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        if not self._done.done():
            self._tally.failed["connection lost"] += 1
            self._done.set_result(None)

    def _in_turn(self) -> None:
        if self._tally.between and (wait := self._tally.wait()) > 0:
            asyncio.get_running_loop().call_later(wait, self._send)
        else:
            self._send()

    def _send(self) -> None:
        assert self._transport is not None
        request = self._tally.next()
        if request is None:
            self._done.set_result(None)
            self._transport.close()
            return
        self._affected = isinstance(request, Affected)
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def run(load: Load) -> Result:
    """Send the load and say what came of it."""
    loop = asyncio.get_running_loop()
    start = time.perf_counter()
    opens = start + load.warm_up
    bodies: list[bytes] | None = [] if load.answers else None
    tally = Tally(load.requests(), opens, opens + load.seconds, load.most, bodies=bodies)
    tally.between, tally.due = 1 / load.pace if load.pace else 0.0, start
    waiting: list[asyncio.Future[None]] = []
    cpu = time.process_time()
    for place in range(load.connections):
        done: asyncio.Future[None] = loop.create_future()
        port = load.ports[place % len(load.ports)]
        await loop.create_connection(lambda d=done: Connection(tally, d), "127.0.0.1", port)  # type: ignore[misc]
        waiting.append(done)
    async with asyncio.timeout(load.warm_up + load.seconds + GIVES_UP_AFTER):
        await asyncio.gather(*waiting)
    ended = time.perf_counter()
    used = (time.process_time() - cpu) / (ended - start)
    if load.answers and tally.bodies is not None:
        load.answers.write_bytes(b"".join(body.rstrip(b"\n") + b"\n" for body in tally.bodies))
    return _result(tally, min(ended, tally.closes) - opens, used)


def _result(tally: Tally, seconds: float, cpu: float) -> Result:
    times = sorted(tally.latencies)
    return Result(
        acknowledged=tally.acknowledged,
        decided=tally.decided,
        affected=tally.affected,
        failed=dict(tally.failed),
        measured=len(times),
        seconds=seconds,
        rate=len(times) / seconds if seconds > 0 else 0.0,
        p50=percentile(times, 0.5),
        p90=percentile(times, 0.9),
        p99=percentile(times, 0.99),
        p999=percentile(times, 0.999),
        worst=1000 * times[-1] if times else 0.0,
        cpu=cpu,
    )


def percentile(ordered: list[float], share: float) -> float:
    """The time, in milliseconds, that this share of all answers kept within: nearest rank."""
    if not ordered:
        return 0.0
    return 1000 * ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def main() -> None:
    """Read what to send from standard input; write what came of it to standard output."""
    load = Load.model_validate_json(sys.stdin.read())
    gc.disable()  # a pause of ours would look like a pause of theirs
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(run(load))
    json.dump(result.model_dump(), sys.stdout)


if __name__ == "__main__":
    main()
