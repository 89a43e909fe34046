"""Following the log for as long as asked: woken by appends, supervised, and never given up."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event as Flag
from time import monotonic
from typing import Any, Protocol

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


class Follower(Protocol):
    """What else follows the log, in batches of its own."""

    @property
    def name(self) -> str: ...

    def advance(self) -> int:
        """Go a batch further; give how many events there were."""
        ...


Turn = tuple[str, Callable[[], int]]
"""Who follows, and how it goes further."""


def follow(
    url: str,
    store: ProjectionStore,
    projections: Sequence[Projection[Any]],
    stop: Flag,
    *beside: Follower,
) -> None:
    """Keep projections, and what else follows, up with the log until told to stop."""
    turns: list[Turn] = [(each.name, partial(store.advance, each)) for each in projections]
    turns += [(each.name, each.advance) for each in beside]
    wait = 0.1
    while not stop.is_set():
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("LISTEN remit_events")
                wait = 0.1
                _follow(connection, turns, stop)
        except (OSError, psycopg.Error) as error:
            log.warning("following was interrupted: %s", error)
            stop.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)


def _follow(connection: Connection[Any], turns: Sequence[Turn], stop: Flag) -> None:
    # What was appended before LISTEN took hold is looked for at once.
    due = monotonic()
    while not stop.is_set():
        if monotonic() >= due:
            # In turns, so that one far behind keeps nobody waiting.
            while sum(_advance(*turn) for turn in turns):
                if stop.is_set():
                    return
            due = monotonic() + POLL
            stop.wait(BREATH)
        for _ in connection.notifies(timeout=NAP, stop_after=1):
            due = monotonic()


def _advance(name: str, advance: Callable[[], int]) -> int:
    """One follower that fails is reported, tried again at the next poll, and stops no other."""
    try:
        return advance()
    except (psycopg.OperationalError, PersistenceError) as error:
        log.warning("projection %s could not be kept: %s", name, error)
    except Exception:
        log.exception("projection %s failed", name)
    return 0
