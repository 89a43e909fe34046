"""A data subject: the person whose data a decision holds, known here by a random id alone.

It has no life of its own to tell but its end. Whoever asks for it, the record says only that an id
no longer leads to anyone, so the event holds nothing about the person either.
"""

from typing import ClassVar
from uuid import UUID

from domain.model import Event, Seat, Stamp, Unauthorised, envelope


class Erased(Event):
    """A person's data were made unreadable for good, wherever they are recorded."""

    TOPIC: ClassVar[str] = "data_subject.erased"


class NotForThisSeat(Unauthorised):
    """What can't be undone is done by a person, from the risk owner's seat."""

    CODE = "REJ.erasure_seat"


def erase(id: UUID, stamp: Stamp) -> tuple[Erased, ...]:
    """Erase whoever this id stands for; the key goes in the same write."""
    if not (stamp.actor.is_person and stamp.actor.seat is Seat.RISK_OWNER):
        raise NotForThisSeat(f"{stamp.actor.id} does not act as risk owner in person")
    return (Erased(**envelope(id, 1, stamp)),)
