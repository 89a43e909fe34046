"""Informing: what was missing or asked for comes in, or the subject has moved on."""

from uuid import UUID

from pydantic import Field, JsonValue

from application.desk import Answer, Caller, Desk, Governed, acting_as
from application.recommending import lots_for
from application.refused import attempt
from domain.admission import admit_context, facts_of
from domain.decision import opening
from domain.decision.events import LifeEvent
from domain.decision.opening import Lots, dispatch
from domain.decision.state import Decision, Status, evolve
from domain.model import Seat, Stamp, Value
from domain.routing import Case, route

INFORMS = acting_as(Seat.PRODUCER, Seat.REVIEWER, Seat.DECISION_OWNER, Seat.ESCALATION_OWNER)


class Inform(Value):
    """Facts that a decision waits for."""

    context: dict[str, JsonValue] = Field(default_factory=dict)
    comment: str | None = Field(default=None, max_length=2000)


class Refresh(Value):
    """The fresh input of a subject that has moved on; without a context, it expires."""

    subject_version: str | None = Field(default=None, max_length=200)
    context: dict[str, JsonValue] | None = None


async def inform(id: UUID, command: Inform, caller: Caller, desk: Desk) -> Answer:
    """Supply information; a decision held for it is routed again at once."""

    def decide(decision: Decision, governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        definition = governed.decision_type.definition
        context = admit_context(command.context, definition)
        events = opening.provide_information(
            decision, context, command.comment, governed.decision_type, stamp
        )
        held = decision.status is Status.HELD
        return routed_again(decision, events, governed, desk, stamp) if held else events

    return await attempt("information", command, desk, id, caller, decide, INFORMS)


async def refresh(id: UUID, command: Refresh, caller: Caller, desk: Desk) -> Answer:
    """The subject has a newer version: route again with the fresh input, or expire."""

    def decide(decision: Decision, governed: Governed, stamp: Stamp) -> tuple[LifeEvent, ...]:
        caller.require(decision.decision_type, Seat.PRODUCER)
        if command.context is None:
            return opening.expire_stale(decision, stamp)
        context = admit_context(command.context, governed.decision_type.definition)
        events = opening.reroute(
            decision, command.subject_version, context, governed.decision_type, stamp
        )
        return routed_again(decision, events, governed, desk, stamp)

    producer = acting_as(Seat.PRODUCER)
    return await attempt("refresh", command, desk, id, caller, decide, producer)


def routed_again(
    decision: Decision,
    events: tuple[LifeEvent, ...],
    governed: Governed,
    desk: Desk,
    stamp: Stamp,
) -> tuple[LifeEvent, ...]:
    """These events, and what routing says of the decision after them."""
    for event in events:
        decision = evolve(decision, event)
    lots: Lots = lots_for(decision.id, governed, desk)
    facts = facts_of(
        decision.recommendation, decision.deciding_context, governed.decision_type.definition
    )
    house = governed.organisation_policy
    case = Case(
        decision.recommendation,
        facts,
        lots.partial,
        decision.producer,
        house,
        decision.model,
        governed.halts,
    )
    ruling = route(case, governed.decision_type, governed.active_policy)
    return (*events, *dispatch(decision, ruling, governed.decision_type, lots, stamp))
