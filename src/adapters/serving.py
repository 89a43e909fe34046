"""Serving: the web application on a real port, with all it needs opened and closed around it."""

import asyncio
import gc
import logging
import secrets
from contextlib import ExitStack

import uvicorn
from pydantic import SecretStr

from adapters.assembly import Identities, identities, postgres_desk, vault
from adapters.http.app import create_app
from adapters.http.patience import patient
from adapters.identity.dev_issuer import DevIssuer
from adapters.identity.issuer_keys import is_loopback
from adapters.postgres.followers import PostgresSubscriptions
from adapters.postgres.reading import PostgresReader
from adapters.rehearsals import trials
from adapters.settings import BadSettings, Settings
from adapters.webhooks.endpoints import read_endpoints
from adapters.worker import COLLECTED_AFTER, following
from application.subscribing import Outlets

log = logging.getLogger(__name__)

GIVES_UP_AFTER = 15
"""Seconds that a stopping server waits for requests under way."""

KEPT_ALIVE = 75
"""Seconds that an idle connection is kept: longer than clients keep theirs. Who ends one first may
end it under a request that is on its way, and a client can't know whether that was done."""
HEADERS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000"),
]
"""What goes with every answer: it is data for whoever asked, and for nobody to keep or to show."""


def ways_in(settings: Settings, *, dev: bool) -> tuple[Identities, DevIssuer | None]:
    """How callers prove who they are; refused before anything is started where they can't."""
    if not dev:
        return identities(settings), None
    if not is_loopback(settings.host):
        raise BadSettings(
            f"REMIT_HOST: found {settings.host}; `--dev` lets anyone be anybody, so it listens on "
            "this machine alone (127.0.0.1)"
        )
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    issuer = DevIssuer(f"http://{host}:{settings.port}")
    return identities(settings, issuer), issuer


def for_dev(settings: Settings) -> Settings:
    """Without a secret to draw lots with, one of this process: what is tried needs no other."""
    if settings.lot_key.get_secret_value():
        return settings
    made = {"lot_key": SecretStr(secrets.token_hex(32)), "lot_key_id": "dev"}
    return settings.model_copy(update=made)


def serve(url: str, settings: Settings, *, work: bool, dev: bool = False) -> None:
    """Serve until told to stop; with `work`, follow the log in a process beside it."""
    gc.set_threshold(COLLECTED_AFTER)
    with ExitStack() as beside:
        if work:
            beside.enter_context(following(url))
        with asyncio.Runner(loop_factory=_loop) as runner:
            runner.run(_serve(url, for_dev(settings) if dev else settings, dev=dev))


def _loop() -> asyncio.AbstractEventLoop:
    """uvloop where there is one: it is not made for Windows."""
    try:
        import uvloop  # noqa: PLC0415 - it may not be there
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _serve(url: str, settings: Settings, *, dev: bool) -> None:
    found, issuer = ways_in(settings, dev=dev)
    if issuer is not None:
        log.warning(
            "--dev: ANYONE on this machine can be ANYBODY here: see %s. Never in earnest",
            issuer.expected.issuer,
        )
    async with postgres_desk(url, settings) as desk, PostgresReader(url) as reader:
        with trials(url) as tried:
            outlets = Outlets(
                PostgresSubscriptions(url, vault(settings)), read_endpoints(settings.endpoints)
            )
            config = uvicorn.Config(
                create_app(desk, found.over(desk.log), settings, reader, tried, outlets, issuer),
                host=settings.host,
                port=settings.port,
                http=patient(settings.head_seconds, settings.body_seconds),
                log_config=None,
                log_level=settings.log_level.lower(),
                access_log=False,
                headers=HEADERS,
                timeout_keep_alive=KEPT_ALIVE,
                timeout_graceful_shutdown=GIVES_UP_AFTER,
                server_header=False,
            )
            gc.freeze()  # what is there now stays: not to be looked through again and again
            await uvicorn.Server(config).serve()
