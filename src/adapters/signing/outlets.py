"""Outlets: where checkpoints go. A directory that others copy from, a receiver over HTTP."""

import asyncio
from pathlib import Path
from typing import Protocol

from adapters.signing.signer import replace
from application.audit.publishing import CheckpointMessage, NotPublished
from application.delivering import Attempt
from domain.values import Receipt

NEWEST = "checkpoint"
ALL = "checkpoints"


class Directory:
    """The newest checkpoint, as C2SP's tlog-tiles names it, and each that there was, by size."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def publish(self, message: CheckpointMessage) -> None:
        """Write both, and to disk."""
        try:
            await asyncio.to_thread(self._write, message.data.size, message.data.note)
        except OSError as error:
            said = f"REMIT_CHECKPOINT_DIRECTORY: {self._path}: {error.strerror}"
            raise NotPublished(said) from error

    def _write(self, size: int, note: str) -> None:
        (self._path / ALL).mkdir(parents=True, exist_ok=True)
        replace(self._path / ALL / str(size), note)
        replace(self._path / NEWEST, note)


class Courier(Protocol):
    """Carries messages to endpoints by name."""

    async def carry(self, endpoint: str, message: CheckpointMessage) -> Attempt: ...


class Webhook:
    """A receiver that answers with success once it has the checkpoint."""

    def __init__(self, endpoint: str, courier: Courier) -> None:
        self._endpoint = endpoint
        self._courier = courier

    async def publish(self, message: CheckpointMessage) -> None:
        """Send it once; whoever publishes tries again."""
        attempt = await self._courier.carry(self._endpoint, message)
        if attempt.status is not Receipt.DELIVERED:
            said = f"REMIT_CHECKPOINT_WEBHOOK: {self._endpoint}: {attempt.detail}"
            raise NotPublished(said)
