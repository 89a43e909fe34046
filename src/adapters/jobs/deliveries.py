"""Deliveries: what is authorised and to be sent from here, tried until there is a result."""

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import TypedDict
from uuid import UUID

from procrastinate import App, RetryStrategy
from psycopg.rows import DictRow

from adapters.jobs.line import EVERY_SECOND, AnyTask, found, put
from application.delivering import Courier, deliver
from application.desk import Desk

log = logging.getLogger(__name__)

UNDER_WAY = 100
"""How many messages to one endpoint may be under way: one that is slow leaves room for others."""
TOGETHER = 25
"""How many messages to one endpoint one job sends, at once."""
LOOKS = 8
PAUSE = 0.1
"""How often one look looks, and between how many seconds: under load a second is long."""
JITTER = 0.25
"""Waits differ by up to this share, so that what failed together does not come back together."""
AGAIN = RetryStrategy(max_attempts=5, exponential_wait=2)
STUMBLED = timedelta(seconds=5)
"""After what goes wrong here, the log being out of reach for example, it is tried again soon."""
TO_SEND = """
    WITH jobs AS (
        SELECT queue_name AS endpoint, scheduled_at > now() IS TRUE AS later,
            jsonb_array_elements(args -> 'messages') ->> 'message' AS message
        FROM procrastinate_jobs
        WHERE task_name = 'delivery' AND status IN ('todo', 'doing')
    ), busy AS (
        SELECT endpoint, count(*) AS messages FROM jobs WHERE NOT later GROUP BY endpoint
    ), waiting AS (
        SELECT key, endpoint, message::text,
            row_number() OVER (PARTITION BY endpoint ORDER BY since) AS place
        FROM deliveries
        WHERE message::text NOT IN (SELECT message FROM jobs)
    )
    SELECT key AS decision, waiting.endpoint, message
    FROM waiting LEFT JOIN busy USING (endpoint)
    WHERE place <= %(room)s - coalesce(messages, 0) ORDER BY endpoint, place
"""


class Entry(TypedDict):
    """A message in a job: whose, and its id."""

    decision: str
    message: str


def send(app: App, url: str, desk: Desk, courier: Courier) -> None:
    """Let this worker find what is to be sent, and send it."""

    @app.task(name="delivery", retry=AGAIN)
    async def delivery(messages: list[Entry], endpoint: str, attempts: int) -> None:
        sent = (_sent(entry, attempts, courier, desk) for entry in messages)
        for entry, wait in zip(messages, await asyncio.gather(*sent), strict=True):
            if wait is not None:
                await _put_off(delivery, entry, endpoint, attempts + 1, wait)

    @app.periodic(cron=EVERY_SECOND, periodic_id="deliveries")
    @app.task(name="deliveries", lock="deliveries", queueing_lock="deliveries")
    async def deliveries(timestamp: int) -> None:  # noqa: ARG001 - the library says when
        for _ in range(LOOKS):
            rows = await found(url, TO_SEND, {"room": UNDER_WAY})
            for endpoint, theirs in groupby(rows, key=lambda row: str(row["endpoint"])):
                await _put_in_line(delivery, endpoint, list(theirs))
            if not rows:
                return
            await asyncio.sleep(PAUSE)


async def _sent(entry: Entry, attempts: int, courier: Courier, desk: Desk) -> timedelta | None:
    """What goes wrong with one message, here or there, stops none that is sent beside it."""
    ids = UUID(entry["decision"]), UUID(entry["message"])
    try:
        return await deliver(*ids, attempts, courier, desk)
    except Exception:
        log.exception("message %s could not be delivered now", entry["message"])
        return STUMBLED


async def _put_off(
    delivery: AnyTask, entry: Entry, endpoint: str, attempts: int, wait: timedelta
) -> None:
    share = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - no secret
    after = max(1, round(wait.total_seconds() * share))
    given = {"messages": [entry], "endpoint": endpoint, "attempts": attempts}
    lock = f"delivery/{entry['message']}/{attempts}"
    await put(delivery, lock, given, queue=endpoint, after=after)


async def _put_in_line(delivery: AnyTask, endpoint: str, rows: Sequence[DictRow]) -> None:
    for entries in _together(rows):
        given = {"messages": entries, "endpoint": endpoint, "attempts": 0}
        await put(delivery, f"delivery/{entries[0]['message']}", given, queue=endpoint)


def _together(rows: Sequence[DictRow]) -> list[list[Entry]]:
    entries = [Entry(decision=row["decision"], message=row["message"]) for row in rows]
    return [entries[at : at + TOGETHER] for at in range(0, len(entries), TOGETHER)]
