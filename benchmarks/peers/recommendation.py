"""What every peer reads and answers: the same body, validated by pydantic, the same thresholds."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, JsonValue

Lane = Literal["automate", "review", "escalate"]


class Recommendation(BaseModel):
    """The proposed action."""

    action: str = Field(min_length=1, max_length=200)
    confidence: float = Field(ge=0, le=1)
    risk: float = Field(ge=0, le=1)


class Model(BaseModel):
    """Which model spoke."""

    name: str
    version: str


class Recommend(BaseModel):
    """What a producer sends."""

    decision_type: str = Field(min_length=1, max_length=200)
    subject: str = Field(min_length=1, max_length=200)
    recommendation: Recommendation
    model: Model
    context: dict[str, JsonValue]
    workflow: str | None = None
    recommended_at: AwareDatetime | None = None


class Decision(BaseModel):
    """What is answered."""

    id: UUID
    lane: Lane
    action: str | None
    received_at: datetime


def lane_of(confidence: float, risk: float) -> Lane:
    """The thresholds of the catalogue's policy, in code; none of its other rules."""
    if confidence < 0.5:
        return "escalate"
    if confidence < 0.9 or risk > 0.45:
        return "review"
    return "automate"
