"""A decision against others on its subject: held, and settled by one arbitration.

It stands in the conflict from `Held` until `HoldReleased` or its end, also when a deadline passes:
what escalates then is the choice between all of them, and no member can be decided alone.
"""

from collections.abc import Iterable
from uuid import UUID

from domain.decision.events import Expired, Held, HoldReleased, LifeEvent
from domain.decision.opening import require_undecided, supersede
from domain.decision.refusals import NotHeld, OtherInForce
from domain.decision.state import Decision
from domain.decision_type.state import DecisionType
from domain.model import Stamp
from domain.values import ExceptionCode, Reason, Recommendation, Reversibility

Events = tuple[LifeEvent, ...]


def against(
    others: Iterable[Decision],
    recommendation: Recommendation,
    producer: str,
    decision_type: DecisionType,
) -> list[Decision]:
    """Which live decisions on a subject can't be carried out together with a recommendation.

    Another action of another producer can't, and neither can the same one, which would be done
    twice, unless that does no harm. A producer's own newer word replaces its older one instead.
    """
    action = decision_type.definition.actions.get(recommendation.action)
    harmless = action is not None and action.reversibility is Reversibility.NEGLIGIBLE
    return [
        other
        for other in others
        if other.producer != producer
        and not (harmless and other.standing_action == recommendation.action)
    ]


def hold_for_conflict(
    decision: Decision, conflict: UUID, decision_type: DecisionType, stamp: Stamp
) -> Events:
    """Hold a decision that can't be carried out together with another on its subject."""
    require_undecided(decision)
    code = ExceptionCode.CONFLICT
    default = decision_type.definition.exceptions[code]
    return (
        Held(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            exception=code,
            reason=Reason(
                code=code.reason_code,
                text=f"another recommendation on {decision.subject} stands against it",
            ),
            conflict=conflict,
            placement=decision_type.place_exception(code, stamp.at),
            vacant=decision_type.is_vacant(default.seat),
        ),
    )


def require_winnable(winner: UUID | None, members: Iterable[Decision]) -> None:
    """Refuse to let one go on while the action of another member is in force."""
    for member in members:
        in_force = member.is_open and member.authority is not None
        if winner is not None and in_force and member.id != winner:
            raise OtherInForce(f"{member.action} is authorised by {member.id} and not settled yet")


def release_conflict(decision: Decision, reason: Reason, stamp: Stamp) -> Events:
    """Let a decision go on that won its conflict; it is routed again."""
    if not decision.in_conflict:
        raise NotHeld(f"this one is {decision.status}")
    return (
        HoldReleased(**decision.next(stamp), decision_type=decision.decision_type, reason=reason),
    )


def lose_conflict(decision: Decision, winner: UUID | None, stamp: Stamp) -> Events:
    """End a decision that stood in a conflict and did not win it."""
    if not decision.in_conflict:
        return ()
    if winner is not None:
        return supersede(decision, winner, stamp)
    return (
        Expired(
            **decision.next(stamp),
            decision_type=decision.decision_type,
            exception=ExceptionCode.CONFLICT,
        ),
    )
