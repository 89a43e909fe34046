"""What became of an action: receipts, reconciliation, reversal."""

from domain.decision.events import (
    ActionDelivered,
    ActionFailed,
    ActionReconciled,
    ActionUnknown,
    LifeEvent,
    ReversalAuthorised,
    ReversalFailed,
    Reversed,
)
from domain.decision.opening import receipt_of
from domain.decision.refusals import (
    ActionUnsettled,
    CarriedOutHere,
    NotAPerson,
    NothingToReport,
    NotProducer,
    NotReversible,
)
from domain.decision.state import Decision, Status
from domain.decision_type.commands import require_seat
from domain.decision_type.state import DecisionType
from domain.model import OWNER_SEATS, Actor, ActorKind, Seat, Stamp, Value
from domain.values import ExceptionCode, Receipt, Reversibility

Events = tuple[LifeEvent, ...]


COURIER = Actor(kind=ActorKind.TIMER, id="courier")
"""This service, carrying an action out: nobody holds a key of this kind."""


class Report(Value):
    """A receipt as it comes in: what became of the action, and the other system's word for it."""

    status: Receipt
    reference: str | None = None
    detail: str | None = None


def report(
    decision: Decision, receipt: Report, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """Record what became of the action, or of its reversal.

    Whoever carried it out reports on it: the producer, or this service itself. Once the outcome is
    unknown or failed, a person who found out reconciles it; the same receipt again adds nothing.
    """
    if decision.reversal_authorised:
        return _reversal_receipt(decision, receipt, decision_type, stamp)
    match decision.status:
        case Status.ACTIONED:
            _require_reporter(decision, decision_type, stamp)
            return _first_receipt(decision, receipt, decision_type, stamp)
        case Status.ACTION_FAILED | Status.ACTION_UNKNOWN:
            _require_reconciler(decision, decision_type, stamp)
            again = receipt.status is decision.receipt and not stamp.actor.is_person
            return () if again else _reconciled(decision, receipt, stamp)
        case Status.COMPLETED if decision.receipt is receipt.status:
            return ()
        case _:
            raise NothingToReport(f"this one is {decision.status}")


def _require_reporter(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> None:
    owners = stamp.actor.seat is Seat.DECISION_OWNER
    owners_hand = stamp.actor.is_person and (
        owners or decision_type.stands_in(stamp.actor, decision.placement)
    )
    if owners_hand or _carries_out(decision, stamp):
        return
    if decision.endpoint is not None:
        raise CarriedOutHere(f"{decision.endpoint} is sent this one, not {stamp.actor.id}")
    raise NotProducer(f"{decision.producer} carries this one out, not {stamp.actor.id}")


def _carries_out(decision: Decision, stamp: Stamp) -> bool:
    if decision.endpoint is not None:
        return stamp.actor == COURIER
    return stamp.actor.id == decision.producer


def _require_reconciler(decision: Decision, decision_type: DecisionType, stamp: Stamp) -> None:
    """Whoever carried it out may find out more, and so may an owner to whom the exception fell."""
    owner = stamp.actor.is_person and (
        stamp.actor.seat in OWNER_SEATS or decision_type.stands_in(stamp.actor, decision.placement)
    )
    if not owner and not _carries_out(decision, stamp):
        raise NotProducer(f"{decision.producer} or an owner reconciles, not {stamp.actor.id}")


def _first_receipt(
    decision: Decision, receipt: Report, decision_type: DecisionType, stamp: Stamp
) -> Events:
    said = {"reference": receipt.reference, "detail": receipt.detail}
    common = {**decision.next(stamp), "decision_type": decision.decision_type, **said}
    match receipt.status:
        case Receipt.DELIVERED:
            return (ActionDelivered.model_validate(common),)
        case Receipt.FAILED:
            place = decision_type.place_exception(ExceptionCode.ACTION_FAILED, stamp.at)
            return (ActionFailed.model_validate(common | {"placement": place}),)
        case Receipt.UNKNOWN:
            place = decision_type.place_exception(ExceptionCode.ACTION_UNKNOWN, stamp.at)
            return (ActionUnknown.model_validate(common | {"placement": place}),)


def _reconciled(decision: Decision, receipt: Report, stamp: Stamp) -> Events:
    if receipt.status is Receipt.UNKNOWN:
        raise ActionUnsettled("status: found unknown; reconciling says delivered or failed")
    return (
        ActionReconciled(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            delivered=receipt.status is Receipt.DELIVERED,
            reference=receipt.reference,
            detail=receipt.detail,
        ),
    )


def _reversal_receipt(
    decision: Decision, receipt: Report, decision_type: DecisionType, stamp: Stamp
) -> Events:
    _require_reporter(decision, decision_type, stamp)
    match receipt.status:
        case Receipt.DELIVERED:
            return (
                Reversed(
                    **decision.next(stamp),
                    decision_type=decision.decision_type,
                    reference=receipt.reference,
                ),
            )
        case Receipt.FAILED:
            code = ExceptionCode.REVERSAL_FAILED
            return (
                ReversalFailed(
                    **decision.next(stamp),
                    decision_type=decision.decision_type,
                    detail=receipt.detail,
                    placement=decision_type.place_exception(code, stamp.at),
                ),
            )
        case Receipt.UNKNOWN:
            raise ActionUnsettled("status: found unknown; a reversal was delivered or failed")


def reverse(
    decision: Decision,
    reason_code: str,
    comment: str | None,
    decision_type: DecisionType,
    stamp: Stamp,
) -> Events:
    """Authorise a compensating action. The decision owner or the escalation owner may."""
    if not stamp.actor.is_person:
        raise NotAPerson(f"{stamp.actor.id} is a {stamp.actor.kind}")
    require_seat(decision_type, stamp.actor, Seat.DECISION_OWNER, Seat.ESCALATION_OWNER)
    if decision.status is not Status.COMPLETED or decision.receipt is not Receipt.DELIVERED:
        raise NotReversible(f"this one is {decision.status}, with no action delivered")
    if decision.reversal_authorised:
        raise NotReversible("its reversal is authorised already")
    action = decision_type.definition.actions.get(decision.action or "")
    if action is None or action.reversibility is Reversibility.IRREVERSIBLE:
        raise NotReversible(f"{decision.action} is irreversible")
    return (
        ReversalAuthorised(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            reason_code=reason_code,
            comment=comment,
            endpoint=decision.endpoint,
            placement=receipt_of(decision_type, stamp),
        ),
    )
