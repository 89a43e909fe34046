"""The issuer of `remit serve --dev`: hands anyone on this machine a token for anyone.

Its key is made when the process starts and is gone with it, so no token of it opens anything else.
"""

import time
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

from adapters.identity.tokens import Expected, Keys, usable
from application.ports import NotLetIn

ALGORITHM = "ES256"
AUDIENCE = "remit-dev"
VALID_FOR = timedelta(hours=8)


class DevIssuer:
    """Signs what it is asked to, and verifies that as any other issuer's tokens are."""

    def __init__(self, address: str) -> None:
        self._private = generate_private_key(SECP256R1())
        self._kid = uuid4().hex
        self.expected = Expected(
            issuer=f"{address}/dev",
            audience=AUDIENCE,
            algorithms=(ALGORITHM,),
            leeway=timedelta(0),
            person_claim="sub",
            kind_claim="remit_kind",
            human_kind="human",
            seats_claim="remit_seats",
        )
        self._keys: Keys = usable(self.key_set(), (ALGORITHM,))

    def key_set(self) -> dict[str, object]:
        """The public half, as issuers publish it."""
        public = ECAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self._kid, "alg": ALGORITHM, "use": "sig"}]}

    async def key(self, kid: str | None, algorithm: str) -> jwt.PyJWK:
        """Its own key, and no other."""
        found = self._keys.get((kid, algorithm))
        if found is None:
            raise NotLetIn("the token is not of this process: it has started again since")
        return found

    def token(self, person: str, kind: Literal["human", "service"], seats: tuple[str, ...]) -> str:
        """A token that says so."""
        now = int(time.time())
        claims = {
            "iss": self.expected.issuer,
            "aud": AUDIENCE,
            "sub": person,
            "iat": now,
            "exp": now + int(VALID_FOR.total_seconds()),
            "jti": uuid4().hex,
            "remit_kind": kind,
            "remit_seats": list(seats),
        }
        return jwt.encode(claims, self._private, ALGORITHM, headers={"kid": self._kid})
