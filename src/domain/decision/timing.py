"""What time alone does to a decision: it moves a choice up the ladder, asks for a receipt that did
not come, or ends what has lapsed. It never approves anything, and after the end it only asks
somebody else about what was raised over what was done.

The ladder ends with the fallback owner. Who is not heard from there either is not asked for ever:
the safe default of the exception that had people asked, or of REVIEW_TIMEOUT, says what stands, and
the clock stops until somebody acts.
"""

from datetime import datetime

from domain.decision.events import ActionUnknown, DeadlineMissed, DeadlineNear, Expired
from domain.decision.opening import Events, escalate
from domain.decision.state import Decision, Status
from domain.decision_type.state import DecisionType
from domain.model import Seat, Stamp
from domain.values import ExceptionCode, Lane, Placement, Reason


def next_moment(decision: Decision) -> datetime | None:
    """When time has something to say next, as the decision stands; None where it never will."""
    if not decision.is_open:
        return min((place.due_at for _, place in _awaited_after(decision)), default=None)
    lapses = None if decision.authority else decision.expires_at
    return min(filter(None, (_next_at(decision), lapses)), default=None)


def _awaited_after(decision: Decision) -> list[tuple[ExceptionCode, Placement]]:
    """After the end: what was raised over what was done, and a reversal that is on its way."""
    waits = [(u.exception, u.placement) for u in decision.unsettled if not u.clock_stopped]
    reversal = (ExceptionCode.REVERSAL_FAILED, decision.reversal)
    return [(code, place) for code, place in (*waits, reversal) if place is not None]


def _next_at(decision: Decision) -> datetime | None:
    place = decision.placement
    if place is None or decision.clock_stopped:
        return None
    return place.due_at if decision.warned or place.warn_at is None else place.warn_at


def strike(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> Events:
    """What the moment that has come brings with it. Nothing before it comes: asking is free."""
    moment = next_moment(decision)
    if moment is None or stamp.at < moment:
        return ()
    if not decision.is_open:
        return (_late_afterwards(decision, decision_type, stamp),)
    return (
        expire(decision, stamp)
        or miss_deadline(decision, decision_type, stamp)
        or _warn(decision, stamp)
    )


def expire(decision: Decision, stamp: Stamp) -> Events:
    """End a decision whose time to live passed with no action authorised; else, nothing."""
    undecided = decision.is_open and decision.authority is None
    if not undecided or decision.expires_at is None or stamp.at < decision.expires_at:
        return ()
    return (Expired(**decision.next(stamp), decision_type=decision.decision_type),)


def miss_deadline(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> Events:
    """A deadline passed: somebody with more authority is asked, and nothing is approved."""
    place = decision.placement
    if not decision.is_open or place is None or decision.clock_stopped or stamp.at < place.due_at:
        return ()
    if decision.authority is None:
        return _undecided(decision, place, decision_type, stamp)
    if decision.status is Status.ACTIONED:
        return (_without_receipt(decision, place, decision_type, stamp),)
    return (_unreconciled(decision, place, decision_type, stamp),)


def _warn(decision: Decision, stamp: Stamp) -> Events:
    assert decision.placement is not None, "there is something to be late for"
    return (
        DeadlineNear(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            due_at=decision.placement.due_at,
        ),
    )


def _undecided(
    decision: Decision, place: Placement, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """Nobody decided: one level up the ladder, or what stands at its end."""
    if decision.status is Status.ESCALATED and _is_at_the_end(place, decision_type):
        return (_left_to_the_safe_default(decision, place, decision_type, stamp),)
    code = (
        ExceptionCode.MISSING_INPUT
        if decision.held_for is ExceptionCode.MISSING_INPUT
        else ExceptionCode.REVIEW_TIMEOUT
    )
    missed = DeadlineMissed(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        due_at=place.due_at,
        exception=code,
    )
    settled = "chose between them" if decision.in_conflict else "decided"
    text = f"nobody {settled} by {place.due_at.isoformat()}"
    reason = Reason(code="ESC.TIMEOUT", text=text)
    return (missed, escalate(decision, "timeout", reason, decision_type, stamp, ahead=2))


def _is_at_the_end(place: Placement, decision_type: DecisionType) -> bool:
    """Whether it waits with who stands above every seat."""
    above = decision_type.definition.fallback_owner
    return place.seat is Seat.ESCALATION_OWNER and place.person == above


def _left_to_the_safe_default(
    decision: Decision, place: Placement, decision_type: DecisionType, stamp: Stamp
) -> DeadlineMissed:
    """Nobody remains to be asked. It is late, and stays first in line with its old deadline."""
    back = _back_with_the_reviewers(decision, place, decision_type)
    return DeadlineMissed(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        due_at=place.due_at,
        exception=ExceptionCode.REVIEW_TIMEOUT,
        placement=back,
        safe_default=Lane.REVIEW if back else Lane.ESCALATE,
    )


def _back_with_the_reviewers(
    decision: Decision, place: Placement, decision_type: DecisionType
) -> Placement | None:
    """Where reviewers find it again, if the safe default says so and no more authority is needed.

    What policy escalated, what a person passed on and what stands in a conflict is not for them.
    """
    routing = decision.routing
    if routing is None or routing.lane is not Lane.REVIEW or decision.missing:
        return None
    code = routing.exceptions[0] if routing.exceptions else ExceptionCode.REVIEW_TIMEOUT
    default = decision_type.definition.exceptions[code]
    if default.safe_default is not Lane.REVIEW or decision.involved or decision.in_conflict:
        return None
    if decision_type.shortage(2 if routing.four_eyes else 1, apart_from=(decision.producer,)):
        return None
    return Placement(
        seat=Seat.DECISION_OWNER,
        person=decision_type.owner(Seat.DECISION_OWNER) or place.person,
        queue=default.queue,
        due_at=place.due_at,
    )


def _without_receipt(
    decision: Decision, place: Placement, decision_type: DecisionType, stamp: Stamp
) -> ActionUnknown:
    """Nobody said what became of the action: until somebody knows, it is not done a second time."""
    return ActionUnknown(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        detail=f"no receipt came by {place.due_at.isoformat()}",
        placement=decision_type.place_exception(ExceptionCode.ACTION_UNKNOWN, stamp.at),
    )


def _unreconciled(
    decision: Decision, place: Placement, decision_type: DecisionType, stamp: Stamp
) -> DeadlineMissed:
    """Nobody looked after an action that failed or is unknown: it goes to who answers for that."""
    failed = decision.status is Status.ACTION_FAILED
    ended = _is_at_the_end(place, decision_type)
    level = 2 if place.seat is Seat.ESCALATION_OWNER else 1
    due_in = decision_type.definition.service_levels.escalate
    above = decision_type.place_on_ladder(level, place.queue, due_in, stamp.at)
    return DeadlineMissed(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        due_at=place.due_at,
        exception=ExceptionCode.ACTION_FAILED if failed else ExceptionCode.ACTION_UNKNOWN,
        placement=None if ended else above,
        safe_default=Lane.ESCALATE if ended else None,
    )


def _late_afterwards(
    decision: Decision, decision_type: DecisionType, stamp: Stamp
) -> DeadlineMissed:
    """Nobody answered what was raised, or undid what was to be undone: the decision stays ended,
    and somebody with more authority is asked."""
    code, place = min(_awaited_after(decision), key=lambda waits: waits[1].due_at)
    not_undone = place is decision.reversal
    return DeadlineMissed(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        due_at=place.due_at,
        exception=code,
        placement=decision_type.place_exception(code, stamp.at)
        if not_undone
        else _further_up(place, decision_type, stamp),
    )


def _further_up(place: Placement, decision_type: DecisionType, stamp: Stamp) -> Placement | None:
    """With the escalation owner, then with who stands above every seat; nowhere from there."""
    if place.seat is not Seat.ESCALATION_OWNER:
        level = 1
    elif place.person != decision_type.definition.fallback_owner:
        level = 2
    else:
        return None
    levels = decision_type.definition.service_levels
    return decision_type.place_on_ladder(level, place.queue, levels.escalate, stamp.at)
