"""API keys: a random secret known only to its holder; we keep its hash, its owner and the seats.

A key reads `remit_<id>_<secret>`. The secret has 256 bits of randomness, so a plain SHA-256 is
enough to keep it unguessable (a slow hash protects guessable passwords, which these are not).
"""

import hmac
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import monotonic, time
from typing import Literal, Self

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from application.ports import Identity, NotLetIn
from domain.model import Seat, Value

PREFIX = "remit"
MOST_AT_ONCE = 2
"""Valid keys of one holder: the one in use, and the one that takes its place."""
LOOKED_AFTER = 1.0
"""Seconds between two looks whether the key file has changed."""

log = logging.getLogger(__name__)


class KeyRecord(Value):
    """One key as kept: everything but the secret."""

    key_id: str = Field(pattern=r"^[a-z0-9-]{1,40}$")
    hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    id: str = Field(min_length=1, max_length=200)
    """Whose key it is: a person's or a service's id, as events will name it."""
    kind: Literal["human", "service"]
    seats: dict[str, frozenset[Seat]]
    """Seats by decision type; `*` is all of them."""
    expires_at: AwareDatetime | None = None
    """When it stops opening anything; never, unless it says so."""

    def is_valid(self, at: datetime) -> bool:
        """Whether it opens anything at this moment."""
        return self.expires_at is None or at < self.expires_at

    @property
    def identity(self) -> Identity:
        seats = {name: frozenset(map(str, held)) for name, held in self.seats.items()}
        return Identity(id=self.id, kind=self.kind, seats=seats)


class BadKeyFile(Exception):
    """The key file can't be used."""


class TooManyKeys(Exception):
    """One holder has at most two valid keys: one in use, and one that takes its place."""


class ApiKeys:
    """The keys that open the door; those of a file are read again when the file has changed."""

    def __init__(self, records: Iterable[KeyRecord], now: Callable[[], float] = time) -> None:
        self._now = now
        self._file: Path | None = None
        self._changed_at = 0
        self._look_at = 0.0
        self._take(records)

    def _take(self, records: Iterable[KeyRecord]) -> None:
        self._records: Mapping[str, KeyRecord] = {record.key_id: record for record in records}
        self._identities = {key: record.identity for key, record in self._records.items()}
        self._ends = {
            key: record.expires_at.timestamp()
            for key, record in self._records.items()
            if record.expires_at is not None
        }

    @classmethod
    def read(cls, path: Path) -> Self:
        """The keys of a JSON file: a list of `KeyRecord`."""
        keys = cls(())
        keys._file, keys._changed_at = path, _changed_at(path)
        keys._take(_read(path))
        return keys

    @property
    def records(self) -> tuple[KeyRecord, ...]:
        """All keys as kept."""
        return tuple(self._records.values())

    async def identify(self, credential: str) -> Identity:
        """Whose key this is; raises `NotLetIn`."""
        if self._file is not None and monotonic() >= self._look_at:
            self._look(self._file)
        parts = credential.split("_", 2)
        record = self._records.get(parts[1]) if len(parts) == 3 and parts[0] == PREFIX else None
        if record is None or not hmac.compare_digest(record.hash, hashed(parts[2])):
            raise NotLetIn("it is a key that opens nothing here")
        if self._ends and self._ends.get(record.key_id, self._now()) < self._now():
            raise NotLetIn("the key has expired")
        return self._identities[record.key_id]

    def _look(self, file: Path) -> None:
        """Read the file again if it has changed. One that can't be read changes nothing."""
        self._look_at = monotonic() + LOOKED_AFTER
        try:
            if (changed_at := _changed_at(file)) != self._changed_at:
                self._changed_at = changed_at
                self._take(_read(file))
        except BadKeyFile as bad:
            log.error("the keys stay as they were: %s", bad)


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise BadKeyFile(f"{path}: {error.strerror}") from error


def _read(path: Path) -> list[KeyRecord]:
    try:
        return _RECORDS.validate_json(path.read_bytes())
    except OSError as error:
        raise BadKeyFile(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadKeyFile(f"{path}: {where}: {first['msg']}") from None


def hashed(secret: str) -> str:
    """What is kept of a secret."""
    return f"sha256:{sha256(secret.encode()).hexdigest()}"


def issue(
    key_id: str,
    id: str,
    kind: Literal["human", "service"],
    seats: dict[str, frozenset[Seat]],
    expires_at: datetime | None = None,
) -> tuple[str, KeyRecord]:
    """A new key, to be shown once, and the record to keep."""
    secret = secrets.token_hex(32)
    record = KeyRecord(
        key_id=key_id, hash=hashed(secret), id=id, kind=kind, seats=seats, expires_at=expires_at
    )
    return f"{PREFIX}_{key_id}_{secret}", record


def rotated(
    records: Iterable[KeyRecord], id: str, grace: timedelta, at: datetime
) -> tuple[str, tuple[KeyRecord, ...]]:
    """A second key for a holder, and all records: the first one opens for a while yet."""
    known = tuple(records)
    valid = [record for record in known if record.id == id and record.is_valid(at)]
    if not valid:
        raise BadKeyFile(f"{id} has no valid key to take the place of")
    if len(valid) >= MOST_AT_ONCE:
        names = ", ".join(record.key_id for record in valid)
        raise TooManyKeys(f"{id} has {len(valid)} valid keys ({names}); revoke one first")
    old = valid[0]
    end = min(at + grace, old.expires_at or at + grace)
    key, new = issue(secrets.token_hex(4), id, old.kind, old.seats)
    ending = old.model_copy(update={"expires_at": end})
    return key, (*(ending if record is old else record for record in known), new)


def within(lifetime: timedelta | None, at: datetime) -> datetime | None:
    """The moment a lifetime ends, in whole seconds."""
    return None if lifetime is None else (at + lifetime).astimezone(UTC).replace(microsecond=0)


def write(path: Path, records: Iterable[KeyRecord]) -> None:
    """Keep records in a file that only its owner can read, and that is never seen half written."""
    text = [json.loads(record.model_dump_json(exclude_none=True)) for record in records]
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(text, indent=2) + "\n")
    beside.replace(path)


_RECORDS = TypeAdapter(list[KeyRecord])
