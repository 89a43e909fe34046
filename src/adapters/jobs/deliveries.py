"""Deliveries: what is authorised and to be sent from here, tried until there is a result."""

import asyncio
import random
from datetime import timedelta
from uuid import UUID

from procrastinate import App, BaseRetryStrategy, JobContext, RetryDecision
from procrastinate.jobs import Job

from adapters.jobs.line import EVERY_SECOND, found, put
from application.delivering import Courier, deliver
from application.desk import Desk

UNDER_WAY = 96
"""How many messages to one endpoint may be under way: one that is slow leaves room for others."""
PAUSE = 0.1
LOOKS = 8
"""How often one look looks: under load a second is long."""
JITTER = 0.25
"""Waits differ by up to this share, so that what failed together does not come back together."""
TO_SEND = """
    WITH under_way AS (
        SELECT lock FROM procrastinate_jobs
        WHERE task_name = 'delivery' AND status IN ('todo', 'doing')
    ), busy AS (
        SELECT queue_name AS endpoint, count(*) AS jobs FROM procrastinate_jobs
        WHERE task_name = 'delivery' AND status IN ('todo', 'doing')
            AND (scheduled_at IS NULL OR scheduled_at <= now())
        GROUP BY 1
    ), waiting AS (
        SELECT key, endpoint, message,
            row_number() OVER (PARTITION BY endpoint ORDER BY since) AS place
        FROM deliveries
        WHERE NOT EXISTS (SELECT FROM under_way WHERE lock = 'delivery/' || message)
    )
    SELECT key, waiting.endpoint, message::text FROM waiting LEFT JOIN busy USING (endpoint)
    WHERE place <= %(room)s - coalesce(jobs, 0) ORDER BY place
"""


class TryAgain(Exception):
    """The receiver did not take it; it is sent again after a while."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"again in {wait}")
        self.wait = wait


class AfterAWhile(BaseRetryStrategy):
    """As long as `deliver` says, give or take; what goes wrong here itself is tried again too."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        """When the job runs next."""
        if isinstance(exception, TryAgain):
            wait = exception.wait
        else:
            wait = timedelta(seconds=min(2**job.attempts, 300))
        share = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
        return RetryDecision(retry_in={"seconds": max(1, round(wait.total_seconds() * share))})


def send(app: App, url: str, desk: Desk, courier: Courier) -> None:
    """Let this worker find what is to be sent, and send it."""

    @app.task(name="delivery", pass_context=True, retry=AfterAWhile())
    async def delivery(context: JobContext, decision: str, message: str) -> None:
        assert context.job is not None, "it runs in one"
        attempts = context.job.attempts
        wait = await deliver(UUID(decision), UUID(message), attempts, courier, desk)
        if wait is not None:
            raise TryAgain(wait)

    @app.periodic(cron=EVERY_SECOND, periodic_id="deliveries")
    @app.task(name="deliveries", lock="deliveries", queueing_lock="deliveries")
    async def deliveries(timestamp: int) -> None:  # noqa: ARG001 - the library says when
        for _ in range(LOOKS):
            rows = await found(url, TO_SEND, {"room": UNDER_WAY})
            for row in rows:
                lock = f"delivery/{row['message']}"
                given = {"decision": row["key"], "message": row["message"]}
                await put(delivery, lock, queue=row["endpoint"], **given)
            if not rows:
                return
            await asyncio.sleep(PAUSE)
