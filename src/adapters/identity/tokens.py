"""Access tokens: what an OpenID Connect issuer says of who is calling, believed only when signed.

A token is read in one order: its size, its form, its algorithm, its key, its signature, then what
it claims. Whatever is wrong is said in one sentence, and none of it repeats the token.
"""

import warnings
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple, Protocol, cast

import jwt
from jwt.exceptions import InvalidKeyError, PyJWKError, PyJWTError

from application.ports import Identity, NotLetIn
from domain.model import Seat, Value

LONGEST_TOKEN = 8_192
"""Characters of a token. Issuers that put in more put in what nobody here asks for."""
MOST_SEATS = 1_000
LONGEST_NAME = 200
SMALLEST_RSA_BITS = 2_048
SEATS = frozenset(map(str, Seat))

RSA = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
BY_CURVE = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}
ALGORITHMS = (*RSA, *BY_CURVE.values())
"""What may be allowed at all: signatures with a private key that nobody but the issuer has."""
PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What makes up a public key of each kind; nothing else of a key is read."""

Keys = Mapping[tuple[str | None, str], jwt.PyJWK]
"""The issuer's keys by name and algorithm."""


class Expected(Value):
    """What a token must say, and where it says who is calling."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...]
    leeway: timedelta
    person_claim: str
    kind_claim: str
    human_kind: str
    seats_claim: str


class IssuerKeys(Protocol):
    """Where an issuer's public keys come from."""

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """The key of this name for this algorithm; raises `NotLetIn`."""
        ...


class Claimed(NamedTuple):
    """Who a token says is calling."""

    id: str
    kind: Literal["human", "service"]
    seats: dict[str, frozenset[str]]

    @property
    def identity(self) -> Identity:
        return Identity(self.id, self.kind, self.seats)


async def verified(token: str, expected: Expected, keys: IssuerKeys) -> Claimed:
    """Who is calling, if all that is asked of a token holds; else `NotLetIn`."""
    if len(token) > LONGEST_TOKEN:
        raise NotLetIn(f"the token has {len(token)} characters; allowed are {LONGEST_TOKEN}")
    kid, algorithm = _head(token, expected)
    return _claimed(_signed(token, await keys.key(kid, algorithm), expected), expected)


def _head(token: str, expected: Expected) -> tuple[str | None, str]:
    """The key that a token names, and the algorithm, if it is one that is allowed."""
    try:
        head = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, RecursionError):
        raise NotLetIn("what was sent is neither an API key nor a token") from None
    algorithm, kid = head.get("alg"), head.get("kid")
    if algorithm not in expected.algorithms:
        allowed = ", ".join(expected.algorithms)
        raise NotLetIn(f"the token's algorithm is not one of {allowed}")
    if "crit" in head:
        raise NotLetIn("the token asks for extensions (crit) that are not known here")
    if kid is not None and not isinstance(kid, str):
        raise NotLetIn("the token's key (kid) is no text")
    return kid, cast("str", algorithm)


def _signed(token: str, key: jwt.PyJWK, expected: Expected) -> dict[str, Any]:
    """What a token claims, once its signature and its bounds hold."""
    try:
        return jwt.decode(
            token,
            key,
            algorithms=list(expected.algorithms),
            audience=expected.audience,
            issuer=expected.issuer,
            leeway=expected.leeway,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.ExpiredSignatureError:
        raise NotLetIn("the token has expired") from None
    except (jwt.ImmatureSignatureError, jwt.InvalidIssuedAtError):
        raise NotLetIn("the token is not valid yet") from None
    except jwt.InvalidAudienceError:
        raise NotLetIn("the token is for another audience than this service") from None
    except jwt.InvalidIssuerError:
        raise NotLetIn("the token is of another issuer than the one that is trusted") from None
    except jwt.MissingRequiredClaimError as missing:
        raise NotLetIn(f"the token lacks {missing.claim}") from None
    except (PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        raise NotLetIn("the token's signature or its claims don't hold") from None


def _claimed(claims: Mapping[str, Any], expected: Expected) -> Claimed:
    id = claims.get(expected.person_claim)
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_NAME or not id.isprintable():
        claim = expected.person_claim
        raise NotLetIn(f"the token's {claim} is not a name of 1 to {LONGEST_NAME} characters")
    human = claims.get(expected.kind_claim) == expected.human_kind
    return Claimed(id, "human" if human else "service", seats_of(claims.get(expected.seats_claim)))


def seats_of(claim: object) -> dict[str, frozenset[str]]:
    """The seats that a claim names: `TYPE:SEAT`, as a list or in one text with spaces.

    Issuers put other roles of other applications there too; what is no seat gives none.
    """
    words = claim.split() if isinstance(claim, str) else claim
    seats: dict[str, frozenset[str]] = {}
    for word in cast("list[object]", words)[:MOST_SEATS] if isinstance(words, list) else ():
        name, _, seat = word.rpartition(":") if isinstance(word, str) else ("", "", "")
        if name and seat in SEATS:
            seats[name] = seats.get(name, frozenset()) | {seat}
    return seats


def usable(found: object, algorithms: tuple[str, ...]) -> Keys:
    """The keys of a key set (RFC 7517) that can verify something here; the rest is passed over."""
    listed = cast("dict[str, object]", found).get("keys") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no key set")
    keys: dict[tuple[str | None, str], jwt.PyJWK] = {}
    for each in cast("list[object]", listed):
        if isinstance(each, dict):
            jwk = cast("dict[str, Any]", each)
            kid = jwk.get("kid") if isinstance(jwk.get("kid"), str) else None
            keys |= {(kid, name): key for name, key in _made(jwk, algorithms)}
    return keys


def _made(jwk: Mapping[str, Any], algorithms: tuple[str, ...]) -> list[tuple[str, jwt.PyJWK]]:
    """A key for each algorithm that it is good for."""
    kind = jwk.get("kty")
    if not isinstance(kind, str) or kind not in PUBLIC or jwk.get("use", "sig") != "sig":
        return []
    curve = jwk.get("crv")
    able = RSA if kind == "RSA" else (BY_CURVE.get(curve, "") if isinstance(curve, str) else "",)
    public: dict[str, Any] = {"kty": kind, **{name: jwk.get(name) for name in PUBLIC[kind]}}
    said = jwk.get("alg")
    names = [name for name in able if name in algorithms and said in (None, name)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = [(name, jwt.PyJWK(public, algorithm=name)) for name in names]
    except (InvalidKeyError, PyJWKError, ValueError, TypeError, AttributeError):
        return []
    return [(name, key) for name, key in made if kind != "RSA" or _bits(key) >= SMALLEST_RSA_BITS]


def _bits(key: jwt.PyJWK) -> int:
    return int(key.key.key_size)
