"""Publication: how checkpoints leave this installation, as its settings say."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from adapters.clock import SystemClock
from adapters.postgres.reading import PostgresReader
from adapters.settings import BadSettings, Settings
from adapters.signing.keys import SigningKey
from adapters.signing.outlets import Courier, Directory, Webhook
from adapters.signing.signer import RememberingSigner
from adapters.webhooks.endpoints import read_endpoints
from application.audit.ledger import Ledger, Published
from application.audit.publishing import Outlet, publish

NOWHERE = (
    "REMIT_CHECKPOINT_DIRECTORY or REMIT_CHECKPOINT_WEBHOOK: neither is set, and a checkpoint that "
    "stays here protects nothing"
)


@dataclass(frozen=True, slots=True)
class Publication:
    """Who signs, where it goes, how often."""

    signer: RememberingSigner
    directory: Path | None
    webhook: str | None
    every: timedelta

    async def publish(self, ledger: Ledger, courier: Courier) -> Published | None:
        """Sign the log's tree as it is now, and bring it out; None where nothing is new."""
        outlets: list[Outlet] = []
        if self.directory is not None:
            outlets.append(Directory(self.directory))
        if self.webhook is not None:
            outlets.append(Webhook(self.webhook, courier))
        return await publish(ledger, self.signer, outlets, SystemClock())


def signing_key(settings: Settings) -> SigningKey | None:
    """The key that checkpoints are signed with; none if none is set."""
    path = settings.checkpoint_key
    if path is None:
        return None
    try:
        return SigningKey.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadSettings(f"REMIT_CHECKPOINT_KEY: {path}: {why}") from None


def publication(settings: Settings) -> Publication | None:
    """How checkpoints leave; not at all where no key is set. Refuses what could never work."""
    key = signing_key(settings)
    if key is None or settings.checkpoint_key is None:
        return None
    directory, webhook = settings.checkpoint_directory, settings.checkpoint_webhook
    if directory is None and webhook is None:
        raise BadSettings(NOWHERE)
    known = read_endpoints(settings.endpoints)
    if webhook is not None and webhook not in known:
        allowed = ", ".join(sorted(known)) or "none: REMIT_ENDPOINTS names no file with any"
        raise BadSettings(f"REMIT_CHECKPOINT_WEBHOOK: found {webhook}; allowed are {allowed}")
    signer = RememberingSigner(key, memory_of(settings.checkpoint_key, settings))
    signer.last()  # refuse before anything is started
    every = timedelta(seconds=settings.checkpoint_every_seconds)
    return Publication(signer, directory, webhook, every)


def memory_of(key: Path, settings: Settings) -> Path:
    """Where the signer of a key remembers."""
    return settings.checkpoint_memory or key.with_name(f"{key.name}.last")


@asynccontextmanager
async def open_ledger(url: str) -> AsyncGenerator[Ledger]:
    """The Merkle log of a database."""
    async with PostgresReader(url, readers=2) as reader:
        yield reader.ledger
