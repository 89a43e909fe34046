"""Breakers: what nobody waits for, an all-clear or a trial that ends, and what a crash left."""

from procrastinate import App

from adapters.jobs.line import EVERY_SECOND
from application.desk import Caller, Desk
from application.watching import WATCHES, look_at_all


def keep_watch(app: App, desk: Desk) -> None:
    """Let this worker look at the circuit breakers."""
    seen: dict[str, int] = {}

    @app.periodic(cron=EVERY_SECOND, periodic_id="breakers")
    @app.task(name="breakers", lock="breakers", queueing_lock="breakers")
    async def breakers(timestamp: int) -> None:  # noqa: ARG001 - the library says when
        await look_at_all(desk, Caller(WATCHES), seen)
