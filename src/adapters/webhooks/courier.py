"""The courier: sends a message once, and tells what came of it, whatever the receiver does."""

import asyncio
import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit
from uuid import UUID

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.webhooks.endpoints import Endpoint, Target
from adapters.webhooks.signing import secret_bytes, signed
from application.delivering import Attempt
from application.subscribing import Subscription
from domain.values import Receipt

CLOUD_EVENT = {"content-type": "application/cloudevents+json; charset=utf-8"}
CONNECTS_WITHIN = 5.0
READS_AT_MOST = 4_096
"""Bytes of an answer that are looked at; the rest is never read."""
SHOWN = 200
ASKED_TO_WAIT = frozenset({429, 503})
GONE = 410
LONGEST_ASKED = timedelta(hours=1)


class PrivateAddress(OSError):
    """The name leads into a private network, where only an endpoint that says so may be."""


class PublicOnly(AbstractResolver):
    """Names to public addresses. What is connected to is what was looked at, so a name that leads
    elsewhere a moment later leads nowhere (DNS rebinding)."""

    def __init__(self, resolver: AbstractResolver | None = None) -> None:
        self._resolver = resolver or aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)  # type: ignore[arg-type]
        for each in found:
            require_public(each["host"])
        return found

    async def close(self) -> None:
        await self._resolver.close()


def require_public(address: str) -> None:
    """Refuse an address that isn't on the public internet."""
    known = ipaddress.ip_address(address)
    mapped = getattr(known, "ipv4_mapped", None)
    if not (mapped or known).is_global or known.is_multicast:
        raise PrivateAddress(f"{address} is not a public address")


class Sendable(Protocol):
    """What leaves: a body under an id that stays the same however often it is sent."""

    @property
    def id(self) -> UUID: ...

    @property
    def timestamp(self) -> datetime: ...

    def model_dump_json(self) -> str: ...


class HttpCourier:
    """Carries messages over HTTP: signed, one try, no redirect, and little of an answer read."""

    def __init__(self, endpoints: Mapping[str, Endpoint]) -> None:
        self._endpoints = endpoints
        self._public: aiohttp.ClientSession | None = None
        self._private: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._public = _session(PublicOnly())
        self._private = _session(None)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for session in (self._public, self._private):
            assert session is not None, "it was entered"
            await session.close()

    async def carry(self, endpoint: str, message: Sendable) -> Attempt:
        """Send it once and tell what came of it."""
        known = self._endpoints.get(endpoint)
        if known is None:
            return _nowhere(endpoint)
        body = message.model_dump_json().encode()
        headers = signed(known.keys, str(message.id), message.timestamp, body)
        return await self.post(known.target, body, headers | {"content-type": "application/json"})

    async def send(self, to: Subscription, id: UUID, body: bytes) -> Attempt:
        """Tell a subscription of an event, signed with every secret of its own that is in use."""
        target, now = self._target(to), datetime.now(UTC)
        if target is None:
            return _nowhere(str(to.endpoint))
        keys = [secret_bytes(s.text.get_secret_value()) for s in to.secrets if s.is_live(now)]
        if not keys:
            return Attempt(Receipt.FAILED, "its secret does not open with this worker's key")
        return await self.post(target, body, signed(keys, str(id), now, body) | CLOUD_EVENT)

    async def notify(
        self, url: str, private: bool, body: bytes, headers: Mapping[str, str]
    ) -> Attempt:
        """Send what needs no signature: its address is secret enough."""
        return await self.post(Target(url, private), body, headers)

    def _target(self, to: Subscription) -> Target | None:
        if to.url is not None:
            return Target(to.url)
        known = self._endpoints.get(to.endpoint or "")
        return None if known is None else known.target

    async def post(self, known: Target, body: bytes, headers: Mapping[str, str]) -> Attempt:
        """Send something once and tell what came of it; never raises for what a receiver does."""
        try:
            return await self._post(known, body, headers)
        except (PrivateAddress, aiohttp.ClientConnectorError) as error:
            cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
            return Attempt(Receipt.FAILED, f"no connection: {_said(cause)}")
        except aiohttp.ConnectionTimeoutError:
            return Attempt(Receipt.FAILED, f"no connection in {CONNECTS_WITHIN:g} seconds")
        except TimeoutError:
            return Attempt(Receipt.UNKNOWN, f"no answer in {known.timeout_seconds:g} seconds")
        except (aiohttp.ClientError, OSError) as error:
            return Attempt(Receipt.UNKNOWN, f"the connection was lost: {_said(error)}")

    async def _post(self, target: Target, body: bytes, headers: Mapping[str, str]) -> Attempt:
        session = self._private if target.private else self._public
        assert session is not None, "it was entered"
        if not target.private:
            _require_public_literal(target.url)
        limit = aiohttp.ClientTimeout(target.timeout_seconds, sock_connect=CONNECTS_WITHIN)
        async with session.post(
            target.url,
            data=body,
            headers=headers,
            timeout=limit,
            allow_redirects=False,
        ) as response:
            said = await _beginning(response)
            return _judged(response, said)


def _nowhere(endpoint: str) -> Attempt:
    return Attempt(Receipt.FAILED, f"no endpoint is named {endpoint} here")


def _session(resolver: AbstractResolver | None) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, limit_per_host=100, resolver=resolver),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"user-agent": "remit", "accept-encoding": "identity"},
        max_line_size=8_190,
        max_field_size=8_190,
    )


def _require_public_literal(url: str) -> None:
    """An address in the URL itself is never resolved."""
    try:
        require_public(urlsplit(url).hostname or "")
    except PrivateAddress:
        raise
    except ValueError:
        return  # a name: the resolver looks at what it leads to


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The first of an answer's bytes; an endless one is cut off."""
    try:
        return await asyncio.wait_for(response.content.read(READS_AT_MOST), CONNECTS_WITHIN)
    except (TimeoutError, aiohttp.ClientError):
        return b""  # the status line says what became of it


def _judged(response: aiohttp.ClientResponse, said: bytes) -> Attempt:
    answer = f"{response.status} {response.reason or ''}".strip()
    text = "".join(c for c in said[:SHOWN].decode(errors="replace") if c.isprintable())
    detail = f"{answer}: {text}" if text else answer
    if 200 <= response.status < 300:
        return Attempt(Receipt.DELIVERED, answer, response.headers.get("webhook-reference"))
    if response.status == GONE:
        return Attempt(Receipt.FAILED, detail, final=True)
    return Attempt(Receipt.FAILED, detail, wait=_asked_wait(response))


def _asked_wait(response: aiohttp.ClientResponse) -> timedelta | None:
    """Retry-After (RFC 9110, 10.2.3), within reason."""
    asked = response.headers.get("retry-after")
    if asked is None or response.status not in ASKED_TO_WAIT:
        return None
    try:
        wait = (
            timedelta(seconds=int(asked))
            if asked.isascii() and asked.isdigit()
            else parsedate_to_datetime(asked) - datetime.now(UTC)
        )
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(seconds=1)), LONGEST_ASKED)


def _said(error: BaseException) -> str:
    return str(error)[:SHOWN] or type(error).__name__
