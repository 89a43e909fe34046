"""Silences: every hour, whether feedback that was due has not come."""

import logging

from procrastinate import App

from adapters.assembly import reading
from adapters.jobs.line import found
from application.desk import Desk
from application.listening import listen

log = logging.getLogger(__name__)

EVERY_HOUR = "7 * * * *"
TYPES = "SELECT DISTINCT decision_type FROM feedback_counts WHERE length(period) = 4"


def listen_for_silence(app: App, url: str, desk: Desk) -> None:
    """Let this worker note what falls silent, once a silence."""

    @app.periodic(cron=EVERY_HOUR, periodic_id="silences")
    @app.task(name="silences", lock="silences", queueing_lock="silences")
    async def silences(timestamp: int) -> None:  # noqa: ARG001 - our own clock says how long it is
        async with reading(url) as reader:
            for row in await found(url, TYPES, {}):
                for event in await listen(row["decision_type"], desk, reader):
                    log.warning("%s %s of %s", event.TOPIC, event.feed, event.decision_type)
