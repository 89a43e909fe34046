"""Serving: the web application on a real port, with all it needs opened and closed around it."""

import asyncio
import gc
from contextlib import ExitStack

import uvicorn

from adapters.assembly import api_keys, postgres_desk, vault
from adapters.http.app import create_app
from adapters.http.sending import Gathering
from adapters.postgres.followers import PostgresSubscriptions
from adapters.postgres.reading import PostgresReader
from adapters.rehearsals import trials
from adapters.settings import Settings
from adapters.webhooks.endpoints import read_endpoints
from adapters.worker import COLLECTED_AFTER, following
from application.subscribing import Outlets

GIVES_UP_AFTER = 15
"""Seconds that a stopping server waits for requests under way."""


def serve(url: str, settings: Settings, *, work: bool) -> None:
    """Serve until told to stop; with `work`, follow the log in a process beside it."""
    gc.set_threshold(COLLECTED_AFTER)
    with ExitStack() as beside:
        if work:
            beside.enter_context(following(url))
        with asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(_serve(url, settings))


def _loop() -> asyncio.AbstractEventLoop:
    """uvloop where there is one: it is not made for Windows."""
    try:
        import uvloop  # noqa: PLC0415 - it may not be there
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(url: str, settings: Settings) -> None:
    keys = api_keys(settings)
    async with postgres_desk(url, settings) as desk, PostgresReader(url) as reader:
        with trials(url) as tried:
            outlets = Outlets(
                PostgresSubscriptions(url, vault(settings)), read_endpoints(settings.endpoints)
            )
            config = uvicorn.Config(
                create_app(desk, keys, settings, reader, tried, outlets),
                host=settings.host,
                port=settings.port,
                http=Gathering,
                log_level=settings.log_level.lower(),
                access_log=False,
                timeout_graceful_shutdown=GIVES_UP_AFTER,
                server_header=False,
            )
            gc.freeze()  # what is there now stays: not to be looked through again and again
            await uvicorn.Server(config).serve()
