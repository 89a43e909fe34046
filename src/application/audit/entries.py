"""Entries: what the Merkle log says of each event, and nothing of its content but a digest.

The digest covers the bytes as they are stored. Nothing is spelt anew, and what is sealed stays so.
"""

import re
from hashlib import sha256
from json import dumps, loads
from typing import NamedTuple

VERSION = 1
"""Of the entry's form."""
TIMED = re.compile(rb'\{(?:"sealed":"[^"\\]*",)?"timestamp":"([0-9T:.Z+-]*)"')
"""How stored content begins that is as we write it."""
PLAIN = re.compile(r"[a-z0-9_.-]*")
WRITTEN = (
    b'{"payload_digest":"sha256:%b","position":%d,"recorded_at":"%b","stream":"%b","type":"%b",'
    b'"v":1,"version":%d}'
)


class Stored(NamedTuple):
    """An event as the log keeps it."""

    position: int
    stream: str
    version: int
    type: str
    """Its topic with its schema."""
    payload: bytes


def entry(stored: Stored) -> bytes:
    """The leaf of an event: canonical JSON (RFC 8785), whatever is stored."""
    position, stream, version, type, payload = stored
    found = TIMED.match(payload)
    if found is None or not PLAIN.fullmatch(type):
        return _spelt(stored)
    digest = sha256(payload).hexdigest().encode()
    return WRITTEN % (digest, position, found[1], stream.encode(), type.encode(), version)


def _spelt(stored: Stored) -> bytes:
    """The same where another hand wrote the content."""
    said = {
        "v": VERSION,
        "position": stored.position,
        "stream": stored.stream,
        "version": stored.version,
        "type": stored.type,
        "recorded_at": recorded_at(stored.payload),
        "payload_digest": f"sha256:{sha256(stored.payload).hexdigest()}",
    }
    return dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def recorded_at(payload: bytes) -> str | None:
    """The moment that stored content names, letter by letter; None if it names none."""
    if found := TIMED.match(payload):
        return found[1].decode()
    try:
        moment = loads(payload)["timestamp"]
        moment.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return str(moment)
