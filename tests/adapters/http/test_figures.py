"""Figures over HTTP: the volume that a source system declares, and formulas by name."""

from typing import Any

import httpx
import pytest
from a_service import Service

PATH = "/v1/decision-types/refund/eligible-volume"


def said(*periods: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"source": "order desk", "periods": list(periods), **more}


def put(
    service: Service, path: str, who: str, body: dict[str, Any], **headers: str
) -> httpx.Response:
    return service.client.put(path, json=body, headers=service.header(who, **headers))


def a_day(service: Service, eligible: int = 8, **more: Any) -> dict[str, Any]:
    today = service.clock.now().date().isoformat()
    return {"period": today, "eligible": eligible, **more}


def coverage(service: Service, query: str = "decision_type=refund") -> dict[str, Any]:
    adoption: dict[str, Any] = service.get(f"/v1/metrics?{query}").json()["metrics"]["adoption"]
    return adoption


def test_a_source_system_declares_how_many_cases_there_were(service: Service) -> None:
    for n in range(2):
        service.recommended(f"claim-{n}")
    assert coverage(service)["coverage"]["value"] is None
    told = put(service, PATH, "bot", said(a_day(service, 8, bypassed=2)))
    assert told.status_code == 200, told.text
    (item,) = told.json()["items"]
    assert (item["eligible"], item["bypassed"], item["source"]) == (8, 2, "order desk")
    found = coverage(service)
    assert (found["coverage"]["value"], found["bypass_rate"]["value"]) == (0.25, 0.25)
    assert found["declared_periods"] == 1
    assert coverage(service, "decision_type=refund&eligible=4")["coverage"]["value"] == 0.5


def test_said_again_it_adds_nothing_and_said_otherwise_it_corrects(service: Service) -> None:
    body = said(a_day(service, 8))
    for _ in range(2):
        assert put(service, PATH, "bot", body).status_code == 200
    again = put(service, PATH, "bo", said(a_day(service, 10), reason="a late file"))
    assert again.status_code == 200
    (row,) = service.get(PATH).json()["items"]
    assert (row["eligible"], row["corrections"], row["declared_by"]) == (10, 1, "bo")
    lines = service.get("/v1/audit/trail?type=volume.corrected").json()["items"]
    assert ["a late file" in line["sentence"] for line in lines] == [True]


def test_the_same_key_with_the_same_content_is_answered_as_before(service: Service) -> None:
    body = said(a_day(service, 8))
    first = put(service, PATH, "bot", body, Idempotency_Key="k")
    again = put(service, PATH, "bot", body, Idempotency_Key="k")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = put(service, PATH, "bot", said(a_day(service, 9)), Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "REJ.idempotency_conflict")


def test_several_years_are_declared_at_once_and_listed_page_by_page(service: Service) -> None:
    periods = [{"period": p, "eligible": 5} for p in ("2023-12-31", "2024", "2025-01")]
    assert put(service, PATH, "bot", said(*periods)).status_code == 200
    page = service.get(f"{PATH}?limit=2").json()
    assert [item["period"] for item in page["items"]] == ["2023-12-31", "2024"]
    rest = service.get(f"{PATH}?limit=2&cursor={page['next']}").json()
    assert [item["period"] for item in rest["items"]] == ["2025-01"]
    within = service.get(f"{PATH}?from=2024-01-01&to=2025-01-30").json()
    assert [item["period"] for item in within["items"]] == ["2024"]
    for wrong in ("to=0", "from=2024-02-30", "from=2025-01-01&to=2024-01-01", "from=yesterday"):
        assert service.get(f"{PATH}?{wrong}").status_code == 422


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (said({"period": "2026-02-30", "eligible": 1}), 422, "REJ.period"),
        (said({"period": "2999", "eligible": 1}), 422, "REJ.period"),
        (said({"period": "2024-01", "eligible": 1, "bypassed": 2}), 422, "REJ.volume_bypassed"),
        (said({"period": "2024-01", "eligible": -1}), 422, "REJ.content"),
        (said({"period": "2024-01", "eligible": 1.5}), 422, "REJ.content"),
        (said({"period": "2024-01", "eligible": None}), 422, "REJ.content"),
        (said(*[{"period": "2024-01", "eligible": 1}] * 2), 422, "REJ.content"),
        (said(), 422, "REJ.content"),
        ({"periods": [{"period": "2024", "eligible": 1}]}, 422, "REJ.content"),
    ],
)
def test_what_is_no_volume_is_refused(
    service: Service, body: dict[str, Any], status: int, code: str
) -> None:
    refused = put(service, PATH, "bot", body)
    assert refused.status_code == status
    assert refused.json()["code"].startswith("REJ.")
    if code != "REJ.content":
        assert refused.json()["code"] == code
    assert service.get(PATH).json()["items"] == []


def test_one_wrong_period_keeps_all_of_them_out(service: Service) -> None:
    both = said({"period": "2024-01", "eligible": 1}, {"period": "2024", "eligible": 1})
    refused = put(service, PATH, "bot", both)
    assert (refused.status_code, refused.json()["code"]) == (409, "REJ.periods_overlap")
    assert service.get(PATH).json()["items"] == []


def test_only_who_answers_for_the_cases_declares_them(service: Service) -> None:
    body = said({"period": "2024", "eligible": 1})
    for who in ("rae", "cy", "audrey", "stranger"):
        assert put(service, PATH, who, body).status_code == 403
    assert service.get(PATH, "stranger").status_code == 403
    nowhere = put(service, "/v1/decision-types/other/eligible-volume", "bot", body)
    assert nowhere.status_code == 404


def test_a_formula_is_answered_by_the_version_asked_for(service: Service) -> None:
    service.recommended("a")
    time = service.get("/v1/metrics?formula=cycle_time/1,override_rate/1").json()["metrics"]["time"]
    assert (time["cycle_time"]["formula"], time["time_to_first_touch"]["formula"]) == (
        "cycle_time/1",
        "time_to_first_touch/2",
    )
    for asked in ("cycle_time/9", "cycle_time", "coverage/1", ","):
        refused = service.get(f"/v1/metrics?formula={asked}")
        assert (refused.status_code, refused.json()["code"]) == (422, "REJ.formula")
    listed = service.get("/v1/metrics/formulas").json()["items"]
    (old,) = [one for one in listed if (one["name"], one["version"]) == ("cycle_time", 1)]
    assert (old["superseded_by"], old["answered"]) == (2, "counted from rows")
