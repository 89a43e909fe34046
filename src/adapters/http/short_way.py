"""The short way: what callers wait for, answered without the framework's detours.

It takes plain requests only: no query, no conditions, a body of known length. Everything else, and
every other operation, goes the general way; where both lead, they answer alike.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar.types import ASGIApp, Receive, Send
from pydantic import BaseModel

from adapters.http.answers import headers_of
from adapters.http.callers import Doors, caller_with, let_in
from adapters.http.histories import Paging, When, decision_at, events_of
from adapters.http.pace import Pace
from adapters.http.problems import MEDIA_TYPE, told
from adapters.http.submissions import submit
from application.authority import admit
from application.desk import Caller, Desk
from application.sight.quality import view_of
from application.views import DecisionView

DECISIONS = "/v1/decisions"
JSON = b"application/json"
CONDITIONS = frozenset({"if-match", "transfer-encoding", "expect"})
LENGTH_OF_A_UUID = 36

Headers = dict[str, str]
Answered = tuple[int, BaseModel | bytes, Headers]
Operation = tuple[str, Callable[[Caller, bytes, str], Awaitable[Answered]]]
"""Its name, as authority is declared by, and what it does."""


@dataclass(frozen=True, slots=True)
class ShortWay:
    """Through the door at once; `general` is the other way."""

    desk: Desk
    doors: Doors
    pace: Pace
    longest_body: int
    general: ASGIApp

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a plain request for one of its operations; pass everything else on."""
        operation = self._operation(scope) if scope["type"] == "http" else None
        headers = plain_headers(scope) if operation is not None else None
        if operation is None or headers is None or not self._takes(scope["method"], headers):
            await self.general(scope, receive, send)
            return
        body = await _whole(receive) if scope["method"] == "POST" else b""
        if body is not None:
            await self._answer(operation, headers, body, scope, send)

    def _operation(self, scope: Any) -> Operation | None:
        path: str = scope["path"]
        if scope["query_string"] or not path.startswith(DECISIONS):
            return None
        match scope["method"], path[len(DECISIONS) :]:
            case "POST", "":
                return "recommend", self._recommend
            case "GET", rest if rest.endswith("/events"):
                known = _names_one(rest.removesuffix("/events"))
                return ("events", self._events) if known else None
            case "GET", rest if _names_one(rest):
                return "read", self._read
            case _:
                return None

    def _takes(self, method: str, headers: Headers) -> bool:
        if method == "GET":
            return True
        length = headers.get("content-length", "")
        fits = length.isdecimal() and 0 < int(length) <= self.longest_body
        return fits and headers.get("content-type") == "application/json"

    async def _answer(
        self, operation: Operation, headers: Headers, body: bytes, scope: Any, send: Send
    ) -> None:
        path, command = scope["path"], scope["method"] == "POST"
        known_as, answer = operation
        try:
            identity = await let_in(headers, self.doors, self.pace)
            admit(known_as, identity)
            name = f"POST {path}" if command else None
            status, view, more = await answer(
                caller_with(headers, identity, name, body), body, path
            )
            content, kind = _written(view), JSON
        except Exception as failure:  # noqa: BLE001 - whatever fails is told as a problem
            status, content, more = told(failure, path)
            kind = MEDIA_TYPE.encode()
        said = [(name.lower().encode(), value.encode()) for name, value in more.items()]
        said += [(b"content-type", kind), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": status, "headers": said})
        await send({"type": "http.response.body", "body": content, "more_body": False})

    async def _recommend(self, caller: Caller, body: bytes, _: str) -> Answered:
        answer = await submit(body, caller, self.desk)
        view = DecisionView.of(answer.decision)
        return 201, view, headers_of(answer) | {"Location": view.links.self}

    async def _read(self, caller: Caller, _: bytes, path: str) -> Answered:
        decision = await decision_at(_named(path), When(), caller, self.desk)
        return 200, view_of(decision, caller), {"ETag": f'"{decision.version}"'}

    async def _events(self, caller: Caller, _: bytes, path: str) -> Answered:
        return 200, await events_of(_named(path), Paging(), caller, self.desk), {}


def _written(view: BaseModel | bytes) -> bytes:
    """JSON, unless it is that already."""
    return view if isinstance(view, bytes) else view.__pydantic_serializer__.to_json(view)


def plain_headers(scope: Any) -> Headers | None:
    """The headers by name; None where one is given twice or puts a condition."""
    given: list[tuple[bytes, bytes]] = scope["headers"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in given}
    if len(headers) < len(given) or not CONDITIONS.isdisjoint(headers):
        return None
    return headers


def _names_one(rest: str) -> bool:
    """Whether the rest of a path is a slash and a UUID as we write it."""
    if len(rest) != LENGTH_OF_A_UUID + 1 or rest[0] != "/":
        return False
    try:
        return str(UUID(rest[1:])) == rest[1:]
    except ValueError:
        return False


def _named(path: str) -> UUID:
    start = len(DECISIONS) + 1
    return UUID(path[start : start + LENGTH_OF_A_UUID])


async def _whole(receive: Receive) -> bytes | None:
    """The body; None if the caller went away before it was all there."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts) if len(parts) > 1 else parts[0]
