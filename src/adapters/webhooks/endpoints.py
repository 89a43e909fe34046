"""Endpoints: where messages may go, as the operator wrote it down. No address is from elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from adapters.trouble import Trouble
from adapters.webhooks.signing import secret_bytes
from domain.model import Value


class BadEndpoints(Trouble):
    """The file of endpoints can't be used."""


class Target(NamedTuple):
    """Where something is sent, and how far it may go."""

    url: str
    private: bool = False
    timeout_seconds: float = 10.0


def _secret(secret: SecretStr) -> SecretStr:
    secret_bytes(secret.get_secret_value())
    return secret


class Endpoint(Value):
    """One receiver: its address, and the secrets its messages are signed with."""

    url: str
    secrets: tuple[Annotated[SecretStr, AfterValidator(_secret)], ...] = Field(
        min_length=1, max_length=5
    )
    """Each signs every message; for a change of secret have both for a while."""
    private: bool = False
    """Whether it is in a private network: only then addresses there, and plain HTTP, will do."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        parts = urlsplit(self.url)
        allowed = ("https", "http") if self.private else ("https",)
        if parts.scheme not in allowed or not parts.hostname or "@" in parts.netloc:
            raise ValueError(
                f"url: found {self.url[:100]}; allowed are {' and '.join(allowed)} URLs"
            )
        return self

    @property
    def target(self) -> Target:
        return Target(self.url, self.private, self.timeout_seconds)

    @property
    def keys(self) -> tuple[bytes, ...]:
        return tuple(secret_bytes(secret.get_secret_value()) for secret in self.secrets)


_FILE = TypeAdapter(dict[str, Endpoint])


def read_endpoints(path: Path | None) -> Mapping[str, Endpoint]:
    """The endpoints of a JSON file, by name; none where there is no file."""
    if path is None:
        return {}
    try:
        return _FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise BadEndpoints(f"REMIT_ENDPOINTS: {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        said = first["msg"].removeprefix("Value error, ")
        raise BadEndpoints(f"REMIT_ENDPOINTS: {path}: {where}: {said}") from None
