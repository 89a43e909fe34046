"""Checkpoints as C2SP has them: what the log's tree is at a size, as a note that someone signed."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from application.audit.merkle import HASH
from domain.model import Malformed

ED25519 = b"\1"
"""The kind of signature that we make; others are left to those who know them."""
NAME = re.compile(r"[^\s+]+")
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
MARK = "\n\n"
DASH = "— "
PROOF = "c2sp.org/tlog-proof@v1"


class BadNote(Malformed):
    """A checkpoint is a signed note: origin, size, root, an empty line, signatures."""

    CODE = "REJ.checkpoint_unreadable"


class Checkpoint(NamedTuple):
    """The tree of a log at a size."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64(self.root)}\n"


class Signature(NamedTuple):
    """Whose signature, by which key, and the signature itself."""

    name: str
    key: bytes
    made: bytes


def base64(content: bytes) -> str:
    """Bytes as letters (RFC 4648)."""
    return b64encode(content).decode()


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that a key is known by beside its name."""
    return sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key(name: str, public: bytes) -> str:
    """A public key as others take it: name, id, kind and key."""
    return f"{name}+{key_id(name, public).hex()}+{base64(ED25519 + public)}"


def note(text: str, *signatures: Signature) -> str:
    """A signed note."""
    lines = (f"{DASH}{s.name} {base64(s.key + s.made)}\n" for s in signatures)
    return f"{text}\n{''.join(lines)}"


def opened(note: str) -> tuple[Checkpoint, tuple[Signature, ...]]:
    """The checkpoint in a note, and what it is signed with; nothing is checked of that."""
    text, found, rest = note.rpartition(MARK)
    lines = text.split("\n")
    if not found or len(lines) < 3 or not lines[0] or not SIZE.fullmatch(lines[1]):
        raise BadNote("the checkpoint: found no origin, size and root before an empty line")
    root = _bytes(lines[2])
    if len(root) != HASH:
        raise BadNote(f"the checkpoint's root: found {len(root)} bytes, allowed are {HASH}")
    signatures = tuple(_signature(line) for line in rest.splitlines())
    return Checkpoint(lines[0], int(lines[1]), root), signatures


def _signature(line: str) -> Signature:
    name, _, made = line.removeprefix(DASH).partition(" ")
    content = _bytes(made)
    if not line.startswith(DASH) or len(content) <= 4:
        raise BadNote(f"the checkpoint's signatures: found {line[:60]!r}")
    return Signature(name, content[:4], content[4:])


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (Error, ValueError):
        raise BadNote(f"the checkpoint: found {text[:60]!r}, allowed is base64") from None


def proof_file(index: int, hashes: Sequence[bytes], checkpoint: str) -> str:
    """An inclusion proof that can be checked offline (c2sp.org/tlog-proof)."""
    lines = (PROOF, f"index {index}", *map(base64, hashes))
    return "\n".join(lines) + MARK + checkpoint
