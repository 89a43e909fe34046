"""Reading through connections that may have died unnoticed, from a server that may be away."""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from application.ports import Busy

T = TypeVar("T")
Pool = AsyncConnectionPool[AsyncConnection[Any]]
TRIES_FOR = 3.0
"""For how many seconds a pool tries by itself to replace a lost connection; after that it tries
when it is asked. By its own measure it waits longer each time, and would find a server that was
away for a minute up to a minute after it came back."""


def pool(url: str, most: int, within: float, **options: Any) -> Pool:
    """A pool of so many connections, each had within so many seconds or not at all."""
    return AsyncConnectionPool(
        url,
        min_size=1,
        max_size=most,
        open=False,
        timeout=within,
        reconnect_timeout=TRIES_FOR,
        kwargs={"autocommit": True, **options},
    )


async def reading(pool: Pool, read: Callable[[], Awaitable[T]]) -> T:
    """What is read, at the second try if the first met a dead connection; else `Busy`."""
    with busy("read"):
        try:
            return await read()
        except PoolTimeout:
            raise
        except psycopg.OperationalError:
            await pool.check()
            return await read()


@contextmanager
def busy(done: str) -> Generator[None]:
    """A server that is away is said to be busy: whoever asks may ask again."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise Busy(f"the store can't be {done} now: {error}") from error
