"""Keys for signed notes (C2SP signed-note, Ed25519), as they are written down."""

import re
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from adapters.trouble import Trouble
from application.audit.notes import (
    ED25519,
    NAME,
    Checkpoint,
    Signature,
    base64,
    key_id,
    note,
    opened,
    verifier_key,
)

PREFIX = "PRIVATE+KEY+"
SECRET = re.compile(r"PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+(\S+)")
PUBLIC = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)")
KEY_BYTES = 32


class BadKey(Trouble):
    """A key for checkpoints can't be used."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key, and whose it is."""

    name: str
    public: bytes

    @classmethod
    def read(cls, text: str) -> "VerifierKey":
        """A key as others take it: name, id, kind and key."""
        found = PUBLIC.fullmatch(text.strip())
        public = _content(found[3]) if found else b""
        if found is None or key_id(found[1], public).hex() != found[2]:
            raise BadKey(
                "a checkpoint's key is its name, its id and an Ed25519 key, with + between"
            )
        return cls(found[1], public)

    def __str__(self) -> str:
        return verifier_key(self.name, self.public)

    def checkpoint(self, text: str) -> Checkpoint | None:
        """The checkpoint in a note, if this key signed it."""
        checkpoint, signatures = opened(text)
        ours = (self.name, key_id(self.name, self.public))
        made = [s.made for s in signatures if (s.name, s.key) == ours]
        signs = Ed25519PublicKey.from_public_bytes(self.public)
        try:
            for each in made:
                signs.verify(each, checkpoint.text.encode())
        except InvalidSignature:
            return None
        return checkpoint if made and text.startswith(checkpoint.text + "\n") else None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the name it signs for."""

    name: str
    secret: bytes

    @classmethod
    def make(cls, name: str) -> "SigningKey":
        """A new key."""
        if not NAME.fullmatch(name):
            raise BadKey(f"NAME: found {name!r}; allowed is a name without spaces and without +")
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> "SigningKey":
        """A key as it is kept in a file."""
        found = SECRET.fullmatch(text.strip())
        secret = _content(found[3]) if found else b""
        if found and secret:
            key = cls(found[1], secret)
            if key_id(key.name, key.verifier.public).hex() == found[2]:
                return key
        raise BadKey("REMIT_CHECKPOINT_KEY: found no key that `remit audit keys` makes")

    @property
    def written(self) -> str:
        """The key as it is kept in a file."""
        id = key_id(self.name, self.verifier.public).hex()
        return f"{PREFIX}{self.name}+{id}+{base64(ED25519 + self.secret)}\n"

    @property
    def verifier(self) -> VerifierKey:
        """What others check its signatures with."""
        return VerifierKey(self.name, self._private.public_key().public_bytes_raw())

    def signed(self, checkpoint: Checkpoint) -> str:
        """A checkpoint as a note with this key's signature."""
        made = self._private.sign(checkpoint.text.encode())
        known = self.verifier
        return note(checkpoint.text, Signature(self.name, key_id(self.name, known.public), made))

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secret)


def _content(text: str) -> bytes:
    """The key itself; empty if this is none of our kind."""
    try:
        content = b64decode(text, validate=True)
    except (Error, ValueError):
        return b""
    ours = content[:1] == ED25519 and len(content) == 1 + KEY_BYTES
    return content[1:] if ours else b""
