"""A signer that remembers the last checkpoint it signed, in a file outside the log's database."""

import fcntl
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.signing.keys import BadKey, SigningKey
from application.audit.merkle import EMPTY, extends
from application.audit.notes import BadNote, Checkpoint
from application.audit.publishing import Inconsistent
from application.ports import Overtaken


class RememberingSigner:
    """Signs nothing that does not continue what it signed before; forgets nothing when killed."""

    def __init__(self, key: SigningKey, memory: Path) -> None:
        self._key = key
        self._memory = memory

    @property
    def name(self) -> str:
        """The log's name, which its checkpoints begin with."""
        return self._key.name

    def last(self) -> Checkpoint:
        """The last checkpoint it signed; the empty tree's if it never signed one."""
        try:
            text = self._memory.read_text(encoding="utf-8")
            known = self._key.verifier.checkpoint(text)
        except FileNotFoundError:
            raise BadKey(
                f"REMIT_CHECKPOINT_MEMORY: {self._memory} is not there: a signer that forgot what "
                "it signed signs nothing. Restore it, or make a new key with `remit audit keys`"
            ) from None
        except (BadNote, UnicodeDecodeError):
            known = None
        if known is None:
            raise BadKey(f"REMIT_CHECKPOINT_MEMORY: {self._memory} was not signed by this key")
        return known

    def sign(self, checkpoint: Checkpoint, since: Checkpoint, proof: Sequence[bytes]) -> str:
        """The signed note, remembered before anybody sees it."""
        with self._alone():
            last = self.last()
            if last != since:
                raise Overtaken("another worker signed meanwhile")
            old, new = (last.size, last.root), (checkpoint.size, checkpoint.root)
            if last.size and not extends(old, new, proof):
                raise Inconsistent(
                    f"the tree of {checkpoint.size} events does not begin with the {last.size} "
                    "that were signed before: the record was changed, or this is another log's key"
                )
            note = self._key.signed(checkpoint)
            replace(self._memory, note)
            return note

    @contextmanager
    def _alone(self) -> Generator[None]:
        with self._memory.with_name(f"{self._memory.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def remember_nothing(key: SigningKey, memory: Path) -> None:
    """The memory of a key that has signed nothing yet."""
    replace(memory, key.signed(Checkpoint(key.name, 0, EMPTY)))


def replace(path: Path, text: str) -> None:
    """Put a text in a file's place: all of it or nothing, whatever happens, and for good."""
    beside = path.with_name(f"{path.name}.new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
