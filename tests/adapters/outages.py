"""What goes wrong between a writer and its server, on purpose and at a chosen moment."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

import psycopg

AT_COMMIT = """
    CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF convert_from(NEW.state, 'UTF8') LIKE '%refuse%' THEN
            RAISE EXCEPTION 'refused at the commit';
        ELSIF convert_from(NEW.state, 'UTF8') LIKE '%dawdle%' THEN
            PERFORM pg_sleep(600);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON remit_events
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
"""
"""A note of "refuse" fails in its commit, after its statement succeeded; one of "dawdle" stays in it."""

OF_WRITERS = "application_name ^@ 'remit writer' AND datname = current_database()"


def cut_off(url: str) -> int:
    """End every writer's connection from the server's side; give how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(
            f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OF_WRITERS}".encode()
        ).rowcount


async def until_busy(url: str, event: str) -> None:
    """Wait until a writer's backend waits for this."""
    statement = f"SELECT FROM pg_stat_activity WHERE {OF_WRITERS} AND wait_event = %s".encode()
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        while (await connection.execute(statement, (event,))).rowcount == 0:  # noqa: ASYNC110 - the server's news
            await asyncio.sleep(0.02)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not holds():  # noqa: ASYNC110 - it is another's to make it hold
        await asyncio.sleep(0.01)


def stored(url: str) -> int:
    """How many events there are."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM remit_events").fetchone()
    assert found is not None
    return int(found[0])


class Wire:
    """A relay to the server that can fall silent: nothing comes back, and nothing is closed."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._relays: set[asyncio.Task[None]] = set()
        self._silent: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()

    def fall_silent(self) -> None:
        """From now on the connections that there are get no answers; new ones do."""
        self._silent |= self._open

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, both ways."""
        far_reader, far_writer = await asyncio.open_unix_connection(self._server)
        self._open.add(writer)
        for source, target in ((reader, far_writer), (far_reader, writer)):
            relay = asyncio.create_task(self._relay(source, target))
            self._relays.add(relay)

    async def close(self) -> None:
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)

    async def _relay(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                while chunk := await source.read(65_536):
                    if target not in self._silent:
                        target.write(chunk)
                        await target.drain()
        finally:
            target.close()


@asynccontextmanager
async def a_wire(url: str, directory: Path) -> AsyncGenerator[tuple[Wire, str]]:
    """A relay in front of the server on this URL, and the URL that leads through it."""
    sockets = parse_qs(urlsplit(url).query)["host"][0]
    wire = Wire(f"{sockets}/.s.PGSQL.5432")
    server = await asyncio.start_unix_server(wire.accept, str(directory / ".s.PGSQL.5432"))
    through = urlsplit(url)._replace(query=f"host={quote(str(directory), safe='')}")
    try:
        yield wire, urlunsplit(through)
    finally:
        server.close()
        await wire.close()
