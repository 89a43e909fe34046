"""Signatures as Standard Webhooks has them (https://www.standardwebhooks.com, version 1)."""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"
SHORTEST = 24
"""Bytes a secret has at least, as the standard asks; at most 64."""
LONGEST = 64


def secret_bytes(secret: str) -> bytes:
    """A secret as it is written down (`whsec_` and base64); raises `ValueError`."""
    try:
        key = b64decode(secret.removeprefix(PREFIX), validate=True)
    except Error:
        raise ValueError("a secret is whsec_ and base64") from None
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise ValueError(f"a secret is whsec_ and the base64 of {SHORTEST} to {LONGEST} bytes")
    return key


def signed(secrets: Sequence[bytes], id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that say who a message is from: one signature for each secret in use.

    A receiver accepts any of them, so secrets are rotated by using two for a while.
    """
    timestamp = str(int(at.timestamp()))
    content = f"{id}.{timestamp}.".encode() + body
    marks = [b64encode(hmac.digest(key, content, sha256)).decode() for key in secrets]
    return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
