"""The short way answers exactly as the general way does, whatever is asked."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from a_service import Service, a_service, recommendation
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.short_way import ShortWay

DRAWN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\"action_digest\":\"[^\"]+")
"""Ids, and what is digested of them."""
JSON = "application/json"
Asked = Callable[[Service], httpx.Response]


def in_general() -> Service:
    """The same service without the short way."""
    service = a_service()
    service.app.short_way = service.app.in_general  # type: ignore[attr-defined]
    return service


def said(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """An answer with its ids numbered as they come, since no two services draw the same."""
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f"id-{len(seen)}")

    headers = {name: DRAWN.sub(number, value) for name, value in answer.headers.items()}
    headers["content-length"] = str(len(answer.content))
    return answer.status_code, headers, DRAWN.sub(number, answer.text)


def both(*asked: Asked) -> list[tuple[int, dict[str, str], str]]:
    """What both ways answer to the same requests one after the other, if it is the same."""
    short, general = a_service(), in_general()
    answers = [(said(ask(short)), said(ask(general))) for ask in asked]
    for one, other in answers:
        assert one == other
    return [one for one, _ in answers]


def post(body: Any = None, who: str | None = "bot", **headers: str) -> Asked:
    return lambda service: service.post("/v1/decisions", who, body, **headers)


def get_the_first(rest: str = "", who: str | None = "audrey", **headers: str) -> Asked:
    def ask(service: Service) -> httpx.Response:
        id = service.recommended("the first").get("id")
        return service.get(f"/v1/decisions/{id}{rest}", who, **headers)

    return ask


@pytest.mark.parametrize(
    "ask",
    [
        post(recommendation()),
        post(recommendation(confidence=0.7)),
        post(recommendation(confidence=0.2)),
        post(recommendation(), X_Correlation_Id="0192e4a0-0000-7000-8000-000000000001"),
        post(recommendation(), X_Correlation_Id="seven"),
        post(recommendation(), Idempotency_Key="a key"),
        post(recommendation(), If_Match='"3"'),
        post(recommendation(), who=None),
        post(recommendation(), who="audrey"),
        post(recommendation(), who="stranger"),
        post(recommendation(decision_type="unknown")),
        post(recommendation(confidence=1.2)),
        post(recommendation(confidence="0.9")),
        post(recommendation(amount="many")),
        post(recommendation(extra=1)),
        post(b""),
        post(b"{"),
        post(b"\xff\xfe"),
        post(b'{"decision_type": "refund", "recommendation": {"confidence": NaN}}'),
        post(b"x" * 2_000_000),
        post(b"[" * 100_000),
        post(b"<a/>", Content_Type="application/xml"),
        post(json.dumps(recommendation()).encode(), Content_Type="application/json; charset=utf-8"),
        get_the_first(),
        get_the_first("/events"),
        get_the_first("", who="stranger"),
        get_the_first("", who=None),
        get_the_first("?at_version=1"),
        get_the_first("?nonsense=1"),
        get_the_first("/"),
        get_the_first("/events/"),
        get_the_first("/events?limit=1"),
        get_the_first("", If_Match='"1"'),
        get_the_first("", X_Correlation_Id="seven"),
        lambda service: service.get("/v1/decisions/0192e4a0-0000-7000-8000-000000000001"),
        lambda service: service.get("/v1/decisions/0192e4a0-0000-7000-8000-000000000001/events"),
        lambda service: service.get("/v1/decisions/0192E4A0-0000-7000-8000-000000000001"),
        lambda service: service.get("/v1/decisions/none"),
        lambda service: service.get("/v1/decisionsx"),
    ],
)
def test_both_ways_answer_alike(ask: Asked) -> None:
    both(ask)


def test_both_ways_know_a_repeated_command() -> None:
    keyed = post(recommendation(), Idempotency_Key="once")
    other = post(recommendation(amount=60), Idempotency_Key="once")
    first, again, refused = both(keyed, keyed, other)
    assert "idempotent-replayed" in again[1]
    assert (first[0], again[0], refused[0]) == (201, 201, 422)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=4,
    ),
    st.sampled_from(("decision_type", "subject", "recommendation", "model", "context", "workflow")),
)
@settings(max_examples=30, deadline=None)
def test_both_ways_read_a_field_alike(value: Any, field: str) -> None:
    both(post(json.dumps(recommendation(**{field: value})).encode()))


def test_a_plain_request_takes_the_short_way_and_no_other() -> None:
    service = a_service()
    through: ShortWay = service.app.short_way  # type: ignore[attr-defined]

    async def nowhere(*_: object) -> None:
        raise AssertionError("it went the general way")

    short = ShortWay(through.desk, through.doors, through.pace, through.longest_body, nowhere)
    sent: list[Any] = []

    async def ask(method: str, path: str, body: bytes, *headers: tuple[str, str]) -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        named = [("authorization", f"Bearer {service.keys['bot']}"), *headers]
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in named],
        }
        await short(scope, receive, send)

    body = json.dumps(recommendation()).encode()
    length = ("content-length", str(len(body)))
    asyncio.run(ask("POST", "/v1/decisions", body, length, ("content-type", JSON)))
    id = json.loads(sent[1]["body"])["id"]
    asyncio.run(ask("GET", f"/v1/decisions/{id}", b""))
    asyncio.run(ask("GET", f"/v1/decisions/{id}/events", b""))
    assert [message["status"] for message in sent[::2]] == [201, 200, 200]


@pytest.mark.parametrize("gone_after", [0, 1])
def test_who_goes_away_before_all_is_said_has_said_nothing(gone_after: int) -> None:
    service = a_service()
    through: ShortWay = service.app.short_way  # type: ignore[attr-defined]
    parts: list[Any] = [{"type": "http.request", "body": b"{", "more_body": True}] * gone_after
    parts.append({"type": "http.disconnect"})

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/decisions",
        "query_string": b"",
        "headers": [(b"content-length", b"2"), (b"content-type", JSON.encode())],
    }
    before = asyncio.run(service.desk.log.newest())
    asyncio.run(through(scope, receive, send))
    assert asyncio.run(service.desk.log.newest()) == before
