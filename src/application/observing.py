"""Observing: what proved right, what a quality check says, who objects, who takes it back."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from application.desk import Answer, Caller, Desk, acting_as
from application.refused import attempt
from domain.decision import judging, opening
from domain.model import Seat, Value
from domain.values import ExceptionCode

OBSERVES = acting_as(Seat.PRODUCER, Seat.DECISION_OWNER, Seat.AI_PRODUCT_OWNER)
CONTESTS = acting_as(Seat.DECISION_OWNER, Seat.RISK_OWNER, Seat.PRODUCER)

ANSWERS = acting_as(
    *judging.ANSWERING_OWNERS,
    Seat.AI_PRODUCT_OWNER,
    Seat.REVIEWER,
    Seat.QUALITY_REVIEWER,
    Seat.FALLBACK_OWNER,
)


class Outcome(Value):
    """What proved right in the end."""

    correct: bool | None = None
    actual_action: str | None = Field(default=None, max_length=200)
    observed_at: AwareDatetime


class QualityVerdict(Value):
    """What a person says of an automated decision that the lot fell on."""

    verdict: Literal["confirm", "overturn"]
    comment: str | None = Field(default=None, max_length=2000)


class Reply(Value):
    """What is answered: an exception raised over what was done, and why that stays so."""

    exception: Literal[
        ExceptionCode.CONTESTED, ExceptionCode.QA_OVERTURNED, ExceptionCode.REVERSAL_FAILED
    ]
    reason_code: str = Field(min_length=1, max_length=100)
    comment: str | None = Field(default=None, max_length=2000)


class Remark(Value):
    """Why, in the caller's own words."""

    comment: str | None = Field(default=None, max_length=2000)


async def observe(id: UUID, outcome: Outcome, caller: Caller, desk: Desk) -> Answer:
    """Record what proved right."""
    return await attempt(
        "outcome",
        outcome,
        desk,
        id,
        caller,
        lambda d, g, stamp: judging.observe_outcome(
            d,
            outcome.correct,
            outcome.actual_action,
            outcome.observed_at,
            g.decision_type,
            stamp,
        ),
        OBSERVES,
    )


async def judge(id: UUID, verdict: QualityVerdict, caller: Caller, desk: Desk) -> Answer:
    """Record a quality verdict."""
    confirms = verdict.verdict == "confirm"
    return await attempt(
        "quality",
        verdict,
        desk,
        id,
        caller,
        lambda d, g, stamp: judging.judge_quality(
            d, confirms, verdict.comment, g.decision_type, stamp
        ),
        acting_as(Seat.QUALITY_REVIEWER),
    )


async def contest(id: UUID, remark: Remark, caller: Caller, desk: Desk) -> Answer:
    """Record that someone objects."""
    return await attempt(
        "contest",
        remark,
        desk,
        id,
        caller,
        lambda d, g, stamp: judging.contest(d, remark.comment, g.decision_type, stamp),
        CONTESTS,
    )


async def answer(id: UUID, reply: Reply, caller: Caller, desk: Desk) -> Answer:
    """Record why what was done stays as it is."""
    return await attempt(
        "answer",
        reply,
        desk,
        id,
        caller,
        lambda d, g, stamp: judging.answer(
            d, reply.exception, reply.reason_code, reply.comment, g.decision_type, stamp
        ),
        ANSWERS,
    )


async def withdraw(id: UUID, remark: Remark, caller: Caller, desk: Desk) -> Answer:
    """The producer takes its recommendation back."""
    return await attempt(
        "withdraw",
        remark,
        desk,
        id,
        caller,
        lambda d, _, stamp: opening.withdraw(d, remark.comment, stamp),
        acting_as(Seat.PRODUCER),
    )
