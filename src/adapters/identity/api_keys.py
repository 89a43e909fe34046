"""API keys: a random secret known only to its holder; we keep its hash, its owner and the seats.

A key reads `remit_<id>_<secret>`. The secret has 256 bits of randomness, so a plain SHA-256 is
enough to keep it unguessable (a slow hash protects guessable passwords, which these are not).
"""

import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, TypeAdapter, ValidationError

from application.ports import Identity
from domain.model import Seat, Value

PREFIX = "remit"


class KeyRecord(Value):
    """One key as kept: everything but the secret."""

    key_id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    id: str = Field(min_length=1, max_length=200)
    """Whose key it is: a person's or a service's id, as events will name it."""
    kind: Literal["human", "service"]
    seats: dict[str, frozenset[Seat]]
    """Seats by decision type; `*` is all of them."""

    @property
    def identity(self) -> Identity:
        seats = {name: frozenset(map(str, held)) for name, held in self.seats.items()}
        return Identity(id=self.id, kind=self.kind, seats=seats)


class BadKeyFile(Exception):
    """The key file can't be used."""


class ApiKeys:
    """The keys that open the door."""

    def __init__(self, records: Iterable[KeyRecord]) -> None:
        self._records: Mapping[str, KeyRecord] = {record.key_id: record for record in records}
        self._identities = {key: record.identity for key, record in self._records.items()}

    @classmethod
    def read(cls, path: Path) -> Self:
        """The keys of a JSON file: a list of `KeyRecord`."""
        try:
            return cls(_RECORDS.validate_json(path.read_bytes()))
        except OSError as error:
            raise BadKeyFile(f"{path}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise BadKeyFile(f"{path}: {where}: {first['msg']}") from None

    @property
    def records(self) -> tuple[KeyRecord, ...]:
        """All keys as kept."""
        return tuple(self._records.values())

    def identify(self, key: str) -> Identity | None:
        """Whose key this is; None for a key that opens nothing."""
        parts = key.split("_", 2)
        if len(parts) != 3 or parts[0] != PREFIX:
            return None
        record = self._records.get(parts[1])
        if record is None or not hmac.compare_digest(record.hash, hashed(parts[2])):
            return None
        return self._identities[record.key_id]


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return f"sha256:{sha256(secret.encode()).hexdigest()}"


def issue(
    key_id: str,
    id: str,
    kind: Literal["human", "service"],
    seats: dict[str, frozenset[Seat]],
) -> tuple[str, KeyRecord]:
    """A new key, to be shown once, and the record to keep."""
    secret = secrets.token_hex(32)
    record = KeyRecord(key_id=key_id, hash=hashed(secret), id=id, kind=kind, seats=seats)
    return f"{PREFIX}_{key_id}_{secret}", record


def write(path: Path, records: Iterable[KeyRecord]) -> None:
    """Keep records in a file only its owner can read."""
    path.touch(mode=0o600)
    text = [json.loads(record.model_dump_json()) for record in records]
    path.write_text(json.dumps(text, indent=2) + "\n")


_RECORDS = TypeAdapter(list[KeyRecord])
