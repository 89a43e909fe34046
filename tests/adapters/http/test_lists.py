"""Lists, queues and figures over HTTP: what waits, what was decided, what came of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from a_service import REFUND, Service, choice

from adapters.assembly import read_adoption
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity


def _all(service: Service, path: str, who: str = "audrey") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    following: str | None = ""
    while following is not None:
        more = f"&cursor={following}" if following else ""
        page = service.get(f"{path}{more}", who).json()
        items.extend(page["items"])
        following = page["next"]
    return items


def test_decisions_are_found_page_by_page_the_newest_first(service: Service) -> None:
    made = [service.recommended(f"claim-{n}")["id"] for n in range(7)]
    found = _all(service, "/v1/decisions?limit=3")
    assert [item["id"] for item in found] == made[::-1]
    assert found[0]["self"] == f"/v1/decisions/{made[-1]}"


def test_decision_types_are_told_page_by_page_by_name(service: Service) -> None:
    names = ["alpha", "beta", "gamma", "zeta"]
    operator = Caller(Identity("operator", "human"))
    for name in names:
        source = REFUND.replace("name: refund", f"name: {name}")
        source = source.replace("policy: refund", f"policy: {name}")
        asyncio.run(adopt(read_adoption(source), operator, service.desk))
    found = _all(service, "/v1/decision-types?limit=2", "everyone")
    assert [item["name"] for item in found] == ["alpha", "beta", "gamma", "refund", "zeta"]
    page = service.get("/v1/decision-types?limit=5", "everyone").json()
    assert (len(page["items"]), page["next"]) == (5, None)
    assert [i["name"] for i in service.get("/v1/decision-types").json()["items"]] == ["refund"]
    assert service.get("/v1/decision-types?cursor=e30").status_code == 422
    assert service.get("/v1/decision-types?limit=0").status_code == 422


def test_decisions_are_found_by_what_is_known_of_them(service: Service) -> None:
    service.recommended("a")
    service.clock.advance(timedelta(hours=1))
    then = service.clock.now().isoformat().replace("+00:00", "Z")
    service.recommended("b", amount=500)

    def subjects(query: str) -> list[str]:
        return [item["subject"] for item in service.get(f"/v1/decisions?{query}").json()["items"]]

    assert subjects("lane=automate") == ["a"]
    assert subjects("state=in_review") == ["b"]
    assert subjects("subject=a&decision_type=refund") == ["a"]
    assert subjects(f"from={then}") == ["b"]
    assert subjects(f"to={then}") == ["a"]
    assert service.get("/v1/decisions?decision_type=other").status_code == 403
    assert service.get("/v1/decisions", "stranger").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=undecided", "state"),
        ("lane=fast", "lane"),
        ("limit=0", "limit"),
        ("limit=9999", "limit"),
        ("limit=ten", "limit"),
        ("from=monday", "from"),
        ("decison_type=refund", "decison_type"),
        ("cursor=e30", "cursor"),
    ],
)
def test_a_wrong_search_is_refused_by_name(service: Service, query: str, field: str) -> None:
    answer = service.get(f"/v1/decisions?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field


def test_a_queue_shows_what_waits_the_most_urgent_first(service: Service) -> None:
    for number in range(5):
        service.recommended(f"claim-{number}", amount=500)
        service.clock.advance(timedelta(minutes=10))
    waiting = _all(service, "/v1/queues/first-line?limit=2", "rae")
    assert [item["subject"] for item in waiting] == [f"claim-{n}" for n in range(5)]
    assert waiting[0]["age_seconds"] == 3_000
    assert waiting[0]["reasons"][0]["code"] == "ROUTE.AMOUNT"
    (queue,) = service.get("/v1/queues", "rae").json()["items"]
    assert (queue["name"], queue["waiting"]) == ("first-line", 5)


def test_the_next_of_a_queue_is_claimed_until_none_is_left(service: Service) -> None:
    first = service.recommended("claim-1", amount=500)["id"]
    second = service.recommended("claim-2", amount=500)["id"]
    path = "/v1/queues/first-line/claim-next"
    taken = service.post(path, "rae", Idempotency_Key="k")
    assert taken.json()["decision"]["id"] == first
    again = service.post(path, "rae", Idempotency_Key="k")
    assert again.content == taken.content
    assert again.headers["idempotent-replayed"] == "true"
    assert service.post(path, "sam").json()["decision"]["id"] == second
    assert service.post(path, "sam").status_code == 204
    claim = taken.json()
    assert service.post(f"/v1/decisions/{first}/review", "rae", choice(claim)).is_success


def test_a_quality_check_is_found_in_its_queue_and_shows_no_word_of_the_model(
    service: Service,
) -> None:
    id = service.recommended()["id"]
    service.post(f"/v1/decisions/{id}/receipt", "bot", {"status": "delivered"})
    (item,) = _all(service, "/v1/queues/quality?limit=1", "quinn")
    assert (item["decision_id"], item["kind"], item["action"]) == (id, "quality", None)
    assert service.post(f"/v1/decisions/{id}/quality", "quinn", {"verdict": "confirm"}).is_success
    assert _all(service, "/v1/queues/quality?limit=1", "quinn") == []


def test_an_objection_waits_in_its_queue_until_it_is_answered(service: Service) -> None:
    id = service.recommended()["id"]
    here = f"/v1/decisions/{id}"
    service.post(f"{here}/receipt", "bot", {"status": "delivered"})
    contested = service.post(f"{here}/contest", "ana", {"comment": "never asked"}).json()
    (waits,) = contested["unsettled"]
    assert (waits["exception"], waits["placement"]["queue"]) == ("CONTESTED", "exceptions")
    (item,) = _all(service, "/v1/queues/exceptions?limit=1", "rae")
    assert (item["decision_id"], item["kind"], item["exceptions"]) == (
        id,
        "exception",
        ["CONTESTED"],
    )
    assert item["due_at"] == waits["placement"]["due_at"]
    kinds = [(q["name"], q["kind"]) for q in service.get("/v1/queues", "rae").json()["items"]]
    assert ("exceptions", "exception") in kinds
    reply = {"exception": "CONTESTED", "reason_code": "REV.STANDS"}
    assert service.post(f"{here}/answer", "ana", reply).status_code == 403
    stale = service.post(f"{here}/answer", "rae", reply, If_Match='"1"')
    assert stale.status_code == 412
    tag = f'"{contested["version"]}"'
    answered = service.post(f"{here}/answer", "rae", reply, If_Match=tag, Idempotency_Key="k")
    assert (answered.status_code, answered.json()["unsettled"]) == (200, [])
    again = service.post(f"{here}/answer", "rae", reply, If_Match=tag, Idempotency_Key="k")
    assert again.content == answered.content
    assert _all(service, "/v1/queues/exceptions?limit=1", "rae") == []
    assert service.post(f"{here}/answer", "sam", reply).status_code == 409
    wrong = service.post(f"{here}/answer", "sam", reply | {"exception": "EXPIRED"})
    assert wrong.status_code == 422


def test_the_figures_of_a_window_are_told(service: Service) -> None:
    service.recommended("a")
    service.recommended("b", amount=500)
    report = service.get("/v1/metrics?decision_type=refund&group_by=day").json()
    assert report["metrics"]["flow"]
    assert len(report["slices"]) == 1
    early = "from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z"
    assert service.get(f"/v1/metrics?{early}").status_code == 200
    backward = "from=2020-02-01T00:00:00Z&to=2020-01-01T00:00:00Z"
    assert service.get(f"/v1/metrics?{backward}").status_code == 422
    assert service.get("/v1/metrics?group_by=mood").status_code == 422


def test_the_audit_trail_tells_who_did_what(service: Service) -> None:
    id = service.recommended(amount=500)["id"]
    service.claimed(id)
    lines = _all(service, f"/v1/audit/trail?decision={id}&limit=2")
    assert [line["version"] for line in lines] == [3, 2, 1]
    assert lines[0]["who"] == "rae"


def test_it_is_told_how_far_the_projections_have_come(service: Service) -> None:
    service.recommended()
    items = service.get("/v1/projections").json()["items"]
    assert {"feedback", "review_queue"} <= {item["name"] for item in items}
    assert all(item["behind"] == 0 for item in items)
