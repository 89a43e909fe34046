"""An autonomy stage is earned with labels of one's own, over HTTP."""

from a_service import Service, a_service, choice


def reviewed(service: Service, first: int, last: int) -> None:
    """Decisions that a person reviewed and upheld."""
    for n in range(first, last):
        id = service.recommended(f"claim {n}")["id"]
        answer = service.post(f"/v1/decisions/{id}/review", "rae", choice(service.claimed(id)))
        assert answer.status_code == 200, answer.text


def test_labels_earn_a_stage_and_two_owners_agree() -> None:
    service = a_service()
    path, back = "/v1/decision-types/refund/stage", {"stage": "assist"}
    further = {"stage": "partial", "partial_share": 0.2}
    for who in ("ana", "cy"):
        service.post(path, who, back)
    reviewed(service, 0, 60)
    early = service.post(path, "ana", further)
    assert (early.status_code, early.json()["code"]) == (409, "REJ.not_earned")
    assert "0 wrong of 60 labels; about 40 more are missing" in early.json()["detail"]
    reviewed(service, 60, 100)
    asked = service.post(path, "ana", further)
    assert asked.status_code == 200, asked.text
    assert (asked.json()["stage"], asked.json()["proposal"]["stage"]) == ("assist", "partial")
    agreed = service.post(path, "cy", further).json()
    assert (agreed["stage"], agreed["partial_share"]) == ("partial", "0.2")
