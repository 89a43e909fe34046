"""Settings: the environment, read once, as a frozen value."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError

from adapters.trouble import Trouble
from domain.model import Value


class BadSettings(Trouble):
    """The environment says something the service can't use."""


class Settings(Value):
    """What an installation decides. Each field is the variable `REMIT_<FIELD>` in capitals."""

    database_url: str | None = None
    """A PostgreSQL (tested on 18); absent, an embedded one is started in `data_dir`."""
    data_dir: Path = Path(".remit")
    """Where the embedded PostgreSQL and the demo keep what is theirs."""
    api_keys: Path | None = None
    """The file of hashed API keys with their seats (see docs/operating.md)."""
    lot_key: SecretStr = SecretStr("")
    """The secret that lots are drawn with, at least 16 characters."""
    lot_key_id: str = "lots-1"
    """Its public name, recorded with each lot."""
    key_encryption_key: SecretStr = SecretStr("")
    """The key that personal data's keys are wrapped with: 64 hexadecimal digits."""
    key_encryption_key_id: str = Field(default="kek-1", pattern=r"^[!-~]{1,100}$")
    """Its public name, kept beside each key that it wraps."""
    endpoints: Path | None = None
    """The file that says where actions are sent, and what they are signed with."""
    checkpoint_key: Path | None = None
    """The file of the key that checkpoints of the log are signed with (`remit audit keys`)."""
    checkpoint_memory: Path | None = None
    """Where its signer remembers what it signed; beside the key, with `.last` after its name."""
    checkpoint_directory: Path | None = None
    """A directory that checkpoints are published to."""
    checkpoint_webhook: str | None = None
    """The endpoint, by its name in `endpoints`, that checkpoints are published to."""
    checkpoint_every_seconds: int = Field(default=60, ge=1)
    """How often a worker publishes one, if anything was recorded meanwhile."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)
    max_body_bytes: int = Field(default=1_048_576, ge=1024)
    """The largest body of one request; a batch is limited by line instead."""
    queue_capacity: int = Field(default=10_000, ge=1)
    """How many writes may wait at once before new ones are answered 503."""
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the variables; a bad one is refused by name."""
        given = {
            name: environment[variable]
            for name in cls.model_fields
            if (variable := f"REMIT_{name.upper()}") in environment
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            lines = [
                f"REMIT_{str(e['loc'][0]).upper()}: found {e['input']!r}; {e['msg'].lower()}"
                for e in error.errors()
            ]
            raise BadSettings("\n".join(lines)) from None
