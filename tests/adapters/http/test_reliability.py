"""Calibration over HTTP: models beside their labels, beside each other, and the maps that mend them."""

from decimal import Decimal
from typing import Any

import pytest
from a_service import Service

from application.recalibrating import is_held_out
from domain.breakers import Breaker

MAPS = "/v1/decision-types/refund/recalibrations"
MODEL = "refunder@7"
BACKWARD = "reference_from=2020-01-02T00:00:00Z&reference_to=2020-01-01T00:00:00Z"


def judged(service: Service, subject: str, *, right: bool, confidence: float, version: str) -> str:
    """A decision that was acted on, checked and found right or wrong."""
    model = {"name": "refunder", "version": version}
    made = service.recommended(subject, confidence=confidence, model=model)
    here = f"/v1/decisions/{made['id']}"
    assert service.post(f"{here}/receipt", "bot", {"status": "delivered"}).status_code == 200
    verdict = {"verdict": "confirm" if right else "overturn"}
    assert service.post(f"{here}/quality", "quinn", verdict).status_code == 200
    return str(made["id"])


def test_calibration_is_told_by_model(service: Service) -> None:
    for n, right in enumerate((True, False, True)):
        judged(service, f"s{n}", right=right, confidence=0.95, version="7")
    path = "/v1/metrics/calibration?decision_type=refund"
    (model,) = service.get(path).json()["models"]
    assert (model["model"], model["calibration"]["n"], model["drift"]) == (MODEL, 3, None)
    assert model["calibration"]["raw"]["brier"] == pytest.approx((2 * 0.05**2 + 0.95**2) / 3)
    assert service.get(f"{path}&model=refunder").json()["models"] == [model]
    assert service.get(f"{path}&model=other").json()["models"] == []
    window = "reference_from=2020-01-01T00:00:00Z&reference_to=2020-02-01T00:00:00Z"
    (beside,) = service.get(f"{path}&{window}").json()["models"]
    assert beside["drift"]["confidence"]["value"] is None


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("decision_type=refund&segment=amount", 422),
        ("decision_type=refund&segment=nothing", 422),
        ("decision_type=refund&reference_from=2020-01-01T00:00:00Z", 422),
        (f"decision_type=refund&{BACKWARD}", 422),
        ("decision_type=refund&from=2021-01-01T00:00:00Z&to=2020-01-01T00:00:00Z", 422),
        ("decision_type=other", 403),
    ],
)
def test_what_cannot_be_told_is_refused(service: Service, query: str, status: int) -> None:
    refused = service.get(f"/v1/metrics/calibration?{query}")
    assert refused.status_code == status, refused.text


def test_two_models_are_compared_on_the_same_subjects(service: Service) -> None:
    for n in range(4):
        judged(service, f"s{n}", right=n > 0, confidence=0.92, version="7")
        judged(service, f"s{n}", right=n > 0, confidence=0.99, version="8")
    path = "/v1/metrics/models?decision_type=refund"
    found = service.get(f"{path}&champion={MODEL}&challenger=refunder@8").json()
    assert (found["subjects"], found["compared"], found["same_action"]) == (4, 4, 4)
    assert found["champion_right"]["value"] == found["challenger_right"]["value"] == 0.75
    assert (found["accuracy_difference"]["value"], found["p_value"]) == (0.0, 1.0)
    assert found["brier_improvement"]["n"] == 4
    for wrong in (f"champion={MODEL}&challenger={MODEL}", f"champion={MODEL}&challenger=refunder"):
        refused = service.get(f"{path}&{wrong}")
        assert (refused.status_code, refused.json()["code"]) == (422, "REJ.models")


def fit(service: Service, **more: Any) -> Any:
    return service.post(MAPS, "bo", {"model": MODEL, "method": "isotonic", **more})


def test_a_map_is_fitted_tried_and_adopted_only_if_it_helps(service: Service) -> None:
    assert fit(service).json()["code"] == "REJ.map_labels"
    for n in range(8):
        judged(service, f"s{n}", right=n % 2 == 0, confidence=0.95, version="7")
    fitted = fit(service)
    assert fitted.status_code == 200, fitted.text
    (first,) = fitted.json()["maps"]
    assert first["map"]["method"] == "isotonic"
    assert first["digest"].startswith("sha256:")
    assert fit(service).json() == fitted.json(), "the same labels give the same map"
    adopt = {"model": MODEL, "version": 1}
    refused = service.post(f"{MAPS}/adopt", "cy", adopt)
    assert (refused.status_code, refused.json()["code"]) == (409, "REJ.map_no_help")
    assert service.post(f"{MAPS}/adopt", "cy", adopt | {"version": 2}).status_code == 404
    assert service.post(f"{MAPS}/adopt", "rae", adopt).status_code == 403
    assert service.get(f"{MAPS}?model={MODEL}").json()["adopted"] is None


def test_a_map_that_helps_is_adopted(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says 0.95, and is right four times in ten: more often wrong than a breaker would stand."""
    monkeypatch.setattr("domain.breakers.ALWAYS", Breaker(limit=Decimal("0.79")))
    held_out = n = 0
    while held_out < 100:  # ids decide which are held out, and so many are needed
        n += 1
        id = judged(service, f"s{n}", right=n % 5 < 2, confidence=0.95, version="7")
        held_out += is_held_out(id)
    (first,) = fit(service).json()["maps"]
    assert first["evidence"]["held_out"] == held_out
    assert first["evidence"]["brier_after"] < first["evidence"]["brier_before"]
    adopted = service.post(f"{MAPS}/adopt", "bo", {"model": MODEL, "version": 1})
    assert adopted.status_code == 200
    assert adopted.json()["adopted"] == 1
    lines = service.get("/v1/audit/trail?type=recalibration.fitted").json()["items"]
    assert "fitted map 1 of refunder@7's confidence" in lines[0]["sentence"]
