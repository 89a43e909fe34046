"""Recommending: a service hands over what its AI suggests and learns who acts."""

from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from application.attempts import record_attempt
from application.desk import (
    ATTEMPTS,
    Answer,
    Caller,
    Contended,
    Desk,
    Governed,
    same_content,
)
from application.ports import (
    Forgotten,
    Overtaken,
    PriorCommand,
    Repeated,
    Stale,
    SubjectEntry,
    SubjectTaken,
)
from application.redrawing import drawn
from domain.admission import Admitted, InvalidInput, admit
from domain.composing import ORGANISATION
from domain.conflict import Conflict, join, open_conflict
from domain.conflict import Status as ConflictStatus
from domain.decision.conflicting import against, hold_for_conflict
from domain.decision.events import LifeEvent, Recommended
from domain.decision.opening import (
    Lots,
    Submission,
    dispatch,
    recommended,
    supersede,
)
from domain.decision.state import Decision, evolve, fold
from domain.decision_type.state import Status
from domain.model import Event, Forbidden, Seat, Stamp, Value
from domain.routing import Case, Ruling, route
from domain.values import ModelRef, Recommendation, Stage

Text = Field(min_length=1, max_length=200)


class Recommend(Value):
    """What a producer sends: one proposed action on one subject."""

    decision_type: str = Text
    subject: str = Text
    subject_version: str | None = Field(default=None, max_length=200)
    recommendation: Recommendation
    model: ModelRef
    context: dict[str, JsonValue] = Field(default_factory=dict)
    workflow: str | None = Field(default=None, max_length=200)
    recommended_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    previous: UUID | None = None
    data_subject: str | None = Field(default=None, min_length=1, max_length=200)
    """The person its personal facts are about, as the caller knows them; else the subject."""


class NotActive(Forbidden):
    """Only an active decision type takes recommendations."""

    CODE = "REJ.decision_type_state"


class _Attempt(NamedTuple):
    """One try at deciding: everything it rests on, so that a newer world means a new attempt."""

    id: UUID
    submission: Submission
    governed: Governed
    stamp: Stamp
    lots: Lots
    ruling: Ruling


class _Opened(NamedTuple):
    """A decision as it begins: its first event, the state that leaves, and where it went on to."""

    first: Recommended
    decision: Decision
    rest: tuple[LifeEvent, ...]


class _Beside(NamedTuple):
    """The other live decisions on the subject: those seen, and what becomes of some of them."""

    seen: frozenset[UUID] = frozenset()
    events: tuple[Event, ...] = ()
    leaves: tuple[UUID, ...] = ()


_NOBODY = _Beside()


async def recommend(command: Recommend, caller: Caller, desk: Desk) -> Answer:
    """Route a recommendation under the policy in force and record both as one fact."""
    try:
        return await _recommend(command, caller, desk)
    except (NotActive, InvalidInput) as refusal:
        # The decision type may have changed since this very command was accepted.
        if prior := await desk.repeated(caller):
            return await as_before(prior, desk)
        if isinstance(refusal, InvalidInput):
            content = sha256(command.model_dump_json().encode()).hexdigest()
            await record_attempt(command.decision_type, refusal, f"sha256:{content}", caller, desk)
        raise


async def _recommend(command: Recommend, caller: Caller, desk: Desk) -> Answer:
    seen: frozenset[UUID] = frozenset()
    for _ in range(ATTEMPTS):
        attempt = await _attempt(command, caller, desk)
        if attempt.governed.decision_type.definition.personal:
            # Whoever was erased is not made known again by a command that only comes back.
            if prior := await desk.repeated(caller):
                return await as_before(prior, desk)
            attempt = await _about_someone(attempt, command, desk)
        try:
            if seen:
                return await _beside_others(attempt, seen, caller, desk)
            return await _alone(attempt, caller, desk)
        except SubjectTaken as taken:
            seen = taken.live
        except Stale:
            desk.forget(command.decision_type)
        except (Overtaken, Forgotten):
            continue
        except Repeated as repeated:
            assert caller.command is not None, "only a keyed command repeats"
            same_content(caller.command, repeated.prior)
            return await as_before(repeated.prior, desk)
    raise Contended(f"gave up after {ATTEMPTS} attempts")


async def as_before(prior: PriorCommand, desk: Desk) -> Answer:
    """What the command answered the first time."""
    return Answer(await desk.decision(prior.stream, up_to=prior.version), replayed=True)


async def _attempt(command: Recommend, caller: Caller, desk: Desk) -> _Attempt:
    actor = caller.require(command.decision_type, Seat.PRODUCER)
    governed = await desk.governed(command.decision_type)
    try:
        admitted = _admitted(command, governed)
    except (NotActive, InvalidInput):
        if not await desk.renewed(governed):
            raise
        governed = await desk.governed(command.decision_type)
        admitted = _admitted(command, governed)
    stamp = desk.stamp(caller, actor)
    governed = governed.at(stamp.at)
    id = desk.new_id()
    lots = lots_for(id, governed, desk)
    house = governed.organisation_policy
    case = Case(
        command.recommendation,
        admitted.facts,
        lots.partial,
        actor.id,
        house,
        command.model,
        governed.halts,
    )
    ruling = route(case, governed.decision_type, governed.active_policy)
    return _Attempt(id, _submission(command, admitted), governed, stamp, lots, ruling)


def _admitted(command: Recommend, governed: Governed) -> Admitted:
    """The recommendation as facts, if its decision type takes any and it fits."""
    if command.decision_type == ORGANISATION:
        raise NotActive(f"{ORGANISATION} has a policy for all decision types, and no decisions")
    if governed.decision_type.status is not Status.ACTIVE:
        raise NotActive(f"{command.decision_type} is {governed.decision_type.status}")
    return admit(command.recommendation, command.context, governed.decision_type.definition)


def _submission(command: Recommend, admitted: Admitted) -> Submission:
    """What was sent, its context as it is recorded: both have been checked, field by field."""
    said: dict[str, Any] = command.__dict__ | {
        "context": admitted.context,
        "personal": admitted.personal,
        "data_subject": None,
    }
    return Submission.model_construct(None, **said)


async def _about_someone(attempt: _Attempt, command: Recommend, desk: Desk) -> _Attempt:
    """The attempt with an id for the person it is about; the reference itself stays outside."""
    id = await desk.data_subject(command.data_subject or command.subject)
    known = attempt.submission.model_copy(update={"data_subject": id})
    return attempt._replace(submission=known)


def lots_for(id: UUID, governed: Governed, desk: Desk) -> Lots:
    """The lots that are drawn for a decision: none where nothing depends on one."""
    decision_type = governed.decision_type
    in_force = (governed.active_policy, governed.organisation_policy)
    by_lot = decision_type.stage is Stage.PARTIAL
    return Lots(
        partial=desk.lots.partial(id) if by_lot else None,
        quality=drawn(id, decision_type, in_force, desk.lots),
    )


async def _alone(attempt: _Attempt, caller: Caller, desk: Desk) -> Answer:
    """The common case: no other live decision stands on the subject."""
    decision_type, stamp = attempt.governed.decision_type, attempt.stamp
    first = recommended(attempt.id, attempt.submission, stamp)
    opened = evolve(None, first)
    rest = dispatch(opened, attempt.ruling, decision_type, attempt.lots, stamp)
    return await _recorded(attempt, _Opened(first, opened, rest), _NOBODY, caller, desk)


async def _beside_others(
    attempt: _Attempt, seen: frozenset[UUID], caller: Caller, desk: Desk
) -> Answer:
    """Other live decisions stand on the subject: replace one's own, and settle who conflicts."""
    known = [await desk.decision(id) for id in sorted(seen)]
    others = [o for o in known if o.is_open]  # the append tells if one has ended meanwhile
    producer, decision_type = attempt.stamp.actor.id, attempt.governed.decision_type
    replaced = [o for o in others if o.authority is None and o.producer == producer]
    opposed = against(others, attempt.submission.recommendation, producer, decision_type)
    ended = [e for old in replaced for e in supersede(old, attempt.id, attempt.stamp)]
    submission = attempt.submission
    if replaced and submission.previous is None:
        submission = submission.model_copy(update={"previous": replaced[-1].id})
    first = recommended(attempt.id, submission, attempt.stamp)
    opened = evolve(None, first)
    if opposed:
        rest, held = await _in_conflict(opened, opposed, others, attempt, desk)
    else:
        rest = dispatch(opened, attempt.ruling, decision_type, attempt.lots, attempt.stamp)
        held = []
    leaves = tuple(old.id for old in replaced)
    beside = _Beside(seen, (*ended, *held), leaves)
    return await _recorded(attempt, _Opened(first, opened, rest), beside, caller, desk)


async def _in_conflict(
    opened: Decision,
    opposed: list[Decision],
    others: list[Decision],
    attempt: _Attempt,
    desk: Desk,
) -> tuple[tuple[LifeEvent, ...], list[Event]]:
    """Hold everyone who can still be held under one conflict; nobody automates."""
    decision_type, stamp = attempt.governed.decision_type, attempt.stamp
    standing = await _open_conflict(others, desk)
    members = (*(o.id for o in opposed), opened.id)
    events: list[Event] = []
    if standing is None:
        id, subject = desk.new_id(), attempt.submission.subject
        events.append(open_conflict(id, decision_type.name, subject, members, stamp))
    else:
        id = standing.id
        events.extend(join(standing, members, stamp))
    for other in opposed:
        if other.authority is None and not other.in_conflict:
            events.extend(hold_for_conflict(other, id, decision_type, stamp))
    return hold_for_conflict(opened, id, decision_type, stamp), events


async def _open_conflict(others: list[Decision], desk: Desk) -> Conflict | None:
    """The conflict that is open on the subject: there is never more than one."""
    for other in others:
        if other.in_conflict and other.conflict is not None:
            conflict = await desk.conflict(other.conflict)
            if conflict.status is ConflictStatus.OPEN:
                return conflict
    return None


async def _recorded(
    attempt: _Attempt, opening: _Opened, beside: _Beside, caller: Caller, desk: Desk
) -> Answer:
    submission = attempt.submission
    await desk.record(
        (opening.first, *opening.rest, *beside.events),
        caller,
        expects=attempt.governed.expects,
        enters=SubjectEntry(submission.decision_type, submission.subject, attempt.id, beside.seen),
        leaves=beside.leaves,
    )
    decision = fold(opening.rest, opening.decision)
    assert decision is not None
    desk.remember(decision)
    return Answer(decision)
