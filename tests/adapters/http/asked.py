"""Every operation, as someone who may asks for it: what has to be there first, and the request."""

from collections.abc import Callable
from time import sleep
from typing import Any, NamedTuple

from a_service import Json, Service, choice, recommendation

from tests.adapters.http.test_policies import (
    LOOSER,
    SPECIFICATION,
    TIGHTER,
    drafted,
    specified,
    step,
)

TYPE = "/v1/decision-types/refund"
WHY = {"reason_code": "DRIFT"}
NOW = "2031-04-01T12:00:00Z"


MODEL = {"model": {"name": "refund-model"}}
VOLUME = {"source": "order desk", "periods": [{"period": "2025-12", "eligible": 9}]}
THRESHOLDS = "/v1/metrics/thresholds?decision_type=refund&model=refund-model&model_version=1"
RIVALS = "champion=refund-model@1&challenger=refund-model@2"
FIT = {"model": "refund-model@1", "method": "isotonic"}
SUBSCRIPTION = {"endpoint": "warehouse", "types": ["decision.*"], "decision_type": "refund"}


class Request(NamedTuple):
    """What is sent."""

    method: str
    path: str
    body: Any = None
    kind: str = "application/json"


Asked = Callable[[Service], Request]


def automated(service: Service) -> str:
    return str(service.recommended()["id"])


def completed(service: Service) -> str:
    id = automated(service)
    assert service.post(f"/v1/decisions/{id}/receipt", "bot", {"status": "delivered"}).is_success
    return id


def failed(service: Service) -> str:
    id = automated(service)
    assert service.post(f"/v1/decisions/{id}/receipt", "bot", {"status": "failed"}).is_success
    return id


def contested(service: Service) -> str:
    id = completed(service)
    assert service.post(f"/v1/decisions/{id}/contest", "bot", {}).is_success
    return id


def proof(path: str) -> Asked:
    def asked(service: Service) -> Request:
        automated(service)
        return Request("GET", path)

    return asked


def included(service: Service) -> Request:
    events = service.get(f"/v1/decisions/{automated(service)}/events").json()["items"]
    return Request("GET", f"/v1/audit/inclusion?event={events[0]['id']}")


def lifted(service: Service) -> Request:
    assert service.post("/v1/halt", "ana", WHY | MODEL).is_success
    return Request("POST", "/v1/halt/lift", WHY | MODEL)


def of_subscription(method: str, rest: str = "", body: Any = None) -> Asked:
    def asked(service: Service) -> Request:
        made = service.post("/v1/webhooks", "bot", SUBSCRIPTION)
        assert made.is_success, made.text
        return Request(method, f"/v1/webhooks/{made.json()['id']}{rest}", body)

    return asked


def in_review(service: Service) -> str:
    return str(service.recommended(amount=500)["id"])


def escalated(service: Service) -> str:
    return str(service.recommended(confidence=0.3)["id"])


def held(service: Service) -> str:
    """One that waits for what a reviewer asked for."""
    id = in_review(service)
    claim = service.claimed(id)
    asks = choice(claim, "request_info", comment="which shop?")
    assert service.post(f"/v1/decisions/{id}/review", "rae", asks).is_success
    return id


def conflicting(service: Service) -> str:
    service.recommended(amount=500)
    other = {"action": "reject", "confidence": 0.95, "risk": 0.1}
    sent = service.post("/v1/decisions", "any-bot", recommendation(recommendation=other))
    return str(sent.json()["conflict"])


def on(state: Callable[[Service], str], verb: str, body: Any = None) -> Asked:
    """A command on a decision in this state."""
    return lambda service: Request("POST", f"/v1/decisions/{state(service)}/{verb}", body)


def of_one(verb: str = "") -> Asked:
    """A question about a decision."""
    return lambda service: Request("GET", f"/v1/decisions/{automated(service)}{verb}")


def disposing(state: Callable[[Service], str], verb: str) -> Asked:
    """A disposition of what somebody else holds: the lease is refused, not the seat."""

    def asked(service: Service) -> Request:
        nothing = {"disposition": "uphold", "lease_token": "none", "action_digest": "none"}
        return Request("POST", f"/v1/decisions/{state(service)}/{verb}", nothing)

    return asked


def get(path: str) -> Asked:
    return lambda _: Request("GET", path)


def of_type(method: str, path: str, body: Any = None) -> Asked:
    return lambda _: Request(method, TYPE + path, body)


def of_version(method: str, path: str, body: Any = None, of: Any = drafted) -> Asked:
    return lambda service: Request(method, f"{TYPE}/policies/{of(service)}{path}", body)


def proposed(service: Service) -> int:
    """Written and proposed by the decision owner."""
    return _proposed(service, TIGHTER)


def _proposed(service: Service, text: str) -> int:
    version = drafted(service, text, "ana")
    specified_as = service.client.put(
        f"{TYPE}/policies/{version}/specification",
        content=SPECIFICATION,
        headers=service.header("ana", Content_Type="text/plain"),
    )
    assert specified_as.is_success
    said = step(service, version, "propose", "ana", {})
    assert said.is_success, said.text
    return version


def approved(service: Service) -> int:
    version = proposed(service)
    assert step(service, version, "approve", "cy", {}).is_success
    return version


def replaced(service: Service) -> int:
    """The first one, after a looser one took its place."""
    version = _proposed(service, LOOSER)
    assert step(service, version, "approve", "cy", {}).is_success
    assert step(service, version, "activate", "cy", {}).is_success
    return 1


def drafting(service: Service) -> Request:
    return Request("POST", f"{TYPE}/policies", TIGHTER.encode(), "application/yaml")


def specifying(service: Service) -> Request:
    path = f"{TYPE}/policies/{drafted(service)}/specification"
    return Request("PUT", path, SPECIFICATION.encode(), "text/plain")


def writing(service: Service) -> Request:
    known: Json = service.get(TYPE).json()["definition"]
    return Request("PUT", TYPE, known | {"purpose": "Another one."})


def shadowed(service: Service) -> int:
    version = drafted(service)
    assert step(service, version, "shadow", "bo", None).is_success
    return version


def rehearsed(service: Service) -> str:
    window = {"from": "2031-01-01T00:00:00Z", "to": "2031-02-01T00:00:00Z"}
    version = drafted(service)
    begun = step(service, version, "backtests", "bo", window)
    assert begun.is_success, begun.text
    while service.get(begun.json()["self"]).json()["state"] == "running":
        sleep(0.01)
    return f"{version}/backtests/{begun.json()['id']}"


def bulk(service: Service) -> Request:
    seen = {"id": in_review(service), "lease_token": "none", "action_digest": "none"}
    return Request("POST", "/v1/decisions/review", {"items": [seen], "disposition": "uphold"})


ASKED: dict[str, Asked] = {
    "recommend": lambda _: Request("POST", "/v1/decisions", recommendation("another")),
    "recommend_many": lambda _: Request(
        "POST", "/v1/decisions/batch", b'{"decision_type": "refund"}\n', "application/x-ndjson"
    ),
    "search": get("/v1/decisions"),
    "read": of_one(),
    "events": of_one("/events"),
    "trail": of_one("/trail"),
    "replay": of_one("/replay"),
    "explanation": of_one("/explanation"),
    "receipt": on(failed, "receipt", {"status": "delivered"}),
    "reverse": on(completed, "reverse", WHY),
    "outcome": on(completed, "outcome", {"correct": True, "observed_at": NOW}),
    "quality": on(completed, "quality", {"verdict": "confirm"}),
    "contest": on(completed, "contest", {}),
    "answer": on(contested, "answer", WHY | {"exception": "CONTESTED"}),
    "withdraw": on(in_review, "withdraw", {}),
    "refresh": on(in_review, "refresh", {"subject_version": "2", "context": {"amount": 7}}),
    "claim": on(in_review, "claim", {}),
    "release": on(in_review, "release"),
    "review": disposing(in_review, "review"),
    "resolve": disposing(escalated, "resolve"),
    "dispose": bulk,
    "inform": on(held, "information", {"context": {}, "comment": "the one in Rome"}),
    "queues": get("/v1/queues"),
    "queue": get("/v1/queues/first-line"),
    "claim_next": lambda _: Request("POST", "/v1/queues/first-line/claim-next", {}),
    "read_conflict": lambda s: Request("GET", f"/v1/conflicts/{conflicting(s)}"),
    "arbitrate": lambda s: Request("POST", f"/v1/conflicts/{conflicting(s)}/arbitrate", WHY),
    "all_types": get("/v1/decision-types"),
    "read_type": of_type("GET", ""),
    "suspend": of_type("POST", "/suspend", WHY),
    "resume": of_type("POST", "/resume", WHY),
    "assign_owner": of_type("PUT", "/owners/ai_product_owner", {"person": "fay"}),
    "vacate_owner": of_type("DELETE", "/owners/ai_product_owner"),
    "write": writing,
    "activate_type": of_type("POST", "/activate"),
    "set_stage": of_type("POST", "/stage", {"stage": "assist"}),
    "register_baseline": of_type("POST", "/baseline", {"source": "a count of May"}),
    "draft": drafting,
    "history": of_type("GET", "/policies"),
    "read_version": of_type("GET", "/policies/1"),
    "set_floor": of_type("PUT", "/policies/floor", {"required": True}),
    "specify": specifying,
    "gate": of_version("GET", "/gate"),
    "propose": of_version("POST", "/propose", {}, specified),
    "approve": of_version("POST", "/approve", {}, proposed),
    "refuse": of_version("POST", "/refuse", {}, proposed),
    "activate": of_version("POST", "/activate", {}, approved),
    "roll_back": of_version("POST", "/rollback", {}, replaced),
    "retire": of_version("POST", "/retire", {}),
    "evaluate": of_version(
        "POST",
        "/evaluate",
        {"recommendation": {"action": "refund"}, "context": {"amount": 5}},
        lambda _: 1,
    ),
    "proofs": of_version("GET", "/proofs"),
    "diff": of_version("GET", "/diff"),
    "begin": of_version(
        "POST", "/backtests", {"from": "2031-01-01T00:00:00Z", "to": "2031-02-01T00:00:00Z"}
    ),
    "look": lambda s: Request("GET", f"{TYPE}/policies/{rehearsed(s)}"),
    "cancel": lambda s: Request("DELETE", f"{TYPE}/policies/{rehearsed(s)}"),
    "start_shadow": of_version("POST", "/shadow"),
    "stop_shadow": of_version("DELETE", "/shadow", None, shadowed),
    "shadow": of_version("GET", "/shadow", None, shadowed),
    "erase": lambda _: Request("POST", "/v1/data-subjects/erase", {"data_subject": "somebody"}),
    "follow": get("/v1/events"),
    "audit_trail": get("/v1/audit/trail"),
    "checkpoint": get("/v1/audit/checkpoint"),
    "consistency": proof("/v1/audit/consistency?from=1"),
    "inclusion": included,
    "metrics": get("/v1/metrics"),
    "formulas": get("/v1/metrics/formulas"),
    "thresholds": get(THRESHOLDS),
    "breakers": of_type("GET", "/breakers"),
    "oversight": get("/v1/metrics/oversight?decision_type=refund"),
    "calibration": get("/v1/metrics/calibration?decision_type=refund"),
    "models": get(f"/v1/metrics/models?decision_type=refund&{RIVALS}"),
    "maps": of_type("GET", "/recalibrations?model=refund-model@1"),
    "fit_map": of_type("POST", "/recalibrations", FIT),
    "adopt_map": of_type("POST", "/recalibrations/adopt", {"model": "a@1", "version": 1}),
    "declared_volumes": of_type("GET", "/eligible-volume"),
    "declare_volume": of_type("PUT", "/eligible-volume", VOLUME),
    "halts": get("/v1/halt"),
    "halt": lambda _: Request("POST", "/v1/halt", WHY | MODEL),
    "lift": lifted,
    "subscribe": lambda _: Request("POST", "/v1/webhooks", SUBSCRIPTION),
    "subscriptions": get("/v1/webhooks"),
    "subscription": of_subscription("GET"),
    "unsubscribe": of_subscription("DELETE"),
    "rotate_secret": of_subscription("POST", "/rotate", {}),
    "resume_subscription": of_subscription("POST", "/resume", {}),
    "projections": get("/v1/projections"),
    "description": get("/schema/openapi.json"),
}
