"""Following the log for as long as asked: woken by appends, supervised, and never given up."""

import logging
from collections.abc import Sequence
from threading import Event as Flag
from time import monotonic
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg import Connection

from adapters.postgres.projections import ProjectionStore
from application.projections import Projection

log = logging.getLogger(__name__)

POLL = 1.0
NAP = 0.2
"""How soon a request to stop is noticed."""
LONGEST_WAIT = 5.0
BREATH = 0.2
"""Between two rounds: under load a few large batches cost far less than many small ones."""


def follow(
    url: str, store: ProjectionStore, projections: Sequence[Projection[Any]], stop: Flag
) -> None:
    """Keep projections up with the log until told to stop."""
    wait = 0.1
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("LISTEN remit_events")
                wait = 0.1
                _follow(connection, store, projections, stop)
        except (OSError, psycopg.Error) as error:
            log.warning("following was interrupted: %s", error)
            stop.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)


def _follow(
    connection: Connection[Any],
    store: ProjectionStore,
    projections: Sequence[Projection[Any]],
    stop: Flag,
) -> None:
    # What was appended before LISTEN took hold is looked for at once.
    due = monotonic()
    while not stop.is_set():
        if monotonic() >= due:
            # In turns, so that one far behind keeps nobody waiting.
            while sum(_advance(store, projection) for projection in projections):
                if stop.is_set():
                    return
            due = monotonic() + POLL
            stop.wait(BREATH)
        for _ in connection.notifies(timeout=NAP, stop_after=1):
            due = monotonic()


def _advance(store: ProjectionStore, projection: Projection[Any]) -> int:
    """One projection that fails is reported, tried again at the next poll, and stops no other."""
    try:
        return store.advance(projection)
    except (psycopg.OperationalError, PersistenceError) as error:
        log.warning("projection %s could not be kept: %s", projection.name, error)
    except Exception:
        log.exception("projection %s failed", projection.name)
    return 0
