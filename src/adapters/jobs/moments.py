"""Moments: the decisions that time has something to say about, each told once."""

import logging
from uuid import UUID

from procrastinate import App, RetryStrategy

from adapters.jobs.line import EVERY_SECOND, found, put
from application.desk import Desk, NoSuchDecision
from application.timing import strike

log = logging.getLogger(__name__)

AT_ONCE = 500
"""How many moments one look puts in line: the next look comes a second later."""
AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2)
DUE = """
    SELECT key FROM (
        SELECT key, rings_at FROM review_queue WHERE rings_at <= %(now)s
        UNION ALL
        SELECT key, rings_at FROM feedback WHERE rings_at <= %(now)s
    ) AS come
    WHERE NOT EXISTS (
        SELECT FROM procrastinate_jobs
        WHERE lock = 'moment/' || key AND status IN ('todo', 'doing'))
    ORDER BY rings_at LIMIT %(limit)s
"""


def keep_time(app: App, url: str, desk: Desk) -> None:
    """Let this worker find the moments that have come, and act on them."""

    @app.task(name="moment", retry=AGAIN)
    async def moment(decision: str) -> None:
        try:
            await strike(UUID(decision), desk)
        except NoSuchDecision:
            log.warning("decision %s has a moment and no history", decision)

    @app.periodic(cron=EVERY_SECOND, periodic_id="moments")
    @app.task(name="moments", lock="moments", queueing_lock="moments")
    async def moments(timestamp: int) -> None:  # noqa: ARG001 - our own clock says what has come
        for row in await found(url, DUE, {"now": desk.clock.now(), "limit": AT_ONCE}):
            await put(moment, f"moment/{row['key']}", {"decision": row["key"]})
