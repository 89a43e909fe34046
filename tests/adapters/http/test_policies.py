"""The life of a policy through the door: who may do what to which version, and when it speaks."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from a_service import REFUND, Json, Service, recommendation

from adapters.assembly import read_policy
from application.desk import Caller
from application.governing import Adoption, adopt
from application.ports import Identity
from domain.decision_type.definition import DecisionTypeDefinition
from domain.model import Seat

OPERATOR, ESCALATES = Caller(Identity("operator", "human")), Seat.ESCALATION_OWNER
BASE = "/v1/decision-types/refund"
POLICY = REFUND.partition("policy: |\n")[2].replace("\n  ", "\n").removeprefix("  ")
LOOSER = POLICY.replace("amount > 200", "amount > 300")
TIGHTER = POLICY.replace("amount > 200", "amount > 150")
YAML = {"Content_Type": "application/yaml"}

SPECIFICATION = """
Feature: What the assistant may refund by itself
  Decision owner: Ana

  Example: A small and certain refund is given at once
    Given the action is refund
    And confidence is 0.95
    And risk is 0.10
    And amount is 50
    When the policy decides
    Then the decision is automate

  Example: Someone looks at a refund that is less certain
    Given the action is refund
    And confidence is 0.80
    And risk is 0.10
    And amount is 50
    When the policy decides
    Then the decision is review
    And rule confident fires

  Example: Someone looks at a risky refund
    Given the action is refund
    And confidence is 0.95
    And risk is 0.40
    And amount is 50
    When the policy decides
    Then rule low-risk fires

  Example: Leads decide where the assistant is unsure
    Given the action is refund
    And confidence is 0.30
    And risk is 0.10
    And amount is 50
    When the policy decides
    Then the decision is escalate
    And rule uncertain fires

  Example: Someone looks at a large refund
    Given the action is refund
    And confidence is 0.95
    And risk is 0.10
    And amount is 1000
    When the policy decides
    Then the decision is review
    And rule large fires
"""


def drafted(service: Service, text: str = TIGHTER, who: str = "bo") -> int:
    answer = service.post(f"{BASE}/policies", who, text.encode(), **YAML)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["version"])


def specified(service: Service, text: str = TIGHTER) -> int:
    version = drafted(service, text)
    answer = service.client.put(
        f"{BASE}/policies/{version}/specification",
        content=SPECIFICATION,
        headers=service.header("bo", Content_Type="text/plain"),
    )
    assert answer.status_code == 200, answer.text
    return version


def step(
    service: Service, version: int, what: str, who: str, body: Any = None, **headers: str
) -> httpx.Response:
    return service.post(f"{BASE}/policies/{version}/{what}", who, body, **headers)


def done(answer: httpx.Response) -> Json:
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def approved(service: Service, text: str = TIGHTER, proposer: str = "bo") -> int:
    version = specified(service, text)
    done(step(service, version, "propose", proposer, {"reason": "the review of May"}))
    done(step(service, version, "approve", "cy", {"reason": "agreed"}))
    return version


def lane(service: Service, subject: str, amount: int) -> tuple[str, int]:
    decision = service.recommended(subject, amount=amount)
    return decision["lane"], decision["policy"]["version"]


def test_a_version_is_drafted_specified_proposed_approved_and_put_into_force(
    service: Service,
) -> None:
    version = specified(service)
    proposed = done(step(service, version, "propose", "bo", {"reason": "the review of May"}))
    assert (proposed["state"], proposed["approver"]) == ("proposed", "ai_product_owner")
    assert [check["question"] for check in proposed["checks"]] == [
        "types",
        "specification",
        "claims",
        "dead_rules",
        "coverage",
        "difference",
        "rehearsal",
    ]
    assert done(step(service, version, "approve", "cy"))["approved_by"] == "cy"
    assert lane(service, "before", 180) == ("automate", 1)
    active = done(step(service, version, "activate", "bo"))
    assert (active["state"], active["active"]) == ("in_force", True)
    assert lane(service, "after", 180) == ("review", 2)
    versions = service.get(f"{BASE}/policies").json()["items"]
    assert [one["state"] for one in versions] == ["in_force", "superseded"]
    steps = [(one["what"], one["by"], one["seat"], one["reason"]) for one in versions[0]["steps"]]
    assert steps == [
        ("drafted", "bo", "ai_product_owner", None),
        ("specified", "bo", "ai_product_owner", None),
        ("proposed", "bo", "ai_product_owner", "the review of May"),
        ("approved", "cy", "risk_owner", None),
        ("activated", "bo", "ai_product_owner", None),
    ]


def test_what_is_adopted_goes_the_same_way_on_its_owners_word(service: Service) -> None:
    (only,) = service.get(f"{BASE}/policies").json()["items"]
    steps = [(one["what"], one["by"], one["via"]) for one in only["steps"]]
    via = steps[0][2]
    assert via.startswith("adoption by ")
    assert steps == [
        ("drafted", "bo", via),
        ("proposed", "bo", via),
        ("approved", "cy", via),
        ("activated", "cy", via),
    ]


def test_a_policy_may_be_json(service: Service) -> None:
    document = {
        "guardrail": "v1",
        "policy": "refund",
        "automate_only_if": [
            {"id": "sure", "require": "confidence >= 0.95", "reason": "CONFIDENCE_BELOW_LIMIT"}
        ],
    }
    assert service.post(f"{BASE}/policies", "bo", document).json()["version"] == 2
    assert service.post(f"{BASE}/policies", "bo", {"source": POLICY}).json()["version"] == 3


def test_a_miswritten_policy_is_refused_in_its_authors_words(service: Service) -> None:
    text = POLICY.replace("amount > 200", "amout > 200").encode()
    answer = service.post(f"{BASE}/policies", "bo", text, **YAML)
    assert code(answer) == (422, "REJ.policy_text")
    assert "amout" in answer.json()["detail"]
    assert answer.json()["errors"][0]["field"].startswith("line ")


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/yaml", 400),
        (b"\xff\xfe", "application/yaml", 400),
        (b"[1]", "application/json", 400),
        (b"{", "application/json", 400),
        (b'{"source": 7}', "application/json", 422),
        (b"guardrail: v1\x00", "text/plain", 422),
        (b"x", "image/png", 415),
        (b"a: &a [*a]", "text/yaml", 422),
    ],
)
def test_what_is_no_policy_is_refused(
    service: Service, content: bytes, kind: str, status: int
) -> None:
    answer = service.post(f"{BASE}/policies", "bo", content, Content_Type=kind)
    assert answer.status_code == status, answer.text


def test_only_its_owners_write_a_policy(service: Service) -> None:
    for who in ("rae", "di", "bot", "audrey"):
        answer = service.post(f"{BASE}/policies", who, POLICY.encode(), **YAML)
        assert code(answer) == (403, "REJ.seat"), who


def test_without_a_specification_nothing_comes_into_force(service: Service) -> None:
    version = drafted(service)
    answer = step(service, version, "propose", "bo")
    assert code(answer) == (409, "REJ.policy_gate")
    assert [error["field"] for error in answer.json()["errors"]] == ["specification", "coverage"]


def test_the_risk_owner_sets_the_floor_and_nobody_else(service: Service) -> None:
    path, floor = f"{BASE}/policies/floor", {"required": False, "reason": "for the pilot"}
    refused = service.client.put(path, json=floor, headers=service.header("bo"))
    assert code(refused) == (403, "REJ.seat")
    assert service.client.put(path, json=floor, headers=service.header("cy")).status_code == 200
    done(step(service, drafted(service), "propose", "bo"))
    strict = {"covered": 1, "killed": 1}
    assert service.client.put(path, json=strict, headers=service.header("cy")).status_code == 200
    answer = step(service, specified(service), "propose", "bo")
    assert [error["field"] for error in answer.json()["errors"]] == ["coverage"]


def test_a_claim_that_does_not_hold_keeps_a_version_out(service: Service) -> None:
    false = "claims:\n  - {id: never-large, never: automate, when: amount > 100}\n"
    version = specified(service, f"{POLICY}{false}")
    answer = step(service, version, "propose", "bo")
    assert [error["field"] for error in answer.json()["errors"]] == ["claims"]
    assert "never-large" in answer.json()["detail"]


def test_a_rule_that_does_nothing_has_to_be_acknowledged(service: Service) -> None:
    dead = "  - {id: larger, when: amount > 900, then: review, reason: AMOUNT}\nsampling"
    version = specified(service, POLICY.replace("sampling", dead, 1))
    asked = f"{BASE}/policies/{version}/gate"
    assert not service.get(asked, "bo").json()["passed"]
    body = {"acknowledged": ["larger"]}
    answer = step(service, version, "propose", "bo", body)
    told = answer.json()
    fields = [error["field"] for error in told.get("errors", [])]
    assert "dead_rules" not in fields


def test_whoever_proposed_or_wrote_it_does_not_approve_it(service: Service) -> None:
    version = specified(service)
    done(step(service, version, "propose", "cy"))
    assert code(step(service, version, "approve", "cy")) == (403, "REJ.own_proposal")
    assert code(step(service, version, "approve", "bo")) == (403, "REJ.own_draft")
    done(step(service, version, "propose", "ana"))
    done(step(service, version, "approve", "cy"))


def test_only_the_risk_owner_approves_what_relaxes_something(service: Service) -> None:
    version = drafted(service, LOOSER, who="ana")
    service.client.put(
        f"{BASE}/policies/{version}/specification",
        content=SPECIFICATION,
        headers=service.header("bo", Content_Type="text/plain"),
    )
    told = done(step(service, version, "propose", "ana"))
    assert (told["relaxes"], told["approver"]) == (True, "risk_owner")
    assert code(step(service, version, "approve", "bo")) == (403, "REJ.seat")
    done(step(service, version, "approve", "cy"))


def test_nothing_comes_into_force_that_was_not_approved(service: Service) -> None:
    version = specified(service)
    assert code(step(service, version, "activate", "cy")) == (409, "REJ.policy_not_approved")
    done(step(service, version, "propose", "bo"))
    assert code(step(service, version, "activate", "cy")) == (409, "REJ.policy_not_approved")
    done(step(service, version, "refuse", "cy", {"reason": "not yet"}))
    assert code(step(service, version, "activate", "cy")) == (409, "REJ.policy_not_approved")


def test_a_signature_is_void_once_another_version_is_in_force(service: Service) -> None:
    first, second = approved(service, TIGHTER), approved(service, LOOSER)
    done(step(service, first, "activate", "bo"))
    assert code(step(service, second, "activate", "bo")) == (409, "REJ.policy_stale")
    done(step(service, second, "propose", "bo"))
    done(step(service, second, "approve", "cy"))
    done(step(service, second, "activate", "bo"))


def test_a_signature_is_void_once_the_specification_is_another(service: Service) -> None:
    version = approved(service)
    service.client.put(
        f"{BASE}/policies/{version}/specification",
        content=SPECIFICATION.replace("1000", "2000"),
        headers=service.header("bo", Content_Type="text/plain"),
    )
    assert code(step(service, version, "activate", "bo")) == (409, "REJ.policy_not_approved")


def test_a_version_comes_into_force_at_its_moment_and_not_before(service: Service) -> None:
    version = approved(service)
    at = service.clock.now() + timedelta(hours=1)
    told = done(step(service, version, "activate", "bo", {"at": at.isoformat()}))
    assert (told["state"], told["active"]) == ("scheduled", False)
    service.clock.advance(timedelta(minutes=59, seconds=59))
    assert lane(service, "before", 180) == ("automate", 1)
    service.clock.advance(timedelta(seconds=1))
    assert lane(service, "at the moment", 180) == ("review", 2)
    assert service.get(f"{BASE}/policies/2").json()["life"]["state"] == "in_force"
    assert service.get(BASE).json()["policy"]["version"] == 2


def test_what_was_to_come_into_force_does_not_if_another_did_before(service: Service) -> None:
    later, now = approved(service, LOOSER), approved(service, TIGHTER)
    at = service.clock.now() + timedelta(hours=1)
    done(step(service, later, "activate", "bo", {"at": at.isoformat()}))
    done(step(service, now, "activate", "bo"))
    service.clock.advance(timedelta(hours=2))
    assert lane(service, "later", 180) == ("review", now)


def test_what_was_to_come_into_force_can_be_stopped(service: Service) -> None:
    version = approved(service)
    at = service.clock.now() + timedelta(hours=1)
    done(step(service, version, "activate", "bo", {"at": at.isoformat()}))
    assert code(step(service, version, "propose", "bo")) == (409, "REJ.policy_standing")
    assert done(step(service, version, "refuse", "cy"))["state"] == "refused"
    service.clock.advance(timedelta(hours=2))
    assert lane(service, "later", 180) == ("automate", 1)


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00", "tomorrow", 7])
def test_a_moment_that_is_past_or_none_is_refused(service: Service, at: object) -> None:
    answer = step(service, approved(service), "activate", "bo", {"at": at})
    assert answer.status_code == 422
    assert "at" in answer.json()["detail"]


def test_a_version_that_was_in_force_is_rolled_back_to(service: Service) -> None:
    version = approved(service)
    assert code(step(service, version, "rollback", "cy")) == (409, "REJ.policy_never_active")
    done(step(service, version, "activate", "bo"))
    assert code(step(service, 1, "rollback", "bo")) == (403, "REJ.seat"), "it relaxes"
    told = done(step(service, 1, "rollback", "cy", {"reason": "too many reviews"}))
    assert told["active"]
    assert lane(service, "again", 180) == ("automate", 1)


def test_a_retired_version_speaks_no_more(service: Service) -> None:
    assert code(step(service, 1, "retire", "bo")) == (403, "REJ.seat")
    assert done(step(service, 1, "retire", "cy"))["state"] == "retired"
    decision = service.recommended("nobody speaks")
    assert (decision["lane"], decision["policy"]) == ("escalate", None)
    assert code(step(service, 1, "rollback", "cy")) == (409, "REJ.policy_standing")


def test_a_step_sent_again_is_answered_as_the_first_time(service: Service) -> None:
    version, key = approved(service), {"Idempotency_Key": "k1"}
    first = step(service, version, "activate", "bo", {}, **key)
    again = step(service, version, "activate", "bo", {}, **key)
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    assert code(step(service, version, "activate", "bo")) == (409, "REJ.policy_active")
    text = {"Idempotency_Key": "k2"} | YAML
    drafts = [service.post(f"{BASE}/policies", "bo", POLICY.encode(), **text) for _ in range(2)]
    assert drafts[0].json() == drafts[1].json()


def test_a_step_meant_for_another_state_is_refused(service: Service) -> None:
    version = specified(service)
    answer = step(service, version, "propose", "bo", {}, If_Match='"1"')
    assert code(answer) == (412, "REJ.if_match")


def test_versions_that_nobody_wrote_are_unknown(service: Service) -> None:
    for what in ("propose", "approve", "refuse", "activate", "rollback", "retire"):
        answer = step(service, 99, what, "cy")
        assert code(answer) == (404, "REJ.policy_version_unknown"), what


def test_a_decision_type_is_written_and_goes_live_through_the_door(service: Service) -> None:
    definition = service.get(BASE).json()["definition"]
    path = "/v1/decision-types/refund"
    changed = definition | {"title": "Money back"}
    put = service.client.put(path, json=changed, headers=service.header("ana"))
    assert (put.status_code, put.json()["title"]) == (200, "Money back"), put.text
    other = service.client.put(path, json=changed, headers=service.header("bo"))
    assert code(other) == (403, "REJ.seat")
    short = definition | {
        "exceptions": {"default": {"seat": "escalation_owner", "queue": "q", "deadline": "PT4H"}}
    }
    assert service.client.put(path, json=short, headers=service.header("ana")).status_code == 200
    wrong = service.client.put(
        path, json=definition | {"name": "other"}, headers=service.header("ana")
    )
    assert code(wrong) == (422, "REJ.malformed")
    stage = {"stage": "assist"}
    asked = service.post(f"{path}/stage", "ana", stage).json()
    assert (asked["stage"], asked["proposal"]["stage"]) == ("full", "assist")
    assert service.post(f"{path}/stage", "cy", stage).json()["stage"] == "assist"
    late = service.post(f"{path}/baseline", "ana", {"source": "2025", "eligible_per_day": 5.5})
    assert code(late) == (409, "REJ.decision_type_state")
    assert code(service.post(f"{path}/activate", "ana")) == (409, "REJ.decision_type_state")


def test_a_new_decision_type_goes_live_once_its_seats_are_filled(service: Service) -> None:
    path, who = "/v1/decision-types/invoice", service.header("everyone")
    known = service.get(BASE).json()["definition"]
    new = known | {"name": "invoice", "owners": {"decision_owner": "cy"}}
    written = service.client.put(path, json=new, headers=who)
    assert (written.status_code, written.json()["status"]) == (200, "draft"), written.text
    baseline = {"source": "2025", "eligible_per_day": 54.35}
    told = service.post(f"{path}/baseline", "everyone", baseline)
    assert told.json()["baseline"]["eligible_per_day"] == "54.35"
    assert code(service.post(f"{path}/activate", "everyone")) == (422, "EXC.OWNER_VACANT")
    for seat in ("ai_product_owner", "risk_owner", "escalation_owner"):
        service.client.put(f"{path}/owners/{seat}", json={"person": "cy"}, headers=who)
    same = service.post(f"{path}/activate", "everyone")
    assert code(same) == (422, "REJ.OWNERS_NOT_DISTINCT")
    service.client.put(f"{path}/owners/risk_owner", json={"person": "rae"}, headers=who)
    assert service.post(f"{path}/activate", "everyone").json()["status"] == "active"
    answer = service.post(f"{path}/policies", "everyone", POLICY.encode(), **YAML)
    assert answer.json()["version"] == 1
    decision = service.post("/v1/decisions", "any-bot", recommendation(decision_type="invoice"))
    assert decision.json()["lane"] == "escalate"


def test_the_organisations_policy_speaks_beside_a_types_own(service: Service) -> None:
    path, who = "/v1/decision-types/organisation", service.header("everyone")
    known = service.get(BASE).json()["definition"]
    owners = {"decision_owner": "ana", "ai_product_owner": "bo", "risk_owner": "cy"}
    new = known | {"name": "organisation", "owners": owners}
    refused = service.client.put(path, json=new, headers=who)
    assert code(refused) == (403, "REJ.seat"), "ana is to be its decision owner, not cy"
    definition = DecisionTypeDefinition.model_validate(new)
    house = read_policy(POLICY.replace("risk <= 0.30", "risk <= 0.05"), definition.facts)
    adoption = Adoption(definition, "text", "sha256:text", house)
    complete = definition.model_copy(update={"owners": {**definition.owners, ESCALATES: "di"}})
    asyncio.run(adopt(replace(adoption, definition=complete), OPERATOR, service.desk))
    decision = service.recommended("claim-9")
    assert decision["lane"] == "review"
    assert decision["policy"]["rule"] == "organisation:low-risk"
    assert decision["organisation"]["version"] == 1
    replayed = service.get(decision["links"]["replay"]).json()
    assert replayed["verdict"] == "match"
