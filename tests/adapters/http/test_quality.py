"""Quality checks over HTTP: who checks looks afresh, in every view, until the verdict is given."""

import json
from typing import Any

import pytest
from a_service import Service, a_service, choice, recommendation

Json = dict[str, Any]
TELLTALE = ("refund-in-full", "0.9371", "0.1234", "because it was late", "gold-plated")


@pytest.fixture
def drawn(service: Service) -> Json:
    """An automated decision that the lot fell on, carried out, whose words would be noticed."""
    said = {
        "action": "refund",
        "confidence": 0.9371,
        "risk": 0.1234,
        "rationale": "because it was late",
        "parameters": {"how": "refund-in-full"},
        "alternatives": [{"action": "reject", "confidence": 0.0311}],
    }
    body = recommendation("claim-7") | {"recommendation": said}
    decision: Json = service.post("/v1/decisions", "bot", body).json()
    assert decision["lane"] == "automate"
    here = f"/v1/decisions/{decision['id']}"
    assert service.post(f"{here}/receipt", "bot", {"status": "delivered"}).status_code == 200
    return decision


def doors(decision: Json) -> list[str]:
    here = f"/v1/decisions/{decision['id']}"
    return [
        here,
        f"{here}?at_version=1",
        f"{here}?at_version=2",
        f"{here}/events",
        f"{here}/trail",
        f"{here}/replay",
        f"{here}/explanation",
        "/v1/decisions",
        "/v1/queues/quality",
        "/v1/audit/trail",
        f"/v1/audit/trail?decision={decision['id']}",
        "/v1/events",
    ]


def words_of(text: str) -> list[str]:
    """What a text tells of the recommendation: its action by name, or its numbers and reasons."""
    told: Any = json.loads(text)
    found: list[str] = []

    def look(value: Any, name: str = "") -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                look(inner, key)
        elif isinstance(value, list):
            for inner in value:
                look(inner, name)
        elif name not in ("decision_type", "type", "instance") and value is not None:
            said = str(value)
            found.extend(word for word in (*TELLTALE, "CONFIDENCE") if word in said)
            if said == "refund" or (name in ("what", "sentence") and "refund" in said):
                found.append(said)

    look(told)
    return found


def of_it(service: Service, door: str, decision: Json, who: str) -> str:
    """What a door tells of the decision, without what it tells of policies and others."""
    told = service.get(door, who).json()
    if door in ("/v1/events", "/v1/audit/trail"):
        return json.dumps([each for each in told["items"] if decision["id"] in str(each)])
    return json.dumps(told)


def test_who_checks_sees_nothing_of_the_recommendation(service: Service, drawn: Json) -> None:
    told = [(door, words_of(of_it(service, door, drawn, "quinn"))) for door in doors(drawn)]
    assert [(door, words) for door, words in told if words] == []
    lines = service.get(f"/v1/audit/trail?decision={drawn['id']}", "quinn").json()["items"]
    assert {line["sentence"] for line in lines} == {
        "did what is shown once the quality check is done"
    }


def test_everybody_else_sees_it(service: Service, drawn: Json) -> None:
    for door in doors(drawn):
        if "queues" not in door and "replay" not in door:
            assert words_of(of_it(service, door, drawn, "audrey")), door


def test_the_subject_and_its_facts_are_shown(service: Service, drawn: Json) -> None:
    view = service.get(f"/v1/decisions/{drawn['id']}", "quinn").json()
    assert (view["subject"], view["context"]) == ("claim-7", {"amount": "50"})
    assert (view["blind"], view["recommendation"], view["action"]) == (True, None, None)
    assert "blind" not in service.get(f"/v1/decisions/{drawn['id']}").json()
    events = service.get(f"/v1/decisions/{drawn['id']}/events", "quinn").json()["items"]
    assert events[0]["data"]["context"] == {"amount": "50"}
    assert events[1]["data"]["quality"]["rate"] == "1"
    assert set(events[3]["data"]) == {"decision_type"}
    (waits,) = service.get("/v1/queues/quality", "quinn").json()["items"]
    assert (waits["kind"], waits["subject"]) == ("quality", "claim-7")
    assert (waits["action"], waits["confidence"], waits["reasons"]) == (None, None, [])


def test_why_it_is_not_shown_is_said(service: Service, drawn: Json) -> None:
    for part in ("replay", "explanation"):
        answer = service.get(f"/v1/decisions/{drawn['id']}/{part}", "quinn")
        assert (answer.status_code, answer.json()["code"]) == (403, "REJ.blind")


def test_once_the_verdict_is_given_it_is_shown(service: Service, drawn: Json) -> None:
    here = f"/v1/decisions/{drawn['id']}"
    answer = service.post(f"{here}/quality", "quinn", {"verdict": "overturn"})
    assert answer.json()["recommendation"]["confidence"] == "0.9371"
    assert words_of(service.get(here, "quinn").text)
    assert words_of(service.get(f"{here}/trail", "quinn").text)
    assert service.get(f"{here}/explanation", "quinn").status_code == 200


def test_what_followed_would_tell_the_verdict(service: Service, drawn: Json) -> None:
    here = f"/v1/decisions/{drawn['id']}"
    service.post(f"{here}/contest", "ana", {"comment": "wrong"})
    observed = {"correct": False, "observed_at": "2026-01-05T09:00:00Z"}
    assert service.post(f"{here}/outcome", "bot", observed).status_code == 200
    for door in (f"{here}/events", f"{here}/trail", f"/v1/audit/trail?decision={drawn['id']}"):
        assert len(service.get(door).json()["items"]) == 7
        assert len(service.get(door, "quinn").json()["items"]) == 5
    view = service.get(here, "quinn").json()
    assert (view["unsettled"], view["exceptions"]) == ([], [])
    raised = service.get("/v1/queues/exceptions", "quinn").json()["items"]
    assert [(each["action"], each["confidence"]) for each in raised] == [(None, None)]


def test_an_owner_who_also_checks_is_blind_too(service: Service, drawn: Json) -> None:
    assert service.get(f"/v1/decisions/{drawn['id']}", "everyone").json()["blind"]


def test_what_the_lot_passed_over_is_hidden_from_nobody() -> None:
    service = a_service()
    decision = service.recommended("s", amount=500)
    claim = service.claimed(decision["id"])
    service.post(f"/v1/decisions/{decision['id']}/review", "rae", choice(claim))
    assert "blind" not in service.get(f"/v1/decisions/{decision['id']}", "quinn").json()
