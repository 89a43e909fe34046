"""What is personal is never at rest in plain, and opens only with its key and in its place."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from adapters.assembly import codec
from adapters.eventstore.codec import Codec, NotSealable, Undecodable
from adapters.eventstore.vault import DoesNotOpen, Vault
from domain.decision.events import HoldsContext, InformationProvided, Recommended, Rerouted
from domain.model import envelope
from tests.domain.builders import BOT, ID, MODEL, OTHER_ID, a_recommendation, by

VAULT = Vault(bytes(range(32)), "kek-1")
OTHER_VAULT = Vault(bytes(32), "kek-2")
PERSON, SOMEONE = UUID(int=5), UUID(int=6)
KEYS = {id: VAULT.new_key(id, "customer 7") for id in (PERSON, SOMEONE)}
SEALED_SAMPLE = Path(__file__).parents[2] / "samples" / "sealed" / "decision.recommended.v1.json"

names = st.text("abcdefg", min_size=1, max_size=3)
facts = st.one_of(st.booleans(), st.text(max_size=20), st.lists(st.text(max_size=5), max_size=3))
contexts = st.dictionaries(names, facts, max_size=5)


def recommended(
    context: dict[str, Any], *personal: str, person: UUID | None = PERSON, version: int = 1
) -> Recommended:
    return Recommended(
        **envelope(ID, version, by(BOT)),
        decision_type="refund",
        subject="order 17",
        recommendation=a_recommendation(),
        model=MODEL,
        context=context,
        data_subject=person,
        personal=personal,
    )


ANN = recommended({"amount": "40", "name": "Ann Example", "born": "1980"}, "born", "name")


def sealed(event: HoldsContext = ANN) -> StoredEvent:
    return codec(VAULT).to_stored_event(event, KEYS)


def read(stored: StoredEvent, keys: dict[UUID, bytes] = KEYS, vault: Vault | None = VAULT) -> Any:
    return codec(vault).read(
        stored.originator_id, stored.originator_version, stored.topic, stored.state, keys
    )


@given(context=contexts, personal=st.sets(names), kind=st.sampled_from(["first", "more", "fresh"]))
def test_any_context_reads_back_as_it_was_and_without_its_key_as_erased(
    context: dict[str, Any], personal: set[str], kind: str
) -> None:
    chosen = tuple(sorted(personal & context.keys()))
    shared: dict[str, Any] = {"context": context, "data_subject": PERSON, "personal": chosen}
    head = {**envelope(ID, 3, by(BOT)), "decision_type": "refund"}
    event: HoldsContext = {
        "first": lambda: recommended(context, *chosen, version=3),
        "more": lambda: InformationProvided(**head, **shared),
        "fresh": lambda: Rerouted(**head, subject_version="2", **shared),
    }[kind]()
    stored = sealed(event)
    assert read(stored) == event
    gone = event.model_copy(update={"context": context | dict.fromkeys(chosen)})
    assert read(stored, {}) == gone
    assert codec(VAULT).sealed_for(stored.state) == (PERSON if chosen else None)
    assert stored.state.startswith(b'{"sealed":"') is bool(chosen)


def test_nothing_personal_is_at_rest_in_plain() -> None:
    state = sealed().state
    assert b"Ann" not in state and b"1980" not in state and b"customer" not in state
    assert b'"amount":"40"' in state
    seal = state[len(b'{"sealed":"') :].partition(b'"')[0].partition(b".")[2]
    assert b"Ann" not in b64decode(seal)


def test_no_two_seals_are_alike() -> None:
    assert sealed().state != sealed().state


def test_what_is_not_personal_is_stored_as_it_always_was() -> None:
    plain = recommended({"amount": "40"}, person=None)
    stored = codec().to_stored_event(plain)
    assert stored == codec(VAULT).to_stored_event(plain, KEYS)
    assert b"personal" not in stored.state and b"data_subject" not in stored.state


@pytest.mark.parametrize(
    "moved",
    [
        {"originator_id": OTHER_ID},
        {"originator_version": 2},
        {"topic": "decision.rerouted.v1"},
    ],
    ids=["another stream", "another version", "another topic"],
)
def test_a_seal_opens_only_in_its_own_place(moved: dict[str, Any]) -> None:
    stored = replace(sealed(), **moved)
    if "topic" in moved:  # made to fit the other class, so that only the seal is in the wrong place
        content = json.loads(stored.state)
        for name in ("subject", "recommendation", "model", "workflow", "recommended_at"):
            content.pop(name)
        for name in ("expires_at", "previous"):
            content.pop(name)
        stored = replace(stored, state=json.dumps(content, separators=(",", ":")).encode())
    with pytest.raises(Undecodable, match="its seal does not open"):
        read(stored)


def test_a_seal_opens_only_with_its_own_key() -> None:
    stored = sealed()
    with pytest.raises(Undecodable, match="its seal does not open"):
        read(stored, {PERSON: VAULT.new_key(PERSON, "customer 7")})
    with pytest.raises(Undecodable, match="its seal does not open"):
        read(stored, {PERSON: KEYS[SOMEONE]})
    with pytest.raises(Undecodable, match="wrapped by kek-1"):
        read(stored, vault=OTHER_VAULT)
    with pytest.raises(Undecodable, match="no key-encryption key"):
        read(stored, vault=None)


@given(at=st.integers(min_value=0, max_value=10_000), flip=st.integers(1, 255))
def test_a_seal_that_was_changed_does_not_open(at: int, flip: int) -> None:
    sealed_text = VAULT.seal(PERSON, KEYS[PERSON], {"name": "Ann"}, b"here")
    raw = bytearray(b64decode(sealed_text))
    raw[at % len(raw)] ^= flip
    with pytest.raises(DoesNotOpen):
        VAULT.open(PERSON, KEYS[PERSON], b64encode(raw).decode(), b"here")


@pytest.mark.parametrize(
    ("vault", "keys", "event"),
    [
        (None, KEYS, ANN),
        (VAULT, {}, ANN),
        (VAULT, KEYS, ANN.model_copy(update={"data_subject": uuid4()})),
        (VAULT, KEYS, ANN.model_copy(update={"data_subject": None})),
    ],
    ids=["no vault", "no key", "a stranger's", "nobody's"],
)
def test_what_cannot_be_sealed_is_not_stored(
    vault: Vault | None, keys: dict[UUID, bytes], event: Recommended
) -> None:
    with pytest.raises(NotSealable, match=r"decision\.recommended\.v1, version 1"):
        codec(vault).to_stored_event(event, keys)


def test_the_librarys_own_path_neither_stores_nor_shows_what_is_personal() -> None:
    with pytest.raises(NotSealable):
        codec(VAULT).to_stored_event(ANN)
    found = codec(VAULT).to_domain_event(sealed())
    assert isinstance(found, Recommended)
    assert found.context == {"amount": "40", "name": None, "born": None}


def test_content_that_does_not_fit_is_named_without_what_was_found() -> None:
    stored = sealed()
    broken = replace(stored, state=stored.state.replace(b'"order 17"', b'{"name":"Ann Example"}'))
    with pytest.raises(Undecodable) as told:
        read(broken)
    assert "subject: " in str(told.value) and "Ann" not in str(told.value)


def test_a_key_tells_its_wrapper_and_opens_under_no_other() -> None:
    wrapped = KEYS[PERSON]
    assert wrapped.startswith(b"kek-1\0") and b"customer" not in wrapped
    assert VAULT.opens(PERSON, wrapped)
    assert not VAULT.opens(SOMEONE, wrapped)
    assert not OTHER_VAULT.opens(PERSON, wrapped)
    assert not VAULT.opens(PERSON, b"kek-1\0short")


def test_a_reference_is_looked_up_by_a_digest_that_takes_the_key() -> None:
    assert VAULT.reference("customer 7") == VAULT.reference("customer 7")
    assert VAULT.reference("customer 7") != VAULT.reference("customer 8")
    assert VAULT.reference("customer 7") != OTHER_VAULT.reference("customer 7")


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 16"):
        Vault(bytes(16), "short")


def test_what_was_once_sealed_still_opens() -> None:
    """The form at rest is for ever: this was written once, and is never written again."""
    sample = json.loads(SEALED_SAMPLE.read_text("utf-8"))
    vault = Vault(bytes.fromhex(sample["key_encryption_key"]), "kek-1")
    stream, version = UUID(sample["originator_id"]), sample["originator_version"]
    state = json.dumps(sample["state"], separators=(",", ":"), ensure_ascii=False).encode()
    person = UUID(sample["data_subject"])
    keys = {person: bytes.fromhex(sample["wrapped_key"])}
    event = Codec([Recommended], vault=vault).read(stream, version, sample["topic"], state, keys)
    assert event == ANN
    assert vault.reference("customer 7") == bytes.fromhex(sample["reference"])
