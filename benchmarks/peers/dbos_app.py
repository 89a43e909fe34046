"""A durable workflow a request: DBOS behind FastAPI, with its own defaults."""

import hmac
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from dbos import DBOS, DBOSConfig
from fastapi import FastAPI, Header, HTTPException

from benchmarks.peers.recommendation import Decision, Recommend, lane_of

KEY = os.environ["BENCH_API_KEY"]
CONFIG: DBOSConfig = {
    "name": "benchmark",
    "system_database_url": os.environ["BENCH_DATABASE_URL"],
    "log_level": "WARNING",
}
DBOS(config=CONFIG)


@DBOS.step()
async def route(body: dict[str, Any]) -> str:
    """Which lane; recorded before the workflow goes on."""
    recommendation = body["recommendation"]
    return lane_of(recommendation["confidence"], recommendation["risk"])


@DBOS.workflow()
async def decided(body: dict[str, Any]) -> dict[str, Any]:
    """One recommendation, durably."""
    lane = await route(body)
    action = body["recommendation"]["action"] if lane == "automate" else None
    return {"lane": lane, "action": action}


@asynccontextmanager
async def launched(_: FastAPI) -> AsyncGenerator[None]:
    """DBOS runs as long as the application does."""
    DBOS.launch()
    yield
    DBOS.destroy()


app = FastAPI(lifespan=launched)


@app.get("/health")
async def health() -> str:
    """Up."""
    return "ok"


@app.post("/v1/decisions", status_code=201)
async def decide(body: Recommend, authorization: str = Header()) -> Decision:
    """Run the workflow on one recommendation."""
    if not hmac.compare_digest(authorization.removeprefix("Bearer "), KEY):
        raise HTTPException(401)
    answer = await decided(body.model_dump(mode="json"))
    return Decision(
        id=uuid4(), lane=answer["lane"], action=answer["action"], received_at=datetime.now(UTC)
    )
