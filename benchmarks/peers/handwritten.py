"""By hand: Litestar, pydantic and psycopg, one transaction a request, no event store and no trace.

What a good engineer writes for the same job in a day: the same body validated by pydantic, an API
key checked, thresholds in code, two prepared inserts in one transaction from a pool, uvloop and
httptools underneath. Pools of 8, 16 and 32 connections were tried, and psycopg's pipeline: 8
without a pipeline was the fastest.
"""

import hmac
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import uuid_utils.compat as uuids
from litestar import Litestar, Request, get, post
from litestar.datastructures import State
from litestar.exceptions import HTTPException, NotAuthorizedException
from psycopg import AsyncConnection, errors
from psycopg_pool import AsyncConnectionPool

from benchmarks.peers.recommendation import Decision, Recommend, lane_of

KEY = os.environ["BENCH_API_KEY"]
CONNECTIONS = 8

SCHEMA = """
CREATE TABLE IF NOT EXISTS decisions (
    id uuid PRIMARY KEY,
    decision_type text NOT NULL,
    subject text NOT NULL,
    lane text NOT NULL,
    idempotency_key text UNIQUE,
    received_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decision_id uuid NOT NULL REFERENCES decisions (id),
    type text NOT NULL,
    content jsonb NOT NULL,
    at timestamptz NOT NULL
);
"""
DECISION = "INSERT INTO decisions VALUES (%b, %b, %b, %b, %b, %b)"
EVENT = "INSERT INTO events (decision_id, type, content, at) VALUES (%b, %b, %b::jsonb, %b)"

Pool = AsyncConnectionPool[AsyncConnection[Any]]


@get("/health")
async def health() -> str:
    """Up."""
    return "ok"


@post("/v1/decisions")
async def decide(data: Recommend, request: Request[Any, Any, Any], state: State) -> Decision:
    """Decide, record both in one transaction, answer."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given, KEY):
        raise NotAuthorizedException
    said = data.recommendation
    id, now, lane = uuids.uuid7(), datetime.now(UTC), lane_of(said.confidence, said.risk)
    decision = Decision(
        id=id,
        lane=lane,
        action=said.action if lane == "automate" else None,
        received_at=now,
    )
    key = request.headers.get("idempotency-key")
    pool: Pool = state.pool
    try:
        async with pool.connection() as connection, connection.transaction():
            row = (id, data.decision_type, data.subject, lane, key, now)
            await connection.execute(DECISION, row, prepare=True)
            content = data.model_dump_json()
            await connection.execute(EVENT, (id, f"decided.{lane}", content, now), prepare=True)
    except errors.UniqueViolation:
        raise HTTPException("used before", status_code=409) from None
    return decision


@asynccontextmanager
async def with_pool(app: Litestar) -> AsyncGenerator[None]:
    """The pool and the tables, for as long as the application runs."""
    url = os.environ["BENCH_DATABASE_URL"]
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(SCHEMA)
    pool: Pool = AsyncConnectionPool(url, min_size=CONNECTIONS, max_size=CONNECTIONS, open=False)
    async with pool:
        await pool.wait()
        app.state.pool = pool
        yield


app = Litestar([health, decide], lifespan=[with_pool], openapi_config=None)
