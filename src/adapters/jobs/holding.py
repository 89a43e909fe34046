"""What a worker holds by the record and not in fact, given back so that somebody does it.

A connection that breaks while a job is taken, or while its end is written down, leaves the job with
a worker that lives and knows nothing of it. What died with its worker is taken over by others.
"""

import asyncio
import logging
import time

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.middleware import AsyncCallNext
from procrastinate.worker import Worker

from adapters.jobs.line import once_more

log = logging.getLogger(__name__)

LOOKS_EVERY = 1.0
LOST_AFTER = 5.0
"""For how many seconds a job that nobody does may still be on its way in or out."""


class Hands:
    """The jobs that one worker is doing."""

    def __init__(self) -> None:
        self.worker: int | None = None
        self._jobs: set[int | None] = set()
        self._missed: dict[int | None, float] = {}

    async def hold(self, do: AsyncCallNext, context: JobContext, worker: Worker) -> object:
        """Do a job, and be seen doing it."""
        self.worker = worker.worker_id
        self._jobs.add(context.job.id)
        try:
            return await do()
        finally:
            self._jobs.discard(context.job.id)

    def lost(self, recorded: list[Job], now: float) -> list[Job]:
        """What has been recorded for a while as being done here, and is not."""
        idle = [job for job in recorded if job.id not in self._jobs]
        self._missed = {job.id: self._missed.get(job.id, now) for job in idle}
        return [job for job in idle if now - self._missed[job.id] >= LOST_AFTER]


async def give_back(app: App, hands: Hands) -> None:
    """Look again and again whether something is recorded as being done here, and is not."""
    while True:
        await asyncio.sleep(LOOKS_EVERY)
        if hands.worker is None:
            continue
        try:
            manager = app.job_manager
            found = await manager.list_jobs_async(status="doing", worker_id=hands.worker)
            for job in hands.lost(list(found), time.monotonic()):
                log.warning("job %s (%s) was nobody's; it is done again", job.id, job.task_name)
                await once_more(manager, job)
        except ConnectorException:
            log.warning("what is held here could not be looked at now")
