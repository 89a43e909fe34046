"""Publishing: a checkpoint is signed, leaves the system, and is then remembered as published.

Only what others hold protects the record: whoever could rewrite it here could rewrite a checkpoint
here as well. And only a signer that remembers can't be made to sign two histories.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID, uuid5

from pydantic import AwareDatetime

from application.audit.ledger import Ledger, Published, consistency
from application.audit.notes import Checkpoint, base64
from application.ports import Clock
from domain.model import Forbidden, Value

MESSAGES = UUID("0b9f3a52-4e0c-5d55-9c5d-6f7c2a1e8d10")
"""Namespace of the ids of messages about checkpoints."""


class Inconsistent(Forbidden):
    """A signer signs nothing that does not continue what it signed before."""

    CODE = "REJ.checkpoint_inconsistent"


class NotPublished(Forbidden):
    """A checkpoint counts as published once every place it goes to has it."""

    CODE = "REJ.checkpoint_not_published"


class Signer(Protocol):
    """Signs checkpoints, and remembers the last one it signed."""

    @property
    def name(self) -> str:
        """The log's name, which its checkpoints begin with."""
        ...

    def last(self) -> Checkpoint:
        """The last checkpoint it signed; the empty tree's if it never signed one."""
        ...

    def sign(self, checkpoint: Checkpoint, since: Checkpoint, proof: Sequence[bytes]) -> str:
        """The signed note, once the proof shows that it continues `since`, the last one signed.

        Raises `Inconsistent`.
        """
        ...


class PublishedCheckpoint(Value):
    """A published checkpoint as programs read it; the note is what counts."""

    origin: str
    size: int
    root: str
    note: str


class CheckpointMessage(Value):
    """Word of a published checkpoint. The same checkpoint has the same `id`."""

    id: UUID
    type: Literal["checkpoint.published"] = "checkpoint.published"
    timestamp: AwareDatetime
    data: PublishedCheckpoint


class Outlet(Protocol):
    """A place that checkpoints go to, out of reach of whoever could rewrite the record."""

    async def publish(self, message: CheckpointMessage) -> None:
        """Bring it there; raises `NotPublished`."""
        ...


def message_of(checkpoint: Checkpoint, note: str, at: datetime) -> CheckpointMessage:
    """What leaves the system."""
    origin, size, root = checkpoint
    return CheckpointMessage(
        id=uuid5(MESSAGES, f"{origin}/{size}"),
        timestamp=at,
        data=PublishedCheckpoint(origin=origin, size=size, root=base64(root), note=note),
    )


async def publish(
    ledger: Ledger, signer: Signer, outlets: Sequence[Outlet], clock: Clock
) -> Published | None:
    """Sign the tree as it is now and bring it to every outlet; None where nothing is new."""
    head, newest, last = await ledger.head(), await ledger.checkpoint(), signer.last()
    if head.size < last.size:
        found = f"the log's tree has {head.size} events"
        raise Inconsistent(f"{found}, the last checkpoint signed was of {last.size}")
    if head.size == (newest.size if newest else 0):
        return None
    proof = await _since(last.size, head.size, ledger)
    checkpoint = Checkpoint(signer.name, head.size, head.root)
    note = signer.sign(checkpoint, last, proof)
    message = message_of(checkpoint, note, clock.now())
    for outlet in outlets:
        await outlet.publish(message)
    published = Published(head.size, head.root, note, message.timestamp)
    await ledger.publish(published)
    return published


async def _since(old: int, new: int, ledger: Ledger) -> Sequence[bytes]:
    return () if old == 0 else (await consistency(old, new, ledger)).hashes
