"""Shadowing: a version beside the one in force, on what comes in, with no say in anything.

Nothing of it runs where decisions are made. The figures are counted from what was recorded behind
the position where the trial began, so they can be counted anew at any time, and no decision could
tell whether a trial runs.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import AwareDatetime

from application.desk import ATTEMPTS, Caller, Contended, Desk, Governed, require_match
from application.metrics.intervals import Proportion, proportion
from application.ports import Overtaken, Repeated
from application.rehearsal.history import Counted, History
from application.rehearsal.report import COMPARED, LaneCount, report_of
from application.rehearsal.tallying import Tally
from application.rehearsal.trial import Scope, Trial
from application.rehearsal.versions import trial, versions
from domain.model import Seat, Stamp, Value
from domain.policy.aggregate import Policy, find, fold
from domain.policy.events import LifeEvent
from domain.policy.shadow import Shadow
from domain.policy.trying import MAY_TRY, NoShadow, start_shadow, stop_shadow

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
FAR_OFF = datetime(9999, 1, 1, tzinfo=UTC)
MOST_KEPT = 64


class ShadowChange(Value):
    """Decisions on which the two disagree: how many, and by which rule of the one that is tried."""

    before: str
    after: str
    decisions: int
    rules: dict[str, int]
    first: tuple[str, ...]
    """The first of them."""


class ShadowView(Value):
    """A trial beside the version in force, and what it would have said of everything since."""

    decision_type: str
    version: int
    against: int
    running: bool
    started_at: AwareDatetime
    started_by: str
    ended_at: AwareDatetime | None
    position: int
    """How far in the log the decisions went that were looked at."""
    decisions: int
    agreement: Proportion
    """The share of decisions that both would have sent to the same lane."""
    straight_through_rate: Proportion
    straight_through_rate_before: Proportion
    lanes: tuple[LaneCount, ...]
    changes: tuple[ShadowChange, ...]
    rules: dict[str, int]
    compared: str = COMPARED


Decide = Callable[[Governed, Policy, Stamp], tuple[LifeEvent, ...]]


async def start(name: str, version: int, caller: Caller, desk: Desk) -> Policy:
    """Begin to try a version, on decisions that come in from now on."""
    behind = await desk.log.newest()
    return await _govern(
        name,
        caller,
        desk,
        lambda governed, policy, stamp: start_shadow(
            policy, governed.decision_type, version, behind, stamp
        ),
    )


async def stop(name: str, version: int, caller: Caller, desk: Desk) -> Policy:
    """End the trial of a version; its figures stay."""
    return await _govern(
        name,
        caller,
        desk,
        lambda governed, policy, stamp: stop_shadow(policy, governed.decision_type, version, stamp),
    )


async def _govern(name: str, caller: Caller, desk: Desk, decide: Decide) -> Policy:
    for _ in range(ATTEMPTS):
        governed, policy = await versions(name, caller, desk)
        if await desk.repeated(caller) is not None:
            return policy
        require_match(caller, policy.version)
        stamp = desk.stamp(caller, caller.actor(name, *_held(governed, caller)))
        events = decide(governed, policy, stamp)
        try:
            await desk.record(events, caller)
        except (Overtaken, Repeated):
            continue
        desk.forget(name)
        after = fold(events, policy)
        assert after is not None
        return after
    raise Contended(f"gave up after {ATTEMPTS} attempts")


def _held(governed: Governed, caller: Caller) -> tuple[Seat, ...]:
    """The seats that are really the caller's, of those that may."""
    owner = governed.decision_type.owner
    return tuple(seat for seat in MAY_TRY if owner(seat) == caller.identity.id)


@dataclass(slots=True)
class Figures:
    """Reads figures, and counts on from where it was when it was asked last."""

    history: History
    _known: dict[str, Counted] = field(default_factory=dict[str, Counted])
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, name: str, version: int, caller: Caller, desk: Desk) -> ShadowView:
        """The figures of the last trial of a version."""
        governed, policy = await versions(name, caller, desk)
        candidate, shadow = find(policy, version), policy.shadow
        if shadow is None or shadow.version != version:
            raise NoShadow(f"version {version} of {name}")
        tried = trial(governed, candidate, find(policy, shadow.against))
        async with self._turn:
            counted = await asyncio.to_thread(self._counted, tried, shadow)
        return view_of(tried, shadow, counted)

    def _counted(self, tried: Trial, shadow: Shadow) -> Counted:
        # A definition that changes says otherwise what can be undone, so it is counted anew.
        key = f"{shadow.behind} {shadow.started_at} {tried.model_dump_json()}"
        before = self._known.get(key) or Counted(Tally(), shadow.behind)
        scope = Scope(since=LONG_AGO, until=shadow.ended_at or FAR_OFF, behind=before.position)
        more = self.history.count(tried, scope)
        whole = Tally()
        whole.add(before.tally)
        whole.add(more.tally)
        counted = Counted(whole, max(before.position, more.position))
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        self._known[key] = counted
        return counted


def view_of(tried: Trial, shadow: Shadow, counted: Counted) -> ShadowView:
    """What both would have said, where they differ, and by which rule."""
    scope = Scope(since=shadow.started_at, until=shadow.ended_at or FAR_OFF)
    report = report_of(tried, scope, counted.position, counted.tally)
    same = report.decisions - report.changed
    return ShadowView(
        decision_type=report.decision_type,
        version=shadow.version,
        against=shadow.against,
        running=shadow.is_running,
        started_at=shadow.started_at,
        started_by=shadow.started_by,
        ended_at=shadow.ended_at,
        position=report.position,
        decisions=report.decisions,
        agreement=proportion("shadow_agreement/1", same, report.decisions),
        straight_through_rate=report.straight_through_rate,
        straight_through_rate_before=report.straight_through_rate_before,
        lanes=report.lanes,
        changes=tuple(
            ShadowChange(
                before=change.before,
                after=change.after,
                decisions=change.decisions,
                rules=change.rules,
                first=tuple(one.decision for one in change.first),
            )
            for change in report.changes
        ),
        rules=report.rules,
    )
