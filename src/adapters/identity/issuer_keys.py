"""An issuer's public keys: fetched by URL, kept, and fetched again when they may have changed.

Whoever presents a token that a known key signed never waits for the issuer. One fetch is under way
at a time, it is given few seconds, and a name that nobody knows makes another only now and then.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlsplit

import jwt
from pydantic_core import from_json

from adapters.identity.tokens import Keys, usable
from application.ports import NotLetIn

log = logging.getLogger(__name__)

FRESH_FOR = 300.0
"""Seconds after which keys are fetched again, beside the requests that use them."""
KEPT_FOR = 86_400.0
"""Seconds that keys still count while their issuer does not answer."""
ASKED_AGAIN_AFTER = 10.0
"""Seconds between two fetches at the least, whatever names tokens bring."""
ANSWERS_WITHIN = 5.0
LARGEST_ANSWER = 262_144
DISCOVERY = "/.well-known/openid-configuration"

Fetch = Callable[[str], Awaitable[bytes]]


class NotHad(Exception):
    """The issuer's keys can't be had: it does not answer, or not as it should."""


async def fetched(url: str) -> bytes:
    """What is at a URL: over HTTPS or from this machine, at once and not redirected."""
    import aiohttp  # noqa: PLC0415 - a quarter of a second, for those who trust an issuer

    require_safe(url)
    patience = aiohttp.ClientTimeout(total=ANSWERS_WITHIN)
    try:
        async with (
            aiohttp.ClientSession(timeout=patience) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise NotHad(f"it answers {answer.status}")
            content = b""
            async for piece in answer.content.iter_any():
                content += piece
                if len(content) > LARGEST_ANSWER:
                    raise NotHad(f"it answers with more than {LARGEST_ANSWER} bytes")
            return content
    except TimeoutError:
        raise NotHad(f"no answer within {ANSWERS_WITHIN:g} seconds") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotHad(f"no answer: {type(error).__name__}") from None


def require_safe(url: str) -> None:
    """Refuse an address that anyone on the way could answer for."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return
    raise NotHad("its address is neither https nor on this machine")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine and no other."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class FetchedKeys:
    """The keys at a URL; without one, at the URL that the issuer's own configuration names."""

    issuer: str
    url: str | None
    algorithms: tuple[str, ...]
    fetch: Fetch = fetched
    now: Callable[[], float] = monotonic
    _keys: Keys = field(default_factory=dict[tuple[str | None, str], jwt.PyJWK])
    _had_at: float | None = None
    _asked_at: float | None = None
    _under_way: asyncio.Task[None] | None = None
    _why_not: str = "not asked yet"

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The key of this name for this algorithm; raises `NotLetIn`."""
        found = self._found(kid, algorithm)
        if found is None or self._older_than(FRESH_FOR):
            asked = self._ask()
            if found is None and asked is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(asked), ANSWERS_WITHIN)
                found = self._found(kid, algorithm)
        if found is None or self._older_than(KEPT_FOR):
            raise NotLetIn(self._unknown())
        return found

    def _unknown(self) -> str:
        if self._had_at is None or self._older_than(KEPT_FOR):
            return (
                f"the token can't be verified now: its issuer's keys can't be had: {self._why_not}"
            )
        return (
            "the token is signed with a key (kid) that its issuer does not name for its algorithm"
        )

    def _found(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key of this name; a token that names none is the only key's, if there is one."""
        if kid is not None:
            return self._keys.get((kid, algorithm))
        fitting = [key for (_, name), key in self._keys.items() if name == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    def _older_than(self, seconds: float) -> bool:
        return self._had_at is None or self.now() - self._had_at > seconds

    def _ask(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one, unless the last one was just now."""
        if self._under_way is not None and not self._under_way.done():
            return self._under_way
        if self._asked_at is not None and self.now() - self._asked_at < ASKED_AGAIN_AFTER:
            return None
        self._asked_at = self.now()
        self._under_way = asyncio.create_task(self._renew())
        return self._under_way

    async def _renew(self) -> None:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                url = self.url or await self._discovered()
                keys = usable(from_json(await self.fetch(url)), self.algorithms)
            if not keys:
                raise NotHad("none of them is a public key for an allowed algorithm")
        except (NotHad, ValueError, RecursionError, TimeoutError) as error:
            told = isinstance(error, NotHad)
            self._why_not = str(error) if told else "it does not answer with a key set"
            log.warning("the keys of %s can't be had: %s", self.issuer, self._why_not)
            return
        self._keys, self._had_at = keys, self.now()

    async def _discovered(self) -> str:
        """Where the issuer says that its keys are."""
        said = from_json(await self.fetch(self.issuer.rstrip("/") + DISCOVERY))
        if not isinstance(said, dict) or said.get("issuer") != self.issuer:  # pyright: ignore[reportUnknownMemberType]
            raise NotHad("its configuration is another issuer's")
        url = said.get("jwks_uri")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if not isinstance(url, str):
            raise NotHad("its configuration names no key set")
        return url
