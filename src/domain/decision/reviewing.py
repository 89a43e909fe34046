"""A person's part: claim, dispose, look a second time, resolve an escalation."""

from datetime import timedelta

from pydantic import JsonValue

from domain.decision.events import (
    Claimed,
    EscalationResolved,
    InformationRequested,
    LifeEvent,
    Overridden,
    Released,
    Reviewed,
    SecondReviewed,
)
from domain.decision.opening import authorise, escalate, placed_anew, require_settled
from domain.decision.refusals import (
    IncompleteDisposition,
    LeaseHeld,
    NoLease,
    NotAPerson,
    NotOnRoster,
    NotWaiting,
    OtherActionShown,
    SamePerson,
    SeenOtherVersion,
    UnknownAction,
    WrongSeat,
)
from domain.decision.state import Decision, Status
from domain.decision_type.state import DecisionType
from domain.model import Actor, Seat, Stamp, Value
from domain.values import Disposition, ExceptionCode, Reason

Events = tuple[LifeEvent, ...]

LONGEST_LEASE = timedelta(hours=8)


class Choice(Value):
    """What a person chose, and the proof of what they looked at when they did."""

    disposition: Disposition
    action: str | None = None
    parameters: dict[str, JsonValue] | None = None
    reason_code: str | None = None
    comment: str | None = None
    lease_token: str
    action_digest: str


def claim(
    decision: Decision, lease: timedelta, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """Take the decision on for a while. The holder may claim again to look at what changed."""
    require_settled(decision)
    _require_may_decide(decision, decision_type, stamp.actor)
    _require_fresh_eyes(decision, stamp.actor)
    held = decision.lease
    if held is not None and held.is_live(stamp.at) and held.holder != stamp.actor.id:
        raise LeaseHeld(held.holder, held.expires_at)
    return (
        Claimed(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            holder=stamp.actor.id,
            expires_at=stamp.at + min(lease, LONGEST_LEASE),
            action_digest=decision.action_digest,
        ),
    )


def release(decision: Decision, stamp: Stamp) -> Events:
    """Give the decision back undecided."""
    held = decision.lease
    if held is None or not held.is_live(stamp.at) or held.holder != stamp.actor.id:
        raise NoLease(f"{stamp.actor.id} holds none on this one")
    return (Released(**decision.next(stamp), decision_type=decision.decision_type),)


def review(decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp) -> Events:
    """A reviewer disposes of a decision; where four eyes are asked for, the second pair follows."""
    require_settled(decision)
    if decision.status is Status.ESCALATED:
        raise NotWaiting("this one is escalated; the escalation owner resolves it")
    _require_authority(decision, choice, decision_type, stamp)
    if decision.status is Status.AWAITING_SECOND_REVIEW:
        return _second(decision, choice, decision_type, stamp)
    match choice.disposition:
        case Disposition.REQUEST_INFO:
            return (_asked(decision, choice, decision_type, stamp),)
        case Disposition.REFER:
            return (_referred(decision, choice, decision_type, stamp),)
        case Disposition.RETURN:
            return (_reviewed(decision, choice, stamp),)
        case Disposition.UPHOLD | Disposition.MODIFY | Disposition.OVERRIDE:
            return _chosen(decision, choice, decision_type, stamp)


def resolve(
    decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """The escalation owner's answer: an action, or none."""
    require_settled(decision)
    if decision.status is not Status.ESCALATED:
        raise NotWaiting(f"this one is {decision.status}, not escalated")
    _require_authority(decision, choice, decision_type, stamp)
    match choice.disposition:
        case Disposition.REQUEST_INFO:
            return (_asked(decision, choice, decision_type, stamp),)
        case Disposition.REFER:
            return (_referred(decision, choice, decision_type, stamp),)
        case Disposition.RETURN:
            return (_resolution(decision, choice, None, stamp),)
        case Disposition.UPHOLD | Disposition.MODIFY | Disposition.OVERRIDE:
            action = chosen_action(decision, choice, decision_type)
            resolved = _resolution(decision, choice, action, stamp)
            return (resolved, _authorised(decision, choice, action, decision_type, stamp))


def chosen_action(decision: Decision, choice: Choice, decision_type: DecisionType) -> str:
    """The action a disposition stands for, its particulars checked."""
    recommended = decision.recommendation.action
    match choice.disposition:
        case Disposition.OVERRIDE:
            return _other_action(choice, recommended, decision_type)
        case Disposition.MODIFY if choice.parameters is None:
            raise IncompleteDisposition("parameters: found none; modify needs the changed ones")
        case _:
            if choice.action not in (None, recommended):
                raise IncompleteDisposition(
                    f"action: found {choice.action}; another action is an override"
                )
            return recommended


def _other_action(choice: Choice, recommended: str, decision_type: DecisionType) -> str:
    if choice.action is None:
        raise IncompleteDisposition("action: found none; override needs the action chosen")
    if choice.reason_code is None:
        raise IncompleteDisposition("reason_code: found none; override needs one")
    if choice.action == recommended:
        raise IncompleteDisposition(
            f"action: found {choice.action}, the recommended one; that is uphold"
        )
    permitted = decision_type.definition.actions
    if choice.action not in permitted:
        raise UnknownAction(
            f"action: found {choice.action}, allowed are {', '.join(sorted(permitted))}"
        )
    return choice.action


def _chosen(
    decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp
) -> Events:
    action = chosen_action(decision, choice, decision_type)
    first: LifeEvent
    if choice.disposition is Disposition.OVERRIDE:
        first = Overridden(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            action=action,
            parameters=choice.parameters,
            reason_code=choice.reason_code or "",
            comment=choice.comment,
        )
    else:
        first = _reviewed(decision, choice, stamp)
    if decision.routing is not None and decision.routing.four_eyes:
        return (first, *_without_a_second(decision, decision_type, stamp))
    return (first, _authorised(decision, choice, action, decision_type, stamp))


def _without_a_second(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> Events:
    """An escalation where nobody of the roster is left to be the second pair of eyes."""
    return _for_want_of(stamp.actor.id, decision, decision_type, stamp, ahead=2)


def relieve(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> Events:
    """Escalate what waits for a reviewer where nobody is left who may be one.

    Routing asked for people who were on the roster then; rosters change.
    """
    if not decision.waits_for_a_person or decision.status is Status.ESCALATED:
        return ()
    first = decision.first_review
    return _for_want_of(first.person if first else None, decision, decision_type, stamp)


def _for_want_of(
    first: str | None,
    decision: Decision,
    decision_type: DecisionType,
    stamp: Stamp,
    *,
    ahead: int = 1,
) -> Events:
    """An escalation where nobody of the roster may look, apart from who was first."""
    code = ExceptionCode.NO_ELIGIBLE_REVIEWER
    text = decision_type.shortage(1, apart_from=(decision.producer, first))
    if text is None:
        return ()
    reason = Reason(code=code.reason_code, text=text)
    cause = "exception"
    return (escalate(decision, cause, reason, decision_type, stamp, exception=code, ahead=ahead),)


def _second(
    decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """The two agree when they chose the same action; otherwise the escalation owner settles it."""
    first = decision.first_review
    assert first is not None, "a second review follows a first"
    if choice.disposition not in _ACTING:
        raise IncompleteDisposition(
            f"disposition: found {choice.disposition}; a second review answers with "
            "uphold, modify or override"
        )
    action = chosen_action(decision, choice, decision_type)
    parameters = choice.parameters
    if parameters is None:
        parameters = decision.recommendation.parameters
    agrees = (action, parameters) == (first.action, first.parameters)
    second = SecondReviewed(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        agrees=agrees,
        action=action,
        comment=choice.comment,
    )
    if agrees:
        return (second, _authorised(decision, choice, action, decision_type, stamp))
    reason = Reason(code="ESC.DISAGREEMENT", text=f"{first.person} chose {first.action}")
    return (second, escalate(decision, "reviewer", reason, decision_type, stamp, ahead=2))


_ACTING = frozenset({Disposition.UPHOLD, Disposition.MODIFY, Disposition.OVERRIDE})


def _authorised(
    decision: Decision, choice: Choice, action: str, decision_type: DecisionType, stamp: Stamp
) -> LifeEvent:
    parameters = choice.parameters
    if parameters is None:
        parameters = decision.recommendation.parameters
    return authorise(decision, action, parameters, "person", decision_type, stamp, ahead=2)


def _reviewed(decision: Decision, choice: Choice, stamp: Stamp) -> Reviewed:
    return Reviewed(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        disposition=choice.disposition,
        parameters=choice.parameters,
        reason_code=choice.reason_code,
        comment=choice.comment,
    )


def _resolution(
    decision: Decision, choice: Choice, action: str | None, stamp: Stamp
) -> EscalationResolved:
    return EscalationResolved(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        disposition=choice.disposition,
        action=action,
        parameters=choice.parameters,
        reason_code=choice.reason_code,
        comment=choice.comment,
    )


def _asked(
    decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp
) -> InformationRequested:
    place = decision.placement
    assert place is not None, "a decision in a queue has a place"
    if decision.clock_stopped:  # with its old deadline it would be late at once
        place = placed_anew(decision, decision_type, stamp)
    return InformationRequested(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        comment=choice.comment,
        placement=place,
    )


def _referred(
    decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp
) -> LifeEvent:
    text = choice.comment or f"{stamp.actor.id} referred it"
    reason = Reason(code="ESC.REFERRED", text=text)
    return escalate(decision, "reviewer", reason, decision_type, stamp)


def _require_authority(
    decision: Decision, choice: Choice, decision_type: DecisionType, stamp: Stamp
) -> None:
    """A live lease of one's own, on the version seen, for the exact action shown."""
    _require_may_decide(decision, decision_type, stamp.actor)
    lease = decision.lease
    if lease is None or not lease.is_live(stamp.at) or lease.holder != stamp.actor.id:
        raise NoLease(f"{stamp.actor.id} holds none on this one; claim it first")
    if choice.lease_token != str(lease.token):
        raise NoLease("lease_token: this is not the token of the live lease")
    if lease.version != decision.version:
        raise SeenOtherVersion(
            f"claimed at version {lease.version}, now at {decision.version}; claim it again"
        )
    if choice.action_digest != lease.action_digest:
        raise OtherActionShown("action_digest: not the digest of the action that was shown")


def _require_may_decide(decision: Decision, decision_type: DecisionType, actor: Actor) -> None:
    """A person, in the right seat, for a decision that waits for one."""
    _require_person(actor)
    _require_waiting(decision)
    if decision.status is Status.ESCALATED:
        _require_escalation_seat(decision, decision_type, actor)
    else:
        _require_reviewer(decision_type, actor)


def _require_person(actor: Actor) -> None:
    if not actor.is_person:
        raise NotAPerson(f"{actor.id} is a {actor.kind}")


def _require_waiting(decision: Decision) -> None:
    if not decision.status.waits_for_a_person:
        raise NotWaiting(f"this one is {decision.status}")


def _require_escalation_seat(decision: Decision, decision_type: DecisionType, actor: Actor) -> None:
    """An escalation belongs to the escalation owner, or to who stands in for an empty seat."""
    if actor.seat is Seat.ESCALATION_OWNER:
        return
    if not decision_type.stands_in(actor, decision.placement):
        raise WrongSeat(f"{actor.id} does not act as escalation owner here")


def may_review(decision_type: DecisionType, actor: Actor) -> bool:
    """Whether this is a reviewer: a person in that seat, and on the roster where there is one."""
    roster = decision_type.definition.reviewers
    listed = roster is None or actor.id in roster
    return actor.is_person and actor.seat is Seat.REVIEWER and listed


def _require_reviewer(decision_type: DecisionType, actor: Actor) -> None:
    """Reviewers decide reviews: those on the roster, where there is one."""
    if actor.seat is not Seat.REVIEWER:
        raise WrongSeat(f"{actor.id} does not act as reviewer here")
    if not may_review(decision_type, actor):
        named = ", ".join(decision_type.definition.reviewers or ()) or "nobody"
        raise NotOnRoster(f"{actor.id} is not on the roster of {decision_type.name}: {named}")


def _require_fresh_eyes(decision: Decision, actor: Actor) -> None:
    first = decision.first_review
    second = decision.status is Status.AWAITING_SECOND_REVIEW
    if second and first is not None and actor.id == first.person:
        raise SamePerson(f"{actor.id} was the first pair")
    if actor.id == decision.producer:
        raise SamePerson(f"{actor.id} made the recommendation")
