"""Before a quality check: who may give the verdict looks afresh, and sees nothing of what was
recommended.

It holds from the draw to the verdict, in every view, for whoever holds the quality reviewer's seat
and had no part in the decision. What they see is the subject and its facts. What can't be hidden:
that policy allowed it by itself, which is why it was drawn, and where it stands now.
"""

from collections.abc import Sequence
from dataclasses import replace
from json import dumps, loads
from typing import Any

from application.desk import Caller, Desk
from application.feed import EventView, decision_type_of
from application.ports import Positioned, Told
from application.projections.audit_trail import AuditLine
from application.projections.feedback_row import FeedbackRow
from application.trail import TrailLine
from application.views import DecisionView
from domain.decision import events as d
from domain.decision.state import Decision
from domain.model import ActorKind, Seat, Unauthorised

TOLD_LATER = "did what is shown once the quality check is done"
SHOWN = frozenset(
    (
        "decision_type",
        "subject",
        "subject_version",
        "model",
        "context",
        "data_subject",
        "personal",
        "workflow",
        "previous",
        "recommended_at",
        "expires_at",
        "quality",
        "draw",
    )
)
"""What an event shows before the verdict; all else in it would tell what was recommended."""
FOLLOWING = frozenset(
    event.TOPIC
    for event in (
        d.ReversalAuthorised,
        d.Reversed,
        d.ReversalFailed,
        d.Contested,
        d.Answered,
        d.OutcomeObserved,
    )
)
"""What may follow a mistake: to know that it did would be to know the verdict."""
HIDDEN: dict[str, Any] = {
    "action": None,
    "parameters": None,
    "authority": None,
    "reasons": (),
    "exceptions": (),
    "policy": None,
    "organisation": None,
    "recommendation": None,
    "unsettled": (),
    "receipt": None,
    "blind": True,
}


class BlindUntilJudged(Unauthorised):
    """Who may check the quality sees nothing of the recommendation before the verdict."""

    CODE = "REJ.blind"


def hides(decision: Decision, caller: Caller) -> bool:
    """Whether the caller may be the one who checks this decision, and nobody has."""
    drawn = decision.quality is not None and decision.quality.sampled
    return (
        drawn
        and decision.quality_verdict is None
        and _checks(caller, decision.decision_type)
        and caller.identity.id not in decision.involved
    )


def _checks(caller: Caller, decision_type: str) -> bool:
    is_person = caller.identity.kind == ActorKind.HUMAN
    return is_person and Seat.QUALITY_REVIEWER in caller.seats(decision_type)


def require_sight(decision: Decision, caller: Caller) -> None:
    """Refuse whoever has no seat here, and whoever is to look afresh."""
    caller.require_any_seat(decision.decision_type)
    if hides(decision, caller):
        raise BlindUntilJudged(f"{caller.identity.id} may still be the one who checks this one")


def view_of(decision: Decision, caller: Caller) -> DecisionView:
    """A decision as it is now, as far as the caller may see it."""
    return _seen(decision, hides(decision, caller))


async def view_at(decision: Decision, caller: Caller, desk: Desk) -> DecisionView:
    """A decision as it was, as far as the caller may see it now."""
    return _seen(decision, await _hidden(decision.id, decision.decision_type, caller, desk))


def _seen(decision: Decision, hidden: bool) -> DecisionView:
    view = DecisionView.of(decision)
    return view.model_copy(update=HIDDEN) if hidden else view


async def _hidden(id: Any, decision_type: str, caller: Caller, desk: Desk) -> bool:
    return _checks(caller, decision_type) and hides(await desk.decision(id), caller)


async def events_for(history: list[Told], caller: Caller, desk: Desk) -> list[Told]:
    """The events of one decision, as far as the caller may see them."""
    if not history or not await _hidden(
        history[0].stream, decision_type_of(history[0]), caller, desk
    ):
        return history
    return [_shown(told) for told in history if told.topic not in FOLLOWING]


def _shown(told: Told) -> Told:
    content: dict[str, Any] = loads(told.content)
    kept = {name: part for name, part in content.items() if name in SHOWN | ENVELOPE}
    return replace(told, content=dumps(kept, separators=(",", ":"), ensure_ascii=False).encode())


ENVELOPE = frozenset(("timestamp", "actor", "correlation_id", "causation_id"))


async def event_for(positioned: Positioned, caller: Caller, desk: Desk) -> EventView | None:
    """An event of the log as far as the caller may see it; None if not at all."""
    event, view = positioned.event, EventView.of(positioned.event, positioned.position)
    if not isinstance(event, d.LifeEvent) or not await _hidden(
        event.originator_id, event.decision_type, caller, desk
    ):
        return view
    if event.TOPIC in FOLLOWING:
        return None
    data = {name: part for name, part in view.data.items() if name in SHOWN}
    return view.model_copy(update={"data": data})


async def trail_for(
    lines: tuple[TrailLine, ...], history: Sequence[d.LifeEvent], caller: Caller, desk: Desk
) -> tuple[TrailLine, ...]:
    """The lines of one decision's trail, as far as the caller may see them."""
    first = history[0]
    if not await _hidden(first.originator_id, first.decision_type, caller, desk):
        return lines
    topics = {event.originator_version: event.TOPIC for event in history}
    return tuple(
        line
        if topics[line.version] == d.QualitySampled.TOPIC
        else line.model_copy(update={"what": TOLD_LATER, "explanation": None})
        for line in lines
        if topics[line.version] not in FOLLOWING
    )


async def line_for(line: AuditLine, caller: Caller, desk: Desk) -> AuditLine | None:
    """A line of the audit trail, as far as the caller may see it; None if not at all."""
    if line.decision is None or line.decision_type is None or line.decision != line.stream:
        return line
    if not await _hidden(line.decision, line.decision_type, caller, desk):
        return line
    return None if line.type in FOLLOWING else line.changed({"sentence": TOLD_LATER})


def hides_row(row: FeedbackRow, caller: Caller) -> bool:
    """The same of a decision in a list."""
    unjudged = bool(row.sampled) and row.quality_verdict is None
    return unjudged and _checks(caller, row.decision_type)
