"""One choice over many decisions: each is decided by itself, or refused by itself."""

from typing import Any

from a_service import Service, recommendation


def claimed(service: Service, count: int) -> list[dict[str, Any]]:
    """So many decisions that Rae has claimed, as a bulk disposition names them."""
    found: list[dict[str, Any]] = []
    for n in range(count):
        answer = service.post("/v1/decisions", "bot", recommendation(f"bulk-{n}", amount=500))
        id = answer.json()["id"]
        lease = service.post(f"/v1/decisions/{id}/claim", "rae").json()
        token, digest = lease["lease"]["token"], lease["action_digest"]
        found.append({"id": id, "lease_token": token, "action_digest": digest})
    return found


def disposed(service: Service, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    body = {"items": items, "disposition": "uphold"} | more
    answer = service.post("/v1/decisions/review", "rae", body, Idempotency_Key="all-of-them")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def events_of(service: Service, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.get(f"/v1/decisions/{id}/events").json()["items"]
    return found


def test_each_is_decided_under_one_batch_id(service: Service) -> None:
    items = claimed(service, 3)
    said = disposed(service, items)
    assert [one["id"] for one in said["results"]] == [item["id"] for item in items]
    assert {one["decision"]["state"] for one in said["results"]} == {"actioned"}
    for item in items:
        reviewed = [e for e in events_of(service, item["id"]) if "reviewed" in e["type"]]
        assert len(reviewed) == 1
        assert reviewed[0]["correlationid"] == said["batch_id"]


def test_what_is_refused_says_why_and_stops_none_of_the_others(service: Service) -> None:
    one, two, three = claimed(service, 3)
    items = [one, two | {"action_digest": "sha256:other"}, three | {"lease_token": "stale"}]
    said = disposed(service, items)["results"]
    assert said[0]["decision"]["state"] == "actioned"
    assert [each["problem"] and each["problem"]["status"] for each in said] == [None, 409, 409]
    assert all(each["problem"]["code"].startswith("REJ.") for each in said[1:])


def test_said_twice_it_is_done_once(service: Service) -> None:
    items = claimed(service, 2)
    first = disposed(service, items)
    count = len(events_of(service, items[0]["id"]))
    again = disposed(service, items)
    assert [r["decision"] for r in again["results"]] == [r["decision"] for r in first["results"]]
    assert len(events_of(service, items[0]["id"])) == count


def test_too_many_or_none_are_refused(service: Service) -> None:
    item = claimed(service, 1)[0]
    for items in ([], [item] * 201):
        body = {"items": items, "disposition": "uphold"}
        assert service.post("/v1/decisions/review", "rae", body).status_code == 422
