"""Refused: what someone tried with a decision and the rules did not allow, as part of its history.

These attempts have a stream beside the decision's own, so that refusing one person never moves the
version another is looking at; each says at which version it was refused.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import cast
from uuid import UUID, uuid5

from application.attempts import WITHHELD
from application.desk import (
    ATTEMPTS,
    Answer,
    Caller,
    Contended,
    Decide,
    Desk,
    KeyReused,
    NoSuchDecision,
    change,
    without_key,
)
from application.ports import Overtaken
from application.tries import Tried, minute_of
from domain.decision.events import AttemptRejected
from domain.decision.state import Decision
from domain.model import ActorKind, NotFound, Refusal, Seat, Value, envelope

log = logging.getLogger(__name__)

MOST_A_MINUTE = 8
"""How many attempts of one person on one decision are recorded in a minute. The same again within
the minute is not another one: whoever hammers at it fills no disk."""

NOT_RULES = (NotFound, KeyReused, Contended)
"""What is refused for another reason than that the rules do not allow it."""


def stream_of_attempts(decision: UUID) -> UUID:
    """The stream of what was refused on a decision."""
    return uuid5(decision, "attempts")


async def attempts_on(decision: UUID, desk: Desk) -> Sequence[AttemptRejected]:
    """What was refused on a decision, in order."""
    return cast("Sequence[AttemptRejected]", await desk.log.stream(stream_of_attempts(decision)))


async def attempt(
    operation: str,
    content: Value | None,
    desk: Desk,
    id: UUID,
    caller: Caller,
    decide: Decide,
    seats: Callable[[Decision], tuple[Seat, ...]],
) -> Answer:
    """Change a decision as the caller wants it; if that is refused, the attempt is on record."""
    try:
        return await change(desk, id, caller, decide, seats)
    except NOT_RULES:
        raise
    except Refusal as refusal:
        if caller.identity.kind != ActorKind.TIMER:
            await _record(operation, content, refusal, id, caller, desk)
        raise


async def _record(
    operation: str, content: Value | None, refusal: Refusal, id: UUID, caller: Caller, desk: Desk
) -> None:
    tried = Tried(id, caller.identity.id, operation, refusal.CODE)
    if not desk.tries.is_new(tried, desk.clock.now()):
        return
    recorded = False
    try:
        async with desk.tries.turn(id), desk.attempts.one():
            for _ in range(2 * ATTEMPTS):
                with suppress(Overtaken):  # by another process
                    await _write(tried, content, caller, desk)
                    recorded = True
                    return
    finally:
        if not recorded:
            desk.tries.forget(tried)
            log.warning("%s: an attempt of %s was refused and is not on record", id, tried.person)


async def _write(tried: Tried, content: Value | None, caller: Caller, desk: Desk) -> None:
    """Write it down, unless it is there already or they are too many."""
    try:
        decision = await desk.decision(tried.decision)
    except NoSuchDecision:
        return
    before = await attempts_on(decision.id, desk)
    now = minute_of(desk.clock.now())
    theirs = [
        (each.operation, each.code)
        for each in before
        if each.actor.id == tried.person and minute_of(each.timestamp) == now
    ]
    if (tried.operation, tried.code) in theirs or len(theirs) >= MOST_A_MINUTE:
        return
    rejected = await _rejected(tried, content, decision, len(before) + 1, caller, desk)
    await desk.record([rejected], without_key(caller))


async def _rejected(
    tried: Tried,
    content: Value | None,
    decision: Decision,
    version: int,
    caller: Caller,
    desk: Desk,
) -> AttemptRejected:
    governed = await desk.governed(decision.decision_type)
    stamp = desk.stamp(caller, caller.actor(decision.decision_type, *Seat))
    said = b"" if content is None else content.model_dump_json().encode()
    personal = governed.decision_type.definition.personal
    return AttemptRejected(
        **envelope(stream_of_attempts(decision.id), version, stamp),
        decision_type=decision.decision_type,
        operation=tried.operation,
        code=tried.code,
        content_digest=WITHHELD if personal else f"sha256:{sha256(said).hexdigest()}",
        decision_id=decision.id,
        at_version=decision.version,
    )
