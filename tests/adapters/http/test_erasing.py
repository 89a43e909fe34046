"""Erasing over HTTP: who may, what is answered, what is left to be seen."""

import asyncio

import pytest
from a_service import REFUND, Service, a_service, recommendation

from adapters.assembly import read_adoption
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity

ERASE = "/v1/data-subjects/erase"
PERSONAL = REFUND.replace("context:\n", "context:\n    name: {type: code, personal: true}\n")
ANN = {"context": {"amount": 50, "name": "Ann Example"}, "data_subject": "customer-7"}


@pytest.fixture
def service() -> Service:
    service = a_service()
    operator = Caller(Identity("operator", "human"))
    asyncio.run(adopt(read_adoption(PERSONAL), operator, service.desk))
    return service


def test_what_is_erased_is_answered_as_null_and_named(service: Service) -> None:
    decision = service.recommended("claim-1", **ANN)
    assert decision["context"]["name"] == "Ann Example" and decision["erased"] == []
    erased = service.post(ERASE, "everyone", {"data_subject": "customer-7"})
    assert (erased.status_code, erased.json()) == (200, {"erased": True})
    after = service.get(f"/v1/decisions/{decision['id']}").json()
    assert after["context"] == {"amount": "50", "name": None}
    assert after["erased"] == ["name"]
    for path in ("", "/events", "/trail", "/replay", "/explanation", "?at_version=1"):
        assert "Ann" not in service.get(f"/v1/decisions/{decision['id']}{path}").text
    assert "Ann" not in service.get("/v1/events", "everyone").text
    assert service.get(f"/v1/decisions/{decision['id']}/replay").json()["verdict"] == "match"


def test_asked_again_nothing_is_held_with_a_key_or_without(service: Service) -> None:
    service.recommended("claim-1", **ANN)
    for held in (True, False, False):
        answer = service.post(
            ERASE, "everyone", {"data_subject": "customer-7"}, Idempotency_Key="once"
        )
        assert answer.json() == {"erased": held}


@pytest.mark.parametrize("who", ["ana", "cy", "audrey", "bot", "any-bot", "stranger"])
def test_it_takes_the_risk_owners_seat_for_all_decision_types(service: Service, who: str) -> None:
    decision = service.recommended("claim-1", **ANN)
    refused = service.post(ERASE, who, {"data_subject": "customer-7"})
    assert (refused.status_code, refused.json()["code"]) == (403, "REJ.seat")
    assert service.get(f"/v1/decisions/{decision['id']}").json()["erased"] == []


@pytest.mark.parametrize("body", [{}, {"data_subject": ""}, {"data_subject": "x" * 201}])
def test_a_reference_is_a_short_text(service: Service, body: dict[str, str]) -> None:
    assert service.post(ERASE, "everyone", body).status_code == 422


def test_an_erasure_is_seen_by_who_sees_everything_and_by_nobody_else(service: Service) -> None:
    service.recommended("claim-1", **ANN)
    service.post(ERASE, "everyone", {"data_subject": "customer-7"})
    assert "data_subject.erased" in service.get("/v1/events", "everyone").text
    assert "data_subject.erased" not in service.get("/v1/events", "cy").text


def test_a_bad_value_is_shown_to_its_sender_alone(service: Service) -> None:
    body = recommendation("claim-1") | {"context": {"amount": 50, "name": ["Ann Example"]}}
    body["context"]["amount"] = "Ann Example"
    refused = service.post("/v1/decisions", "bot", body)
    assert refused.status_code == 422 and "Ann Example" in refused.text
    assert "Ann" not in service.get("/v1/events", "everyone").text
