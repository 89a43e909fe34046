"""Settings: the environment, read once, as a frozen value."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

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
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """The OpenID Connect issuer whose access tokens are taken, as they name it (`iss`)."""
    oidc_audience: str | None = Field(default=None, min_length=1)
    """What tokens must be for (`aud`): this service, as the issuer knows it."""
    oidc_jwks_url: str | None = Field(default=None, pattern=r"^https?://\S+$")
    """Where the issuer's keys are; absent, where its own configuration says."""
    oidc_algorithms: str = "RS256,ES256"
    """The signatures that count, with commas between."""
    oidc_leeway_seconds: int = Field(default=30, ge=0, le=300)
    """How far clocks may be apart."""
    oidc_person_claim: str = Field(default="sub", min_length=1)
    """The claim that holds who someone is, as events and decision types name them."""
    oidc_kind_claim: str = Field(default="remit_kind", min_length=1)
    """The claim that says whether it is a person."""
    oidc_human_kind: str = Field(default="human", min_length=1)
    """What that claim says of a person; whoever it says anything else of is a service."""
    oidc_seats_claim: str = Field(default="remit_seats", min_length=1)
    """The claim that holds seats, as `TYPE:SEAT`."""
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
    notify: Path | None = None
    """The file that says who hears of what, by Slack or by e-mail (see docs/notifications.md)."""
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
    most_per_second: int | None = Field(default=5_000, ge=1)
    """How many requests of one caller a process answers in a second; a batch is one."""
    head_seconds: float = Field(default=10, gt=0)
    """How long a client may take to send a request's head, or its next piece."""
    body_seconds: float = Field(default=60, gt=0)
    """How long it may take to send a body of known length."""
    log_level: str = "INFO"
    clock: Path | None = None
    """The file that says what time it is, in a demo or a test (see docs/operating.md)."""
    log_format: Literal["json", "text"] = "json"
    """How it is logged: a JSON a line, or lines for people."""

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
