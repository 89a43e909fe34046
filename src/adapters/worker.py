"""The worker: follows the log with every projection, alone or beside others doing the same."""

import gc
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from threading import Event as Flag
from threading import Thread
from types import FrameType
from typing import Any

from adapters.assembly import codec
from adapters.jobs.running import Outside, running
from adapters.postgres.following import follow
from adapters.postgres.merkle import MerkleStore
from adapters.postgres.projections import Difference, ProjectionStore
from application.ports import Clock
from application.projections import Projection
from application.projections.catalogue import ALL

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Hears how far a rebuild is: the position reached, and the newest there is."""

COLLECTED_AFTER = 50_000
"""New objects between two looks for cycles. Python's own 700 cost a third of a request and of
a fold, and find nothing: what either makes is freed as it goes."""

LOOKED_AFTER = 0.5
"""Seconds between two looks whether the process beside still runs."""
FINISHES_WITHIN = 20.0
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0


def work(
    url: str,
    projections: Sequence[Projection[Any]] = ALL,
    *,
    outside: Outside | None = None,
    clock: Clock | None = None,
    while_open: bool = False,
) -> None:
    """Follow the log and run jobs until SIGTERM or SIGINT; what was begun is finished first.

    `while_open` ends it as well when standard input closes, as it does when its starter is gone.
    """
    gc.set_threshold(COLLECTED_AFTER)
    stop = Flag()
    if while_open:
        Thread(target=_wait_for_the_end, args=(stop,), name="remit-starter", daemon=True).start()

    def asked_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {wish: signal.signal(wish, asked_to_stop) for wish in (signal.SIGTERM, signal.SIGINT)}
    try:
        with running(url, outside or Outside(), clock, stop):
            supervise(url, stop, projections)
    finally:
        for wish, handler in before.items():
            signal.signal(wish, handler)


def _wait_for_the_end(stop: Flag) -> None:
    while sys.stdin.buffer.read(1):
        pass
    stop.set()


@contextmanager
def following(url: str) -> Generator[None]:
    """Follow the log in a process beside this one, which ends with this one, however that ends.

    A thread would take turns with whoever answers requests here, and make them a quarter slower.
    """
    stop = Flag()
    keeper = Thread(target=_keep_following, args=(url, stop), name="remit-keeper")
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def _keep_following(url: str, stop: Flag) -> None:
    """Start the process, and start it again if it ends before it is told to."""
    while not stop.is_set():
        # A session of its own: an interrupt at the terminal is for the starter, who passes it on.
        with subprocess.Popen(
            (sys.executable, "-m", "adapters", "work", "--while-open"),
            env=os.environ | {"REMIT_DATABASE_URL": url},
            stdin=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            while process.poll() is None and not stop.wait(LOOKED_AFTER):
                pass
            _end(process)
        if not stop.wait(FIRST_PAUSE):
            log.error("the process that follows the log ended (%s); again", process.returncode)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Let it finish what it has begun, for a while."""
    assert process.stdin is not None, "it was started with one"
    process.stdin.close()
    try:
        process.wait(timeout=FINISHES_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()


def supervise(url: str, stop: Flag, projections: Sequence[Projection[Any]] = ALL) -> None:
    """Follow the log, and begin again after whatever ends it, until told to stop."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            with (
                closing(ProjectionStore(url, codec())) as store,
                closing(MerkleStore(url)) as tree,
            ):
                follow(url, store, projections, stop, tree)
            pause = FIRST_PAUSE
        except Exception:
            log.exception("following ended; it begins again in %.1f s", pause)
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def projection_names() -> tuple[str, ...]:
    """The projections there are, by name."""
    return tuple(projection.name for projection in ALL)


def projection(name: str) -> Projection[Any]:
    """The projection of this name; `KeyError` names the ones there are."""
    for each in ALL:
        if each.name == name:
            return each
    raise KeyError(f"{name}: there are {', '.join(projection_names())}")


def rebuild(url: str, name: str, progress: Progress | None = None) -> int:
    """Fold one projection anew beside the live one, then swap; give the position it stands at."""
    with closing(ProjectionStore(url, codec())) as store:
        return store.rebuild(projection(name), progress)


def verify(url: str, name: str) -> Sequence[Difference]:
    """Every row that is not what folding the log gives."""
    with closing(ProjectionStore(url, codec())) as store:
        return store.verify(projection(name))


def catch_up(url: str) -> None:
    """Take every projection to the end of the log, and return."""
    with closing(ProjectionStore(url, codec())) as store:
        for each in ALL:
            store.catch_up(each)


def positions(url: str) -> Sequence[tuple[str, int, int]]:
    """Each projection's name, the position it has reached, and by how much it is behind."""
    with closing(ProjectionStore(url, codec())) as store:
        newest = store.newest()
        found = [(each.name, store.position(each)) for each in ALL]
    return [(name, position, max(0, newest - position)) for name, position in found]


def logged(url: str) -> tuple[str, int, int]:
    """The same of the Merkle log."""
    with closing(ProjectionStore(url, codec())) as store, closing(MerkleStore(url)) as tree:
        return tree.name, tree.position(), max(0, store.newest() - tree.position())
