"""Bad input gets a clear refusal that names the field, what was found and what is allowed."""

import json
from typing import Any

import pytest
from a_service import Service, recommendation

PROBLEM = "application/problem+json"


def _with(path: str, value: Any) -> dict[str, Any]:
    body = recommendation()
    *way, last = path.split(".")
    place: Any = body
    for step in way:
        place = place[step]
    place[last] = value
    return body


def _error(answer: Any, status: int = 422) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem = answer.json()
    assert problem["status"] == status
    assert {"type", "title", "detail", "code", "instance"} <= problem.keys()
    return problem


@pytest.mark.parametrize(
    ("path", "value", "found", "allowed"),
    [
        ("recommendation.confidence", 1.2, "1.2", "at most 1"),
        ("recommendation.confidence", -0.1, "-0.1", "at least 0"),
        ("recommendation.confidence", "0.5", '"0.5"', "a number"),
        ("recommendation.confidence", True, "true", "a number"),
        ("recommendation.risk", [], "[]", "a number"),
        ("recommendation.rationale", 7, "7", "text"),
        ("recommendation.alternatives", {}, "{}", "a list"),
        ("recommendation.parameters", [1], "[1]", "an object"),
        ("recommendation.action", "", '""', "at least 1 characters"),
        ("subject", "x" * 201, '"xxx', "at most 200 characters"),
        ("subject", "a\x00b", "\\u0000", "U+0000"),
        ("model", None, "null", "an object"),
        ("recommended_at", "yesterday", '"yesterday"', "RFC 3339"),
        ("recommended_at", "2026-01-05T09:00:00", '"2026-01-05T09:00:00"', "with an offset"),
        ("recommended_at", "1767603600", '"1767603600"', "RFC 3339"),
        ("recommended_at", "0001-01-01T00:00:00+14:00", '"0001', "RFC 3339"),
        ("previous", "claim-0", '"claim-0"', "a UUID"),
        ("typo", 1, "1", "no such field; there are context, data_subject,"),
        ("recommendation.typo", 1, "1", "no such field; there are action,"),
    ],
)
def test_a_wrong_field_is_named_with_what_was_found_and_what_is_allowed(
    service: Service, path: str, value: Any, found: str, allowed: str
) -> None:
    problem = _error(service.post("/v1/decisions", "bot", _with(path, value)))
    assert problem["code"] == "EXC.INVALID_INPUT"
    (error,) = problem["errors"]
    assert error["field"] == path
    assert found in error["found"]
    assert allowed in error["allowed"]
    assert "pydantic" not in json.dumps(problem).lower()


def test_all_that_is_wrong_is_said_at_once(service: Service) -> None:
    problem = _error(service.post("/v1/decisions", "bot", {"subject": 1, "model": {}}))
    fields = {error["field"] for error in problem["errors"]}
    assert {"subject", "decision_type", "recommendation", "model.name", "model.version"} == fields


def test_a_recommendation_without_confidence_is_no_mistake_but_escalates(service: Service) -> None:
    body = recommendation()
    del body["recommendation"]["confidence"]
    answer = service.post("/v1/decisions", "bot", body)
    assert answer.status_code == 201
    assert answer.json()["lane"] == "escalate"
    assert answer.json()["exceptions"] == ["CONFIDENCE_MISSING"]


def test_an_unknown_action_is_refused_with_the_permitted_ones(service: Service) -> None:
    answer = service.post("/v1/decisions", "bot", _with("recommendation.action", "refnd"))
    problem = _error(answer)
    assert problem["code"] == "EXC.INVALID_INPUT"
    assert problem["errors"] == [
        {
            "field": "recommendation.action",
            "found": "refnd",
            "allowed": "refund, reject; did you mean refund?",
        }
    ]


def test_a_context_that_violates_the_schema_is_refused_by_field(service: Service) -> None:
    problem = _error(service.post("/v1/decisions", "bot", recommendation(amount="a lot")))
    assert problem["errors"][0]["field"] == "context.amount"
    assert problem["code"] == "EXC.INVALID_INPUT"


def test_nothing_is_recorded_of_what_was_refused_but_the_attempt(service: Service) -> None:
    before = service.get("/v1/events?limit=500").json()["items"]
    service.post("/v1/decisions", "bot", recommendation(amount="a lot"))
    after = service.get("/v1/events?limit=500").json()["items"]
    assert [event["type"] for event in after[len(before) :]] == ["decision.attempt_rejected"]


def _attempts(service: Service) -> list[dict[str, Any]]:
    events = service.get("/v1/events?limit=500").json()["items"]
    return [e for e in events if e["type"] == "decision.attempt_rejected"]


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("recommendation.confidence", 1.2, "recommendation.confidence"),
        ("recommendation.confidence", float("nan"), "recommendation.confidence"),
        ("recommendation.confidence", "0.5", "recommendation.confidence"),
        ("recommendation.risk", -1, "recommendation.risk"),
        ("recommendation.alternatives", [{}], "recommendation.alternatives"),
        ("context.amount", float("inf"), "context.amount"),
        ("model", None, "model"),
        ("jo@example.org", 1, None),
        ("recommendation.jo@example.org", 1, "recommendation"),
        ("context.jo@example.org", 1, "context"),
    ],
)
def test_what_breaks_the_schema_leaves_the_attempt_and_none_of_its_content(
    service: Service, path: str, value: Any, field: str | None
) -> None:
    raw = json.dumps(_with_split(path, value)).encode()
    problem = _error(service.post("/v1/decisions", "bot", raw))
    assert problem["code"] == "EXC.INVALID_INPUT"
    (attempt,) = _attempts(service)
    told = attempt["data"]
    assert (told["code"], told["field"], told["operation"]) == (
        "EXC.INVALID_INPUT",
        field,
        "recommend",
    )
    assert told["content_digest"].startswith("sha256:")
    assert (attempt["version"], attempt["actor"]["id"]) == (1, "bot")
    assert "example" not in json.dumps(attempt)


def _with_split(path: str, value: Any) -> dict[str, Any]:
    """As `_with`, where the last step may have dots in it."""
    first, dot, rest = path.partition(".")
    if not dot or "@" in first:
        return recommendation() | {path: value}
    body = recommendation()
    body[first] = body[first] | {rest: value}
    return body


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_word_where_json_has_a_number_is_named_with_its_place(
    service: Service, number: str
) -> None:
    raw = json.dumps(recommendation(amount=777)).replace("777", number).encode()
    (error,) = _error(service.post("/v1/decisions", "bot", raw))["errors"]
    assert error == {"field": "context.amount", "found": number, "allowed": "a finite number"}


def test_a_missing_model_is_on_record_too(service: Service) -> None:
    body = recommendation()
    del body["model"]
    assert _error(service.post("/v1/decisions", "bot", body))["code"] == "EXC.INVALID_INPUT"
    assert _attempts(service)[0]["data"]["field"] == "model"


@pytest.mark.parametrize(
    ("who", "decision_type"),
    [
        ("bot", "other"),
        ("any-bot", "other"),
        ("any-bot", "Not A Name"),
        ("any-bot", "a\x00b"),
        ("any-bot", "x" * 300),
        ("any-bot", 7),
        ("rae", "refund"),
    ],
)
def test_without_a_seat_or_a_known_type_there_is_nothing_to_record_it_under(
    service: Service, who: str, decision_type: Any
) -> None:
    body = recommendation(decision_type=decision_type, confidence=1.2)
    assert _error(service.post("/v1/decisions", who, body))["code"] == "REJ.malformed"
    assert _attempts(service) == []


@pytest.mark.parametrize("who", ["audrey", "stranger"])
def test_who_takes_no_part_is_told_only_that_and_nothing_is_on_record(
    service: Service, who: str
) -> None:
    refused = service.post("/v1/decisions", who, recommendation(confidence=1.2))
    assert (refused.status_code, refused.json()["code"]) == (403, "REJ.seat")
    assert _attempts(service) == []


@pytest.mark.parametrize("raw", [b"[]", b"7", b"{}", b'{"decision_type": "refund"', b'"refund"'])
def test_what_names_no_decision_type_is_not_on_record(service: Service, raw: bytes) -> None:
    assert service.post("/v1/decisions", "bot", raw).status_code in {400, 422}
    assert _attempts(service) == []


@pytest.mark.parametrize("wrong", [{"confidence": 1.2}, {"amount": "a lot"}])
def test_a_refused_submission_sent_again_under_its_key_is_refused_the_same_and_adds_nothing(
    service: Service, wrong: dict[str, Any]
) -> None:
    sent = [
        service.post("/v1/decisions", "bot", recommendation(**wrong), Idempotency_Key="k")
        for _ in range(3)
    ]
    assert {answer.status_code for answer in sent} == {422}
    assert len({answer.content for answer in sent}) == 1
    assert len(_attempts(service)) == 1


def test_a_key_is_still_free_for_the_corrected_content(service: Service) -> None:
    key = {"Idempotency_Key": "k"}
    wrong, right = recommendation(confidence=1.2), recommendation()
    service.post("/v1/decisions", "bot", wrong, **key)
    service.post("/v1/decisions", "bot", recommendation(confidence=1.3), **key)
    assert len(_attempts(service)) == 2
    first = service.post("/v1/decisions", "bot", right, **key)
    assert first.status_code == 201
    assert service.post("/v1/decisions", "bot", right, **key).content == first.content
    assert _error(service.post("/v1/decisions", "bot", wrong, **key))["code"] == (
        "REJ.idempotency_conflict"
    )
    assert len(_attempts(service)) == 2


def test_an_unknown_decision_type_is_not_found(service: Service) -> None:
    unknown = recommendation(decision_type="refunds")
    problem = _error(service.post("/v1/decisions", "any-bot", unknown), 404)
    assert problem["code"] == "REJ.decision_type_unknown"
    assert problem["detail"] == "decision_type: found refunds"
    problem = _error(service.post("/v1/decisions", "bot", unknown), 403)
    assert "refunds" in problem["detail"]


@pytest.mark.parametrize(
    "raw",
    [
        b"refund 50 please",
        b"{",
        b'{"subject": 1',
        json.dumps(recommendation()).encode() + b" and more",
        b"\xff" + json.dumps(recommendation()).encode(),
        json.dumps(recommendation("caf\xe9"), ensure_ascii=False).encode("latin-1"),
        json.dumps(recommendation()).replace("claim-1", "\\ud800").encode(),
        b'{"context":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_001,
        b'{"context":' + b"[" * 100_000,
        b"",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_no_json_is_unreadable(service: Service, raw: bytes) -> None:
    problem = _error(service.post("/v1/decisions", "bot", raw), 400)
    assert problem["code"] == "REJ.unreadable"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9" * 400, "9" * 5_000])
def test_a_number_that_no_two_readers_agree_on_is_refused_where_it_stands(
    service: Service, number: str
) -> None:
    raw = json.dumps(recommendation(amount=777)).replace("777", number).encode()
    (error,) = _error(service.post("/v1/decisions", "bot", raw))["errors"]
    assert error["field"] == "context.amount"


def test_ten_megabytes_of_context_are_too_large(service: Service) -> None:
    body = recommendation(context={"amount": 1, "tier": "x" * 10_000_000})
    problem = _error(service.post("/v1/decisions", "bot", body), 413)
    assert problem["code"] == "REJ.too_large"
    size = len(json.dumps(body, separators=(",", ":")))
    assert problem["detail"] == f"the body: found {size} bytes; allowed are at most 1048576"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/jsonish", "json"])
def test_a_body_of_another_kind_is_refused(service: Service, kind: str) -> None:
    raw = json.dumps(recommendation()).encode()
    answer = service.post("/v1/decisions", "bot", raw, Content_Type=kind)
    assert _error(answer, 415)["code"] == "REJ.media_type"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_of_its_names_is_read(service: Service, kind: str) -> None:
    raw = json.dumps(recommendation()).encode()
    assert service.post("/v1/decisions", "bot", raw, Content_Type=kind).status_code == 201


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Idempotency_Key", ""),
        ("Idempotency_Key", "with space"),
        ("Idempotency_Key", "k" * 201),
        ("If_Match", "3"),
        ("If_Match", 'W/"3"'),
        ("If_Match", '"3", "4"'),
        ("If_Match", "*"),
        ("If_Match", '"99999999999999999999"'),
        ("X_Correlation_Id", "order-7"),
    ],
)
def test_a_malformed_header_is_named(service: Service, header: str, value: str) -> None:
    id = service.recommended()["id"]
    answer = service.post(f"/v1/decisions/{id}/withdraw", "bot", {}, **{header: value})
    (error,) = _error(answer)["errors"]
    assert error["field"] == header.replace("_", "-")


def test_a_condition_is_refused_where_it_would_be_ignored(service: Service) -> None:
    answer = service.post("/v1/decisions", "bot", recommendation(), If_Match='"1"')
    assert _error(answer)["errors"][0]["field"] == "If-Match"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("at_version=0", "at_version"),
        ("at_version=last", "at_version"),
        ("at_version=99999999999999999999", "at_version"),
        ("at_version=1&at_version=2", "at_version"),
        ("as_of=yesterday", "as_of"),
        ("as_of=2026-01-05", "as_of"),
        ("as-of=2026-01-05T00:00:00Z", "as-of"),
        ("at_version=1&as_of=2026-01-05T09:00:00Z", "query"),
    ],
)
def test_a_wrong_question_is_refused_and_not_half_answered(
    service: Service, query: str, field: str
) -> None:
    id = service.recommended()["id"]
    (error,) = _error(service.get(f"/v1/decisions/{id}?{query}"))["errors"]
    assert error["field"] == field


def test_what_is_not_there_is_a_problem_document_too(service: Service) -> None:
    _error(service.get("/v1/nothing"), 404)
    _error(service.get("/v1/decisions/not-a-uuid"), 404)
    _error(service.get("/v1/decisions/00000000-0000-0000-0000-000000000000"), 404)
    refused = service.client.delete("/v1/events", headers=service.header("audrey"))
    assert _error(refused, 405)["code"] == "REJ.method"
    assert "GET" in refused.headers["allow"]


def test_a_failure_of_ours_tells_nothing_but_that_it_happened(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr(service.desk.log, "stream", broken)
    answer = service.get("/v1/decisions/00000000-0000-0000-0000-000000000000")
    problem = _error(answer, 500)
    assert "secret" not in json.dumps(problem)
    assert "the secret of the house" in caplog.text
