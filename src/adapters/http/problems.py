"""Problems: every failure as a problem document (RFC 9457), its status given by its kind."""

import logging
from collections.abc import Mapping
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Self, cast

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from pydantic import AwareDatetime, Field

from application.ports import Busy, Miswritten, Unknown
from domain.admission import InvalidInput
from domain.decision.refusals import LeaseHeld
from domain.guardrail.facts import Problem as Flaw
from domain.model import Forbidden, Malformed, NotFound, Outdated, Refusal, Unauthorised, Value
from domain.policy.gate import GateClosed

MEDIA_TYPE = "application/problem+json"
LONGEST_DETAIL = 2_000
LONGEST_FOUND = 80
MOST_ERRORS = 20
RETRY_AFTER = 1

log = logging.getLogger("remit.http")


class FieldError(Value):
    """One thing wrong with the content: where it is, what was found there and what is allowed."""

    field: str
    """A dotted path into the body, or the name of a header or a query parameter."""
    found: str
    allowed: str

    @classmethod
    def of(cls, flaw: Flaw) -> Self:
        """What the domain or the reader found wrong, as it is told."""
        return cls(**flaw._asdict())


class Problem(Value):
    """A failure as RFC 9457 has it; `code` says which rule refused, for programs."""

    type: str
    title: str
    status: int = Field(ge=400, le=599)
    detail: str
    code: str
    instance: str | None = None
    errors: tuple[FieldError, ...] | None = None
    holder: str | None = None
    """Who holds the lease that is in the way."""
    expires_at: AwareDatetime | None = None
    """Until when they hold it."""


NOT_QUOTED = {ord(sign): " " for sign in '"\\\r\n'}
"""What can't stand in a quoted header."""


class Rejected(Exception):
    """The request is refused at the door, before any rule of the domain is asked."""

    STATUS = HTTPStatus.BAD_REQUEST
    CODE = "REJ.unreadable"
    TITLE = "The request can't be read"

    def __init__(self, detail: str, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.errors = errors
        self.headers: dict[str, str] = {}


class Unreadable(Rejected):
    """The body is not what its content type says."""


class WrongContent(Rejected):
    """A field, a header or a parameter holds something that is not allowed there."""

    STATUS = HTTPStatus.UNPROCESSABLE_ENTITY
    CODE = Malformed.CODE
    TITLE = "The content is wrong"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("; ".join(map(_sentence, errors)), errors)

    @classmethod
    def of(cls, *flaws: Flaw) -> Self:
        """The refusal of content in which these are wrong."""
        return cls(*map(FieldError.of, flaws))


class WrongMediaType(Rejected):
    """The body is of a kind that this operation does not take."""

    STATUS = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    CODE = "REJ.media_type"
    TITLE = "The body is of a kind that this operation does not take"


class TooLarge(Rejected):
    """The body is larger than the service takes."""

    STATUS = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    CODE = "REJ.too_large"
    TITLE = "The body is larger than the service takes"


class Unauthenticated(Rejected):
    """Nobody answers without knowing who asks."""

    STATUS = HTTPStatus.UNAUTHORIZED
    CODE = "REJ.unauthenticated"
    TITLE = "An API key or an access token is needed"

    def __init__(self, detail: str, told: str | None = None) -> None:
        super().__init__(detail)
        asks = 'Bearer realm="remit"'
        if told is not None:  # RFC 6750: what was shown was wrong, and how
            said = told.translate(NOT_QUOTED).encode("ascii", "replace").decode()
            asks = f'{asks}, error="invalid_token", error_description="{said}"'
        self.headers = {"WWW-Authenticate": asks}


class TooFast(Rejected):
    """One caller asks more of the service than it gives to one."""

    STATUS = HTTPStatus.TOO_MANY_REQUESTS
    CODE = "REJ.too_many_requests"
    TITLE = "Too many requests"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(RETRY_AFTER)}


class NoProjections(Rejected):
    """Lists come from projections, and there are none here."""

    STATUS = HTTPStatus.SERVICE_UNAVAILABLE
    CODE = "REJ.no_projections"
    TITLE = "Lists are not to be had here"


def _sentence(error: FieldError) -> str:
    return f"{error.field}: found {error.found}; allowed is {error.allowed}"


KINDS: Mapping[type[Refusal], HTTPStatus] = {
    Malformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    Unauthorised: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Forbidden: HTTPStatus.CONFLICT,
    Outdated: HTTPStatus.PRECONDITION_FAILED,
}

ROUTING_CODES = {
    HTTPStatus.NOT_FOUND: NotFound.CODE,
    HTTPStatus.METHOD_NOT_ALLOWED: "REJ.method",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: WrongMediaType.CODE,
}


def problem_of(failure: Exception) -> tuple[Problem, dict[str, str]]:
    """The problem document of a failure, and the headers that belong to it."""
    match failure:
        case Refusal():
            return _of_refusal(failure), {}
        case Rejected():
            errors = failure.errors or None
            problem = _problem(failure.STATUS, failure.CODE, failure.TITLE, str(failure))
            return problem.model_copy(update={"errors": errors}), failure.headers
        case Busy():
            detail = (
                "nothing was recorded: more is waiting to be written than the service promises to "
                "hold, or its store can't be reached; try again"
            )
            return _unavailable("REJ.busy", detail), {"Retry-After": str(RETRY_AFTER)}
        case Unknown():
            detail = (
                "the connection to the store was lost after sending: written or not, nobody can "
                "say yet. Repeat the same request with the same Idempotency-Key to find out"
            )
            return (
                _unavailable("REJ.outcome_unknown", detail),
                {"Retry-After": str(RETRY_AFTER)},
            )
        case HTTPException() if failure.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _of_routing(failure), dict(failure.headers or {})
        case _:
            log.error("unexpected", exc_info=failure)
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            detail = "the service failed; what happened is in its log"
            return _problem(status, "ERR.internal", "The service failed", detail), {}


def _of_refusal(refusal: Refusal) -> Problem:
    status = next(KINDS[kind] for kind in type(refusal).__mro__ if kind in KINDS)
    problem = _problem(status, refusal.CODE, refusal.title, str(refusal))
    match refusal:
        case InvalidInput():
            errors = tuple(FieldError.of(flaw) for flaw in refusal.problems)
            return problem.model_copy(update={"errors": errors})
        case Miswritten():
            errors = tuple(FieldError.of(flaw) for flaw in refusal.problems[:MOST_ERRORS])
            return problem.model_copy(update={"errors": errors})
        case GateClosed():
            errors = tuple(
                FieldError(field=check.question, found=check.text, allowed="an answer that passes")
                for check in refusal.failed
            )
            return problem.model_copy(update={"errors": errors})
        case LeaseHeld():
            held = {"holder": refusal.holder, "expires_at": refusal.expires_at}
            return problem.model_copy(update=held)
        case _:
            return problem


def _of_routing(failure: HTTPException) -> Problem:
    """What the framework refuses: no such path, no such method."""
    status = HTTPStatus(failure.status_code)
    code = ROUTING_CODES.get(status, Unreadable.CODE)
    return _problem(status, code, status.phrase, failure.detail or status.description)


def _misread(failure: ValidationException, request: Request[Any, Any, Any]) -> Rejected:
    """What the framework could not make of a request: no body, or a path that names nothing."""
    details = cast("list[dict[str, str]]", failure.extra or [])
    names = [detail.get("key", "data") for detail in details]
    if "data" in names:
        return Unreadable("the body is empty; send a JSON object")
    fields = request.route_handler.parsed_fn_signature.parameters
    return WrongContent(
        *(
            FieldError(
                field=name,
                found=str(request.path_params.get(name, "another"))[:LONGEST_FOUND],
                allowed=_allowed(fields[name].annotation) or detail["message"].lower(),
            )
            for name, detail in zip(names, details, strict=True)
        )
    )


def _too_large(request: Request[Any, Any, Any]) -> TooLarge:
    """The body's size, where the caller gave it, beside what is allowed."""
    most: int = request.app.state.settings.max_body_bytes
    found = request.headers.get("content-length", f"more than {most}")
    return TooLarge(f"the body: found {found} bytes; allowed are at most {most}")


def _allowed(kind: object) -> str | None:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return ", ".join(kind)
    return None


def _unavailable(code: str, detail: str) -> Problem:
    return _problem(HTTPStatus.SERVICE_UNAVAILABLE, code, "Not now", detail)


def _problem(status: HTTPStatus, code: str, title: str, detail: str) -> Problem:
    return Problem(
        type=f"urn:remit:problem:{code}",
        title=title,
        status=int(status),
        detail=detail if len(detail) <= LONGEST_DETAIL else f"{detail[:LONGEST_DETAIL]}…",
        code=code,
    )


def answer_problem(request: Request[Any, Any, Any], failure: Exception) -> Response[bytes]:
    """Answer a failed request with its problem document."""
    if isinstance(failure, ValidationException):
        failure = _misread(failure, request)
    if isinstance(failure, RequestEntityTooLarge):
        failure = _too_large(request)
    status, content, headers = told(failure, request.scope["path"])
    return Response(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def told(failure: Exception, path: str) -> tuple[int, bytes, dict[str, str]]:
    """The status, the document and the headers that tell of a failure."""
    problem, headers = problem_of(failure)
    here = problem.model_copy(update={"instance": path[:LONGEST_DETAIL]})
    return problem.status, encoded(here), headers


def encoded(problem: Problem) -> bytes:
    """A problem as JSON, without the members it has no use for."""
    return problem.model_dump_json(exclude_none=True).encode()
