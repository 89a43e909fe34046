"""The audit trail: one sentence per event, for people."""

from typing import assert_never
from uuid import UUID

from pydantic import AwareDatetime

from domain.decision import events as d
from domain.model import Actor, ActorKind, Value
from domain.values import LEFT_OUT, ExceptionCode, Lane, Placement


class TrailLine(Value):
    """Who did what, when: one step of a decision's history."""

    event_id: UUID
    version: int
    at: AwareDatetime
    who: str
    seat: str | None
    what: str
    explanation: str | None = None
    """Where it was routed: why, and which single fact would have had it automated."""
    refused: str | None = LEFT_OUT
    """The code of the rule that stood against it, where the line is of an attempt: `version` is
    then the one that the decision stood at."""


def trail_line(event: d.LifeEvent) -> TrailLine:
    """The line of one event."""
    return TrailLine(
        event_id=event.id,
        version=event.originator_version,
        at=event.timestamp,
        who=who(event.actor),
        seat=event.actor.seat,
        what=sentence(event),
    )


def refusal_line(attempt: d.AttemptRejected) -> TrailLine:
    """The line of an attempt that the rules did not allow."""
    return TrailLine(
        event_id=attempt.id,
        version=attempt.at_version or 0,
        at=attempt.timestamp,
        who=who(attempt.actor),
        seat=attempt.actor.seat,
        what=refusal(attempt),
        refused=attempt.code,
    )


def refusal(attempt: d.AttemptRejected) -> str:
    """What was refused, as the second half of a sentence that starts with who tried it."""
    field = f" because of {attempt.field}" if attempt.field else ""
    return f"was refused {attempt.operation} ({attempt.code}){field}"


def who(actor: Actor) -> str:
    """The actor as a reader would name it."""
    match actor.kind:
        case ActorKind.POLICY:
            return f"policy version {actor.id}"
        case ActorKind.TIMER:
            return "the clock"
        case ActorKind.HUMAN | ActorKind.SERVICE:
            return actor.id


def sentence(event: d.LifeEvent) -> str:
    """What happened, as the second half of a sentence that starts with who did it."""
    match event:
        case d.Recommended():
            return _recommended(event)
        case d.AutoActioned():
            return f"allowed it at once: {_why(event.routing)}"
        case d.RoutedToReview():
            return f"asked for review in {event.placement.queue}: {_why(event.routing)}"
        case d.Escalated():
            return f"escalated it to {_seat_of(event.placement)}: {event.reason.text}"
        case d.Held():
            return f"held it: {event.reason.text}"
        case d.HoldReleased():
            return f"released it: {event.reason.text}"
        case d.Claimed():
            return f"took it on until {event.expires_at:%H:%M:%S}"
        case d.Released():
            return "gave it back undecided"
        case d.InformationRequested():
            return _with("asked for more information", event.comment)
        case d.InformationProvided():
            return _with(f"supplied {', '.join(sorted(event.context)) or 'word'}", event.comment)
        case d.Reviewed():
            return _reviewed(event)
        case d.Overridden():
            return _with(f"chose {event.action} instead ({event.reason_code})", event.comment)
        case d.SecondReviewed():
            verb = "agreed as second reviewer" if event.agrees else "disagreed as second reviewer"
            return _with(f"{verb}: {event.action}", event.comment)
        case d.EscalationResolved():
            chosen = "closed it with no action" if event.action is None else f"chose {event.action}"
            return _with(f"decided the escalation: {chosen}", event.comment)
        case d.ActionAuthorised():
            return f"authorised {event.action}"
        case d.ActionDelivered():
            return _with("reported the action delivered", event.detail)
        case d.ActionFailed():
            return _with("reported that the action failed", event.detail)
        case d.ActionUnknown():
            return _with("reported that nobody knows whether it was done", event.detail)
        case d.ActionReconciled():
            found = "it was done" if event.delivered else "it was not done"
            return _with(f"found out that {found}", event.detail)
        case d.ReversalAuthorised():
            return _with(f"ordered it undone ({event.reason_code})", event.comment)
        case d.Reversed():
            return "reported it undone"
        case d.ReversalFailed():
            return _with("reported that it could not be undone", event.detail)
        case d.QualitySampled():
            return f"drew it for a quality check (1 in {1 / event.draw.rate:.0f})"
        case d.QualityConfirmed():
            return _with("checked it and agreed", event.comment)
        case d.QualityOverturned():
            return _with("checked it and disagreed", event.comment)
        case d.Contested():
            return _with("objected", event.comment)
        case d.Answered():
            left = f"{ANSWERS[event.exception]} ({event.reason_code})"
            return _with(left, event.comment)
        case d.OutcomeObserved():
            return _outcome(event)
        case d.DeadlineNear():
            return f"warned that it is due by {event.due_at:%Y-%m-%d %H:%M}"
        case d.DeadlineMissed() if event.concerns_the_end:
            return f"found {LATE[event.exception]} by {event.due_at:%Y-%m-%d %H:%M}"
        case d.DeadlineMissed():
            return _missed(event)
        case d.Rerouted():
            return "brought fresh input on the subject"
        case d.Expired():
            return f"ended it with no action ({event.exception.reason_code})"
        case d.Withdrawn():
            return _with("took the recommendation back", event.comment)
        case d.Superseded():
            return "replaced it with a newer recommendation"
        case _:
            assert_never(event)


def _missed(event: d.DeadlineMissed) -> str:
    """At the ladder's end it also says what is left."""
    about_action = event.exception in (ExceptionCode.ACTION_FAILED, ExceptionCode.ACTION_UNKNOWN)
    done = "found out" if about_action else "decided"
    found = f"found nobody had {done} by {event.due_at:%Y-%m-%d %H:%M}"
    match event.safe_default:
        case None:
            return found
        case Lane.REVIEW:
            return f"{found}, and nobody is above: it is back with the reviewers"
        case _:
            return f"{found}, and nobody is above: it waits until somebody acts"


ANSWERS = {
    ExceptionCode.CONTESTED: "answered the objection: it stays",
    ExceptionCode.QA_OVERTURNED: "kept it, whatever the quality check said",
    ExceptionCode.REVERSAL_FAILED: "gave up undoing it",
}


LATE = {
    ExceptionCode.CONTESTED: "the objection unanswered",
    ExceptionCode.QA_OVERTURNED: "the quality check's disagreement unanswered",
    ExceptionCode.REVERSAL_FAILED: "it not undone",
}


def _recommended(event: d.Recommended) -> str:
    said = event.recommendation
    sure = "without a confidence" if said.confidence is None else f"at {said.confidence} confidence"
    risk = "" if said.risk is None else f" and {said.risk} risk"
    return f"recommended {said.action} for {event.subject} {sure}{risk}"


def _reviewed(event: d.Reviewed) -> str:
    match event.disposition:
        case "return":
            return _with("sent it back to its producer", event.comment)
        case "modify":
            return _with("agreed, with changed particulars", event.comment)
        case _:
            return _with("agreed", event.comment)


def _outcome(event: d.OutcomeObserved) -> str:
    verdict = {True: "right", False: "wrong", None: "undecided"}[event.correct]
    named = event.correct is False and event.actual_action is not None
    actual = f"; {event.actual_action} was" if named else ""
    return f"observed that the recommendation was {verdict}{actual}"


def _why(routing: d.Routing) -> str:
    return "; ".join(reason.text for reason in routing.reasons)


def _seat_of(placement: Placement) -> str:
    return placement.person or placement.seat.spoken


def _with(text: str, remark: str | None) -> str:
    return f"{text}: {remark}" if remark else text
