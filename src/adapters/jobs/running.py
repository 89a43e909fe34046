"""Running jobs, in a thread of a worker, until it is told to stop."""

import asyncio
import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from threading import Event as Flag
from threading import Thread

from procrastinate import App, PsycopgConnector

from adapters.assembly import working_desk
from adapters.jobs.checkpoints import sign_and_publish
from adapters.jobs.deliveries import send
from adapters.jobs.line import STALLED_AFTER, take_over
from adapters.jobs.moments import keep_time
from adapters.publication import Publication, open_ledger
from adapters.webhooks.courier import HttpCourier
from adapters.webhooks.endpoints import Endpoint
from application.audit.ledger import Ledger
from application.desk import Desk

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
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=CONNECTIONS))
    take_over(app)
    keep_time(app, url, desk)
    send(app, url, desk, courier)
    if publishing is not None:
        sign_and_publish(app, *publishing, courier, desk.clock)
    return app


Publishing = tuple[Publication, Ledger]
"""How checkpoints leave, and what they are of."""


@contextmanager
def running(
    url: str,
    endpoints: Mapping[str, Endpoint],
    stop: Flag,
    publication: Publication | None = None,
) -> Generator[None]:
    """Run jobs beside whatever else this process does, until told to stop."""
    given = (url, endpoints, stop, publication)
    runner = Thread(target=_run_on, args=given, name="remit-jobs")
    runner.start()
    try:
        yield
    finally:
        stop.set()
        runner.join()


def _run_on(
    url: str, endpoints: Mapping[str, Endpoint], stop: Flag, publication: Publication | None
) -> None:
    pause = LOOKED_AFTER
    while not stop.is_set():
        try:
            asyncio.run(_run(url, endpoints, stop, publication))
            pause = LOOKED_AFTER
        except Exception:
            log.exception("running jobs ended; it begins again in %.1f s", pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _run(
    url: str, endpoints: Mapping[str, Endpoint], stop: Flag, publication: Publication | None
) -> None:
    async with (
        working_desk(url) as desk,
        HttpCourier(endpoints) as courier,
        open_ledger(url) as ledger,
        jobs(
            url, desk, courier, (publication, ledger) if publication else None
        ).open_async() as app,
    ):
        working = asyncio.create_task(
            app.run_worker_async(
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
        working.cancel()
        await asyncio.gather(working, return_exceptions=stop.is_set())
