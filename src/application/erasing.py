"""Erasing: a person asks that what is held about them be made unreadable."""

from pydantic import Field

from application.desk import ATTEMPTS, Caller, Contended, Desk, without_key
from application.ports import Overtaken
from domain import data_subject as data_subjects
from domain.model import Seat, Value

EVERYWHERE = "*"
"""A person's data may lie under any decision type, so whoever erases them answers for all."""


class Erase(Value):
    """Whom to erase."""

    data_subject: str = Field(min_length=1, max_length=200)
    """The reference they were submitted under."""


class Erasure(Value):
    """What came of it."""

    erased: bool
    """Whether anything was held under this reference. Asked again, nothing is."""


async def erase(command: Erase, caller: Caller, desk: Desk) -> Erasure:
    """Destroy the person's key and what leads to it, and record that, all in one write.

    The command is not kept by its idempotency key: whoever tried references against its digest
    would find the right one.
    """
    actor = caller.require(EVERYWHERE, Seat.RISK_OWNER)
    for _ in range(ATTEMPTS):
        id = await desk.log.known_as(command.data_subject)
        if id is None:
            return Erasure(erased=False)
        events = data_subjects.erase(id, desk.stamp(caller, actor))
        try:
            await desk.record(events, without_key(caller), forgets=(id,))
        except Overtaken:
            continue
        return Erasure(erased=True)
    raise Contended(f"gave up after {ATTEMPTS} attempts")
