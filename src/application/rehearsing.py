"""Rehearsing: a version put to recorded history, before anybody signs it.

Whoever asks gets an id at once; the work is done elsewhere, and stands on a shelf. A rehearsal that
nobody has heard of for a while was interrupted: it changed nothing, and is asked for anew.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Literal, Protocol
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from application.desk import ATTEMPTS, Caller, Contended, Desk, Governed
from application.metrics.window import Window
from application.ports import Identity, Overtaken
from application.rehearsal.history import Cancelled, History
from application.rehearsal.report import Report, digest_of, report_of
from application.rehearsal.trial import Scope
from application.rehearsal.versions import trial, versions
from domain.decision_type.commands import require_seat
from domain.model import Actor, Forbidden, NotFound, Seat, Stamp, Value
from domain.policy.aggregate import find
from domain.policy.rehearsal import Rehearsal
from domain.policy.trying import rehearsed

log = logging.getLogger(__name__)

State = Literal["running", "done", "failed", "cancelled", "interrupted"]
SILENT_FOR = timedelta(seconds=60)
"""Without a word for so long, whoever did it is gone."""
BEAT = 0.5
MOST_AT_ONCE = 2
PREFERRED = (Seat.AI_PRODUCT_OWNER, Seat.RISK_OWNER, Seat.DECISION_OWNER)
KEYED = UUID("5d1e1f6e-3c54-5a55-9d07-0f4d2a9f1c30")
"""Namespace of the ids of rehearsals that were asked for under an idempotency key."""


class NoSuchRehearsal(NotFound):
    """No rehearsal of this id is known for this version."""

    CODE = "REJ.rehearsal_unknown"


class TooManyRehearsals(Forbidden):
    """Only so many rehearsals run at once: they take what decisions leave of the processors."""

    CODE = "REJ.rehearsals_run"


class Asked(Value):
    """What is to be rehearsed, and on whose wish."""

    decision_type: str
    version: int
    against: int | None
    since: AwareDatetime
    until: AwareDatetime
    actor: Actor
    correlation_id: UUID
    at: AwareDatetime


class Standing(Value):
    """A rehearsal on the shelf: how far it is, or what it has shown."""

    id: UUID
    asked: Asked
    state: State
    done: int = 0
    total: int | None = None
    silent: timedelta = timedelta(0)
    problem: str | None = None
    report: Report | None = None

    @property
    def now(self) -> State:
        """Its state, as far as anybody can tell."""
        gone = self.state == "running" and self.silent > SILENT_FOR
        return "interrupted" if gone else self.state


class Shelf(Protocol):
    """Where rehearsals stand. A closed one is never changed again."""

    async def open(self, id: UUID, asked: Asked) -> bool:
        """Begin one; False where it stands there already."""
        ...

    async def find(self, id: UUID) -> Standing | None:
        """How it stands."""
        ...

    async def running(self) -> int:
        """How many run that were heard of within `SILENT_FOR`."""
        ...

    async def beat(self, id: UUID, done: int, total: int) -> bool:
        """Say how far it is; False where it is not wanted any more."""
        ...

    async def close(
        self, id: UUID, state: State, *, problem: str | None = None, report: Report | None = None
    ) -> bool:
        """End a running one; False where it had ended."""
        ...


class Runner(Protocol):
    """Does rehearsals elsewhere, never where requests are answered."""

    def start(self, id: UUID) -> None:
        """Begin to `perform` what stands on the shelf."""
        ...


async def begin(
    name: str,
    version: int,
    window: Window,
    caller: Caller,
    desk: Desk,
    shelf: Shelf,
    runner: Runner,
) -> Standing:
    """Ask for a rehearsal. An owner of the decision type may: it is kept with the version."""
    governed, policy = await versions(name, caller, desk)
    actor = _owner(caller, governed)
    find(policy, version)
    id = desk.new_id() if caller.command is None else uuid5(KEYED, _spelled(caller))
    if (known := await shelf.find(id)) is not None:
        return known
    if (running := await shelf.running()) >= MOST_AT_ONCE:
        raise TooManyRehearsals(f"{running} run now; ask again when one is done")
    asked = Asked(
        decision_type=governed.decision_type.name,
        version=version,
        against=policy.active_version,
        since=window.since,
        until=window.until,
        actor=actor,
        correlation_id=caller.correlation_id,
        at=desk.clock.now(),
    )
    if await shelf.open(id, asked):
        runner.start(id)
    return await look(name, version, id, caller, shelf)


def _owner(caller: Caller, governed: Governed) -> Actor:
    """The caller in the owner's seat that is really theirs, in person."""
    state = governed.decision_type
    held = (seat for seat in PREFERRED if state.owner(seat) == caller.identity.id)
    actor = caller.actor(state.name, *held)
    require_seat(state, actor, *PREFERRED)
    return actor


def _spelled(caller: Caller) -> str:
    assert caller.command is not None, "asked under a key"
    command = caller.command
    return f"{command.scope}\n{command.key}\n{command.digest.hex()}"


async def look(name: str, version: int, id: UUID, caller: Caller, shelf: Shelf) -> Standing:
    """How a rehearsal stands, and its report once it is done."""
    caller.require_any_seat(name)
    standing = await shelf.find(id)
    if standing is None or (standing.asked.decision_type, standing.asked.version) != (
        name,
        version,
    ):
        raise NoSuchRehearsal(f"id: found {id}")
    return standing


async def cancel(
    name: str, version: int, id: UUID, caller: Caller, desk: Desk, shelf: Shelf
) -> Standing:
    """End a rehearsal that is not wanted any more; one that has ended stays as it is."""
    governed, _ = await versions(name, caller, desk)
    _owner(caller, governed)
    await look(name, version, id, caller, shelf)
    await shelf.close(id, "cancelled")
    return await look(name, version, id, caller, shelf)


async def perform(id: UUID, desk: Desk, history: History, shelf: Shelf) -> None:
    """Do what stands on the shelf, and put what came of it there."""
    standing = await shelf.find(id)
    if standing is None or standing.state != "running":
        return
    try:
        await _perform(standing, desk, history, shelf)
    except Cancelled:
        await shelf.close(id, "cancelled")
    except Exception as error:
        log.exception("rehearsal %s failed", id)
        await shelf.close(id, "failed", problem=f"{type(error).__name__}: {error}"[:500])


async def _perform(standing: Standing, desk: Desk, history: History, shelf: Shelf) -> None:
    asked = standing.asked
    governed = await desk.governed_now(asked.decision_type)
    assert governed.policy is not None, "it was asked for a version of it"
    against = None if asked.against is None else find(governed.policy, asked.against)
    tried = trial(governed, find(governed.policy, asked.version), against)
    scope = Scope(since=asked.since, until=asked.until)
    counted = await asyncio.to_thread(history.count, tried, scope, _heard(standing.id, shelf))
    report = report_of(tried, scope, counted.position, counted.tally)
    if await shelf.close(standing.id, "done", report=report):
        await _keep(standing, report, desk)


def _heard(id: UUID, shelf: Shelf) -> Callable[[int, int], bool]:
    """Tells the shelf now and then how far it is, from the thread that counts."""
    loop = asyncio.get_running_loop()
    due = 0.0

    def heard(done: int, total: int) -> bool:
        nonlocal due
        if monotonic() < due and done < total:
            return False
        due = monotonic() + BEAT
        return not asyncio.run_coroutine_threadsafe(shelf.beat(id, done, total), loop).result()

    return heard


async def _keep(standing: Standing, report: Report, desk: Desk) -> None:
    """The event on the version. The report is there before it, so that it never points nowhere."""
    asked = standing.asked
    short = in_short(standing.id, report)
    for _ in range(ATTEMPTS):
        policy = await desk.policy(asked.decision_type)
        assert policy is not None, "it was asked for a version of it"
        stamp = Stamp(at=desk.clock.now(), actor=asked.actor, correlation_id=asked.correlation_id)
        try:
            await desk.record(rehearsed(policy, short, stamp), _writer(asked))
        except Overtaken:
            continue
        desk.forget(asked.decision_type)
        return
    raise Contended(f"gave up after {ATTEMPTS} attempts")


def _writer(asked: Asked) -> Caller:
    """Whoever asked, for a write that is no command of theirs."""
    return Caller(Identity(asked.actor.id, asked.actor.kind.value))


def in_short(id: UUID, report: Report) -> Rehearsal:
    """What is kept of a report with the version it is about."""
    assert report.version is not None, "a file's policy has no version to keep it with"
    return Rehearsal(
        id=id,
        version=report.version,
        against=report.against,
        since=report.window.since,
        until=report.window.until,
        position=report.position,
        decisions=report.decisions,
        changed=report.changed,
        automated=report.automated,
        automated_before=report.automated_before,
        report_digest=digest_of(report),
    )
