"""The events of a decision, in the order of a life. Their union is the registry."""

from operator import not_
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, JsonValue

from domain.model import Event, Value
from domain.values import (
    LEFT_OUT,
    AuthorityKind,
    Disposition,
    ExceptionCode,
    Lane,
    ModelRef,
    Placement,
    PolicyRef,
    QualityDraw,
    Reason,
    Recommendation,
)


def _unset(value: object) -> bool:
    return value is None


class DecisionEvent(Event):
    """A fact in the life of one decision. It names its type, so that a fold needs no look-up."""

    decision_type: str


class Routing(Value):
    """What routing said, as recorded: enough to say why at once, and to replay it years later."""

    lane: Lane
    rule: str
    reasons: tuple[Reason, ...]
    exceptions: tuple[ExceptionCode, ...] = ()
    policy: PolicyRef | None
    decision_type_version: int
    trace_digest: str
    four_eyes: bool = False
    draw: int | None = None
    """The keyed lot (0 to 2**64-1) that stage `partial` picks by; recorded so that it replays."""
    semantics: str = "v1"
    """Which version of routing spoke: replay asks the same one."""
    organisation: PolicyRef | None = Field(default=None, exclude_if=not_)
    """The organisation's policy, where one spoke beside the type's own."""
    halts: int | None = Field(default=None, exclude_if=not_)
    """The version of the kill switches beyond the type's own, where any were ever pulled."""


def _raised(
    routing: Routing | None, exception: ExceptionCode | None, vacant: bool
) -> tuple[ExceptionCode, ...]:
    """The exceptions of an event: where routing spoke, they are routing's."""
    if routing is not None:
        return routing.exceptions
    own = () if exception is None else (exception,)
    return (*own, ExceptionCode.OWNER_VACANT) if vacant else own


class AboutSomeone(DecisionEvent):
    """A context may hold facts about a person: they are sealed where they are stored."""

    data_subject: UUID | None = Field(default=None, exclude_if=_unset)
    """Whose they are: a random id that leads to the person only until they are erased."""
    personal: tuple[str, ...] = Field(default=(), exclude_if=not_)
    """The names in the context that are personal; one that was erased reads as null."""


class Recommended(AboutSomeone):
    """A service handed over what its AI suggests."""

    TOPIC: ClassVar[str] = "decision.recommended"
    subject: str
    subject_version: str | None = None
    recommendation: Recommendation
    model: ModelRef
    context: dict[str, JsonValue]
    """Facts normalised at the door: numbers as decimal strings, tags as sorted lists."""
    workflow: str | None = None
    recommended_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    previous: UUID | None = None
    """The decision on the same subject that this one looks at anew."""


class AutoActioned(DecisionEvent):
    """Policy allowed the recommended action without asking a person."""

    TOPIC: ClassVar[str] = "decision.auto_actioned"
    SCHEMA: ClassVar[int] = 2
    routing: Routing
    quality: QualityDraw | None = None


class RoutedToReview(DecisionEvent):
    """A person must agree before anything happens."""

    TOPIC: ClassVar[str] = "decision.routed_to_review"
    SCHEMA: ClassVar[int] = 2
    routing: Routing
    placement: Placement


class Escalated(DecisionEvent):
    """The choice passed to the escalation owner's ladder."""

    TOPIC: ClassVar[str] = "decision.escalated"
    SCHEMA: ClassVar[int] = 2
    cause: Literal["policy", "timeout", "reviewer", "exception"]
    routing: Routing | None = None
    """Present when policy escalated; a later escalation keeps the routing that stands."""
    reason: Reason
    exception: ExceptionCode | None = None
    level: int = Field(ge=1)
    placement: Placement
    vacant: bool = False
    """Whether the seat it went to was empty, so that the fallback owner answers."""

    @property
    def raises(self) -> tuple[ExceptionCode, ...]:
        return _raised(self.routing, self.exception, self.vacant)


class Held(DecisionEvent):
    """The decision waits for something that is missing before anybody can decide."""

    TOPIC: ClassVar[str] = "decision.held"
    SCHEMA: ClassVar[int] = 2
    exception: ExceptionCode
    reason: Reason
    missing: tuple[str, ...] = ()
    conflict: UUID | None = None
    routing: Routing | None = None
    placement: Placement
    vacant: bool = False
    """Whether the seat it waits on was empty, so that the fallback owner answers."""

    @property
    def raises(self) -> tuple[ExceptionCode, ...]:
        return _raised(self.routing, self.exception, self.vacant)


class HoldReleased(DecisionEvent):
    """What the decision waited for has come; it is routed again."""

    TOPIC: ClassVar[str] = "decision.hold_released"
    reason: Reason


class Claimed(DecisionEvent):
    """A person took the decision on for a while; nobody else can dispose of it meanwhile."""

    TOPIC: ClassVar[str] = "decision.claimed"
    holder: str
    expires_at: AwareDatetime
    action_digest: str


class Released(DecisionEvent):
    """The person gave the decision back undecided."""

    TOPIC: ClassVar[str] = "decision.released"


class InformationRequested(DecisionEvent):
    """The reviewer can't decide on what is there and asked for more."""

    TOPIC: ClassVar[str] = "decision.information_requested"
    comment: str | None = None
    placement: Placement


class InformationProvided(AboutSomeone):
    """What was missing or asked for has been supplied."""

    TOPIC: ClassVar[str] = "decision.information_provided"
    context: dict[str, JsonValue]
    comment: str | None = None
    placement: Placement | None = None
    """Where it waits next, when a person asked; a held decision is routed again instead."""


class Reviewed(DecisionEvent):
    """A reviewer agreed with the recommended action, or sent it back."""

    TOPIC: ClassVar[str] = "decision.reviewed"
    disposition: Disposition
    parameters: dict[str, JsonValue] | None = None
    reason_code: str | None = None
    comment: str | None = None


class Overridden(DecisionEvent):
    """A reviewer chose another action than the AI did."""

    TOPIC: ClassVar[str] = "decision.overridden"
    action: str
    parameters: dict[str, JsonValue] | None = None
    reason_code: str
    comment: str | None = None


class SecondReviewed(DecisionEvent):
    """A second pair of eyes looked: the two agree, or the escalation owner settles it."""

    TOPIC: ClassVar[str] = "decision.second_reviewed"
    agrees: bool
    action: str
    comment: str | None = None


class EscalationResolved(DecisionEvent):
    """The escalation owner decided; without an action, the decision ends with none."""

    TOPIC: ClassVar[str] = "decision.escalation_resolved"
    disposition: Disposition
    action: str | None
    parameters: dict[str, JsonValue] | None = None
    reason_code: str | None = None
    comment: str | None = None


class ActionAuthorised(DecisionEvent):
    """The action may now be carried out, on a policy's or a person's authority."""

    TOPIC: ClassVar[str] = "decision.action_authorised"
    action: str
    parameters: dict[str, JsonValue]
    authority: AuthorityKind
    action_digest: str
    placement: Placement
    """Whose it is, and until when the receipt is due."""
    endpoint: str | None = LEFT_OUT
    """Where this service sends it; absent where the producer carries it out."""


class ActionDelivered(DecisionEvent):
    """The action was carried out."""

    TOPIC: ClassVar[str] = "decision.action_delivered"
    reference: str | None = None
    detail: str | None = None


class ActionFailed(DecisionEvent):
    """The action could not be carried out; a person must look."""

    TOPIC: ClassVar[str] = "decision.action_failed"
    reference: str | None = None
    detail: str | None = None
    placement: Placement


class ActionUnknown(DecisionEvent):
    """Nobody can say whether the action was carried out; it is not sent again until someone can."""

    TOPIC: ClassVar[str] = "decision.action_unknown"
    reference: str | None = None
    detail: str | None = None
    placement: Placement


class ActionReconciled(DecisionEvent):
    """Someone found out what became of an action that was unknown or had failed."""

    TOPIC: ClassVar[str] = "decision.action_reconciled"
    delivered: bool
    reference: str | None = None
    detail: str | None = None


class ReversalAuthorised(DecisionEvent):
    """An owner decided that the action is to be undone."""

    TOPIC: ClassVar[str] = "decision.reversal_authorised"
    reason_code: str
    comment: str | None = None
    endpoint: str | None = LEFT_OUT
    placement: Placement | None = LEFT_OUT
    """Whose it is, and until when it must be reported undone."""


class Reversed(DecisionEvent):
    """The compensating action was carried out."""

    TOPIC: ClassVar[str] = "decision.reversed"
    reference: str | None = None


class ReversalFailed(DecisionEvent):
    """The compensating action could not be carried out; the escalation owner must look."""

    TOPIC: ClassVar[str] = "decision.reversal_failed"
    SCHEMA: ClassVar[int] = 2
    detail: str | None = None
    placement: Placement | None = None


class QualitySampled(DecisionEvent):
    """The lot fell on this automated decision: a person checks it afterwards."""

    TOPIC: ClassVar[str] = "decision.quality_sampled"
    draw: QualityDraw


class QualityConfirmed(DecisionEvent):
    """The quality check agreed with what was done automatically."""

    TOPIC: ClassVar[str] = "decision.quality_confirmed"
    comment: str | None = None
    draw: QualityDraw | None = LEFT_OUT
    """The lot that fell on it, with the chance it had."""


class QualityOverturned(DecisionEvent):
    """The quality check disagreed with what was done automatically."""

    TOPIC: ClassVar[str] = "decision.quality_overturned"
    SCHEMA: ClassVar[int] = 2
    comment: str | None = None
    placement: Placement | None = None
    draw: QualityDraw | None = LEFT_OUT
    """The lot that fell on it, with the chance it had."""


class Contested(DecisionEvent):
    """The person affected, or the business, objects; someone not involved before must look."""

    TOPIC: ClassVar[str] = "decision.contested"
    SCHEMA: ClassVar[int] = 2
    comment: str | None = None
    placement: Placement | None = None


class Answered(DecisionEvent):
    """A person looked at an exception raised over what was done, and said why it stays so."""

    TOPIC: ClassVar[str] = "decision.answered"
    exception: ExceptionCode
    reason_code: str
    comment: str | None = None


class OutcomeObserved(DecisionEvent):
    """What proved right in the end became known."""

    TOPIC: ClassVar[str] = "decision.outcome_observed"
    correct: bool | None
    actual_action: str | None
    observed_at: AwareDatetime


class DeadlineNear(DecisionEvent):
    """Most of the time to a deadline has passed; whoever it waits for is warned."""

    TOPIC: ClassVar[str] = "decision.deadline_near"
    due_at: AwareDatetime


class DeadlineMissed(DecisionEvent):
    """A deadline passed with nobody deciding, or, after the end, answering what was raised since.
    Time alone never approves anything."""

    TOPIC: ClassVar[str] = "decision.deadline_missed"
    due_at: AwareDatetime
    exception: ExceptionCode
    placement: Placement | None = LEFT_OUT
    """Where it waits from now on, if it moved; a choice that nobody made escalates instead."""
    safe_default: Lane | None = LEFT_OUT
    """What it is left to at the ladder's end, where nobody remains to be asked: from then on time
    says nothing, until somebody acts."""

    @property
    def concerns_the_end(self) -> bool:
        """Whether it is about what was done and raised since, not about what is to be decided."""
        return self.exception in RAISED_AFTERWARDS


RAISED_AFTERWARDS = frozenset(
    {ExceptionCode.CONTESTED, ExceptionCode.QA_OVERTURNED, ExceptionCode.REVERSAL_FAILED}
)
"""What is raised over an action that was carried out."""


class Rerouted(AboutSomeone):
    """The subject has moved on; the decision is routed again with the fresh input."""

    TOPIC: ClassVar[str] = "decision.rerouted"
    subject_version: str | None
    context: dict[str, JsonValue]


class Expired(DecisionEvent):
    """Its time to live passed; nothing will be done."""

    TOPIC: ClassVar[str] = "decision.expired"
    exception: ExceptionCode = ExceptionCode.EXPIRED


class Withdrawn(DecisionEvent):
    """The producer took the recommendation back."""

    TOPIC: ClassVar[str] = "decision.withdrawn"
    comment: str | None = None


class Superseded(DecisionEvent):
    """A newer recommendation from the same producer on the same subject took its place."""

    TOPIC: ClassVar[str] = "decision.superseded"
    by_decision: UUID


class AttemptRejected(DecisionEvent):
    """Someone tried what the rules do not allow; nothing else was recorded of it."""

    TOPIC: ClassVar[str] = "decision.attempt_rejected"
    operation: str
    code: str
    field: str | None = None
    content_digest: str
    decision_id: UUID | None = None
    at_version: int | None = LEFT_OUT
    """The version that the decision stood at; absent where there was no decision."""


HoldsContext = Recommended | InformationProvided | Rerouted
"""What facts about a subject come in with."""

LifeEvent = (
    Recommended
    | AutoActioned
    | RoutedToReview
    | Escalated
    | Held
    | HoldReleased
    | Claimed
    | Released
    | InformationRequested
    | InformationProvided
    | Reviewed
    | Overridden
    | SecondReviewed
    | EscalationResolved
    | ActionAuthorised
    | ActionDelivered
    | ActionFailed
    | ActionUnknown
    | ActionReconciled
    | ReversalAuthorised
    | Reversed
    | ReversalFailed
    | QualitySampled
    | QualityConfirmed
    | QualityOverturned
    | Contested
    | Answered
    | OutcomeObserved
    | DeadlineNear
    | DeadlineMissed
    | Rerouted
    | Expired
    | Withdrawn
    | Superseded
)
"""What can follow in a decision's own stream. A rejected attempt has a stream of its own, so that
refusing someone never moves the version another person is looking at."""
