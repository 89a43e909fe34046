"""The served description agrees with the service: Schemathesis calls every operation, all checks on."""

from typing import Any

import schemathesis
from a_service import a_service
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

service = a_service()
schema = schemathesis.openapi.from_asgi(
    "/schema/openapi.json",
    service.app,
    headers=service.header("everyone"),
    config=SchemathesisConfig.from_dict(
        {
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", "412", "422"]
                }
            },
            "generation": {"max-examples": 10, "deterministic": True},
        }
    ),
)


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx: Any, value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


@schema.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_api(case: Case) -> None:
    case.call_and_validate()
