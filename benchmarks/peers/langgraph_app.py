"""What GenAI teams do today: a LangGraph graph with its PostgreSQL checkpointer behind FastAPI.

The graph routes by the same thresholds, then decides; each recommendation is a thread of its own.
The checkpointer is LangGraph's own, on a pool, with its default durability.
"""

import hmac
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict
from uuid import uuid4

from fastapi import FastAPI, Header, HTTPException
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from benchmarks.peers.recommendation import Decision, Recommend, lane_of

KEY = os.environ["BENCH_API_KEY"]
CONNECTIONS = 16


class Case(TypedDict):
    """What the graph passes on."""

    recommendation: dict[str, Any]
    lane: NotRequired[str]
    action: NotRequired[str | None]


def route(state: Case) -> dict[str, Any]:
    """Which lane."""
    recommendation = state["recommendation"]["recommendation"]
    return {"lane": lane_of(recommendation["confidence"], recommendation["risk"])}


def act(state: Case) -> dict[str, Any]:
    """Policy allowed it."""
    return {"action": state["recommendation"]["recommendation"]["action"]}


def ask(state: Case) -> dict[str, Any]:  # noqa: ARG001 - LangGraph passes it by name
    """A person must look."""
    return {"action": None}


def next_of(state: Case) -> str:
    """Act where policy allows it."""
    return "act" if state.get("lane") == "automate" else "ask"


def graph() -> Any:
    """Route, then act or ask."""
    built = StateGraph(Case)
    built.add_node("route", route)
    built.add_node("act", act)
    built.add_node("ask", ask)
    built.add_edge(START, "route")
    built.add_conditional_edges("route", next_of)
    built.add_edge("act", END)
    built.add_edge("ask", END)
    return built


@asynccontextmanager
async def with_graph(app: FastAPI) -> AsyncGenerator[None]:
    """The compiled graph on its checkpointer's pool."""
    options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
    pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
        os.environ["BENCH_DATABASE_URL"],
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        kwargs=options,
        open=False,
    )
    async with pool:
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        app.state.graph = graph().compile(checkpointer=saver)
        yield


app = FastAPI(lifespan=with_graph)


@app.get("/health")
async def health() -> str:
    """Up."""
    return "ok"


@app.post("/v1/decisions", status_code=201)
async def decide(body: Recommend, authorization: str = Header()) -> Decision:
    """Run the graph on one recommendation."""
    if not hmac.compare_digest(authorization.removeprefix("Bearer "), KEY):
        raise HTTPException(401)
    id = uuid4()
    thread = {"configurable": {"thread_id": str(id)}}
    case = await app.state.graph.ainvoke(
        {"recommendation": body.model_dump(mode="json")}, config=thread
    )
    return Decision(id=id, lane=case["lane"], action=case["action"], received_at=datetime.now(UTC))
