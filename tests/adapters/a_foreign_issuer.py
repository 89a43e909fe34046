"""An issuer that is none of ours: its keys, its tokens, and a server that may lie about both."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from adapters.identity.tokens import Expected

ISSUER, AUDIENCE = "https://id.example.com/realms/shop", "remit"
EXPECTED = Expected(
    issuer=ISSUER,
    audience=AUDIENCE,
    algorithms=("RS256", "ES256", "EdDSA"),
    leeway=timedelta(seconds=30),
    person_claim="sub",
    kind_claim="remit_kind",
    human_kind="human",
    seats_claim="remit_seats",
)
Json = dict[str, Any]


@dataclass
class Signer:
    """A private key, its name and its algorithm."""

    kid: str | None
    algorithm: str = "RS256"
    bits: int = 2048
    private: Any = field(init=False)

    def __post_init__(self) -> None:
        match self.algorithm:
            case "RS256" | "PS256":
                self.private = rsa.generate_private_key(65537, self.bits)
            case "EdDSA":
                self.private = ed25519.Ed25519PrivateKey.generate()
            case _:
                self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> Json:
        made = {"R": RSAAlgorithm, "P": RSAAlgorithm, "E": ECAlgorithm}[self.algorithm[0]]
        kind: Any = OKPAlgorithm if self.algorithm == "EdDSA" else made
        named = {"kid": self.kid} if self.kid is not None else {}
        return {**kind.to_jwk(self.private.public_key(), as_dict=True), **named, "use": "sig"}

    @property
    def pem(self) -> bytes:
        public = self.private.public_key()
        return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def token(self, head: Json | None = None, **claims: Any) -> str:
        said = {"kid": self.kid} if self.kid is not None else {}
        return jwt.encode(
            claims_of(**claims), self.private, self.algorithm, headers={**said, **(head or {})}
        )


def claims_of(**changes: Any) -> Json:
    """What a token claims, all right by default; None leaves a claim out."""
    now = int(time.time())
    claims: Json = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "rae",
        "iat": now,
        "exp": now + 300,
        "remit_kind": "human",
        "remit_seats": ["refund:reviewer"],
    }
    return {name: value for name, value in (claims | changes).items() if value is not None}


def part(value: object) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged(head: Json, secret: bytes = b"", **claims: Any) -> str:
    """A token as no library would make it: any head, and an HMAC where a signature should be."""
    signed = f"{part(head)}.{part(claims_of(**claims))}"
    mac = hmac.digest(secret, signed.encode(), sha256) if secret else b""
    return f"{signed}.{part(mac)}"


Answer = Callable[[web.Request], Any]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncGenerator[str]:
    """A server on this machine that answers everything so; its address."""
    app = web.Application()

    async def handle(request: web.Request) -> web.StreamResponse:
        said = answer(request)
        if asyncio.iscoroutine(said):
            said = await said
        response: web.StreamResponse = said
        return response

    app.router.add_route("*", "/{rest:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def key_set(*signers: Signer) -> Answer:
    """Answers with these keys."""
    return lambda _: web.json_response({"keys": [signer.jwk for signer in signers]})
