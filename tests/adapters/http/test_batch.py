"""Batches: each line is answered on its own, in order, and a bad one stops nobody."""

import json
from typing import Any

import httpx
from a_service import Service, a_service, recommendation


def _batch(service: Service, *lines: Any, **headers: str) -> list[dict[str, Any]]:
    raw = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines
    )
    answer = _sent(service, raw, **headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def _sent(service: Service, raw: bytes, **headers: str) -> httpx.Response:
    sent = service.header("bot", **({"Content_Type": "application/x-ndjson"} | headers))
    return service.client.post("/v1/decisions/batch", content=raw, headers=sent)


def test_a_bad_line_answers_with_its_own_problem_and_stops_nobody(service: Service) -> None:
    answers = _batch(
        service,
        recommendation("a"),
        b"{oops",
        recommendation("b", confidence=1.2),
        b"\xff\xfe",
        recommendation("c", decision_type="other"),
        b'{"a":' * 10_000,
        recommendation("d", amount="much"),
        recommendation("e", amount=500),
    )
    told = [(a.get("subject"), a.get("status"), a.get("code")) for a in answers]
    assert told == [
        ("a", None, None),
        (None, 400, "REJ.unreadable"),
        (None, 422, "EXC.INVALID_INPUT"),
        (None, 400, "REJ.unreadable"),
        (None, 403, "REJ.seat"),
        (None, 400, "REJ.unreadable"),
        (None, 422, "EXC.INVALID_INPUT"),
        ("e", None, None),
    ]
    assert answers[2]["errors"][0]["field"] == "recommendation.confidence"
    assert answers[2]["instance"] == "line:3"


def test_each_bad_line_leaves_its_attempt(service: Service) -> None:
    lines = [recommendation(f"s{n}", **({"confidence": 1.2} if n % 3 else {})) for n in range(600)]
    answers = _batch(service, *lines, Idempotency_Key="monday")
    assert sum("lane" in answer for answer in answers) == 200
    assert {a["code"] for a in answers if "code" in a} == {"EXC.INVALID_INPUT"}
    assert _attempts(service) == 400
    assert _batch(service, *lines, Idempotency_Key="monday") == answers
    assert _attempts(service) == 400


def _attempts(service: Service) -> int:
    found, after = 0, 0
    while items := (page := service.get(f"/v1/events?limit=500&after={after}").json())["items"]:
        found += sum(item["type"] == "decision.attempt_rejected" for item in items)
        after = page["next"]
    return found


def test_two_thousand_lines_are_answered_in_order(service: Service) -> None:
    lines = [recommendation(f"claim-{n}") if n % 7 else b"bad" for n in range(2_000)]
    answers = _batch(service, *lines)
    assert len(answers) == 2_000
    for number, answer in enumerate(answers):
        if number % 7:
            assert answer["subject"] == f"claim-{number}"
        else:
            assert answer["status"] == 400


def test_a_batch_sent_again_under_its_key_adds_nothing(service: Service) -> None:
    lines = [recommendation(f"claim-{n}") for n in range(20)]
    first = _batch(service, *lines, Idempotency_Key="monday")
    assert _batch(service, *lines, Idempotency_Key="monday") == first
    changed = [recommendation("claim-0", amount=51), *lines[1:]]
    (refused, *rest) = _batch(service, *changed, Idempotency_Key="monday")
    assert refused["code"] == "REJ.idempotency_conflict"
    assert rest == first[1:]


def test_a_line_that_is_too_long_is_one_bad_line() -> None:
    service = a_service(max_body_bytes=4_096)
    long = recommendation("long", workflow="x" * 100_000)
    answers = _batch(service, recommendation("a"), long, recommendation("b"))
    assert [a.get("subject") or a["code"] for a in answers] == ["a", "REJ.too_large", "b"]


def test_a_batch_may_be_longer_than_one_body() -> None:
    service = a_service(max_body_bytes=1_024)
    answers = _batch(service, *(recommendation(f"claim-{n}") for n in range(100)))
    assert {a["lane"] for a in answers} == {"automate"}


def test_empty_lines_are_no_lines(service: Service) -> None:
    raw = b"\n\n" + json.dumps(recommendation()).encode() + b"\r\n  \n"
    assert len(_sent(service, raw).text.splitlines()) == 1
    assert _sent(service, b"").text == ""


def test_a_batch_is_lines_of_json_and_nothing_else(service: Service) -> None:
    assert _sent(service, b"[]", Content_Type="application/json").status_code == 415
