"""Checkpoints are signed as others read them, by a signer that can't be made to forget."""

import asyncio
import warnings
from base64 import b64decode
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import Signature, SSlibKey

from adapters.audit import verify
from adapters.clock import HeldClock
from adapters.memory.ledger import MemoryLedger
from adapters.signing.keys import BadKey, SigningKey, VerifierKey
from adapters.signing.outlets import Directory
from adapters.signing.signer import RememberingSigner, remember_nothing
from application.audit.ledger import standing
from application.audit.merkle import EMPTY, consistency
from application.audit.notes import BadNote, Checkpoint, opened
from application.audit.publishing import (
    CheckpointMessage,
    Inconsistent,
    NotPublished,
    publish,
)
from application.ports import Overtaken
from tests.application.audit.trees import Grown, some_leaves
from tests.application.office import Office, an_office

KEY = SigningKey("example.org/log", bytes(range(32)))
LEAVES = some_leaves(300)


def a_checkpoint(size: int, leaves: Sequence[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(KEY.name, size, Grown(leaves[:size]).frontier.root)


def a_proof(old: int, new: int) -> list[bytes]:
    return Grown(LEAVES[:new]).hashes(consistency(old, new))


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    remember_nothing(KEY, tmp_path / "last")
    return tmp_path / "last"


@given(
    st.binary(min_size=32, max_size=32), st.integers(0, 2**40), st.binary(min_size=32, max_size=32)
)
def test_what_is_signed_is_read_by_others(seed: bytes, size: int, root: bytes) -> None:
    key = SigningKey("example.org/log", seed)
    checkpoint = Checkpoint(key.name, size, root)
    note = key.signed(checkpoint)
    assert opened(note)[0] == checkpoint
    assert VerifierKey.read(str(key.verifier)).checkpoint(note) == checkpoint
    text, _, mark = note.rpartition("\n\n")
    made = b64decode(mark.split(" ")[2])[4:]
    theirs = SSlibKey("id", "ed25519", "ed25519", {"public": key.verifier.public.hex()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.verify_signature(Signature("id", made.hex()), f"{text}\n".encode())


def test_the_script_s_own_arithmetic_agrees() -> None:
    note = KEY.signed(a_checkpoint(7))
    assert verify.checkpoint(note, str(KEY.verifier)) == (7, a_checkpoint(7).root)
    other = SigningKey("example.org/log", bytes(32)).verifier
    with pytest.raises(ValueError, match="did not sign"):
        verify.checkpoint(note, str(other))


def test_the_example_of_the_specification_is_verified() -> None:
    """c2sp.org/signed-note names this key and this signature."""
    key = VerifierKey.read("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    made = b64decode(
        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    )
    assert made[:4].hex() == "530d903a"
    assert verify.signs(key.public, b"This is an example message.\n", made[4:])


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+x+00000000+AA==", "example.org/log"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        SigningKey.read(text)
    with pytest.raises(BadKey):
        VerifierKey.read(text)


def test_a_key_is_read_as_it_was_written() -> None:
    made = SigningKey.make("example.org/log")
    assert SigningKey.read(made.written) == made
    with pytest.raises(BadKey, match="without spaces"):
        SigningKey.make("a log")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "a\n1\n",
        "a\n01\nAAAA\n\n",
        "a\n1\n!\n\n",
        "a\n1\nAAAA\n\n",
        f"a\n1\n{'A' * 43}=\n\nx y\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        opened(note)


def test_a_signer_signs_what_continues_the_last(memory: Path) -> None:
    signer = RememberingSigner(KEY, memory)
    assert signer.last() == Checkpoint(KEY.name, 0, EMPTY)
    signer.sign(a_checkpoint(100), signer.last(), [])
    note = signer.sign(a_checkpoint(300), signer.last(), a_proof(100, 300))
    assert (
        KEY.verifier.checkpoint(note) == a_checkpoint(300) == RememberingSigner(KEY, memory).last()
    )
    assert signer.sign(a_checkpoint(300), signer.last(), []) == note


def test_a_signer_refuses_another_history_and_a_shorter_one(memory: Path) -> None:
    signer = RememberingSigner(KEY, memory)
    signer.sign(a_checkpoint(100), signer.last(), [])
    forged = [*LEAVES[:50], LEAVES[0], *LEAVES[51:]]
    for checkpoint, proof in (
        (a_checkpoint(100, forged), []),
        (a_checkpoint(300, forged), Grown(forged).hashes(consistency(100, 300))),
        (a_checkpoint(300), []),
        (a_checkpoint(50), []),
    ):
        with pytest.raises(Inconsistent):
            signer.sign(checkpoint, signer.last(), proof)
    assert signer.last() == a_checkpoint(100)


def test_a_signer_that_was_overtaken_signs_nothing(memory: Path) -> None:
    signer, other = RememberingSigner(KEY, memory), RememberingSigner(KEY, memory)
    before = signer.last()
    other.sign(a_checkpoint(100), before, [])
    with pytest.raises(Overtaken):
        signer.sign(a_checkpoint(100), before, [])


def test_a_signer_without_its_memory_signs_nothing(memory: Path) -> None:
    signer = RememberingSigner(KEY, memory)
    memory.write_text(SigningKey("example.org/log", bytes(32)).signed(a_checkpoint(1)))
    with pytest.raises(BadKey, match="was not signed by this key"):
        signer.last()
    memory.unlink()
    with pytest.raises(BadKey, match="signs nothing"):
        signer.last()


class Lost:
    """A place that nothing arrives at, until it does."""

    def __init__(self) -> None:
        self.open = False
        self.arrived: list[CheckpointMessage] = []

    async def publish(self, message: CheckpointMessage) -> None:
        if not self.open:
            raise NotPublished("nobody there")
        self.arrived.append(message)


def ledger_of(office: Office) -> MemoryLedger:
    return MemoryLedger(office.desk.log)  # type: ignore[arg-type]  # an office's log is in memory


def test_a_checkpoint_counts_once_it_has_left(memory: Path, tmp_path: Path) -> None:
    office, lost, clock = an_office(), Lost(), HeldClock()
    office.recommend()
    ledger, signer = ledger_of(office), RememberingSigner(KEY, memory)
    outlets = [Directory(tmp_path / "published"), lost]

    async def play() -> None:
        recorded = (await ledger.head()).size
        with pytest.raises(NotPublished):
            await publish(ledger, signer, outlets, clock)
        assert (await standing(ledger)).unprotected == recorded
        lost.open = True
        published = await publish(ledger, signer, outlets, clock)
        assert published is not None
        assert (await standing(ledger)).unprotected == 0
        assert await publish(ledger, signer, outlets, clock) is None

    asyncio.run(play())
    newest = (tmp_path / "published" / "checkpoint").read_text(encoding="utf-8")
    assert KEY.verifier.checkpoint(newest) == signer.last()
    assert [one.data.note for one in lost.arrived] == [newest]
    office.recommend()
    clock.advance(timedelta(minutes=1))
    asyncio.run(publish(ledger, signer, outlets, clock))
    sizes = sorted(int(one.name) for one in (tmp_path / "published" / "checkpoints").iterdir())
    assert sizes == [one.data.size for one in lost.arrived]
    assert lost.arrived[0].id != lost.arrived[1].id


def test_a_log_that_lost_its_end_is_not_signed(memory: Path) -> None:
    office = an_office()
    signer = RememberingSigner(KEY, memory)
    signer.sign(a_checkpoint(300), signer.last(), [])
    with pytest.raises(Inconsistent, match="the last checkpoint signed was of 300"):
        asyncio.run(publish(ledger_of(office), signer, [], HeldClock()))


def test_a_log_that_was_changed_is_not_signed(memory: Path) -> None:
    office = an_office()
    ledger, signer = ledger_of(office), RememberingSigner(KEY, memory)
    signer.sign(a_checkpoint(2), signer.last(), [])
    with pytest.raises(Inconsistent, match="does not begin with the 2 that were signed before"):
        asyncio.run(publish(ledger, signer, [], HeldClock()))
