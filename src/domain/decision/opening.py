"""How a decision begins, where routing sends it, and how it may end before anyone acts."""

from functools import lru_cache
from typing import NamedTuple, TypedDict
from uuid import UUID

from pydantic import AwareDatetime, JsonValue

from domain.decision.events import (
    ActionAuthorised,
    AutoActioned,
    Escalated,
    Expired,
    Held,
    HoldReleased,
    InformationProvided,
    LifeEvent,
    QualitySampled,
    Recommended,
    Rerouted,
    RoutedToReview,
    Routing,
    Superseded,
    Withdrawn,
)
from domain.decision.refusals import (
    AlreadyDecided,
    InConflict,
    NobodysData,
    NotHeld,
    NotProducer,
    WrongSeat,
)
from domain.decision.state import Decision, Status, digest_of_action
from domain.decision_type.state import DecisionType
from domain.model import Actor, ActorKind, Seat, Stamp, Value, envelope
from domain.routing import SEMANTICS, Ruling
from domain.values import (
    AuthorityKind,
    ExceptionCode,
    Lane,
    ModelRef,
    Placement,
    QualityDraw,
    Reason,
    Recommendation,
)

Events = tuple[LifeEvent, ...]


class Submission(Value):
    """What a producer hands over, its context already normalised at the door."""

    decision_type: str
    subject: str
    subject_version: str | None = None
    recommendation: Recommendation
    model: ModelRef
    context: dict[str, JsonValue]
    workflow: str | None = None
    recommended_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    previous: UUID | None = None
    data_subject: UUID | None = None
    personal: tuple[str, ...] = ()


class Lots(NamedTuple):
    """The keyed lots drawn for one decision at routing: all recorded, so that they replay."""

    partial: int | None = None
    quality: QualityDraw | None = None


def recommended(id: UUID, submission: Submission, stamp: Stamp) -> Recommended:
    """The first event of a decision."""
    # A submission was checked at the door, and its fields are the event's own.
    return Recommended.model_construct(**envelope(id, 1, stamp), **submission.__dict__)


def dispatch(
    decision: Decision, ruling: Ruling, decision_type: DecisionType, lots: Lots, stamp: Stamp
) -> Events:
    """Put a decision where routing says: act, ask, escalate, or hold for what is missing."""
    stamp = _by_policy(ruling, stamp)
    routing = _routing(ruling, decision_type, lots)
    if ruling.missing:
        return (_held_for_input(decision, ruling, routing, decision_type, stamp),)
    match ruling.lane:
        case Lane.AUTOMATE:
            return _automated(decision, routing, decision_type, lots.quality, stamp)
        case Lane.REVIEW:
            return (
                RoutedToReview.model_construct(
                    **decision.next(stamp),
                    decision_type=decision.decision_type,
                    routing=routing,
                    placement=_placement(ruling, decision_type, stamp),
                ),
            )
        case Lane.ESCALATE:
            return (_escalated_by_routing(decision, ruling, routing, decision_type, stamp),)


def _by_policy(ruling: Ruling, stamp: Stamp) -> Stamp:
    return stamp.by(_policy_of(ruling.policy.version if ruling.policy else None))


@lru_cache(maxsize=1_000)
def _policy_of(version: int | None) -> Actor:
    return Actor(kind=ActorKind.POLICY, id="none" if version is None else str(version))


def _routing(ruling: Ruling, decision_type: DecisionType, lots: Lots) -> Routing:
    return Routing.model_construct(
        lane=ruling.lane,
        rule=ruling.rule,
        reasons=ruling.reasons,
        exceptions=ruling.exceptions,
        policy=ruling.policy,
        decision_type_version=decision_type.version,
        trace_digest=ruling.trace_digest,
        four_eyes=ruling.four_eyes,
        draw=lots.partial,
        semantics=SEMANTICS,
        organisation=ruling.organisation,
        halts=ruling.halts,
    )


def _placement(ruling: Ruling, decision_type: DecisionType, stamp: Stamp) -> Placement:
    levels = decision_type.definition.service_levels
    review = ruling.lane is Lane.REVIEW
    seat = Seat.DECISION_OWNER if review else Seat.ESCALATION_OWNER
    sla = ruling.sla or (levels.review if review else levels.escalate)
    default = decision_type.definition.exceptions[_leading(ruling)]
    return decision_type.place(seat, ruling.queue or default.queue, sla, stamp.at)


def _leading(ruling: Ruling) -> ExceptionCode:
    """The exception whose default queue serves when no rule and no route names one."""
    if ruling.exceptions:
        return ruling.exceptions[0]
    return ExceptionCode.POLICY_ERROR


def _held_for_input(
    decision: Decision,
    ruling: Ruling,
    routing: Routing,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Held:
    code = ExceptionCode.MISSING_INPUT
    return Held.model_construct(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        exception=code,
        reason=Reason(code=code.reason_code, text=f"waits for {', '.join(ruling.missing)}"),
        missing=ruling.missing,
        routing=routing,
        placement=decision_type.place_exception(code, stamp.at),
    )


def _automated(
    decision: Decision,
    routing: Routing,
    decision_type: DecisionType,
    quality: QualityDraw | None,
    stamp: Stamp,
) -> Events:
    acted = AutoActioned.model_construct(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        routing=routing,
        quality=quality,
    )
    sampled: Events = ()
    if quality is not None and quality.sampled:
        sampled = (
            QualitySampled.model_construct(
                **decision.next(stamp, 2), decision_type=decision.decision_type, draw=quality
            ),
        )
    authorised = authorise(
        decision,
        decision.recommendation.action,
        decision.recommendation.parameters,
        "policy",
        decision_type,
        stamp,
        ahead=2 + len(sampled),
    )
    return (acted, *sampled, authorised)


def _escalated_by_routing(
    decision: Decision,
    ruling: Ruling,
    routing: Routing,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Escalated:
    return Escalated.model_construct(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        cause="exception" if ruling.reasons[0].code.startswith("EXC.") else "policy",
        routing=routing,
        reason=ruling.reasons[0],
        exception=ruling.exceptions[0] if ruling.exceptions else None,
        level=1,
        placement=_placement(ruling, decision_type, stamp),
        vacant=decision_type.is_vacant(Seat.ESCALATION_OWNER),
    )


def authorise(
    decision: Decision,
    action: str,
    parameters: dict[str, JsonValue],
    authority: AuthorityKind,
    decision_type: DecisionType,
    stamp: Stamp,
    *,
    ahead: int,
) -> ActionAuthorised:
    """Allow one exact action, on a policy's or a person's authority."""
    return ActionAuthorised.model_construct(
        **decision.next(stamp, ahead),
        decision_type=decision.decision_type,
        action=action,
        parameters=parameters,
        authority=authority,
        action_digest=digest_of_action(
            decision.id, decision.subject, decision.subject_version, action, parameters
        ),
        placement=receipt_of(decision_type, stamp),
        endpoint=decision_type.definition.endpoint,
    )


def receipt_of(decision_type: DecisionType, stamp: Stamp) -> Placement:
    """Where the receipt of an action that is authorised now is waited for."""
    due_in = decision_type.definition.service_levels.receipt
    return decision_type.place(Seat.DECISION_OWNER, "receipts", due_in, stamp.at, people=False)


def escalate(
    decision: Decision,
    cause: str,
    reason: Reason,
    decision_type: DecisionType,
    stamp: Stamp,
    *,
    exception: ExceptionCode | None = None,
    ahead: int = 1,
) -> Escalated:
    """Pass the choice one level up the escalation owner's ladder."""
    levels = decision_type.definition.service_levels
    queue = decision_type.definition.exceptions[ExceptionCode.REVIEW_TIMEOUT].queue
    return Escalated.model_validate(
        {
            **decision.next(stamp, ahead),
            "decision_type": decision.decision_type,
            "cause": cause,
            "reason": reason,
            "exception": exception,
            "level": decision.level + 1,
            "vacant": decision_type.is_vacant(Seat.ESCALATION_OWNER),
            "placement": decision_type.place_on_ladder(
                decision.level + 1, queue, levels.escalate, stamp.at
            ),
        }
    )


def provide_information(
    decision: Decision,
    context: dict[str, JsonValue],
    comment: str | None,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Events:
    """Supply what was missing or asked for.

    A decision held for missing input is released, to be routed again by the caller of this
    command; one that a person asked about goes back to that person's queue.
    """
    if not stamp.actor.takes_part:
        raise WrongSeat(f"{stamp.actor.id} has no seat here that takes part in a decision")
    require_settled(decision)
    if decision.status is Status.AWAITING_INFORMATION:
        return (_back_to_queue(decision, context, comment, decision_type, stamp),)
    if decision.held_for is not ExceptionCode.MISSING_INPUT:
        raise NotHeld(f"this one is {decision.status}")
    provided = InformationProvided(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        context=context,
        comment=comment,
        **_personal(decision, context, decision_type),
    )
    names = ", ".join(sorted(context)) or "no fact"
    released = HoldReleased(
        **decision.next(stamp, 2),
        decision_type=decision.decision_type,
        reason=Reason(code="ROUTE.INFORMATION_PROVIDED", text=f"{names} came in"),
    )
    return (provided, released)


def _back_to_queue(
    decision: Decision,
    context: dict[str, JsonValue],
    comment: str | None,
    decision_type: DecisionType,
    stamp: Stamp,
) -> InformationProvided:
    return InformationProvided(
        **decision.next(stamp),
        decision_type=decision.decision_type,
        context=context,
        comment=comment,
        placement=placed_anew(decision, decision_type, stamp),
        **_personal(decision, context, decision_type),
    )


def placed_anew(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> Placement:
    """Where it waits already, with all of its time before it again."""
    place, levels = decision.placement, decision_type.definition.service_levels
    assert place is not None, "an open decision has a place"
    if decision.level:
        return decision_type.place_on_ladder(decision.level, place.queue, levels.escalate, stamp.at)
    return decision_type.place(place.seat, place.queue, levels.review, stamp.at)


class _Personal(TypedDict):
    data_subject: UUID | None
    personal: tuple[str, ...]


def _personal(
    decision: Decision, context: dict[str, JsonValue], decision_type: DecisionType
) -> _Personal:
    """What of a context is personal, and whose it is."""
    names = tuple(sorted(decision_type.definition.personal & context.keys()))
    if names and decision.data_subject is None:
        raise NobodysData(f"{', '.join(names)}: this decision was opened before any were expected")
    return {"data_subject": decision.data_subject if names else None, "personal": names}


def require_settled(decision: Decision) -> None:
    """Refuse while it stands in a conflict: only arbitration settles any of the members."""
    if decision.in_conflict:
        raise InConflict(
            f"it stands in conflict {decision.conflict} with others on {decision.subject}"
        )


def reroute(
    decision: Decision,
    subject_version: str | None,
    context: dict[str, JsonValue],
    decision_type: DecisionType,
    stamp: Stamp,
) -> Events:
    """Take the fresh input of a subject that has moved on; the caller routes it again."""
    require_undecided(decision)
    require_settled(decision)
    return (
        Rerouted(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            subject_version=subject_version,
            context=context,
            **_personal(decision, context, decision_type),
        ),
    )


def supersede(decision: Decision, by_decision: UUID, stamp: Stamp) -> Events:
    """End a decision that a newer recommendation of the same producer replaces."""
    require_undecided(decision)
    return (
        Superseded(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            by_decision=by_decision,
        ),
    )


def withdraw(decision: Decision, comment: str | None, stamp: Stamp) -> Events:
    """Take a recommendation back. Its producer may, while no action is authorised."""
    if stamp.actor.id != decision.producer:
        raise NotProducer(f"{decision.producer} made this recommendation, not {stamp.actor.id}")
    require_undecided(decision)
    return (
        Withdrawn(**decision.next(stamp), decision_type=decision.decision_type, comment=comment),
    )


def expire_stale(decision: Decision, stamp: Stamp) -> Events:
    """End a decision whose subject has moved on and for which no fresh input will come."""
    require_undecided(decision)
    return (
        Expired(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            exception=ExceptionCode.STALE_SUBJECT,
        ),
    )


def require_undecided(decision: Decision) -> None:
    """Refuse once an action is authorised or the decision has ended."""
    if not decision.is_open or decision.authority is not None:
        raise AlreadyDecided(f"this one is {decision.status}")
