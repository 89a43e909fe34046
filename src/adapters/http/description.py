"""Description: the OpenAPI 3.1 document, made from the operations and models themselves."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from litestar import Controller, Litestar, Request, Response, get
from litestar.routes import HTTPRoute

from adapters.http.operations import Operation
from adapters.http.schemas import Schemas

Json = dict[str, Any]

INTRODUCTION = """\
An AI model recommends, written policy decides who acts, every step is an event.

Failures are problem documents (RFC 9457); their `code` comes from a closed list. A refused command
changes nothing. A command sent again with the same `Idempotency-Key` and content is answered as
the first time. Lists go on at their `next`."""


class Description(Controller):
    """What this service can do, for programs."""

    path = "/schema"
    tags = ("Description",)

    @get("/openapi.json")
    async def description(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        """This document."""
        return Response(described(request.app), media_type="application/json")


@cache
def described(app: Litestar) -> bytes:
    """The OpenAPI document of an application."""
    operations = sorted(_operations(app), key=lambda operation: operation.path)
    schemas = Schemas(model for operation in operations for model in operation.models)
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = operation.described(schemas)
    document: Json = {
        "openapi": "3.1.0",
        "info": {"title": "remit", "version": _version(), "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "remit_<id>_<secret>",
                    "description": "An API key, with the seats that its holder has.",
                }
            },
        },
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _operations(app: Litestar) -> Iterator[Operation]:
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.resolve_include_in_schema():
                    yield Operation(route, handler)


def _version() -> str:
    try:
        return version("remit")
    except PackageNotFoundError:
        return "0"
