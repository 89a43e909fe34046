"""What may be done to a decision type: each command returns the events it causes, or refuses."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TypedDict

from domain.decision_type.definition import Baseline, DecisionTypeDefinition, contradictions
from domain.decision_type.events import (
    Activated,
    BaselineRegistered,
    BreakerHalfOpened,
    BreakerTripped,
    Drafted,
    LifeEvent,
    OwnerAssigned,
    OwnerVacated,
    Resumed,
    Retired,
    StageChanged,
    StageProposed,
    Suspended,
)
from domain.decision_type.ladder import Grounds, NotEarned
from domain.decision_type.state import DecisionType, Status, stream_id
from domain.model import (
    OWNER_SEATS,
    Actor,
    Forbidden,
    Malformed,
    Seat,
    Stamp,
    Unauthorised,
    envelope,
)
from domain.values import Stage

Events = tuple[LifeEvent, ...]


class OwnerVacant(Malformed):
    """Every one of the four owner seats must be filled before a decision type goes live."""

    CODE = "EXC.OWNER_VACANT"


class OwnersNotDistinct(Malformed):
    """The decision owner and the risk owner must be two people."""

    CODE = "REJ.OWNERS_NOT_DISTINCT"


class NotYourSeat(Unauthorised):
    """Only the seats named may do this."""

    CODE = "REJ.seat"


class WrongStatus(Forbidden):
    """The decision type is not in a state that allows this."""

    CODE = "REJ.decision_type_state"


class BaselineStands(Forbidden):
    """A baseline is registered once and never changed."""

    CODE = "REJ.baseline_immutable"


class NothingMeasured(Malformed):
    """A baseline holds at least one number that was measured."""

    CODE = "REJ.baseline_empty"


class NotAnOwnerSeat(Malformed):
    """Only the four owner seats can be assigned."""

    CODE = "REJ.seat_unknown"


def require_seat(state: DecisionType, actor: Actor, *allowed: Seat) -> None:
    """Refuse unless a person acts from one of the allowed owner seats, and really holds it."""
    if not actor.is_person:
        raise NotYourSeat(f"a {actor.kind} is not a person; this takes {_any_of(allowed)}")
    seat = actor.seat
    if seat is None or seat not in allowed or state.owner(seat) != actor.id:
        raise NotYourSeat(f"{actor.id} does not act as {_any_of(allowed)} of {state.name}")


def _require_a_hand_in(state: DecisionType, actor: Actor) -> None:
    """A type's seats are changed by those who own it, or by who stands in for them."""
    trusted = {*state.owners.values(), state.definition.fallback_owner}
    if not (actor.is_person and actor.id in trusted):
        raise NotYourSeat(f"{actor.id} is neither an owner nor the fallback owner of {state.name}")


def author_of(state: DecisionType | None, definition: DecisionTypeDefinition) -> str:
    """Who answers for what a decision type is; where nobody sits, the fallback owner."""
    if state is not None:
        return state.owner(Seat.DECISION_OWNER) or state.definition.fallback_owner
    return definition.owners.get(Seat.DECISION_OWNER, definition.fallback_owner)


def _require_author(
    state: DecisionType | None, definition: DecisionTypeDefinition, actor: Actor
) -> None:
    author = author_of(state, definition)
    acts = actor.is_person and actor.seat is Seat.DECISION_OWNER
    if not acts or actor.id != author:
        name = definition.name
        raise NotYourSeat(f"{author} acts as decision owner of {name}, not {actor.id}")


def _any_of(seats: tuple[Seat, ...]) -> str:
    return " or ".join(seat.spoken for seat in seats)


def draft(state: DecisionType | None, definition: DecisionTypeDefinition, stamp: Stamp) -> Events:
    """Write down what the decision is, or change it. The owners named in it take their seats, and
    a baseline in it is registered.

    That is the decision owner's to do: who sits there, or who a new one names.
    """
    _require_author(state, definition, stamp.actor)
    if state is not None and state.status is Status.RETIRED:
        raise WrongStatus(f"{state.name} is retired")
    for fact, said in contradictions(definition.context).items():
        raise Malformed(f"context.{fact}: {said}")
    _require_the_baseline_stands(state, definition)
    id = state.id if state else stream_id(definition.name)
    version = state.version if state else 0
    drafted = Drafted(
        **envelope(id, version + 1, stamp), decision_type=definition.name, definition=definition
    )
    held = state.owners if state else {}
    new = {s: p for s, p in definition.owners.items() if held.get(s) != p}
    if state is not None and state.status is Status.ACTIVE:
        _separated({**held, **new})
    assigned = (
        OwnerAssigned(
            **envelope(id, version + step, stamp),
            decision_type=definition.name,
            seat=seat,
            person=person,
        )
        for step, (seat, person) in enumerate(sorted(new.items()), start=2)
    )
    return (drafted, *assigned, *_registered(state, definition, version + 1 + len(new), stamp))


def _require_the_baseline_stands(
    state: DecisionType | None, definition: DecisionTypeDefinition
) -> None:
    """A definition brings no other baseline than the one on record, and none after go-live."""
    said = definition.baseline
    if state is None or said is None or said in (state.baseline, state.definition.baseline):
        return
    if state.baseline is not None:
        raise BaselineStands(f"{state.name} has one from {state.baseline.source}")
    _require_before_go_live(state)


def _registered(
    state: DecisionType | None, definition: DecisionTypeDefinition, version: int, stamp: Stamp
) -> Iterator[BaselineRegistered]:
    """The baseline that a definition brings, put on record where there is none yet."""
    new = state is None or (state.baseline is None and state.status is Status.DRAFT)
    if definition.baseline is not None and new:
        _require_a_measurement(definition.baseline)
        yield BaselineRegistered(
            **envelope(stream_id(definition.name), version + 1, stamp),
            decision_type=definition.name,
            baseline=definition.baseline,
        )


def assign_owner(state: DecisionType, seat: Seat, person: str, stamp: Stamp) -> Events:
    """Give a seat to a person. On a live type, the two separated seats must stay separated."""
    if seat not in OWNER_SEATS:
        raise NotAnOwnerSeat(f"seat: found {seat}, allowed are {', '.join(OWNER_SEATS)}")
    _require_a_hand_in(state, stamp.actor)
    if state.status is Status.ACTIVE:
        _separated({**state.owners, seat: person})
    return (OwnerAssigned(**state.next(stamp), decision_type=state.name, seat=seat, person=person),)


def vacate_owner(state: DecisionType, seat: Seat, stamp: Stamp) -> Events:
    """Record that a seat is empty; what it owned falls to the fallback owner."""
    if seat not in state.owners:
        raise WrongStatus(f"the seat {seat} is empty already")
    _require_a_hand_in(state, stamp.actor)
    return (OwnerVacated(**state.next(stamp), decision_type=state.name, seat=seat),)


def register_baseline(state: DecisionType, baseline: Baseline, stamp: Stamp) -> Events:
    """Put the measurement from before go-live on record, once and before going live."""
    _require_author(state, state.definition, stamp.actor)
    if state.baseline is not None:
        raise BaselineStands(f"{state.name} has one from {state.baseline.source}")
    _require_before_go_live(state)
    _require_a_measurement(baseline)
    return (BaselineRegistered(**state.next(stamp), decision_type=state.name, baseline=baseline),)


def _require_before_go_live(state: DecisionType) -> None:
    if state.status is not Status.DRAFT:
        raise WrongStatus(f"{state.name} is {state.status}; a baseline comes before go-live")


def _require_a_measurement(baseline: Baseline) -> None:
    if baseline.cycle_time_p50_seconds is None and baseline.eligible_per_day is None:
        raise NothingMeasured(
            "baseline: found no number, needs cycle_time_p50_seconds or eligible_per_day"
        )


def activate(state: DecisionType, stamp: Stamp) -> Events:
    """Go live: four seats filled, and the decision owner not the risk owner."""
    _require_author(state, state.definition, stamp.actor)
    if state.status is not Status.DRAFT:
        raise WrongStatus(f"{state.name} is {state.status}")
    if vacant := state.vacant_seats():
        raise OwnerVacant(f"owners: nobody holds {', '.join(vacant)}")
    _separated(state.owners)
    return (Activated(**state.next(stamp), decision_type=state.name),)


def _separated(owners: dict[Seat, str]) -> None:
    decision, risk = owners.get(Seat.DECISION_OWNER), owners.get(Seat.RISK_OWNER)
    if decision is not None and decision == risk:
        raise OwnersNotDistinct(f"owners: {decision} holds both seats")


def propose_stage(
    state: DecisionType,
    stage: Stage,
    partial_share: Decimal,
    stamp: Stamp,
    grounds: Grounds | None = None,
) -> Events:
    """Ask for another autonomy stage, or agree to what another owner asked for.

    Where more would be automated than now, the grounds have to be there each time.
    """
    require_seat(state, stamp.actor, Seat.DECISION_OWNER, Seat.RISK_OWNER)
    if stage is Stage.PARTIAL and not 0 < partial_share < 1:
        raise Malformed(f"partial_share: found {partial_share}, allowed is between 0 and 1")
    if _too_soon(state, stage, partial_share):
        raise WrongStatus(f"{state.name} goes no further before its circuit breaker is closed")
    grounds = _earned(state, stage, partial_share, grounds)
    asked = state.proposal
    agrees = asked is not None and (asked.stage, asked.partial_share) == (stage, partial_share)
    if asked is not None and agrees and asked.proposed_by != stamp.actor.id:
        return (
            StageChanged(
                **state.next(stamp),
                decision_type=state.name,
                stage=stage,
                partial_share=partial_share,
                grounds=grounds,
            ),
        )
    return (
        StageProposed(
            **state.next(stamp),
            decision_type=state.name,
            stage=stage,
            partial_share=partial_share,
            grounds=grounds,
        ),
    )


def _earned(
    state: DecisionType, stage: Stage, share: Decimal, grounds: Grounds | None
) -> Grounds | None:
    """What speaks for it, or a refusal with what is missing; nothing has to for automating less."""
    if stage not in (Stage.PARTIAL, Stage.FULL) or not _goes_further(state, stage, share):
        return None
    if grounds is None:
        raise NotEarned("there is no policy in force, or no evidence can be looked at here")
    if objections := grounds.objections():
        raise NotEarned("; ".join(objections))
    return grounds


def _too_soon(state: DecisionType, stage: Stage, share: Decimal) -> bool:
    """Whether its breaker has to be closed first. A trial takes stage `partial`, and no more."""
    if not _goes_further(state, stage, share):
        return False
    tries = state.half_open and state.stage is not Stage.PARTIAL and stage is Stage.PARTIAL
    return (state.breaker_open or state.half_open) and not tries


def _goes_further(state: DecisionType, stage: Stage, share: Decimal) -> bool:
    """Whether more would be automated than now."""
    before, after = LADDER.index(state.stage), LADDER.index(stage)
    return after > before or (stage is state.stage and share > state.partial_share)


LADDER = (Stage.OBSERVE, Stage.ASSIST, Stage.PARTIAL, Stage.FULL)
"""The stages, each with more automation than the one before."""


def suspend(state: DecisionType, reason_code: str, comment: str | None, stamp: Stamp) -> Events:
    """Pull the kill switch. Any of the four owners may; pulling it twice adds nothing."""
    require_seat(state, stamp.actor, *OWNER_SEATS)
    if state.suspended:
        return ()
    return (
        Suspended(
            **state.next(stamp),
            decision_type=state.name,
            reason_code=reason_code,
            comment=comment,
        ),
    )


def trip_breaker(
    state: DecisionType, stream: str, detail: str, stamp: Stamp, label: int | None = None
) -> Events:
    """Stop automation because the evidence turned."""
    if state.breaker_open:
        return ()
    return (
        BreakerTripped(
            **state.next(stamp),
            decision_type=state.name,
            stream=stream,
            detail=detail,
            label=label,
        ),
    )


def resume(state: DecisionType, reason_code: str, comment: str | None, stamp: Stamp) -> Events:
    """Allow automation again. Only the risk owner may: it loosens a boundary.

    After the breaker was open, that is a trial: all of it is checked until enough went well.
    """
    require_seat(state, stamp.actor, Seat.RISK_OWNER)
    if not state.halted:
        return ()
    why: _Why = {"reason_code": reason_code, "comment": comment}
    resumed = Resumed(**state.next(stamp), decision_type=state.name, **why)
    if not state.breaker_open:
        return (resumed,)
    half_opened = BreakerHalfOpened(**state.next(stamp, 2), decision_type=state.name, **why)
    return (resumed, half_opened)


class _Why(TypedDict):
    reason_code: str
    comment: str | None


def retire(state: DecisionType, stamp: Stamp) -> Events:
    """Take no more recommendations of this type."""
    require_seat(state, stamp.actor, Seat.DECISION_OWNER)
    if state.status is Status.RETIRED:
        return ()
    return (Retired(**state.next(stamp), decision_type=state.name),)
