"""Batches: many recommendations in one request, a JSON a line, answered in order line by line."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from hashlib import sha256
from typing import Any

from litestar import Request, Response
from litestar.exceptions import ClientException
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from adapters.http.callers import idempotency_key
from adapters.http.problems import (
    TooLarge,
    WrongMediaType,
    encoded,
    problem_of,
)
from adapters.http.submissions import submit
from application.desk import Caller, Desk
from application.ports import CommandKey
from application.views import DecisionView

MEDIA_TYPE = "application/x-ndjson"
AT_ONCE = 128
"""Lines that are decided at the same time: enough to fill a group commit."""
SENT_TOGETHER = 64
"""Answers in one piece at the most: a piece for each would be a write to the socket for each."""
ANSWERS_HELD = 10_000
"""Answers kept for a client that sends everything before it reads anything."""

Answered = asyncio.Task[bytes]

log = logging.getLogger("remit.http")


class Batch:
    """One batch on its way: lines in, answers out, a bounded number of each in memory."""

    def __init__(self, request: Request[Any, Any, Any], desk: Desk, caller: Caller) -> None:
        self._request = request
        self._desk = desk
        self._caller = caller
        self._key = idempotency_key(request.headers)
        self._longest: int = request.app.state.settings.max_body_bytes
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._answers: asyncio.Queue[Answered | None] = asyncio.Queue(ANSWERS_HELD)

    async def answers(self) -> AsyncIterator[bytes]:
        """The answer lines, in the order of the lines they answer; what is ready goes together."""
        reading = asyncio.create_task(self._read())
        ready: list[bytes] = []
        try:
            while (answer := await self._answers.get()) is not None:
                if ready and not answer.done():
                    yield b"".join(ready)
                    ready.clear()
                ready.append(await answer)
                if self._answers.empty() or len(ready) >= SENT_TOGETHER:
                    yield b"".join(ready)
                    ready.clear()
            yield b"".join(ready)
            await reading
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _read(self) -> None:
        try:
            await self._start_all()
        except ClientException:
            pass  # the client is gone; what it sent whole is still decided
        except Exception:
            log.exception("a batch ended early")
        await self._answers.put(None)

    async def _start_all(self) -> None:
        number = 0
        async for line in lines(self._request.stream(), self._longest):
            number += 1
            await self._slots.acquire()
            await self._answers.put(asyncio.create_task(self._answer(line, number)))

    async def _answer(self, line: bytes | None, number: int) -> bytes:
        try:
            return await self._decide(line, number)
        except Exception as failure:  # noqa: BLE001 - a line's failure is that line's answer
            problem, _ = problem_of(failure)
            return encoded(problem.model_copy(update={"instance": f"line:{number}"})) + b"\n"
        finally:
            self._slots.release()

    async def _decide(self, line: bytes | None, number: int) -> bytes:
        if line is None:
            raise TooLarge(f"line {number} is longer than {self._longest} bytes")
        answer = await submit(line, self._caller_of(line, number), self._desk)
        return DecisionView.of(answer.decision).model_dump_json().encode() + b"\n"

    def _caller_of(self, line: bytes, number: int) -> Caller:
        """The caller of one line: each line is a command of its own."""
        caller = self._caller
        key = None
        if self._key is not None:
            scope = f"{caller.identity.id}:POST {self._request.scope['path']}"
            key = CommandKey(scope, f"{self._key}:{number}", sha256(line).digest())
        return Caller(caller.identity, caller.correlation_id, caller.causation_id, key)


async def lines(chunks: AsyncIterator[bytes], longest: int) -> AsyncIterator[bytes | None]:
    """The lines of a stream, empty ones left out; None stands for one that is too long."""
    rest, too_long = b"", False
    async for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if too_long or len(line) > longest:
                yield None
            elif line.strip():
                yield line
            too_long = False
        if len(rest) > longest:
            rest, too_long = b"", True
    if too_long or rest.strip():
        yield None if too_long or len(rest) > longest else rest


class _Streamed(ASGIResponse):
    """Answers while it reads. The framework's own stream would take the request's body away."""

    def __init__(self, batch: Batch) -> None:
        super().__init__(media_type=MEDIA_TYPE)
        self._batch = batch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        headers = [(b"content-type", MEDIA_TYPE.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        async for piece in self._batch.answers():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class BatchAnswer(Response[bytes]):
    """The answer to a batch: it is decided while it is sent."""

    def __init__(self, request: Request[Any, Any, Any], desk: Desk, caller: Caller) -> None:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != MEDIA_TYPE:
            raise WrongMediaType(f"Content-Type: found {kind or 'none'}; allowed is {MEDIA_TYPE}")
        super().__init__(b"", media_type=MEDIA_TYPE)
        self._batch = Batch(request, desk, caller)

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """What is sent."""
        return _Streamed(self._batch)
