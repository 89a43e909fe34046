"""Sentences for what happens outside a decision's own life: governance, conflicts, refusals."""

from application.trail import refusal, sentence
from domain import conflict as c
from domain import halting as h
from domain.data_subject import Erased
from domain.decision import events as d
from domain.decision_type import events as t
from domain.model import Event, Seat
from domain.policy import events as p
from domain.recalibration import Fitted, RecalibrationEvent
from domain.silence import FeedbackEvent, Missing
from domain.volume import Corrected, VolumeEvent


def told(event: Event) -> str:
    """What happened, as the second half of a sentence that starts with who did it."""
    match event:
        case d.AttemptRejected():
            return refusal(event)
        case t.DecisionTypeEvent():
            return _of_decision_type(event)
        case p.FloorSet():
            return _with(f"set the floor of specifications of {event.decision_type}", event.reason)
        case p.VersionEvent():
            return _of_policy(event)
        case c.ConflictEvent():
            return _of_conflict(event)
        case h.KillSwitchEvent():
            return _of_kill_switch(event)
        case Erased():
            return "erased a person's data"
        case FeedbackEvent() | RecalibrationEvent() | VolumeEvent():
            return _of_feedback(event)
        case d.DecisionEvent():
            return sentence(event)  # type: ignore[arg-type]  # the union is what is left
        case _:
            return event.TOPIC


def _of_kill_switch(event: h.KillSwitchEvent) -> str:
    done = "stopped" if isinstance(event, h.Halted) else "allowed"
    what = f"what the model {event.model} recommends" if event.model else "all decisions"
    return _with(f"{done} automation of {what} ({event.reason_code})", event.comment)


def _of_decision_type(event: t.DecisionTypeEvent) -> str:  # noqa: C901 - one line an event
    name = event.decision_type
    match event:
        case t.Drafted():
            return f"wrote down what {name} is"
        case t.OwnerAssigned():
            return f"made {event.person} {_seat(event.seat)} of {name}"
        case t.OwnerVacated():
            return f"left {name} without {_seat(event.seat)}"
        case t.BaselineRegistered():
            return f"registered the baseline of {name}: {event.baseline.source}"
        case t.Activated():
            return f"put {name} into force"
        case t.StageProposed():
            return f"proposed the autonomy stage {event.stage} for {name}"
        case t.StageChanged():
            return _with(f"set the autonomy stage of {name} to {event.stage}", event.because)
        case t.Suspended():
            return _with(f"stopped automation of {name} ({event.reason_code})", event.comment)
        case t.BreakerTripped():
            return f"tripped the circuit breaker of {name}: {event.detail}"
        case t.BreakerWarned():
            return f"saw evidence turn against {name}: {event.detail}"
        case t.BreakerCalmed():
            return f"saw the evidence against {name} come to nothing: {event.detail}"
        case t.BreakerHalfOpened():
            said = f"let automation of {name} begin again on trial ({event.reason_code})"
            return _with(said, event.comment)
        case t.BreakerClosed():
            return f"closed the circuit breaker of {name}: {event.detail}"
        case t.Resumed():
            return _with(f"allowed automation of {name} ({event.reason_code})", event.comment)
        case t.Retired():
            return f"retired {name}"
        case _:
            return f"{event.TOPIC} for {name}"


def _of_policy(event: p.VersionEvent) -> str:  # noqa: C901 - one line an event
    which = f"policy version {event.policy_version} of {event.decision_type}"
    match event:
        case p.Drafted():
            return f"wrote {which}"
        case p.Specified():
            return f"wrote down what {which} must do"
        case p.Proposed():
            return _with(f"proposed {which}", event.reason)
        case p.Approved():
            return _with(f"approved {which}", event.reason)
        case p.Refused():
            return _with(f"refused {which}", event.reason)
        case p.Activated(effective_at=None):
            return _with(f"put {which} into force", event.reason)
        case p.Activated(effective_at=at):
            return _with(f"put {which} into force from {at:%Y-%m-%d %H:%M %Z}", event.reason)
        case p.RolledBack():
            return _with(f"put {which} into force again", event.reason)
        case p.Retired():
            return _with(f"took {which} out of force", event.reason)
        case p.Rehearsed():
            return f"tried {which} on {event.decisions} decisions: {event.changed} change"
        case p.ShadowStarted():
            return f"began to try {which} beside version {event.against}, with no say"
        case p.ShadowStopped():
            return f"ended the trial of {which}"
        case _:
            return f"{event.TOPIC}: {which}"


def _of_conflict(event: c.ConflictEvent) -> str:
    match event:
        case c.Opened():
            against = f"{len(event.decisions)} recommendations against each other"
            return f"found {against} on {event.subject}"
        case c.Joined():
            return "found one more recommendation in the conflict"
        case c.Arbitrated():
            chosen = "none of them" if event.winner is None else f"decision {event.winner}"
            return _with(f"chose {chosen} ({event.reason_code})", event.comment)
        case c.Closed():
            return "closed the conflict"
        case _:
            return event.TOPIC


def _of_feedback(event: FeedbackEvent | RecalibrationEvent | VolumeEvent) -> str:
    match event:
        case FeedbackEvent():
            return _of_silence(event)
        case RecalibrationEvent():
            return _of_map(event)
        case VolumeEvent():
            return _of_volume(event)


def _of_silence(event: FeedbackEvent) -> str:
    if isinstance(event, Missing):
        return f"has heard no {event.feed} of {event.decision_type} for {event.days} days"
    return f"hears {event.feed} of {event.decision_type} again"


def _of_map(event: RecalibrationEvent) -> str:
    what = f"map {event.map_version} of {event.model}'s confidence on {event.decision_type}"
    if isinstance(event, Fitted):
        return f"fitted {what} ({event.map.method}) to {event.evidence.fitted_on} labels"
    return f"adopted {what}"


def _of_volume(event: VolumeEvent) -> str:
    what = f"{event.eligible} eligible cases of {event.decision_type} in {event.period}"
    if isinstance(event, Corrected):
        return _with(f"corrected: {what}, as {event.source} counts", event.reason)
    return f"declared {what}, as {event.source} counts"


def _seat(seat: Seat) -> str:
    return seat.spoken


def _with(text: str, remark: str | None) -> str:
    return f"{text}: {remark}" if remark else text
