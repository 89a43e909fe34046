"""Reviewing: people claim what waits for them, and dispose of it."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from pydantic import Field, JsonValue

from application.desk import ANSWERS, Answer, Caller, Desk, acting_as, change, in_queue
from application.refused import attempt
from application.timing import TIMER
from domain.decision import reviewing
from domain.decision.reviewing import Choice
from domain.model import Refusal, Seat, Unauthorised, Value
from domain.values import Disposition

MOST_AT_ONCE = 200
"""How many decisions one command may dispose of."""


class Claim(Value):
    """How long a person wants a decision for themselves, in seconds."""

    lease_seconds: int = Field(default=900, ge=1, le=28_800)


async def claim(id: UUID, command: Claim, caller: Caller, desk: Desk) -> Answer:
    """Take a decision on for a while: a review as reviewer, an escalation as its owner.

    Whoever is turned away may have been the last: then it is escalated for want of a reviewer.
    """
    lease = timedelta(seconds=command.lease_seconds)
    try:
        return await attempt(
            "claim",
            command,
            desk,
            id,
            caller,
            lambda d, g, stamp: reviewing.claim(d, lease, g.decision_type, stamp),
            in_queue,
        )
    except Unauthorised:
        await relieve(id, desk)
        raise


async def relieve(id: UUID, desk: Desk) -> None:
    """Escalate a decision that waits for a reviewer where nobody is left who may be one."""
    await change(
        desk,
        id,
        Caller(TIMER),
        lambda d, g, stamp: reviewing.relieve(d, g.decision_type, stamp),
        acting_as(),
    )


async def take(id: UUID, command: Claim, caller: Caller, desk: Desk) -> Answer:
    """Take one on that was found in a queue: if somebody was first, that is nobody's attempt."""
    lease = timedelta(seconds=command.lease_seconds)
    return await change(
        desk,
        id,
        caller,
        lambda d, g, stamp: reviewing.claim(d, lease, g.decision_type, stamp),
        in_queue,
    )


async def release(id: UUID, caller: Caller, desk: Desk) -> Answer:
    """Give a decision back undecided."""
    return await attempt(
        "release",
        None,
        desk,
        id,
        caller,
        lambda d, _, stamp: reviewing.release(d, stamp),
        in_queue,
    )


async def review(id: UUID, choice: Choice, caller: Caller, desk: Desk) -> Answer:
    """Dispose of a decision that waits in review."""
    return await attempt(
        "review",
        choice,
        desk,
        id,
        caller,
        lambda d, g, stamp: reviewing.review(d, choice, g.decision_type, stamp),
        acting_as(Seat.REVIEWER),
    )


class Seen(Value):
    """One decision of many, and the proof that it was looked at."""

    id: UUID
    lease_token: str
    action_digest: str


class Dispositions(Value):
    """One choice over many decisions, each claimed and looked at by itself."""

    items: tuple[Seen, ...] = Field(min_length=1, max_length=MOST_AT_ONCE)
    disposition: Disposition
    action: str | None = None
    parameters: dict[str, JsonValue] | None = None
    reason_code: str | None = None
    comment: str | None = None

    def choice(self, seen: Seen) -> Choice:
        """The choice on one of them."""
        said = self.__dict__ | seen.__dict__
        return Choice.model_construct(**{name: said[name] for name in Choice.model_fields})


async def dispose(many: Dispositions, caller: Caller, desk: Desk) -> list[Answer | Refusal]:
    """Dispose of many decisions in the order given: an event each, all under one correlation id.

    Each is a command of its own: one that is refused stops none of the others.
    """
    return [await _one_of_many(many, seen, caller, desk) for seen in many.items]


async def _one_of_many(
    many: Dispositions, seen: Seen, caller: Caller, desk: Desk
) -> Answer | Refusal:
    command = caller.command
    if command is not None:
        caller = replace(caller, command=command._replace(key=f"{command.key}/{seen.id}"))
    try:
        waits = await desk.decision(seen.id)
        decide = resolve if waits.level else review
        return await decide(seen.id, many.choice(seen), caller, desk)
    except Refusal as refusal:
        return refusal


async def resolve(id: UUID, choice: Choice, caller: Caller, desk: Desk) -> Answer:
    """The escalation owner's answer."""
    return await attempt(
        "resolve",
        choice,
        desk,
        id,
        caller,
        lambda d, g, stamp: reviewing.resolve(d, choice, g.decision_type, stamp),
        acting_as(*ANSWERS),
    )
