"""Operations: what the description says of each one, read off its handler's signature."""

from collections.abc import Iterator
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, cast

from litestar import MediaType, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from adapters.http import problems
from adapters.http.callers import COMMANDS, CONDITIONAL, OPEN_TO_ALL
from adapters.http.problems import Problem
from adapters.http.schemas import Json, Model, Schemas

ALSO = "also"
"""The option of an operation that also answers in another media type, which it names."""
READS = "reads"
"""The option of an operation that reads its own JSON, of the model it names."""
TAKES = "takes"
"""The option of an operation that reads its own body, of the media type it names."""
TEXTS = "texts"
"""The option of an operation that takes a text, in the media types it names, or in JSON."""
LINE_IN, LINE_OUT = "line_in", "line_out"
"""The options of an operation on lines: the model of each line in, and of each line out."""

MAYBE_NOTHING = "maybe_nothing"
"""The option of an operation that may have nothing to give, with the words for that."""

TEXT: Json = {"type": "string"}
OBJECT: Json = {"type": "object"}
WORDS: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The body can't be read.",
    HTTPStatus.UNAUTHORIZED: "No API key, or one that opens nothing.",
    HTTPStatus.FORBIDDEN: "The caller has no seat that allows it.",
    HTTPStatus.NOT_FOUND: "No such thing is known.",
    HTTPStatus.CONFLICT: "The state of the thing forbids it now.",
    HTTPStatus.PRECONDITION_FAILED: "The thing has moved on since the caller looked at it.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is of another kind than the operation takes.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "The content is wrong: `errors` says where and how.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The service failed.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now; try again with the same Idempotency-Key.",
}

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The caller's own name for this command, to send it again but do it once.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "Do it only if the thing is still at this version.",
    "schema": {"type": "string", "pattern": '^"[1-9][0-9]{0,9}"$'},
}
CORRELATION: Json = {
    "name": "X-Correlation-Id",
    "in": "header",
    "required": False,
    "description": "The larger undertaking that this request is part of; events record it.",
    "schema": {"type": "string", "format": "uuid"},
}
LAST_EVENT_ID: Json = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The last event received; goes before `after`.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
}


class Operation:
    """One operation: a path, a method and the handler that answers."""

    def __init__(self, route: HTTPRoute, handler: HTTPRouteHandler) -> None:
        self.path = str(route.path_format)
        self.method = next(iter(handler.http_methods)).lower()
        self._route = route
        self._handler = handler
        self._fields = handler.parsed_fn_signature.parameters

    @property
    def models(self) -> Iterator[Model]:
        """The types that the operation reads and writes."""
        yield Problem, "serialization"
        for name in ("data", "asked"):
            if name in self._fields:
                yield _plain(self._fields[name]), "validation"
        if READS in self._handler.opt:
            yield self._handler.opt[READS], "validation"
        for name in self._route.path_parameters:
            yield self._fields[name].annotation, "validation"
        answer = self._answer()
        if answer is not None:
            yield answer, "serialization"
        if LINE_IN in self._handler.opt:
            yield self._handler.opt[LINE_IN], "validation"
            yield self._handler.opt[LINE_OUT], "serialization"

    def described(self, schemas: Schemas) -> Json:
        """The operation object."""
        sentence, _, rest = cleandoc(self._handler.fn.__doc__ or "").partition("\n\n")
        said: Json = {
            "operationId": self._handler.fn.__name__,
            "tags": sorted(self._tags()),
            "summary": sentence.replace("\n", " "),
            "parameters": list(self._parameters(schemas)),
            "responses": self._responses(schemas),
        }
        if rest:
            said["description"] = rest.replace("\n", " ")
        if body := self._body(schemas):
            said["requestBody"] = body
        if self._open:
            said["security"] = []
        return said

    @property
    def _open(self) -> bool:
        return bool(self._handler.opt.get(OPEN_TO_ALL))

    @property
    def _command(self) -> bool:
        return self.method.upper() in COMMANDS

    def _tags(self) -> set[str]:
        return {tag for layer in self._handler.ownership_layers for tag in layer.tags or ()}

    def _parameters(self, schemas: Schemas) -> Iterator[Json]:
        for name in self._route.path_parameters:
            yield self._path_parameter(name, schemas)
        if "asked" in self._fields:
            properties, required = schemas.properties(self._fields["asked"].annotation)
            for name, schema in properties.items():
                yield _query_parameter(name, schema, name in required)
        if self._command:
            yield IDEMPOTENCY_KEY
        if self._handler.opt.get(CONDITIONAL):
            yield IF_MATCH
        if "caller" in self._fields:
            yield CORRELATION
        if ALSO in self._handler.opt:
            yield LAST_EVENT_ID

    def _path_parameter(self, name: str, schemas: Schemas) -> Json:
        field = self._fields[name]
        schema = dict(schemas.of(field.annotation, "validation"))
        bounds = {"ge": "minimum", "le": "maximum", "pattern": "pattern"}
        for ours, theirs in bounds.items():
            limit = getattr(field.kwarg_definition, ours, None)
            if limit is not None:
                schema[theirs] = limit
        return {"name": name, "in": "path", "required": True, "schema": schema}

    def _body(self, schemas: Schemas) -> Json | None:
        if takes := self._handler.opt.get(TAKES):
            each = schemas.of(self._handler.opt[LINE_IN], "validation")
            return {"required": True, "content": {takes: _lines(each)}}
        if kinds := self._handler.opt.get(TEXTS):
            said: Json = {kind: {"schema": TEXT} for kind in kinds}
            return {"required": True, "content": {**said, "application/json": {"schema": OBJECT}}}
        if reads := self._handler.opt.get(READS):
            return _json_body(schemas.of(reads, "validation"), required=True)
        if "data" not in self._fields:
            return None
        field = self._fields["data"]
        schema = schemas.of(_plain(field), "validation")
        return _json_body(schema, required=not field.has_default)

    def _answer(self) -> Any:
        """The type of what a successful answer holds; None where it is no JSON of ours."""
        returned = self._handler.parsed_fn_signature.return_type
        if returned.is_subclass_of(Response):
            inner = returned.inner_types
            return inner[0].annotation if inner and inner[0].annotation is not bytes else None
        return returned.annotation

    def _responses(self, schemas: Schemas) -> Json:
        status = str(self._handler.status_code)
        nothing = self._handler.opt.get(MAYBE_NOTHING)
        none: Json = {"204": {"description": nothing}} if nothing else {}
        return (
            {status: self._success(schemas)}
            | none
            | {
                str(int(problem)): {
                    "description": WORDS[problem],
                    "content": {
                        problems.MEDIA_TYPE: {"schema": schemas.of(Problem, "serialization")}
                    },
                }
                for problem in sorted(set(self._failures()))
            }
        )

    def _success(self, schemas: Schemas) -> Json:
        answer = self._answer()
        media_type = self._handler.media_type or MediaType.JSON
        kind = str(getattr(media_type, "value", media_type))
        if LINE_OUT in self._handler.opt:
            said = _lines(schemas.of(self._handler.opt[LINE_OUT], "serialization"))
        elif answer is None:
            said = {"schema": {"type": "object"}}
        else:
            said = {"schema": schemas.of(answer, "serialization")}
        content: Json = {kind: said}
        if also := self._handler.opt.get(ALSO):
            content[also] = {"schema": TEXT}
        return {"description": "Done.", "content": content, "headers": dict(self._headers())}

    def _headers(self) -> Iterator[tuple[str, Json]]:
        if self._handler.parsed_fn_signature.return_type.is_subclass_of(Response):
            yield "ETag", {"description": "The version, quoted, if there is one.", "schema": TEXT}
        if self._handler.status_code == HTTPStatus.CREATED:
            yield "Location", {"description": "Where it is now.", "schema": TEXT}
        if self._command:
            again = {"type": "string", "const": "true"}
            yield (
                "Idempotent-Replayed",
                {
                    "description": "This is the answer of the first time.",
                    "schema": again,
                },
            )

    def _failures(self) -> Iterator[HTTPStatus]:
        """The statuses that it may fail with."""
        yield HTTPStatus.INTERNAL_SERVER_ERROR
        if self._open:
            return
        yield HTTPStatus.UNAUTHORIZED
        yield HTTPStatus.UNPROCESSABLE_ENTITY
        if "data" in self._fields or {READS, TAKES, TEXTS} & self._handler.opt.keys():
            yield HTTPStatus.BAD_REQUEST
            yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        if self._route.path_parameters or self._command or "asked" in self._fields:
            yield HTTPStatus.FORBIDDEN
            yield HTTPStatus.NOT_FOUND
        if "reader" in self._fields:
            yield HTTPStatus.FORBIDDEN
            yield HTTPStatus.SERVICE_UNAVAILABLE
        if self._command:
            yield HTTPStatus.CONFLICT
            yield HTTPStatus.SERVICE_UNAVAILABLE
            yield HTTPStatus.PRECONDITION_FAILED
            yield HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def _plain(field: FieldDefinition) -> Any:
    """The model itself, where a body may be left out."""
    if field.is_optional:
        return next(i.annotation for i in field.inner_types if not i.is_none_type)
    return field.annotation


def _json_body(schema: Json, *, required: bool) -> Json:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _lines(each: Json) -> Json:
    """A body of lines. OpenAPI 3.1 has no word for what each holds; 3.2 will call it itemSchema."""
    return {"schema": {"description": "One JSON a line; see x-itemSchema."}, "x-itemSchema": each}


def _query_parameter(name: str, schema: Json, required: bool) -> Json:
    """A query parameter: absent is how it says nothing, so there is no null."""
    said = {key: value for key, value in schema.items() if key not in {"default", "description"}}
    options = [o for o in cast("list[Json]", said.get("anyOf", [])) if o != {"type": "null"}]
    if len(options) == 1:
        said = options[0]
    if schema.get("default") is not None:
        said = {**said, "default": schema["default"]}
    described: Json = {"name": name, "in": "query", "required": required, "schema": said}
    if "description" in schema:
        described["description"] = schema["description"]
    return described
