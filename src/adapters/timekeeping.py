"""Timekeeping: whatever time brings is done once, by any number of workers (procrastinate's jobs).

A look, every second, by one worker at a time, finds the decisions whose moment has come and puts a
job for each in line; all workers take jobs. A job may run twice, after a worker died in it: the
decision's own history says whether its moment was acted upon, so the second time nothing happens.
"""

import asyncio
import logging
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from threading import Event as Flag
from threading import Thread
from uuid import UUID

import psycopg
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Status

from adapters.assembly import timekeeping_desk
from application.desk import Desk, NoSuchDecision
from application.timing import strike

log = logging.getLogger(__name__)

QUEUE = "clock"
EVERY_SECOND = "* * * * * */1"
AT_ONCE = 500
"""How many moments one look puts in line: the next look comes a second later."""
SIDE_BY_SIDE = 8
POLL = 1.0
HEARTBEAT = 2.0
"""How often a worker says that it is alive."""
STALLED_AFTER = 10.0
"""After how long a silence its jobs are taken over."""
FINISHES_WITHIN = 10.0
LOOKED_AFTER = 0.2
LONGEST_PAUSE = 5.0
AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2)

DUE = """
    SELECT key FROM review_queue
    WHERE rings_at <= %(now)s AND NOT EXISTS (
        SELECT FROM procrastinate_jobs
        WHERE lock = 'decision/' || key AND queue_name = %(queue)s AND status IN ('todo', 'doing'))
    ORDER BY rings_at LIMIT %(limit)s
"""


def timekeeper(url: str, desk: Desk) -> App:
    """What runs in every worker: the look, and a job for each moment that it finds."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=1, max_size=4))

    @app.task(name="strike", queue=QUEUE, retry=AGAIN)
    async def strike_one(decision: str) -> None:
        try:
            await strike(UUID(decision), desk)
        except NoSuchDecision:
            log.warning("decision %s has a moment and no history", decision)

    @app.periodic(cron=EVERY_SECOND, periodic_id="look")
    @app.task(name="look", queue=QUEUE, lock="look", queueing_lock="look")
    async def look(timestamp: int) -> None:  # noqa: ARG001 - the library says when; our clock counts
        for key in await _due(url, desk.clock.now()):
            lock = f"decision/{key}"
            try:
                await strike_one.configure(lock=lock, queueing_lock=lock).defer_async(decision=key)
            except AlreadyEnqueued:
                continue

    # Without a lock: a look that died in a worker holds one until its job is taken over.
    @app.periodic(cron=EVERY_SECOND, periodic_id="take over")
    @app.task(name="take over", queue=QUEUE, queueing_lock="take over")
    async def take_over(timestamp: int) -> None:  # noqa: ARG001
        await _take_over(app)

    return app


async def _due(url: str, now: datetime) -> list[str]:
    """The decisions whose moment has come and for which no job is in line, the oldest first."""
    given = {"now": now, "queue": QUEUE, "limit": AT_ONCE}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        found = await (await connection.execute(DUE, given)).fetchall()
    return [key for (key,) in found]


async def _take_over(app: App) -> None:
    """Put the jobs of workers that died back in line, unless another for the same waits there."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER):
        try:
            await manager.retry_job(job)
        except UniqueViolation:
            await manager.finish_job(job, Status.FAILED, delete_job=True)


@contextmanager
def timekeeping(url: str, stop: Flag) -> Generator[None]:
    """Keep time beside whatever else this process does, until told to stop."""
    keeper = Thread(target=_keep_on, args=(url, stop), name="remit-timekeeper")
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_on(url: str, stop: Flag) -> None:
    pause = LOOKED_AFTER
    while not stop.is_set():
        try:
            asyncio.run(_keep(url, stop))
            pause = LOOKED_AFTER
        except Exception:
            log.exception("keeping time ended; it begins again in %.1f s", pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


async def _keep(url: str, stop: Flag) -> None:
    async with timekeeping_desk(url) as desk, timekeeper(url, desk).open_async() as app:
        working = asyncio.create_task(
            app.run_worker_async(
                queues=[QUEUE],
                concurrency=SIDE_BY_SIDE,
                fetch_job_polling_interval=POLL,
                update_heartbeat_interval=HEARTBEAT,
                stalled_worker_timeout=STALLED_AFTER,
                shutdown_graceful_timeout=FINISHES_WITHIN,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        )
        while not stop.is_set() and not working.done():
            await asyncio.wait((working,), timeout=LOOKED_AFTER)
        working.cancel()
        await asyncio.gather(working, return_exceptions=stop.is_set())
