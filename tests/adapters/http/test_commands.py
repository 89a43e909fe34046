"""Commands over HTTP: said twice they are done once, and a condition on them is kept."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from a_service import Service, a_service, choice, recommendation

KEY = {"Idempotency_Key": "claim-1/first"}


def _count(service: Service) -> int:
    return len(service.get("/v1/events?limit=500").json()["items"])


def test_a_decision_is_created_at_a_place_with_a_version(service: Service) -> None:
    answer = service.post("/v1/decisions", "bot", recommendation())
    decision = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == decision["links"]["self"]
    assert answer.headers["etag"] == f'"{decision["version"]}"'
    assert service.get(answer.headers["location"]).json() == decision


def test_the_same_key_with_the_same_content_is_answered_as_the_first_time(
    service: Service,
) -> None:
    first = service.post("/v1/decisions", "bot", recommendation(), **KEY)
    count = _count(service)
    service.post(f"/v1/decisions/{first.json()['id']}/receipt", "bot", {"status": "delivered"})
    again = service.post("/v1/decisions", "bot", recommendation(), **KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["location"] == first.headers["location"]
    assert "idempotent-replayed" not in first.headers
    assert _count(service) == count + 1


def test_the_same_key_with_other_content_is_refused(service: Service) -> None:
    service.post("/v1/decisions", "bot", recommendation(), **KEY)
    answer = service.post("/v1/decisions", "bot", recommendation(amount=51), **KEY)
    assert answer.status_code == 422
    assert answer.json()["code"] == "REJ.idempotency_conflict"


def test_a_key_belongs_to_its_caller_and_its_operation(service: Service) -> None:
    first = service.post("/v1/decisions", "bot", recommendation(), **KEY).json()
    other = service.post("/v1/decisions", "any-bot", recommendation("claim-2"), **KEY)
    assert other.status_code == 201
    assert other.json()["id"] != first["id"]
    here = f"/v1/decisions/{first['id']}"
    assert service.post(f"{here}/receipt", "bot", {"status": "delivered"}, **KEY).is_success


def test_a_claim_that_is_repeated_shows_the_same_lease(service: Service) -> None:
    id = service.recommended(amount=500)["id"]
    first = service.post(f"/v1/decisions/{id}/claim", "rae", {"lease_seconds": 60}, **KEY)
    service.post(f"/v1/decisions/{id}/release", "rae")
    again = service.post(f"/v1/decisions/{id}/claim", "rae", {"lease_seconds": 60}, **KEY)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"


def test_a_command_on_a_decision_type_repeats_too(service: Service) -> None:
    path, why = "/v1/decision-types/refund/suspend", {"reason_code": "DRIFT"}
    first = service.post(path, "cy", why, **KEY)
    assert service.post("/v1/decision-types/refund/resume", "cy", why).status_code == 200
    again = service.post(path, "cy", why, **KEY)
    assert first.json()["suspended"]
    assert again.json()["suspended"]
    assert again.headers["idempotent-replayed"] == "true"
    assert not service.get("/v1/decision-types/refund").json()["suspended"]


def test_the_same_key_at_the_same_moment_makes_one_decision() -> None:
    service = a_service()

    async def race() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=service.app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://remit") as client:
            sent = (
                client.post(
                    "/v1/decisions", json=recommendation(), headers=service.header("bot", **KEY)
                )
                for _ in range(20)
            )
            return await asyncio.gather(*sent)

    answers = asyncio.run(race())
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1


def test_a_command_is_done_only_at_the_version_it_is_meant_for(service: Service) -> None:
    decision = service.recommended(amount=500)
    here = f"/v1/decisions/{decision['id']}"
    stale = service.post(f"{here}/claim", "rae", {}, If_Match=f'"{decision["version"] + 1}"')
    assert stale.status_code == 412
    assert stale.json()["code"] == "REJ.if_match"
    fresh = service.post(f"{here}/claim", "rae", {}, If_Match=f'"{decision["version"]}"')
    assert fresh.status_code == 200
    assert fresh.headers["etag"] == f'"{decision["version"] + 1}"'


def test_a_lease_in_the_way_names_its_holder_and_its_end(service: Service) -> None:
    id = service.recommended(amount=500)["id"]
    lease = service.claimed(id, "rae")["lease"]
    problem = service.post(f"/v1/decisions/{id}/claim", "sam")
    assert problem.status_code == 409
    said = problem.json()
    assert (said["code"], said["holder"]) == ("REJ.lease_held", "rae")
    assert said["expires_at"] == lease["expires_at"]


def test_a_whole_life_goes_through_the_door(service: Service) -> None:
    id = service.recommended(amount=500)["id"]
    here = f"/v1/decisions/{id}"
    claim = service.claimed(id)
    override = choice(claim, "override", action="reject", reason_code="OVR.POLICY")
    decided = service.post(f"{here}/review", "rae", override).json()
    assert (decided["state"], decided["action"]) == ("actioned", "reject")
    assert service.post(f"{here}/receipt", "bot", {"status": "delivered"}).is_success
    observed = {"correct": False, "actual_action": "reject", "observed_at": "2026-01-06T10:00:00Z"}
    assert service.post(f"{here}/outcome", "bot", observed).json()["state"] == "completed"
    assert service.post(f"{here}/contest", "ana").is_success
    trail = service.get(f"{here}/trail").json()["items"]
    assert [line["who"] for line in trail][:3] == ["bot", "policy version 1", "rae"]


def test_an_automated_decision_that_was_drawn_is_judged(service: Service) -> None:
    id = service.recommended()["id"]
    answer = service.post(f"/v1/decisions/{id}/quality", "quinn", {"verdict": "confirm"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("body", [None, {}])
def test_a_body_with_nothing_to_say_may_be_left_out(service: Service, body: object) -> None:
    id = service.recommended(amount=500)["id"]
    assert service.post(f"/v1/decisions/{id}/claim", "rae", body).status_code == 200
    assert service.post(f"/v1/decisions/{id}/withdraw", "bot", body).status_code == 200


def test_the_events_of_a_request_carry_its_correlation(service: Service) -> None:
    order = "0198c0de-0000-7000-8000-000000000007"
    sent = service.post("/v1/decisions", "bot", recommendation(), X_Correlation_Id=order)
    events = service.get(f"/v1/decisions/{sent.json()['id']}/events").json()["items"]
    assert {event["correlationid"] for event in events} == {order}


def test_conflicting_recommendations_are_arbitrated_by_the_escalation_owner(
    service: Service,
) -> None:
    service.recommended(amount=500)
    other = {"action": "reject", "confidence": 0.95, "risk": 0.1}
    sent = service.post("/v1/decisions", "any-bot", recommendation(recommendation=other))
    against = sent.json()
    here = f"/v1/conflicts/{against['conflict']}"
    assert service.get(here).json()["status"] == "open"
    chosen = {"winner": against["id"], "reason_code": "ARB.BETTER"}
    assert service.post(f"{here}/arbitrate", "rae", chosen).status_code == 403
    settled = service.post(f"{here}/arbitrate", "di", chosen)
    assert settled.json()["status"] == "closed"
    assert service.post(f"{here}/arbitrate", "di", chosen).status_code == 409


def test_a_halted_decision_type_automates_nothing_from_the_answer_on(service: Service) -> None:
    why = {"reason_code": "DRIFT"}
    halted = service.post("/v1/decision-types/refund/suspend", "cy", why)
    assert halted.json()["halted"]
    assert halted.headers["etag"] == f'"{halted.json()["version"]}"'
    assert service.recommended()["lane"] == "review"


def test_seats_are_given_by_those_who_may_and_kept_apart(service: Service) -> None:
    owners = "/v1/decision-types/refund/owners"
    put = service.client.put
    same = put(f"{owners}/risk_owner", json={"person": "ana"}, headers=service.header("ana"))
    assert same.status_code == 422
    assert same.json()["code"] == "REJ.OWNERS_NOT_DISTINCT"
    given = put(f"{owners}/escalation_owner", json={"person": "fay"}, headers=service.header("ana"))
    assert given.json()["owners"]["escalation_owner"] == "fay"
    stranger = put(f"{owners}/risk_owner", json={"person": "fay"}, headers=service.header("rae"))
    assert stranger.status_code == 403


OWNERS = "/v1/decision-types/refund/owners"


@pytest.mark.parametrize(
    ("method", "path", "who", "body"),
    [
        ("POST", "/v1/decision-types/refund/suspend", "cy", {"reason_code": "DRIFT"}),
        ("POST", "/v1/decision-types/refund/resume", "cy", {"reason_code": "OVER"}),
        ("PUT", f"{OWNERS}/escalation_owner", "ana", {"person": "fay"}),
        ("DELETE", f"{OWNERS}/escalation_owner", "ana", None),
    ],
)
def test_a_command_on_a_decision_type_is_done_only_at_its_version(
    service: Service, method: str, path: str, who: str, body: object
) -> None:
    service.post("/v1/decision-types/refund/suspend", "di", {"reason_code": "ODD"})
    if path.endswith("suspend"):
        service.post("/v1/decision-types/refund/resume", "cy", {"reason_code": "OVER"})
    seen = service.get("/v1/decision-types/refund")
    version = seen.json()["version"]
    assert seen.headers["etag"] == f'"{version}"'
    before = _count(service)

    def sent(tag: str, **more: str) -> httpx.Response:
        headers = service.header(who, If_Match=tag, **more)
        return service.client.request(method, path, json=body, headers=headers)

    for stale in (version - 1, version + 1):
        refused = sent(f'"{stale}"')
        assert (refused.status_code, refused.json()["code"]) == (412, "REJ.if_match")
    assert sent("*").status_code == 422
    assert _count(service) == before
    done = sent(f'"{version}"', **KEY)
    assert (done.status_code, done.headers["etag"]) == (200, f'"{version + 1}"')
    again = sent(f'"{version}"', **KEY)
    assert (again.content, again.headers["idempotent-replayed"]) == (done.content, "true")
    assert sent(f'"{version}"').status_code == 412


def test_a_policy_version_is_told_with_the_version_of_its_policy(service: Service) -> None:
    told = service.get("/v1/decision-types/refund/policies/1")
    assert told.headers["etag"] == '"4"'  # drafted, proposed, approved, put into force


def test_the_proofs_of_a_version_and_what_it_changes_are_told(service: Service) -> None:
    path = "/v1/decision-types/refund/policies/1"
    proofs = service.get(f"{path}/proofs").json()
    assert {proof["id"] for proof in proofs["built_in"] if proof["held"]} >= {"built-in:one-lane"}
    difference = service.get(f"{path}/diff").json()
    assert (difference["approver"], difference["edits"]) == (None, [])
    assert service.get(f"{path}/diff?against=1").json() == difference
    unknown = service.get(f"{path}/diff?against=7")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "REJ.policy_version_unknown")


def test_a_dry_run_says_what_would_be_and_records_nothing(service: Service) -> None:
    before = _count(service)
    trial = {"recommendation": recommendation()["recommendation"], "context": {"amount": 500}}
    run = service.post("/v1/decision-types/refund/policies/1/evaluate", "bo", trial).json()
    assert (run["lane"], run["rule"]) == ("review", "large")
    assert run["trace"]
    assert _count(service) == before


def test_more_than_the_log_holds_is_refused_for_now(service: Service) -> None:
    service.desk.log._capacity = 0  # type: ignore[attr-defined]
    answer = service.post("/v1/decisions", "bot", recommendation())
    assert (answer.status_code, answer.json()["code"]) == (503, "REJ.busy")
    assert int(answer.headers["retry-after"]) > 0


def test_a_lost_connection_says_to_ask_again_with_the_same_key(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from application.ports import Append, Unknown

    async def lost(_: Append) -> int:
        raise Unknown("lost")

    monkeypatch.setattr(service.desk.log, "append", lost)
    answer = service.post("/v1/decisions", "bot", recommendation(), **KEY)
    assert (answer.status_code, answer.json()["code"]) == (503, "REJ.outcome_unknown")
    assert "same Idempotency-Key" in answer.json()["detail"]


def test_a_lease_ends_by_itself(service: Service) -> None:
    id = service.recommended(amount=500)["id"]
    service.post(f"/v1/decisions/{id}/claim", "rae", {"lease_seconds": 60})
    service.clock.advance(timedelta(seconds=61))
    assert service.claimed(id, "sam")["lease"]["holder"] == "sam"
