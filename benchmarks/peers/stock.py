"""The `eventsourcing` library as it comes, in process: no HTTP, its own recorder, its own lock.

python -m benchmarks.peers.stock URL THREADS SECONDS
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from benchmarks.payloads import templates
from benchmarks.peers.recommendation import Recommend, lane_of


class Decision(Aggregate):
    """A decision in the library's own declarative style."""

    @event("Recommended")
    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body
        self.lane: str | None = None

    @event("Routed")
    def route(self, lane: str) -> None:
        """Which lane."""
        self.lane = lane


class Decisions(Application[UUID]):
    """The library's application, on PostgreSQL."""

    def recommend(self, text: bytes) -> None:
        """Validate, route, record."""
        command = Recommend.model_validate_json(text)
        decision = Decision(command.model_dump(mode="json"))
        said = command.recommendation
        decision.route(lane_of(said.confidence, said.risk))
        self.save(decision)


def environment(url: str) -> dict[str, str]:
    """The library's own settings, for the same server."""
    parts = urlsplit(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.lstrip("/"),
        "POSTGRES_HOST": parse_qs(parts.query)["host"][0],
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "-",
    }


def main(url: str, threads: int, seconds: float) -> None:
    """Record as many decisions as fit, from so many threads; say how many there were."""
    app = Decisions(env=environment(url))
    bodies = cycle([template.body(b"000000000001") for template in templates()])
    for _ in range(20):
        app.recommend(next(bodies))
    start = time.perf_counter()

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < start + seconds:
            app.recommend(next(bodies))
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        decisions = sum(pool.map(work, range(threads)))
    took = time.perf_counter() - start
    app.close()
    json.dump({"decisions": decisions + 20, "rate": decisions / took}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
