"""Running jobs, in a thread of a worker, until it is told to stop."""

import asyncio
import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Event as Flag
from threading import Thread

from procrastinate import App, PsycopgConnector

from adapters.assembly import Notices, working_desk
from adapters.jobs.breakers import keep_watch
from adapters.jobs.checkpoints import sign_and_publish
from adapters.jobs.deliveries import send
from adapters.jobs.heralds import Herald, Subscribers
from adapters.jobs.holding import Hands, give_back
from adapters.jobs.line import STALLED_AFTER, take_over
from adapters.jobs.moments import keep_time
from adapters.jobs.silences import listen_for_silence
from adapters.notices.channels import Channels
from adapters.postgres.followers import PostgresSubscriptions, Safe, bookmarks_on
from adapters.postgres.pooled import TRIES_FOR
from adapters.publication import Publication, open_ledger
from adapters.webhooks.courier import HttpCourier
from adapters.webhooks.endpoints import Endpoint
from application.audit.ledger import Ledger
from application.desk import Desk
from application.ports import Clock

log = logging.getLogger(__name__)

SIDE_BY_SIDE = 64
"""How many jobs one worker has under way: most of them wait for a receiver's answer."""
CONNECTIONS = 8
POLL = 1.0
HEARTBEAT = 2.0
"""How often a worker says that it is alive."""
FINISHES_WITHIN = 10.0
LOOKED_AFTER = 0.2
LONGEST_PAUSE = 5.0


def jobs(url: str, desk: Desk, courier: HttpCourier, publishing: "Publishing | None" = None) -> App:
    """Everything that runs in every worker."""
    connector = PsycopgConnector(
        conninfo=url, min_size=1, max_size=CONNECTIONS, reconnect_timeout=TRIES_FOR
    )
    app = App(connector=connector)
    take_over(app)
    keep_time(app, url, desk)
    send(app, url, desk, courier)
    keep_watch(app, desk)
    listen_for_silence(app, url, desk)
    if publishing is not None:
        sign_and_publish(app, *publishing, courier, desk.clock)
    return app


Publishing = tuple[Publication, Ledger]
"""How checkpoints leave, and what they are of."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What a worker knows of the outside: receivers, people, and how secrets are opened."""

    endpoints: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    safe: Safe | None = None
    notices: Notices | None = None
    publication: Publication | None = None


def herald(url: str, outside: Outside, desk: Desk, courier: HttpCourier) -> Herald:
    """Who tells subscriptions and people of what happened."""
    subscriptions = Subscribers(PostgresSubscriptions(url, outside.safe), courier)
    if outside.notices is None:
        return Herald(desk, partial(bookmarks_on, url), subscriptions)
    board, secrets = outside.notices.board, outside.notices.secrets
    people = Channels(board, secrets, desk, courier.notify)
    return Herald(desk, partial(bookmarks_on, url), subscriptions, people)


@contextmanager
def running(url: str, outside: Outside, clock: Clock | None, stop: Flag) -> Generator[None]:
    """Run jobs beside whatever else this process does, until told to stop."""
    runner = Thread(target=_run_on, args=(url, outside, clock, stop), name="remit-jobs")
    runner.start()
    try:
        yield
    finally:
        stop.set()
        runner.join()


def _run_on(url: str, outside: Outside, clock: Clock | None, stop: Flag) -> None:
    pause = LOOKED_AFTER
    while not stop.is_set():
        try:
            asyncio.run(_run(url, outside, clock, stop))
            pause = LOOKED_AFTER
        except Exception:
            log.exception("running jobs ended; it begins again in %.1f s", pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _run(url: str, outside: Outside, clock: Clock | None, stop: Flag) -> None:
    async with (
        working_desk(url, clock) as desk,
        HttpCourier(outside.endpoints) as courier,
        open_ledger(url) as ledger,
        jobs(
            url, desk, courier, (outside.publication, ledger) if outside.publication else None
        ).open_async() as app,
    ):
        hands = Hands()
        looking = asyncio.create_task(give_back(app, hands))
        telling = asyncio.create_task(herald(url, outside, desk, courier).run())
        working = asyncio.create_task(
            app.run_worker_async(
                worker_middleware=[hands.hold],
                concurrency=SIDE_BY_SIDE,
                fetch_job_polling_interval=POLL,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=STALLED_AFTER,
                shutdown_graceful_timeout=FINISHES_WITHIN,
                delete_jobs="always",
                install_signal_handlers=False,
            )
        )
        while not stop.is_set() and not working.done():
            await asyncio.wait((working,), timeout=LOOKED_AFTER)
        for task in (looking, telling, working):
            task.cancel()
        await asyncio.wait((looking, telling, working))
        await asyncio.gather(working, return_exceptions=stop.is_set())
