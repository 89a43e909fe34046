"""Arrays as PostgreSQL reads them off the wire, packed at one go.

psycopg dumps a list element by element in Python; on the write path that would cost more than
encoding the events does.
"""

from collections.abc import Iterable, Sequence
from struct import Struct, pack
from typing import Any, ClassVar
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

HEADER = Struct("!iiIii")
LENGTH = Struct("!i").pack
INTEGER = Struct("!ii").pack
BIGINT = Struct("!iq").pack
UUID_LENGTH = LENGTH(16)
TRUE, FALSE = LENGTH(1) + b"\1", LENGTH(1) + b"\0"


class PackedArray(bytes):
    """An array's wire form; the subclass says of what."""

    ARRAY: ClassVar[int]
    ELEMENT: ClassVar[int]


class Uuids(PackedArray):
    """A uuid[]."""

    ARRAY, ELEMENT = 2951, 2950

    @classmethod
    def of(cls, values: Sequence[UUID]) -> "Uuids":
        # An id's own `bytes` takes twice the time.
        body = b"".join([UUID_LENGTH + v.int.to_bytes(16) for v in values])
        return cls(_header(cls, len(values)) + body)


class Integers(PackedArray):
    """An integer[]."""

    ARRAY, ELEMENT = 1007, 23

    @classmethod
    def of(cls, values: Sequence[int]) -> "Integers":
        return cls(_header(cls, len(values)) + b"".join([INTEGER(4, v) for v in values]))


class Bigints(PackedArray):
    """A bigint[]."""

    ARRAY, ELEMENT = 1016, 20

    @classmethod
    def of(cls, values: Sequence[int]) -> "Bigints":
        return cls(_header(cls, len(values)) + b"".join([BIGINT(8, v) for v in values]))


class Booleans(PackedArray):
    """A boolean[]."""

    ARRAY, ELEMENT = 1000, 16

    @classmethod
    def of(cls, values: Sequence[bool]) -> "Booleans":
        return cls(_header(cls, len(values)) + b"".join([TRUE if v else FALSE for v in values]))


class Texts(PackedArray):
    """A text[], of strings already encoded as UTF-8."""

    ARRAY, ELEMENT = 1009, 25

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Texts":
        return cls(_header(cls, len(values)) + _sized(values))


class Byteas(PackedArray):
    """A bytea[]."""

    ARRAY, ELEMENT = 1001, 17

    @classmethod
    def of(cls, values: Sequence[bytes]) -> "Byteas":
        return cls(_header(cls, len(values)) + _sized(values))


def _header(kind: type[PackedArray], length: int) -> bytes:
    if not length:
        return pack("!iiI", 0, 0, kind.ELEMENT)
    return HEADER.pack(1, 0, kind.ELEMENT, length, 1)


def _sized(values: Iterable[bytes]) -> bytes:
    return b"".join([LENGTH(len(value)) + value for value in values])


class _PackedDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: PackedArray) -> bytes:
        return obj


def register(context: AdaptContext) -> None:
    """Let a connection send packed arrays as they are."""
    for kind in (Uuids, Integers, Bigints, Booleans, Texts, Byteas):
        attributes: dict[str, Any] = {"oid": kind.ARRAY}
        dumper = type(f"{kind.__name__}Dumper", (_PackedDumper,), attributes)
        context.adapters.register_dumper(kind, dumper)
