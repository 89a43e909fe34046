"""Subscriptions over HTTP: asked for, looked at, renewed, ended; a secret is shown once."""

from typing import Any

import pytest
from a_service import Json, Service, a_service
from standardwebhooks import Webhook

PATH = "/v1/webhooks"
ASKED: Json = {"url": "https://example.com/hook", "types": ["decision.*"]}


@pytest.fixture
def service() -> Service:
    return a_service()


def made(service: Service, who: str = "audrey", **changes: Any) -> Json:
    answer = service.post(PATH, who, ASKED | changes)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["self"]
    found: Json = answer.json()
    return found


def test_a_subscription_is_made_with_a_secret_that_is_not_shown_again(service: Service) -> None:
    new = made(service, after=0)
    Webhook(new["secret"])
    assert (new["state"], new["position"], new["decision_types"]) == ("active", 0, ["refund"])
    looked = service.get(new["self"]).json()
    listed = service.get(PATH).json()["items"]
    assert [looked] == listed
    assert looked == {name: value for name, value in new.items() if name != "secret"}
    assert new["secret"] not in str(listed)


def test_a_receiver_may_be_one_that_the_operator_has_named(service: Service) -> None:
    answer = service.post(PATH, "audrey", {"endpoint": "warehouse", "types": ["*"]})
    assert (answer.status_code, answer.json()["endpoint"]) == (201, "warehouse")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": 7}, "url"),
        ({"types": []}, "types"),
        ({"types": ["decision.none"]}, "types"),
        ({"types": "decision.*"}, "types"),
        ({"after": -1}, "after"),
        ({"after": 2**63}, "after"),
        ({"colour": "red"}, "colour"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "https://example.com", "endpoint": "warehouse"}, "url, endpoint"),
    ],
)
def test_what_is_wrong_is_named(service: Service, changes: Json, field: str) -> None:
    answer = service.post(PATH, "audrey", ASKED | changes)
    assert answer.status_code == 422
    assert f"{field}: found" in answer.json()["detail"]


def test_who_sees_nothing_subscribes_to_nothing(service: Service) -> None:
    assert service.post(PATH, "stranger", ASKED).status_code == 403
    assert service.post(PATH, "audrey", ASKED | {"decision_type": "loans"}).status_code == 403
    assert service.post(PATH, None, ASKED).status_code == 401


def test_said_twice_under_one_key_it_is_one(service: Service) -> None:
    first = service.post(PATH, "audrey", ASKED, Idempotency_Key="one")
    again = service.post(PATH, "audrey", ASKED, Idempotency_Key="one")
    assert first.json() == again.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = service.post(PATH, "audrey", ASKED | {"after": 0}, Idempotency_Key="one")
    assert (other.status_code, other.json()["code"]) == (422, "REJ.idempotency_conflict")
    assert len(service.get(PATH).json()["items"]) == 1


def test_a_secret_is_renewed_and_the_old_one_says_until_when(service: Service) -> None:
    new = made(service)
    renewed = service.post(f"{new['self']}/rotate", "audrey", {"overlap_hours": 1})
    assert renewed.status_code == 200
    assert renewed.json()["secret"] != new["secret"]
    assert [one["until"] for one in renewed.json()["secrets"]] == [None, "2026-01-05T10:00:00Z"]
    assert (
        service.post(f"{new['self']}/rotate", "audrey", {"overlap_hours": 999}).status_code == 422
    )


def test_an_ended_one_is_gone(service: Service) -> None:
    new = made(service)
    assert service.client.delete(new["self"], headers=service.header("rae")).status_code == 404
    ended = service.client.delete(new["self"], headers=service.header("audrey"))
    assert (ended.status_code, ended.json()["id"]) == (200, new["id"])
    again = service.client.delete(new["self"], headers=service.header("audrey"))
    assert (again.status_code, again.json()["code"]) == (404, "REJ.webhook_unknown")
    assert service.post(f"{new['self']}/resume", "audrey", {}).status_code == 404


def test_anothers_is_seen_by_who_oversees_and_changed_by_its_maker_alone(service: Service) -> None:
    new = made(service, "bot")
    assert service.get(new["self"], "audrey").status_code == 200
    refused = service.post(f"{new['self']}/resume", "audrey", {"after": 0})
    assert (refused.status_code, refused.json()["code"]) == (403, "REJ.webhook_owner")
    resumed = service.post(f"{new['self']}/resume", "bot", {"after": 0})
    assert resumed.json()["position"] == 0
