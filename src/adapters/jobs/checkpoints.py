"""Checkpoints: signed and published every so often, by one worker at a time."""

import logging

from procrastinate import App

from adapters.jobs.line import EVERY_SECOND
from adapters.publication import Publication
from adapters.signing.outlets import Courier
from application.audit.ledger import Ledger
from application.ports import Clock, Overtaken
from domain.model import Refusal

log = logging.getLogger(__name__)


def sign_and_publish(
    app: App, publication: Publication, ledger: Ledger, courier: Courier, clock: Clock
) -> None:
    """Let this worker publish what was recorded since the last time."""

    @app.periodic(cron=EVERY_SECOND, periodic_id="checkpoints")
    @app.task(name="checkpoints", lock="checkpoints", queueing_lock="checkpoints")
    async def checkpoints(timestamp: int) -> None:  # noqa: ARG001 - our own clock says when
        newest = await ledger.checkpoint()
        if newest and clock.now() < newest.published_at + publication.every:
            return
        try:
            await publication.publish(ledger, courier)
        except Overtaken:
            return
        except Refusal as refusal:
            log.error("no checkpoint was published: %s %s", refusal.title, refusal)
