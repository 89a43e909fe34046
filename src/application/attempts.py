"""Attempts: that someone tried what the rules do not allow is on record, and what they sent isn't.

Attempts go into the log by the same door as everything else, but only a few at a time: however
many there are, the queue before that door has room for what is accepted.
"""

from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from itertools import takewhile

from application.desk import Caller, Desk
from application.ports import CommandKey, Repeated
from domain.admission import InvalidInput
from domain.decision.events import AttemptRejected
from domain.decision.opening import Submission
from domain.decision_type.definition import DecisionTypeDefinition
from domain.model import Seat, envelope
from domain.values import Alternative, ModelRef, Recommendation

FIELDS = frozenset(
    name
    for part in (Submission, Recommendation, Alternative, ModelRef)
    for name in part.model_fields
)

WITHHELD = f"sha256:{sha256(b'').hexdigest()}"
"""Where facts may be personal: whoever tried names against a real digest would find the name."""


async def record_attempt(
    decision_type: str, refusal: InvalidInput, digest: str, caller: Caller, desk: Desk
) -> None:
    """Put a refused submission on record: its code, its field, a digest; never its content."""
    definition = (await desk.governed(decision_type)).decision_type.definition
    stamp = desk.stamp(caller, caller.actor(decision_type, Seat.PRODUCER))
    rejected = AttemptRejected(
        **envelope(desk.new_id(), 1, stamp),
        decision_type=decision_type,
        operation="recommend",
        code=refusal.CODE,
        field=_declared(refusal.problems[0].field, definition),
        content_digest=WITHHELD if definition.personal else digest,
    )
    async with desk.attempts.one():
        with suppress(Repeated):  # the same again is the attempt that is on record
            await desk.record([rejected], replace(caller, command=_key(caller)))


def _declared(field: str, definition: DecisionTypeDefinition) -> str | None:
    """The path as far as its words are ours: the rest was written by whoever was refused."""
    ours = FIELDS | definition.context.keys()
    return ".".join(takewhile(ours.__contains__, field.split("."))) or None


def _key(caller: Caller) -> CommandKey | None:
    """The key of the attempt itself, this content's alone.

    The command's own key stays free: nothing was done under it, so its owner may correct the
    content and send it again.
    """
    used = caller.command
    if used is None:
        return None
    return CommandKey(f"{used.scope} refused", f"{used.key} {used.digest.hex()}", used.digest)
