"""What every command shares: settings, a database to talk to, and errors said plainly."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import typer
from rich.console import Console
from typer.core import TyperGroup

from adapters.settings import Settings
from adapters.trouble import Trouble
from domain.model import Refusal

if TYPE_CHECKING:
    from application.desk import Desk

out = Console()
err = Console(stderr=True)

T = TypeVar("T")

FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
"""How a moment may be typed."""

UNUSABLE = 2
"""The exit code for input or settings that can't be used; 1 says: checked, and found wanting."""


class Polite(TyperGroup):
    """Says what is wrong without a traceback; anything unforeseen still shows one."""

    def invoke(self, ctx: Any) -> Any:
        from adapters.authoring.problems import AuthoringError
        from adapters.identity.api_keys import BadKeyFile
        from adapters.postgres.migrations import ChangedMigration

        try:
            return super().invoke(ctx)
        except Refusal as refusal:
            fail(f"{refusal.title}\n  {refusal}\n  ({refusal.CODE})")
        except (Trouble, AuthoringError, BadKeyFile, ChangedMigration) as trouble:
            fail(str(trouble))
        except OSError as error:
            fail(f"{error.filename or 'the system'}: {error.strerror or error}")


def fail(message: str) -> None:
    """Say what is wrong and stop. Lines stay whole: a caret points at a place in the one above."""
    err.print(f"[bold red]remit:[/] {escaped(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(UNUSABLE)


def escaped(text: str) -> str:
    """A text that may hold anything, safe to print."""
    from rich.markup import escape

    return escape(text)


def settings() -> Settings:
    """The environment, read once a command."""
    return Settings.from_environment()


@contextmanager
def database(given: Settings) -> Generator[str]:
    """The database of the settings, migrated; or the embedded one for as long as it is used."""
    from adapters.postgres.embedded import embedded
    from adapters.postgres.migrations import migrate

    if given.database_url is not None:
        connect(given.database_url)
        migrate(given.database_url)
        _require_its_own_time(given, given.database_url)
        yield given.database_url
        return
    with embedded(given.data_dir / "postgres") as url:
        migrate(url)
        _require_its_own_time(given, url)
        yield url


def _require_its_own_time(given: Settings, url: str) -> None:
    from adapters.assembly import clock_of
    from adapters.postgres.own_time import require_own_time

    if given.clock is not None:
        clock_of(given)  # refuse what it can't read before anything is marked
        require_own_time(url)


def connect(url: str) -> None:
    """Refuse a database that does not answer, naming the setting, never the password."""
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        first = str(error).strip().splitlines()[0]
        raise Trouble(f"REMIT_DATABASE_URL: the database does not answer: {first}") from None


def with_desk(given: Settings, work: "Callable[[Desk], Coroutine[Any, Any, T]]") -> T:
    """Run something asynchronous at a desk on the settings' database."""
    from adapters.assembly import postgres_desk

    async def run(url: str) -> T:
        async with postgres_desk(url, given) as desk:
            return await work(desk)

    with database(given) as url:
        return asyncio.run(run(url))


def decision_id(text: str) -> UUID:
    """A decision's id as typed."""
    try:
        return UUID(text)
    except ValueError:
        raise Trouble(f"ID: found {text!r}; a decision's id is a UUID") from None


def read_text(path: Path) -> str:
    """A file's text, or what is wrong with it; `-` is what comes in."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read().decode()
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Trouble(f"{path}: not UTF-8 at byte {error.start}") from None


def print_json(text: str) -> None:
    """JSON for a machine: one document, nothing around it."""
    sys.stdout.write(text + "\n")


def utc(moment: datetime | None) -> datetime | None:
    """A moment as typed: in UTC unless it says otherwise."""
    return moment and moment.replace(tzinfo=moment.tzinfo or UTC)
