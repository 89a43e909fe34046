"""The vault: each data subject has a key of its own, kept wrapped by a key that no database holds.

AES-256-GCM throughout, with a random nonce. Without the installation's key a copy of the database
opens nothing; without a data subject's wrapped key, nothing ever opens what was sealed with it.
"""

import hmac
from base64 import b64decode, b64encode
from os import urandom
from typing import Any, cast
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json, to_json

KEY_BYTES = 32
NONCE_BYTES = 12


class DoesNotOpen(Exception):
    """What is sealed was sealed by another key, for another place, or was changed since."""


class Vault:
    """Wraps and unwraps keys, and seals values with them."""

    def __init__(self, key: bytes, key_id: str) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key-encryption key has {KEY_BYTES} bytes, not {len(key)}")
        self._wrapping = AESGCM(_derived(key, b"remit/wrap"))
        self._keeping = AESGCM(_derived(key, b"remit/secrets"))
        self._naming = _derived(key, b"remit/reference")
        self._id = key_id.encode()

    def reference(self, text: str) -> bytes:
        """What a reference is looked up by: nobody without the key can tell whose it is."""
        return hmac.digest(self._naming, text.encode(errors="surrogatepass"), "sha256")

    def new_key(self, id: UUID, reference: str) -> bytes:
        """A fresh key for a data subject, wrapped; the reference goes in and out with it."""
        content = urandom(KEY_BYTES) + reference.encode(errors="surrogatepass")
        nonce = urandom(NONCE_BYTES)
        wrapped = self._wrapping.encrypt(nonce, content, id.bytes + self._id)
        return self._id + b"\0" + nonce + wrapped

    def opens(self, id: UUID, wrapped: bytes) -> bool:
        """Whether a wrapped key was wrapped by this vault."""
        try:
            self._key(id, wrapped)
        except DoesNotOpen:
            return False
        return True

    def seal(self, id: UUID, wrapped: bytes, values: dict[str, Any], place: bytes) -> str:
        """Values that only this data subject's key opens, and only in this place."""
        nonce = urandom(NONCE_BYTES)
        sealed = self._key(id, wrapped).encrypt(nonce, to_json(values), place)
        return b64encode(nonce + sealed).decode()

    def open(self, id: UUID, wrapped: bytes, sealed: str, place: bytes) -> dict[str, Any]:
        """The values again."""
        try:
            content = b64decode(sealed, validate=True)
            found = self._key(id, wrapped).decrypt(
                content[:NONCE_BYTES], content[NONCE_BYTES:], place
            )
        except (InvalidTag, ValueError):
            raise DoesNotOpen("another key, another place, or changed since") from None
        return cast("dict[str, Any]", from_json(found))

    def lock(self, content: bytes, place: bytes) -> str:
        """What the installation itself keeps secret, for this place."""
        nonce = urandom(NONCE_BYTES)
        return b64encode(nonce + self._keeping.encrypt(nonce, content, place)).decode()

    def unlock(self, locked: str, place: bytes) -> bytes | None:
        """The content again; None where it was locked with another key or for another place."""
        try:
            known = b64decode(locked, validate=True)
            return self._keeping.decrypt(known[:NONCE_BYTES], known[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            return None

    def _key(self, id: UUID, wrapped: bytes) -> AESGCM:
        key_id, _, content = wrapped.partition(b"\0")
        try:
            known = self._wrapping.decrypt(
                content[:NONCE_BYTES], content[NONCE_BYTES:], id.bytes + key_id
            )
        except (InvalidTag, ValueError):
            by = wrapped_by(wrapped)
            raise DoesNotOpen(f"the key of {id} was wrapped by {by}, which is another") from None
        return AESGCM(known[:KEY_BYTES])


def wrapped_by(wrapped: bytes) -> str:
    """The public name of the key that a data subject's key is wrapped with."""
    return wrapped.partition(b"\0")[0].decode(errors="replace")


def _derived(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, "sha256")
