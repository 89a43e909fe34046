"""Reading over HTTP: only for those with a key and a seat, now or as it was, page by page."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from a_service import Service, a_service

from adapters.http.description import described


def test_nothing_but_health_answers_without_a_key(service: Service) -> None:
    document = json.loads(described(service.app))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answer = service.client.request(method, path)
            if operation.get("security") == []:
                assert answer.status_code == 200, path
            else:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["code"] == "REJ.unauthenticated"
    assert service.get("/nothing", None).status_code == 401
    assert service.client.delete("/v1/events").status_code == 401


@pytest.mark.parametrize(
    "authorization",
    ["Basic Ym90OmJvdA==", "Bearer", "Bearer ", "Bearer remit_bot_wrong", "Bearer nonsense"],
)
def test_a_key_that_opens_nothing_opens_nothing(service: Service, authorization: str) -> None:
    headers = {"Authorization": authorization}
    assert service.client.get("/v1/events", headers=headers).status_code == 401


def test_who_has_no_seat_reads_nothing_of_it(service: Service) -> None:
    id = service.recommended()["id"]
    for part in ("", "/events", "/trail", "/replay", "/explanation"):
        answer = service.get(f"/v1/decisions/{id}{part}", "stranger")
        assert (answer.status_code, answer.json()["code"]) == (403, "REJ.seat")
    assert service.get("/v1/events", "stranger").json()["items"] == []
    assert service.get("/v1/decision-types", "stranger").json()["items"] == []
    assert service.get("/v1/decision-types/refund", "stranger").status_code == 403


def test_a_service_is_no_person_and_a_person_no_producer(service: Service) -> None:
    decision = service.recommended(amount=500)
    assert service.post(f"/v1/decisions/{decision['id']}/claim", "bot").status_code == 403
    assert service.post("/v1/decisions", "rae", {}).status_code == 422
    assert service.post(f"/v1/decisions/{decision['id']}/withdraw", "rae").status_code == 403


def test_a_decision_is_seen_as_it_was(service: Service) -> None:
    began = service.clock.now()
    decision = service.recommended(amount=500)
    here = f"/v1/decisions/{decision['id']}"
    service.clock.advance(timedelta(hours=1))
    service.claimed(decision["id"])
    assert service.get(f"{here}?at_version={decision['version']}").json() == decision
    assert service.get(f"{here}?at_version=1").json()["state"] == "received"
    then = (began + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    assert service.get(f"{here}?as_of={then}").json() == decision
    before = (began - timedelta(minutes=1)).isoformat().replace("+00:00", "Z")
    assert service.get(f"{here}?as_of={before}").status_code == 404
    assert service.get(f"{here}?at_version=99").status_code == 404


def test_a_history_is_read_page_by_page_and_in_order(service: Service) -> None:
    id = service.recommended(amount=500)["id"]
    for _ in range(4):
        service.claimed(id)
        service.post(f"/v1/decisions/{id}/release", "rae")
    whole = service.get(f"/v1/decisions/{id}/events").json()
    assert whole["next"] is None
    for part in ("events", "trail"):
        pages: list[Any] = []
        following: str | None = ""
        while following is not None:
            query = f"?limit=3&cursor={following}" if following else "?limit=3"
            page = service.get(f"/v1/decisions/{id}/{part}{query}").json()
            pages.extend(page["items"])
            following = page["next"]
        assert [item["version"] for item in pages] == list(range(1, 11))
    assert whole["items"][0]["type"] == "decision.recommended"
    assert whole["items"][0]["specversion"] == "1.0"


@pytest.mark.parametrize("cursor", ["!", "bm9uc2Vuc2U", "e30", "eyJ2ZXJzaW9uIjotMX0", "\u00e9"])
def test_a_broken_cursor_is_refused(service: Service, cursor: str) -> None:
    id = service.recommended()["id"]
    answer = service.get(f"/v1/decisions/{id}/events?cursor={cursor}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


def test_a_replay_matches(service: Service) -> None:
    id = service.recommended()["id"]
    assert service.get(f"/v1/decisions/{id}/replay").json()["verdict"] == "match"


def test_the_feed_gives_every_event_once_and_goes_on_where_it_ended(service: Service) -> None:
    for number in range(5):
        service.recommended(f"claim-{number}")
    seen: list[int] = []
    after = "0"
    while items := (page := service.get(f"/v1/events?after={after}&limit=4").json())["items"]:
        seen.extend(item["position"] for item in items)
        after = page["next"]
    assert seen == sorted(set(seen))
    assert page["next"] == str(seen[-1])
    service.recommended("claim-9")
    (first, *_) = service.get(f"/v1/events?after={after}").json()["items"]
    assert first["type"] == "decision.recommended"


def test_a_stream_of_events_goes_on_after_the_last_one_seen() -> None:
    service = a_service()
    decision = service.recommended()
    positions = [e["position"] for e in service.get("/v1/events").json()["items"]]
    last = str(positions[-decision["version"]])

    async def read_two() -> list[str]:
        lines: list[str] = []
        headers = service.header("audrey", Accept="text/event-stream", Last_Event_ID=last)
        sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/v1/events",
            "raw_path": b"/v1/events",
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("test", 1),
            "server": ("test", 80),
            "scheme": "http",
            "http_version": "1.1",
        }

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(30)
            return {"type": "http.disconnect"}

        running = asyncio.create_task(service.app(scope, receive, sent.put))  # type: ignore[arg-type]
        async with asyncio.timeout(5):
            while sum(line.startswith("id:") for line in lines) < decision["version"] - 1:
                message = await sent.get()
                lines.extend(message.get("body", b"").decode().splitlines())
        running.cancel()
        return [line.removeprefix("id: ") for line in lines if line.startswith("id:")]

    assert asyncio.run(read_two()) == list(map(str, positions[-decision["version"] + 1 :]))


def test_a_decision_type_tells_who_owns_it_and_what_is_in_force(service: Service) -> None:
    (listed,) = service.get("/v1/decision-types").json()["items"]
    answer = service.get("/v1/decision-types/refund")
    assert answer.json() == listed
    assert answer.headers["etag"] == f'"{listed["version"]}"'
    assert listed["owners"]["risk_owner"] == "cy"
    assert listed["policy"]["version"] == 1
    policy = service.get("/v1/decision-types/refund/policies/1").json()
    assert (policy["hash"], policy["active"]) == (listed["policy"]["hash"], True)
    assert "automate_only_if" in policy["source"]
    assert service.get("/v1/decision-types/refund/policies/2").status_code == 404


def test_health_needs_no_key(service: Service) -> None:
    for path in ("/health/live", "/health/ready"):
        assert service.get(path, None).json() == {"status": "ok"}


def test_the_description_agrees_with_the_contract(service: Service) -> None:
    document = service.get("/schema/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    names = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(names) == len(set(names))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], path
            given = {p["name"] for p in operation["parameters"]}
            assert ("Idempotency-Key" in given) == (method in {"post", "put", "delete"}), path
            for status, response in operation["responses"].items():
                expected = "application/problem+json" if int(status) >= 400 else None
                assert expected is None or expected in response["content"], path


def test_the_service_is_reached_by_asgi_too() -> None:
    service = a_service()

    async def ask() -> int:
        transport = httpx.ASGITransport(app=service.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://remit") as client:
            return (await client.get("/health/live")).status_code

    assert asyncio.run(ask()) == 200


def test_a_routing_is_explained_with_what_would_have_had_it_automated(service: Service) -> None:
    id = service.recommended(context={"amount": 300})["id"]
    answer = service.get(f"/v1/decisions/{id}/explanation").json()
    assert (answer["lane"], answer["rule"]) == ("review", "large")
    (change,) = answer["explanation"]["changes"]
    assert (change["fact"], change["seen"], change["value"]) == ("amount", "300", "200")
    trail = service.get(f"/v1/decisions/{id}/trail").json()["items"]
    assert [line["explanation"] for line in trail if line["explanation"]] == [
        answer["explanation"]["sentence"]
    ]
