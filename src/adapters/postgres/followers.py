"""Subscriptions and bookmarks on PostgreSQL."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, LiteralString, Protocol
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from adapters.postgres.locks import lock_key
from application.following import Bookmark
from application.ports import Busy
from application.subscribing import Secret, Standing, Subscription

ADD = """
    WITH new AS (
        INSERT INTO webhooks (id, content, secrets, sealed)
        VALUES (%(id)s, %(content)s, %(secrets)s, %(sealed)s)
        ON CONFLICT DO NOTHING RETURNING id
    )
    INSERT INTO followers (name, position) SELECT id::text, %(position)s FROM new RETURNING name
"""
FIND = """
    SELECT id, content, secrets, sealed,
        position, attempts, failing_since, retry_at, problem, stopped
    FROM webhooks JOIN followers ON name = id::text
    WHERE id = %(id)s
"""
ALL = """
    SELECT id, content, secrets, sealed,
        position, attempts, failing_since, retry_at, problem, stopped
    FROM webhooks JOIN followers ON name = id::text
    ORDER BY (content::json ->> 'created_at')::timestamptz, id
"""
CHANGE = """
    UPDATE webhooks SET secrets = %(secrets)s, sealed = %(sealed)s
    WHERE id = %(id)s RETURNING id
"""
RESUME = """
    UPDATE followers SET position = coalesce(%(position)s, position), attempts = 0,
        failing_since = NULL, retry_at = NULL, problem = NULL, stopped = false
    WHERE name = %(id)s::text RETURNING name
"""
REMOVE = """
    WITH gone AS (DELETE FROM webhooks WHERE id = %(id)s RETURNING id)
    DELETE FROM followers USING gone WHERE name = gone.id::text RETURNING name
"""
DUE = """
    SELECT name FROM followers
    WHERE position < %(newest)s AND NOT stopped AND (retry_at IS NULL OR retry_at <= %(now)s)
    ORDER BY name
"""
BEGIN = (
    "INSERT INTO followers (name, position) VALUES (%(name)s, %(position)s) ON CONFLICT DO NOTHING"
)
TAKE = "SELECT pg_try_advisory_lock(%(key)s) AS taken"
GIVE_BACK = "SELECT pg_advisory_unlock(%(key)s)"
BOOKMARK = """
    SELECT position, attempts, failing_since, retry_at, problem, stopped
    FROM followers WHERE name = %(name)s
"""
MOVE = """
    UPDATE followers SET position = %(position)s, attempts = %(attempts)s,
        failing_since = %(failing_since)s, retry_at = %(retry_at)s, problem = %(problem)s,
        stopped = %(stopped)s
    WHERE name = %(name)s AND position = %(seen)s RETURNING name
"""


class Safe(Protocol):
    """Keeps what the database must not know in plain."""

    def lock(self, content: bytes, place: bytes) -> str: ...

    def unlock(self, locked: str, place: bytes) -> bytes | None:
        """The content again; None where this one can't open it."""
        ...


class PostgresSubscriptions:
    """Where subscriptions are kept; asked seldom, so each question has a connection of its own."""

    def __init__(self, url: str, safe: Safe | None) -> None:
        self._url = url
        self._safe = safe

    async def add(self, subscription: Subscription, position: int) -> bool:
        """Keep one; False where its id is taken."""
        content = subscription.model_dump_json(exclude={"secrets"})
        given = self._locked(subscription) | {"content": content, "position": position}
        return bool(await self._rows(ADD, given))

    async def find(self, id: UUID) -> Standing | None:
        """How one stands."""
        rows = await self._rows(FIND, {"id": id})
        return self._standing(rows[0]) if rows else None

    async def all(self) -> Sequence[Standing]:
        """How all stand, the oldest first."""
        return [self._standing(row) for row in await self._rows(ALL, {})]

    async def change(self, subscription: Subscription) -> bool:
        """Keep other secrets; False where it is gone."""
        return bool(await self._rows(CHANGE, self._locked(subscription)))

    async def resume(self, id: UUID, position: int | None) -> bool:
        """Let it go on; False where it is gone."""
        return bool(await self._rows(RESUME, {"id": id, "position": position}))

    async def remove(self, id: UUID) -> bool:
        """Forget it; False where it was gone."""
        return bool(await self._rows(REMOVE, {"id": id}))

    def _locked(self, subscription: Subscription) -> dict[str, Any]:
        plain = _written(subscription.secrets)
        safe = self._safe
        kept = plain if safe is None else safe.lock(plain.encode(), subscription.id.bytes)
        return {"id": subscription.id, "secrets": kept, "sealed": safe is not None}

    def _standing(self, row: DictRow) -> Standing:
        content = json.loads(row["content"]) | {"secrets": self._opened(row)}
        return Standing(Subscription.model_validate_json(json.dumps(content)), _bookmark(row))

    def _opened(self, row: DictRow) -> Any:
        """The secrets; none where they are sealed under a key that is not here."""
        if not row["sealed"]:
            return json.loads(row["secrets"])
        opened = self._safe.unlock(row["secrets"], row["id"].bytes) if self._safe else None
        return [] if opened is None else json.loads(opened)

    async def _rows(self, statement: LiteralString, given: Mapping[str, Any]) -> list[DictRow]:
        try:
            async with await AsyncConnection.connect(self._url, autocommit=True) as connection:
                return await _rows(connection, statement, given)
        except psycopg.OperationalError as error:
            raise Busy(f"subscriptions can't be reached now: {error}") from error


class PostgresBookmarks:
    """Bookmarks over one connection. Whoever holds one loses it with that connection, and so does a
    process that was killed: another takes over at once."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection

    async def due(self, now: datetime, newest: int) -> Sequence[str]:
        """Who has something to be told now, by name."""
        rows = await self._rows(DUE, {"now": now, "newest": newest})
        return [row["name"] for row in rows]

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncGenerator[Bookmark | None]:
        """A follower's bookmark, for nobody else meanwhile; None if it is gone or held."""
        key = {"key": lock_key(f"follower/{name}")}
        if not (await self._rows(TAKE, key))[0]["taken"]:
            yield None
            return
        try:
            rows = await self._rows(BOOKMARK, {"name": name})
            yield _bookmark(rows[0]) if rows else None
        finally:
            if not self._connection.closed:
                await self._rows(GIVE_BACK, key)

    async def move(self, name: str, seen: Bookmark, to: Bookmark) -> bool:
        """Move a held bookmark; False where it is no longer as it was seen."""
        given = to.model_dump() | {"name": name, "seen": seen.position}
        return bool(await self._rows(MOVE, given))

    async def begin(self, name: str, position: int) -> None:
        """Keep a bookmark from here on, unless there is one of this name."""
        await self._connection.execute(BEGIN, {"name": name, "position": position})

    async def _rows(self, statement: LiteralString, given: Mapping[str, Any]) -> list[DictRow]:
        return await _rows(self._connection, statement, given)


async def _rows(
    connection: AsyncConnection[Any], statement: LiteralString, given: Mapping[str, Any]
) -> list[DictRow]:
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(statement, given)).fetchall()


@asynccontextmanager
async def bookmarks_on(url: str) -> AsyncGenerator[PostgresBookmarks]:
    """Bookmarks, with the connection they are held by."""
    async with await AsyncConnection.connect(url, autocommit=True, connect_timeout=5) as connection:
        yield PostgresBookmarks(connection)


def _bookmark(row: DictRow) -> Bookmark:
    return Bookmark.model_validate({name: row[name] for name in Bookmark.model_fields})


def _written(secrets: tuple[Secret, ...]) -> str:
    """The secrets as they are: a `SecretStr` would hide itself."""
    return json.dumps(
        [one.model_dump(mode="json") | {"text": one.text.get_secret_value()} for one in secrets]
    )
