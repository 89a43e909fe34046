"""The line that jobs wait in."""

from collections.abc import Mapping
from typing import Any, LiteralString

from procrastinate import App
from procrastinate.exceptions import AlreadyEnqueued, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.tasks import Task
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

EVERY_SECOND = "* * * * * */1"
AnyTask = Task[..., Any, ...]
STALLED_AFTER = 10.0
"""After how long a silence, in seconds, a worker's jobs are taken over."""


async def found(url: str, query: LiteralString, given: Mapping[str, Any]) -> list[DictRow]:
    """What a look finds to do."""
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        return await (await cursor.execute(query, given)).fetchall()


async def put(
    task: AnyTask,
    lock: str,
    given: Mapping[str, Any],
    *,
    queue: str = "default",
    after: int = 0,
) -> None:
    """Put a job in line, in so many seconds, unless one for the same waits there already."""
    job = task.configure(lock=lock, queueing_lock=lock, queue=queue, schedule_in={"seconds": after})
    try:
        await job.defer_async(**given)
    except AlreadyEnqueued:
        return


def take_over(app: App) -> None:
    """Let this worker take over, every second, the jobs of those that fell silent.

    Without a lock: a look that died in a worker holds one until its job is taken over.
    """

    @app.periodic(cron=EVERY_SECOND, periodic_id="take over")
    @app.task(name="take over", queueing_lock="take over")
    async def take(timestamp: int) -> None:  # noqa: ARG001 - the library says when
        manager = app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await once_more(manager, job)


async def once_more(manager: JobManager, job: Job) -> None:
    """Put a job in line again that is recorded as being done, unless one like it waits there."""
    try:
        await manager.retry_job(job)
    except UniqueViolation:
        await manager.finish_job(job, Status.FAILED, delete_job=True)
