"""The service is as it describes itself: Schemathesis calls every operation, all checks on."""

import itertools
import json
from typing import Any

import schemathesis
from a_service import a_service, recommendation
from hypothesis import HealthCheck, settings
from schemathesis import Case, HookContext, SerializationContext
from schemathesis.config import SchemathesisConfig

service = a_service()


def _known() -> list[str]:
    """Decisions in several states, some of them recommended by whoever calls."""
    own = service.post("/v1/decisions", "everyone", recommendation("own")).json()["id"]
    done = service.recommended("completed")["id"]
    service.post(f"/v1/decisions/{done}/receipt", "bot", {"status": "delivered"})
    return [
        own,
        done,
        service.recommended("automated")["id"],
        service.recommended("in-review", amount=500)["id"],
        service.recommended("escalated", confidence=0.3)["id"],
    ]


KNOWN = _known()
COUNT = itertools.count()

# What JSON Schema can't say, a valid request may still run into: 409 a state that forbids it, 412
# a version that has moved on, 422 an action or a context that the decision type does not permit,
# a cursor of another list, two moments at once. Everything else is as strict as it comes.
BEYOND_SCHEMAS = ["409", "412", "422"]

schema = schemathesis.openapi.from_asgi(
    "/schema/openapi.json",
    service.app,
    headers=service.header("everyone"),
    config=SchemathesisConfig.from_dict(
        {
            "auth": {"openapi": {"key": {"bearer": service.keys["everyone"]}}},
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "403", "404", *BEYOND_SCHEMAS]
                }
            },
            "generation": {"max-examples": 10, "deterministic": True},
        }
    ),
)


@schemathesis.serializer("application/x-ndjson")
def lines(_: SerializationContext, value: Any) -> bytes:
    """A line for each item of a list, or one line."""
    items = value if isinstance(value, list) else [value]
    return b"\n".join(json.dumps(item).encode() for item in items)


@schema.hook
def map_case(_: HookContext, case: Case) -> Case:
    """Valid requests ask for things that exist: unknown ids alone would only ever find 404."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return case
    headers, known = case.headers or {}, case.path_parameters or {}
    if "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = f"{next(COUNT)}"  # one for all would only find conflicts
    if headers.get("If-Match") == "0":
        del headers["If-Match"]  # not what the description allows; the coverage phase's own idea
    if "id" in known and "/decisions/" in case.path:
        known["id"] = KNOWN[sum(map(ord, str(known["id"]))) % len(KNOWN)]
    if "name" in known:
        known["name"] = "refund" if "decision-types" in case.path else "first-line"
    if "seat" in known:
        known["seat"] = "ai_product_owner"  # who calls would else lose the seat to call from
    if "version" in known:
        known["version"] = 1
    if isinstance(case.body, dict) and "recommendation" in case.body:
        case.body |= {"context": {"amount": 5}}
        case.body["recommendation"] |= {"action": "refund", "alternatives": []}
        if "decision_type" in case.body:
            case.body["decision_type"] = "refund"
    return case


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_the_service_is_as_it_describes_itself(case: Case) -> None:
    case.call_and_validate()


def test_the_known_decisions_are_really_there() -> None:
    for id in KNOWN:
        assert service.get(f"/v1/decisions/{id}").status_code == 200
    assert recommendation()["decision_type"] == "refund"
