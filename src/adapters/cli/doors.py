"""Doors: the same command done in the database, or asked of a service by its URL."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import typer

from adapters.cli.common import err, escaped, settings, with_desk
from adapters.trouble import Trouble
from application.ports import Miswritten
from domain.model import Refusal

if TYPE_CHECKING:
    from application.desk import Caller, Desk

REFUSED = 1
READABLE = {403, 404, 409, 412, 422}
"""What a service answers when a rule says no; anything else is no answer to the question."""
PATIENCE = 60

Here = Callable[["Caller", "Desk"], Awaitable[str]]


class Said:
    """An answer in JSON."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.content: Any = json.loads(text)

    def part(self, content: Any) -> str:
        """A part of it, as JSON again."""
        return json.dumps(content)


class Door(Protocol):
    """Where a command is done."""

    def ask(self, method: str, path: str, body: object, here: Here) -> Said:
        """Do it, or end with the exit code that says why not."""
        ...


def door(by: str, url: str | None, key: str | None) -> Door:
    """The service at a URL, or else the database of the settings."""
    if url is None:
        return InDatabase(by)
    if not key:
        raise Trouble("--key: found none; a service asks for an API key (or set REMIT_API_KEY)")
    return AtService(url.rstrip("/"), key)


class InDatabase:
    """The settings' database. Whoever reaches it may act for any owner, and the record says so."""

    def __init__(self, by: str) -> None:
        self._by = by

    def ask(self, method: str, path: str, body: object, here: Here) -> Said:  # noqa: ARG002 - no URL
        """Do it at a desk."""
        from application.desk import Caller
        from application.ports import Identity
        from domain.model import OWNER_SEATS

        seats = {"*": frozenset[str](OWNER_SEATS)}
        caller = Caller(Identity(self._by, "human", seats), via="the command line")

        async def work(desk: "Desk") -> str:
            return await here(caller, desk)

        try:
            return Said(with_desk(settings(), work))
        except Miswritten as wrong:
            raise Trouble(str(wrong)) from None
        except Refusal as refusal:
            refused(refusal.title, str(refusal), refusal.CODE)


class AtService:
    """A service that runs somewhere."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._key = key

    def ask(self, method: str, path: str, body: object, here: Here) -> Said:  # noqa: ARG002
        """Ask it."""
        status, text = asyncio.run(self._sent(method, path, body))
        if status < 300:
            return Said(text)
        try:
            problem = json.loads(text)
            told = problem["title"], problem["detail"], problem["code"]
        except (ValueError, KeyError, TypeError):
            raise Trouble(f"{self._url}: answered {status}, and not as remit does") from None
        if status in READABLE and told[2] != Miswritten.CODE:
            refused(*told)
        raise Trouble(f"{self._url}: {told[0]}: {told[1]} ({told[2]})")

    async def _sent(self, method: str, path: str, body: object) -> tuple[int, str]:
        import aiohttp

        headers = {"Authorization": f"Bearer {self._key}"}
        sent: dict[str, Any] = {"json": body} if isinstance(body, dict) else {}
        if isinstance(body, str):
            sent, headers = {"data": body.encode()}, headers | {"Content-Type": "text/plain"}
        patience = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.request(method, self._url + path, headers=headers, **sent) as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Trouble(f"{self._url}: no answer: {error or 'it took too long'}") from None


def refused(title: str, detail: str, code: str) -> NoReturn:
    """Say which rule said no, and end with the exit code for that."""
    err.print(f"[bold red]refused:[/] {escaped(title)}\n  {escaped(detail)}\n  ({escaped(code)})")
    raise typer.Exit(REFUSED)
