"""The facts of one decision, flat, as the feedback projection keeps them: one row a decision."""

from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime, Field

from domain.model import Value
from domain.values import AuthorityKind, Disposition, Lane, Probability, Receipt

End = Literal["completed", "reversed", "expired", "withdrawn", "superseded"]
EscalationCause = Literal["policy", "timeout", "reviewer", "exception"]
QualityVerdict = Literal["confirm", "overturn"]


class ExceptionRaised(Value):
    """An exception event: which class, and when."""

    code: str
    at: AwareDatetime


class DecisionFacts(Value):
    """What the metrics, and the search list, need to know of one decision."""

    key: str
    """The decision's id."""
    decision_type: str
    subject: str
    workflow: str | None = None
    producer: str
    model_name: str
    model_version: str
    policy_version: int | None = None
    """Of the policy that routed it first; absent when there was none."""
    policy_hash: str | None = None
    is_test: bool = False
    """A test, seeded or shadow decision: in no business metric."""

    lane: Lane | None = None
    """The lane it was first routed to; absent while it is still held."""
    state: str
    """Where it stands now: a `Status`."""
    updated_version: int = Field(ge=1)
    """The version of the stream that these facts are folded up to."""
    recommended_action: str
    final_action: str | None = None
    """What was authorised in the end; absent when nothing was, or nothing will be."""
    confidence: Probability | None = None
    risk: Probability | None = None
    reason_codes: tuple[str, ...] = ()
    """Every reason code met on the way: routing, exceptions, overrides, escalations."""

    received_at: AwareDatetime
    end: End | None = None
    """How it first ended: a reversal after the end leaves `completed` here and sets `reversed_at`.
    `reversed` is read as `completed, reversed later`, for whoever folds the last end."""
    ended_at: AwareDatetime | None = None
    """When it first ended. Nothing later moves it, or a decision would change windows."""

    queue: str | None = None
    """The last queue it waited in."""
    due_at: AwareDatetime | None = None
    """The deadline it stands under now; absent after the end."""
    entered_queue_at: AwareDatetime | None = None
    """When it first waited for a person."""
    first_claimed_at: AwareDatetime | None = None
    last_claimed_at: AwareDatetime | None = None

    stages_due: int = Field(default=0, ge=0)
    """Human stages that are over and had to be in time. A stage is the human part from entering a
    queue until somebody disposes of it: escalating at a timeout stays within the stage, which is
    then missed. One cut short by an end before its deadline was never due and is not counted, and
    mending an action that failed is no stage: it was authorised already."""
    stages_missed: int = Field(default=0, ge=0)
    """Those of `stages_due` that were over only after their deadline."""
    stage_due_at: AwareDatetime | None = None
    """The deadline that the stage open now is held to: its latest one, or, once one was missed,
    the missed one. Absent when no stage is open."""

    disposed_at: AwareDatetime | None = None
    disposed_by: str | None = None
    """The person whose disposition it is; of two pairs of eyes, the first."""
    disposed_in: Lane | None = None
    """Where it stood then: `review`, or `escalate` when the escalation owner decided."""
    disposition: Disposition | None = None
    """The one that settled it; a return, a referral or a question settles nothing."""
    override_reason: str | None = None
    dwell_seconds: Decimal | None = Field(default=None, ge=0)
    """How long the disposer actively looked: from the claim to the disposition."""
    minimum_dwell_seconds: Decimal | None = Field(default=None, ge=0)
    """What the decision type asks for as a minimum."""
    first_review_action: str | None = None
    """What the first reviewer chose, where a blind second review followed."""
    second_review_action: str | None = None
    """What the second reviewer chose without seeing the first choice."""

    authorised_by: AuthorityKind | None = None
    """On whose authority the action was first allowed."""
    delivered_at: AwareDatetime | None = None
    receipt: Receipt | None = None

    exceptions: tuple[str, ...] = ()
    """Codes raised before the end. What comes after it (`QA_OVERTURNED`) has its own metrics."""
    exception_events: tuple[ExceptionRaised, ...] = ()
    """Every exception event, before and after the end."""
    escalations: tuple[EscalationCause, ...] = ()
    """The cause of each escalation, in order."""
    in_conflict: bool = False
    human_before_end: bool = False
    """A person did something with it before it ended: claimed, disposed, reconciled, ..."""

    sampled: bool | None = None
    """Whether the quality lot fell on it; absent when no lot was drawn."""
    sampling_rate: Probability | None = None
    quality_verdict: QualityVerdict | None = None
    reversed_at: AwareDatetime | None = None
    outcome_correct: bool | None = None
    outcome_at: AwareDatetime | None = None

    label: bool | None = None
    """Whether the recommended action was right; not overridden never counts as right by itself."""
    label_probability: Decimal | None = Field(default=None, gt=0, le=1)
    """The chance, fixed beforehand, of getting a label: 1 when a person reviewed it, the sampling
    rate when the lot fell on it. Unknown for a complaint or an observed outcome: such a label is
    counted and shown, and never enters an estimate."""
