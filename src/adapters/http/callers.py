"""Callers: who is asking, proved at the door, and what came with the request."""

import re
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

import uuid_utils.compat as uuids
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from adapters.http.pace import Pace
from adapters.http.problems import FieldError, Unauthenticated, WrongContent
from application.authority import admit
from application.desk import CORRELATION, Caller
from application.ports import CommandKey, Identity, NotLetIn
from application.wording import shown


class Doors(Protocol):
    """What opens to an API key or a token."""

    async def identify(self, credential: str) -> Identity:
        """Whose it is; raises `NotLetIn`."""
        ...


Connection = ASGIConnection[Any, Any, Any, Any]

OPEN_TO_ALL = "open_to_all"
"""The option of the few operations that answer without a key."""

CONDITIONAL = "conditional"
"""The option of the operations that a condition (If-Match) can be put on."""

KEY = re.compile(r"[\x21-\x7e]{1,200}")
VERSION = re.compile(r'"([1-9]\d{0,9})"')
COMMANDS = frozenset({"POST", "PUT", "DELETE"})


async def let_in(headers: Mapping[str, str], doors: Doors, pace: Pace) -> Identity:
    """Who is asking, or a refusal to answer anyone unknown, or anyone who asks too much."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated("Authorization: found none; send `Bearer` and a key or a token")
    try:
        identity = await doors.identify(credential.strip())
    except NotLetIn as why:
        raise Unauthenticated(f"Authorization: {why}", told=str(why)) from None
    pace.count(identity.id)
    return identity


async def keeps_the_door(connection: Connection, handler: BaseRouteHandler) -> None:
    """Who has no seat for an operation anywhere gets no further."""
    if not handler.opt.get(OPEN_TO_ALL) and connection.scope["method"] != "OPTIONS":  # type: ignore[typeddict-item]  # HTTP it is
        admit(handler.fn.__name__, connection.scope["user"])


async def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """The caller, with what their headers say of the command."""
    identity: Identity = request.scope["user"]
    if request.method not in COMMANDS:
        return caller_with(request.headers, identity, None, b"")
    operation = f"{request.method} {request.scope['path']}"
    keyed = idempotency_key(request.headers) is not None
    body = await request.body() if keyed else b""
    caller = caller_with(request.headers, identity, operation, body)
    return replace(caller, if_match=_if_match(request))


def caller_with(
    headers: Mapping[str, str], identity: Identity, operation: str | None, body: bytes
) -> Caller:
    """The caller, as their headers say; `operation` names the command, if it is one."""
    correlation = _correlation(headers)
    CORRELATION.set(correlation)
    return Caller(
        identity,
        correlation_id=correlation,
        command=_command(headers, identity, operation, body) if operation else None,
    )


def _correlation(headers: Mapping[str, str]) -> UUID:
    given = headers.get("x-correlation-id")
    if given is None:
        # Time-ordered, so that neighbours in time are neighbours in the audit trail's index.
        return uuids.uuid7()
    try:
        return UUID(given)
    except ValueError:
        raise _wrong("X-Correlation-Id", given, "a UUID") from None


def _command(
    headers: Mapping[str, str], identity: Identity, operation: str, body: bytes
) -> CommandKey | None:
    key = idempotency_key(headers)
    if key is None:
        return None
    return CommandKey(f"{identity.id}:{operation}", key, sha256(body).digest())


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The caller's name for this command, if they gave one."""
    key = headers.get("idempotency-key")
    if key is not None and not KEY.fullmatch(key):
        raise _wrong("Idempotency-Key", key, "1 to 200 visible ASCII characters")
    return key


def _if_match(request: Request[Any, Any, Any]) -> int | None:
    given = request.headers.get("if-match")
    if given is None:
        return None
    if not request.route_handler.opt.get(CONDITIONAL):
        raise _wrong("If-Match", given, "none: no condition can be put on this operation")
    match = VERSION.fullmatch(given)
    if match is None:
        raise _wrong("If-Match", given, 'one strong version such as "3"')
    return int(match[1])


def _wrong(header: str, found: str, allowed: str) -> WrongContent:
    return WrongContent(FieldError(field=header, found=shown(found), allowed=allowed))
