"""The small words of the domain: lanes, seats, dispositions, recommendations, rulings."""

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue

from domain.model import Seat, Value

Probability = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
"""A number from 0 to 1, decimal, never a binary float."""

LEFT_OUT = Field(default=None, exclude_if=lambda value: value is None)
"""A field added later: it is not written where it says nothing, as it was not before it came."""

FactValue = bool | Decimal | str | frozenset[str]
"""What a known fact holds: yes/no, a number, a word, or a set of tags."""

Duration = Annotated[timedelta, Field(gt=timedelta(0))]


class Lane(StrEnum):
    """What policy says should happen, from the freest to the most careful."""

    AUTOMATE = "automate"
    REVIEW = "review"
    ESCALATE = "escalate"

    @property
    def caution(self) -> int:
        return _CAUTION[self]

    def at_least(self, other: "Lane") -> "Lane":
        """The more careful of the two. When two authorities speak, caution composes."""
        return self if self.caution >= other.caution else other


_CAUTION = {Lane.AUTOMATE: 0, Lane.REVIEW: 1, Lane.ESCALATE: 2}


class Reversibility(StrEnum):
    """How hard it is to undo an action."""

    NEGLIGIBLE = "negligible"
    RECOVERABLE = "recoverable"
    IRREVERSIBLE = "irreversible"


class Stage(StrEnum):
    """How far a decision type may act by itself."""

    OBSERVE = "observe"
    ASSIST = "assist"
    PARTIAL = "partial"
    FULL = "full"


class Disposition(StrEnum):
    """What a person decided about a recommendation."""

    UPHOLD = "uphold"
    OVERRIDE = "override"
    MODIFY = "modify"
    RETURN = "return"
    REQUEST_INFO = "request_info"
    REFER = "refer"


class ExceptionCode(StrEnum):
    """The closed taxonomy: why the expected path can't go on under the rule that governs it."""

    LOW_CONFIDENCE = "LOW_CONFIDENCE"
    CONFIDENCE_MISSING = "CONFIDENCE_MISSING"
    MISSING_INPUT = "MISSING_INPUT"
    INVALID_INPUT = "INVALID_INPUT"
    NO_POLICY = "NO_POLICY"
    POLICY_ERROR = "POLICY_ERROR"
    CONFLICT = "CONFLICT"
    STALE_SUBJECT = "STALE_SUBJECT"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    REVIEW_TIMEOUT = "REVIEW_TIMEOUT"
    NO_ELIGIBLE_REVIEWER = "NO_ELIGIBLE_REVIEWER"
    OWNER_VACANT = "OWNER_VACANT"
    AUTOMATION_HALTED = "AUTOMATION_HALTED"
    ACTION_FAILED = "ACTION_FAILED"
    ACTION_UNKNOWN = "ACTION_UNKNOWN"
    REVERSAL_FAILED = "REVERSAL_FAILED"
    QA_OVERTURNED = "QA_OVERTURNED"
    CONTESTED = "CONTESTED"

    @property
    def reason_code(self) -> str:
        return f"EXC.{self}"


class Reason(Value):
    """Why: a code from the closed list, and the sentence a reviewer can repeat to a customer."""

    code: str
    text: str


class Alternative(Value):
    """Another action the producer considered."""

    action: str
    confidence: Probability | None = None


class Recommendation(Value):
    """The producer's proposed action, how sure it says it is, and what a mistake would cost."""

    action: str
    confidence: Probability | None = None
    risk: Probability | None = None
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    rationale: str | None = None
    alternatives: tuple[Alternative, ...] = ()


class ModelRef(Value):
    """The AI model that spoke."""

    name: str
    version: str


class PolicyRef(Value):
    """Which policy spoke: version and content hash, and the rule language's semantics version."""

    version: int
    hash: str
    semantics: str


class Placement(Value):
    """Where an open decision waits: whose it is, in which queue, until when."""

    seat: Seat
    person: str | None
    queue: str
    due_at: AwareDatetime
    warn_at: AwareDatetime | None = LEFT_OUT
    """When whoever it waits for is warned that it will be late; absent where nobody is."""


class Unsettled(Value):
    """An exception raised over what was done that nobody has dealt with, and where it waits."""

    exception: ExceptionCode
    since: AwareDatetime
    placement: Placement | None
    """Absent where it was raised before this was recorded."""
    clock_stopped: bool | None = LEFT_OUT
    """Whether time has said its last: it waits with who stands above every seat."""


class Receipt(StrEnum):
    """What became of an action."""

    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Delivery(StrEnum):
    """Who carries an action out: the caller on our answer, or this service by webhook."""

    CALLER = "caller"
    WEBHOOK = "webhook"


class QualityDraw(Value):
    """The lot drawn when an automated decision was routed: replayable, and nobody can change it.

    `sampled = HMAC-SHA256(key, decision id)[:8] < rate * 2**64`; the key is named, never shown.
    """

    rate: Probability
    key_id: str
    sampled: bool
    queue: str | None = None


AuthorityKind = Literal["policy", "person"]
