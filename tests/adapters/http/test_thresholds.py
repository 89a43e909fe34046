"""Thresholds over HTTP: what the labels bear out, what it rests on, and what never counts."""

from typing import Any

import pytest
from a_service import Service, choice

Json = dict[str, Any]
HERE = "/v1/metrics/thresholds?decision_type=refund"
ASKED = f"{HERE}&limit=0.05&delta=0.05&grid=0.95,0.9,0.8"


def judged(service: Service, subject: str, verdict: str = "confirm", **changes: Any) -> str:
    """An automated decision that the lot fell on, delivered and judged."""
    decision = service.recommended(subject, **changes)
    assert decision["lane"] == "automate"
    here = f"/v1/decisions/{decision['id']}"
    assert service.post(f"{here}/receipt", "bot", {"status": "delivered"}).status_code == 200
    if verdict:
        assert service.post(f"{here}/quality", "quinn", {"verdict": verdict}).status_code == 200
    return here


def reviewed(service: Service, subject: str, disposition: str = "uphold", **changes: Any) -> None:
    """A decision that a reviewer settled."""
    decision = service.recommended(subject, **changes)
    claim = service.claimed(decision["id"])
    more = {"action": "reject", "reason_code": "OVR.CONTEXT"} if disposition == "override" else {}
    body = choice(claim, disposition, **more)
    answer = service.post(f"/v1/decisions/{decision['id']}/review", "rae", body)
    assert answer.status_code == 200, answer.text


def asked(service: Service, query: str = ASKED) -> Json:
    answer = service.get(query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def only(report: Json) -> Json:
    (one,) = report["recommendations"]
    found: Json = one
    return found


def test_with_no_decision_there_is_no_model_to_speak_of(service: Service) -> None:
    report = asked(service)
    assert report["recommendations"] == []
    named = only(asked(service, f"{ASKED}&model=assistant&model_version=9"))
    assert (named["threshold"], named["n"], named["labels_missing"]) == (None, 0, 88)
    assert "about 88 more labels are needed" in named["sentence"]


def test_a_threshold_is_recommended_once_the_labels_bear_it_out(service: Service) -> None:
    for n in range(60):
        judged(service, f"s-{n}", confidence=0.97)
    assert only(asked(service))["threshold"] is None
    exact = only(asked(service, f"{ASKED}&method=exact"))
    assert exact["threshold"] == "0.8"  # no label lies between, so each step has the same
    for n in range(60, 90):
        reviewed(service, f"s-{n}", confidence=0.85)
    one = only(asked(service))
    assert (one["threshold"], one["n"], one["k"]) == (None, 60, 0)
    for n in range(90, 118):
        judged(service, f"s-{n}", confidence=0.96)
    one = only(asked(service))
    assert (one["model"], one["model_version"]) == ("assistant", "1")
    assert (one["threshold"], one["n"], one["k"]) == ("0.8", 118, 0)
    assert [step["n"] for step in one["steps"]] == [88, 88, 118]
    assert one["expected"]["straight_through_before"]["numerator"] == 88
    assert one["expected"]["straight_through"]["numerator"] == 118
    assert one["expected"]["for_people_before"] == 30


def test_it_says_what_it_rests_on(service: Service) -> None:
    report = asked(service)
    assert report["policy_version"] == 1
    assert report["policy_hash"].startswith("sha256:")
    assert report["threshold_in_force"] == "0.90"
    assert (report["limit"], report["delta"]) == ("0.05", "0.05")
    assert report["grid"] == ["0.95", "0.9", "0.8"]
    assert (report["method"], report["declared"]) == ("anytime", False)
    assert "limit, delta, grid, from were not declared" in report["guarantee"]


def test_labels_that_come_by_themselves_never_count(service: Service) -> None:
    for n in range(100):
        here = judged(service, f"s-{n}", "", confidence=0.97)
        body = {"correct": True, "observed_at": "2026-01-05T09:00:00Z"}
        assert service.post(f"{here}/outcome", "bot", body).status_code == 200
    one = only(asked(service))
    assert (one["threshold"], one["set_aside"]) == (None, 100)
    assert (one["n"], one["k"], one["steps"][0]["unjudged"]) == (100, 100, 100)
    withheld = only(asked(service, f"{ASKED}&unjudged=withheld"))
    assert (withheld["threshold"], withheld["n"]) == (None, 0)
    assert "0% was; withheld while it is under 95%" in withheld["sentence"]


def test_a_sample_that_nobody_judged_counts_as_wrong(service: Service) -> None:
    for n in range(97):
        judged(service, f"s-{n}", confidence=0.97)
    assert only(asked(service))["threshold"] == "0.8"
    for n in range(97, 100):
        judged(service, f"s-{n}", "", confidence=0.97)
    one = only(asked(service))
    assert (one["threshold"], one["n"], one["k"]) == (None, 100, 3)
    assert one["steps"][0]["completion"] == 0.97
    assert only(asked(service, f"{ASKED}&unjudged=withheld"))["threshold"] == "0.8"


def test_a_new_version_of_a_model_starts_anew(service: Service) -> None:
    for n in range(90):
        judged(service, f"s-{n}", confidence=0.97)
    judged(service, "s-new", confidence=0.97, model={"name": "assistant", "version": "2"})
    old, new = asked(service)["recommendations"]
    assert (old["model_version"], old["threshold"]) == ("1", "0.8")
    assert (new["model_version"], new["threshold"], new["labels_missing"]) == ("2", None, 87)
    assert only(asked(service, f"{ASKED}&model_version=2"))["labels_missing"] == 87


def test_the_walk_stops_where_the_model_errs(service: Service) -> None:
    for n in range(100):
        judged(service, f"s-{n}", confidence=0.97)
    for n in range(100, 120):
        reviewed(service, f"s-{n}", "override", confidence=0.85)
    one = only(asked(service))
    assert one["threshold"] == "0.9"
    assert [step["passed"] for step in one["steps"]] == [True, True, False]
    assert one["steps"][-1]["because"] == "20 wrong of 120 is not strong enough evidence yet"
    assert one["labels_missing"] > 0
    assert one["labels_missing_at_this_rate"] is None


@pytest.mark.parametrize(
    ("query", "field", "allowed"),
    [
        ("&delta=0.05&grid=0.9", "limit", "declare it under `thresholds`"),
        ("&limit=0.05&delta=0.05&grid=0.8,0.9", "grid", "lower than the one before"),
        ("&limit=0.05&delta=0.05&grid=0.9&looks=3", "looks", "only an exact test"),
        ("&limit=5&delta=0.05&grid=0.9", "limit", "less than 1"),
        ("&limit=0.05&delta=0.05&grid=0.98765", "grid", "4 decimal"),
        ("&limit=0.05&delta=0.05&grid=", "grid", "number"),
        ("&limit=0.05&delta=0.05&grid=0.9&method=guess", "method", "anytime"),
        ("&limit=0.05&delta=0.05&grid=0.9&from=soon", "from", "date"),
        ("&typo=1", "typo", "no such field"),
    ],
)
def test_what_is_wrong_is_named(service: Service, query: str, field: str, allowed: str) -> None:
    answer = service.get(HERE + query)
    assert answer.status_code == 422, answer.text
    assert field in answer.text
    assert allowed in answer.text


def test_only_who_has_a_seat_is_told(service: Service) -> None:
    assert service.get(ASKED, "stranger").status_code == 403
    assert service.get("/v1/metrics/thresholds?decision_type=unknown").status_code == 403
