"""The writer's one connection: how it is set, cut off, and known to be the only one."""

import logging
import socket
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import PipelineStatus, TransactionStatus

from adapters.postgres import arrays

log = logging.getLogger(__name__)

SETTINGS = (
    # What a batch finds out behind the lock must be what is so behind the lock.
    "SET default_transaction_isolation = 'read committed'",
    # The batch's plan is one index look-up an item, whatever the statistics say.
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET jit = off",
)
LOCK_TIMEOUT = "SELECT set_config('lock_timeout', %s, false)"
END_PREDECESSORS = """
    SELECT coalesce(bool_and(pg_terminate_backend(pid, 2000)), true) FROM pg_stat_activity
    WHERE application_name = %s AND pid <> pg_backend_pid()
"""
SERVERS_OWN = ("25006", "40", "53", "55P03", "57")
"""SQLSTATEs of a server that can't write now, whatever it is asked to: read-only, a deadlock,
no room, locked, shutting down."""


async def connect(url: str, name: str, locked_within: float) -> AsyncConnection[Any]:
    """A connection to write on, known by its name."""
    connection = await AsyncConnection.connect(
        url, autocommit=True, application_name=name, connect_timeout=5
    )
    try:
        arrays.register(connection)
        for setting in SETTINGS:
            await connection.execute(setting)
        await connection.execute(LOCK_TIMEOUT, (f"{locked_within * 1000:.0f}ms",))
    except BaseException:
        await connection.close()
        raise
    return connection


async def end_predecessors(connection: AsyncConnection[Any], name: str) -> None:
    """Make certain that nothing sent on an earlier connection of this name is still to come."""
    found = await (await connection.execute(END_PREDECESSORS, (name,))).fetchone()
    if found is None or not found[0]:
        raise psycopg.OperationalError("an earlier connection has not ended yet")


def hang_up(connection: AsyncConnection[Any]) -> None:
    """Cut a connection off from this side, so that whoever waits for its answer is let go."""
    log.warning("no answer from the database; the connection is cut off")
    # A copy of the descriptor, whatever its family: psycopg goes on to close its own.
    with (
        suppress(OSError, psycopg.Error),
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as wire,
    ):
        wire.shutdown(socket.SHUT_RDWR)


def rolled_back(connection: AsyncConnection[Any], error: Exception) -> bool:
    """Whether it is the server that refused, and the connection has come to rest since.

    Anything else may have been written: an error in the commit itself, say, leaves the pipeline
    in the middle of it.
    """
    return (
        isinstance(error, psycopg.Error)
        and error.sqlstate is not None
        and error.diag.severity_nonlocalized == "ERROR"
        and connection.pgconn.transaction_status == TransactionStatus.IDLE
        and connection.pgconn.pipeline_status == PipelineStatus.OFF
    )


def is_servers_own(error: Exception) -> bool:
    """Whether this would have happened to any append."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return state is not None and state.startswith(SERVERS_OWN)
