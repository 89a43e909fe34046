"""Dev: an issuer of tokens for whoever tries the service on their own machine. Never elsewhere."""

from types import MappingProxyType
from typing import Any, Literal, Protocol

from litestar import Controller, MediaType, Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from pydantic import Field

from adapters.http.bodies import Word
from adapters.http.callers import OPEN_TO_ALL
from adapters.http.problems import Rejected
from adapters.http.reading import read_query
from domain.model import Value

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
WARNING = "Running with --dev: ANYONE on this machine can be ANYBODY. Never use it so in earnest."


class Issuer(Protocol):
    """Signs tokens for whoever asks."""

    def token(self, person: str, kind: Literal["human", "service"], seats: tuple[str, ...]) -> str:
        """A token that says who is calling."""
        ...

    def key_set(self) -> dict[str, object]:
        """The public keys."""
        ...


TheIssuer = NamedDependency[SkipValidation[Issuer]]


class NotHere(Rejected):
    """The embedded issuer answers this machine alone."""

    CODE = "REJ.loopback_only"
    TITLE = "The embedded issuer answers this machine alone"


class Wanted(Value):
    """Who to be."""

    person: Word
    kind: Literal["human", "service"] = "human"
    seats: str = Field(default="", max_length=2_000)
    """`TYPE:SEAT`, with spaces between; an owner's seats are read from the decision types."""


class Token(Value):
    """A token, in the words of RFC 6749."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of token, not one
    warning: str = WARNING


class Dev(Controller):
    """Tokens for the asking."""

    path = "/dev"
    opt = MappingProxyType({OPEN_TO_ALL: True})
    include_in_schema = False

    @get(media_type=MediaType.TEXT)
    async def dev_page(self, request: Request[Any, Any, Any]) -> str:
        """What this is, and how to use it."""
        _require_here(request)
        return (
            f"{WARNING}\n\nGET /dev/token?person=ana\n"
            "GET /dev/token?person=rita&seats=refund:reviewer\n"
            "GET /dev/token?person=bot&kind=service&seats=refund:producer\n"
            "GET /dev/jwks\n\nThen: Authorization: Bearer <access_token>\n"
        )

    @get("/token")
    async def dev_token(self, request: Request[Any, Any, Any], issuer: TheIssuer) -> Token:
        """A token for anybody."""
        _require_here(request)
        asked = read_query(Wanted, request.query_params)
        seats = tuple(asked.seats.split())
        return Token(access_token=issuer.token(asked.person, asked.kind, seats))

    @get("/jwks")
    async def dev_keys(self, request: Request[Any, Any, Any], issuer: TheIssuer) -> dict[str, Any]:
        """The public keys, as issuers publish them."""
        _require_here(request)
        return issuer.key_set()


def _require_here(request: Request[Any, Any, Any]) -> None:
    """Refuse another machine, and another name for this one that a browser was led to ask by."""
    client, asked = request.client, request.headers.get("host", "").rsplit(":", 1)[0].strip("[]")
    if client is None or client.host not in LOOPBACK or asked not in LOOPBACK:
        raise NotHere("ask from this machine, by 127.0.0.1 or localhost")
