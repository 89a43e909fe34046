"""Proofs over HTTP: whoever asks can check the answer without trusting who gave it."""

import asyncio
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from a_service import Service

from adapters.memory.reading import MemoryReader
from adapters.signing.keys import SigningKey
from application.audit.ledger import Published
from application.audit.merkle import extends, includes, leaf_hash
from application.audit.notes import Checkpoint
from application.reading import Reader

KEY = SigningKey("example.org/log", bytes(32))


def published(service: Service) -> Published:
    """The log's tree as it is now, signed and out."""
    reader = cast("MemoryReader", reader_of(service))
    head = asyncio.run(reader.ledger.head())
    note = KEY.signed(Checkpoint(KEY.name, head.size, head.root))
    checkpoint = Published(head.size, head.root, note, datetime(2031, 4, 1, tzinfo=UTC))
    asyncio.run(reader.ledger.publish(checkpoint))
    return checkpoint


def reader_of(service: Service) -> Reader:
    return cast("Reader", service.app.dependencies["reader"].dependency())  # type: ignore[union-attr]


def first_event(service: Service, subject: str = "claim-1") -> str:
    id = service.recommended(subject)["id"]
    events = service.get(f"/v1/decisions/{id}/events").json()["items"]
    return str(events[0]["id"])


def shown(answer: dict[str, Any], root: str | None = None) -> bool:
    hashes = [b64decode(one) for one in answer["hashes"]]
    leaf = leaf_hash(answer["entry"].encode())
    at = answer["index"], answer["size"]
    return includes(leaf, *at, hashes, b64decode(root or answer["root"]))


def test_what_is_not_published_is_not_yet_protected(service: Service) -> None:
    service.recommended()
    answer = service.get("/v1/audit/checkpoint").json()
    assert (answer["size"], answer["note"]) == (0, None)
    assert answer["unprotected"] == answer["recorded"] > 0
    checkpoint = published(service)
    assert service.get("/v1/audit/checkpoint").json()["unprotected"] == 0
    service.recommended("claim-2")
    answer = service.get("/v1/audit/checkpoint").json()
    assert (answer["note"], answer["size"]) == (checkpoint.note, checkpoint.size)
    assert answer["unprotected"] == answer["recorded"] - checkpoint.size > 0


def test_an_event_is_proved_for_the_published_checkpoint(service: Service) -> None:
    event = first_event(service)
    before = service.get(f"/v1/audit/inclusion?event={event}").json()
    assert (before["protected"], before["proof"]) == (False, None)
    assert shown(before)
    checkpoint = published(service)
    service.recommended("claim-2")
    answer = service.get(f"/v1/audit/inclusion?event={event}").json()
    assert (answer["protected"], answer["size"]) == (True, checkpoint.size)
    assert shown(answer)
    assert answer["proof"].startswith(f"c2sp.org/tlog-proof@v1\nindex {answer['index']}\n")
    assert answer["proof"].endswith("\n\n" + checkpoint.note)
    later = first_event(service, "claim-3")
    assert not service.get(f"/v1/audit/inclusion?event={later}").json()["protected"]


def test_the_log_only_grew(service: Service) -> None:
    service.recommended()
    old = published(service)
    for n in range(3):
        service.recommended(f"later-{n}")
    answer = service.get(f"/v1/audit/consistency?from={old.size}").json()
    hashes = [b64decode(one) for one in answer["hashes"]]
    new = answer["to_size"], b64decode(answer["to_root"])
    assert new[0] > old.size
    assert extends((old.size, old.root), new, hashes)
    same = service.get(f"/v1/audit/consistency?from={old.size}&to={old.size}").json()
    assert (same["hashes"], same["from_root"]) == ([], same["to_root"])


def test_an_event_is_proved_to_whoever_may_see_it(service: Service) -> None:
    event = first_event(service)
    assert service.get(f"/v1/audit/inclusion?event={event}", "rae").status_code == 200
    for path in ("checkpoint", "consistency?from=1"):
        assert service.get(f"/v1/audit/{path}", "stranger").status_code == 200
        assert service.get(f"/v1/audit/{path}", None).status_code == 401
    refused = service.get(f"/v1/audit/inclusion?event={event}", "stranger")
    assert (refused.status_code, refused.json()["code"]) == (404, "REJ.not_in_the_log")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("inclusion", 422),
        ("inclusion?event=7", 422),
        ("inclusion?event=019ab5eb-d6f7-75ce-9c47-3d38af7365e7", 404),
        ("inclusion?event={event}&size=0", 422),
        ("inclusion?event={event}&size=1", 422),
        ("inclusion?event={event}&size=9223372036854775807", 422),
        ("inclusion?event={event}&size=9223372036854775808", 422),
        ("consistency", 422),
        ("consistency?from=0", 422),
        ("consistency?from=2&to=1", 422),
        ("consistency?from=1&to=99999", 422),
    ],
)
def test_what_can_t_be_proved_is_refused_by_name(service: Service, query: str, status: int) -> None:
    asked = query.replace("{event}", first_event(service))
    answer = service.get(f"/v1/audit/{asked}")
    assert answer.status_code == status
    assert answer.json()["detail"]
