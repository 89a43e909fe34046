"""An entry is canonical JSON over what is stored, whoever wrote it, and holds nothing of it."""

import json
from hashlib import sha256

import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from application.audit.entries import Stored, entry

STREAM = "019ab5eb-d6f7-75ce-9c47-3d38af7365e7"
contents = st.one_of(
    st.binary(max_size=60),
    st.builds(
        lambda at, more: json.dumps({"timestamp": at, "x": more}).encode(),
        st.one_of(st.text(max_size=20), st.integers(), st.none()),
        st.text(max_size=5),
    ),
)


def by_the_book(stored: Stored, at: str | None) -> bytes:
    return rfc8785.dumps(
        {
            "v": 1,
            "position": stored.position,
            "stream": stored.stream,
            "version": stored.version,
            "type": stored.type,
            "recorded_at": at,
            "payload_digest": f"sha256:{sha256(stored.payload).hexdigest()}",
        }
    )


def moment(payload: bytes) -> str | None:
    try:
        found = json.loads(payload)["timestamp"]
    except (ValueError, TypeError, KeyError):
        return None
    return found if isinstance(found, str) and found.isprintable() else None


@given(st.integers(1, 2**50), st.integers(1, 2**31), st.text(max_size=20), contents)
@example(7, 2, "decision.claimed.v1", b'{"timestamp":"2026-01-02T03:04:05.678901Z","a":1}')
@example(7, 2, "decision.claimed.v1", b'{"sealed":"x.y","timestamp":"2026-01-02T03:04:05Z"}')
@example(7, 2, "decision.claimed.v1", b'{"a":1,"timestamp":"2026-01-02T03:04:05Z"}')
@example(7, 2, "a.v1", b"[" * 100_000)
def test_an_entry_is_canonical_json(position: int, version: int, type: str, payload: bytes) -> None:
    stored = Stored(position, STREAM, version, type, payload)
    said = json.loads(entry(stored))
    at = said["recorded_at"]
    assert entry(stored) == by_the_book(stored, at)
    if payload[:1] != b"[" and (known := moment(payload)) is not None:
        assert at == known


def test_nothing_personal_is_in_an_entry() -> None:
    payload = b'{"sealed":"id.c2VjcmV0","timestamp":"2026-01-02T03:04:05Z","context":{"n":"Ann"}}'
    found = entry(Stored(1, STREAM, 1, "decision.recommended.v1", payload))
    assert b"Ann" not in found
    assert b"c2VjcmV0" not in found
