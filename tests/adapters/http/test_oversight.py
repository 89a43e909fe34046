"""Whether review is real, over HTTP; and a part of a queue."""

from a_service import Service, choice


def reviewed(service: Service, who: str, subject: str) -> None:
    decision = service.recommended(subject, amount=500)
    claim = service.claimed(decision["id"], who)
    path = f"/v1/decisions/{decision['id']}"
    assert service.post(f"{path}/review", who, choice(claim)).status_code == 200
    delivered = service.post(f"{path}/receipt", "bot", {"status": "delivered"})
    assert delivered.status_code == 200


def test_owners_see_all_reviewers_and_a_reviewer_their_own_line(service: Service) -> None:
    reviewed(service, "rae", "claim-1")
    reviewed(service, "sam", "claim-2")
    path = "/v1/metrics/oversight?decision_type=refund"
    seen = {
        who: [line["reviewer"] for line in service.get(path, who).json()["reviewers"]]
        for who in ("ana", "audrey", "rae", "bot")
    }
    assert seen == {"ana": ["rae", "sam"], "audrey": ["rae", "sam"], "rae": ["rae"], "bot": []}
    assert service.get(path, "stranger").status_code == 403
    assert service.get("/v1/metrics/oversight").status_code == 422
    assert service.get("/v1/metrics/oversight?decision_type=nothing", "ana").status_code in (
        403,
        404,
    )
    backward = f"{path}&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"
    assert service.get(backward).status_code == 422


def test_all_metrics_tell_a_reviewer_of_no_colleague(service: Service) -> None:
    reviewed(service, "rae", "claim-1")
    reviewed(service, "sam", "claim-2")
    for path in ("/v1/metrics", "/v1/metrics?decision_type=refund&group_by=day"):
        found = service.get(path, "sam").json()
        parts = [found["metrics"], *(one["metrics"] for one in found["slices"])]
        seen = [[line["reviewer"] for line in part["oversight"]["reviewers"]] for part in parts]
        assert all(each == ["sam"] for each in seen), seen
        assert len(service.get(path, "ana").json()["metrics"]["oversight"]["reviewers"]) == 2


def test_a_queue_is_narrowed_by_what_is_asked(service: Service) -> None:
    service.recommended("claim-1", amount=500)
    queue = "/v1/queues/first-line"

    def shown(asked: str) -> int:
        answer = service.get(f"{queue}?{asked}", "rae")
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert shown("decision_type=refund&lane=review&reason=ROUTE.AMOUNT") == 1
    assert shown("lane=escalate") == shown("reason=EXC.CONFLICT") == 0
    assert service.get(f"{queue}?lane=fast", "rae").status_code == 422
    assert service.get(f"{queue}?decision_type=credit", "rae").status_code == 403
    assert len(service.get("/v1/queues?decision_type=refund", "rae").json()["items"]) == 1
    taken = service.post(f"{queue}/claim-next?decision_type=credit", "rae", {})
    assert taken.status_code == 204
    taken = service.post(f"{queue}/claim-next?decision_type=refund", "rae", {})
    assert taken.status_code == 200
