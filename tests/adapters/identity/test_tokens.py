"""Access tokens of a foreign issuer: what opens the door, and everything that does not."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from a_foreign_issuer import (
    EXPECTED,
    ISSUER,
    Signer,
    answering,
    claims_of,
    forged,
    key_set,
    part,
)
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from adapters.identity.issuer_keys import FetchedKeys, NotHad, require_safe
from adapters.identity.tokens import (
    LONGEST_TOKEN,
    Claimed,
    seats_of,
    usable,
    verified,
)
from application.ports import NotLetIn

RSA, EC, ED = Signer("one"), Signer("two", "ES256"), Signer("three", "EdDSA")
OTHER = Signer("one")
SMALL = Signer("small", bits=1024)


class Known:
    """The keys of the issuer, at hand."""

    def __init__(self, *signers: Signer) -> None:
        self._keys = usable({"keys": [signer.jwk for signer in signers]}, EXPECTED.algorithms)

    async def key(self, kid: str | None, algorithm: str) -> Any:
        if (kid, algorithm) not in self._keys:
            raise NotLetIn("unknown key")
        return self._keys[kid, algorithm]


def shown(token: str) -> Claimed:
    return asyncio.run(verified(token, EXPECTED, Known(RSA, EC, ED)))


@pytest.mark.parametrize("signer", [RSA, EC, ED], ids=lambda one: one.algorithm)
def test_a_signed_token_says_who_is_calling(signer: Signer) -> None:
    claimed = shown(signer.token())
    assert claimed == ("rae", "human", {"refund": frozenset({"reviewer"})})


@pytest.mark.parametrize("kind", ["service", "HUMAN", None, True, ["human"], {}])
def test_whoever_is_not_said_to_be_a_person_is_a_service(kind: object) -> None:
    assert shown(RSA.token(remit_kind=kind)).kind == "service"


NOW = int(time.time())
WRONG: dict[str, Callable[[], str]] = {
    "expired": lambda: RSA.token(exp=NOW - 60),
    "never expires": lambda: RSA.token(exp=None),
    "expires with words": lambda: RSA.token(exp="soon"),
    "expires in the far future of floats": lambda: RSA.token(exp=1e400),
    "not before": lambda: RSA.token(nbf=NOW + 3600),
    "issued in the future": lambda: RSA.token(iat=NOW + 3600),
    "another audience": lambda: RSA.token(aud="shop"),
    "no audience": lambda: RSA.token(aud=None),
    "an audience of a list of others": lambda: RSA.token(aud=["shop", "account"]),
    "another issuer": lambda: RSA.token(iss="https://evil.example.com"),
    "an issuer with a slash more": lambda: RSA.token(iss=ISSUER + "/"),
    "no issuer": lambda: RSA.token(iss=None),
    "nobody": lambda: RSA.token(sub=None),
    "an empty name": lambda: RSA.token(sub=""),
    "a name of lines": lambda: RSA.token(sub="a\nb"),
    "a long name": lambda: RSA.token(sub="a" * 201),
    "another key of the same name": OTHER.token,
    "an unknown key": lambda: RSA.token({"kid": "nine"}),
    "a key of another algorithm": lambda: RSA.token({"kid": "two"}),
    "a key's name that is no text": lambda: forged({"alg": "RS256", "kid": ["one"]}),
    "none": lambda: forged({"alg": "none", "kid": "one"}),
    "None": lambda: forged({"alg": "None", "kid": "one"}),
    "no algorithm": lambda: forged({"kid": "one"}),
    "an algorithm that is a list": lambda: forged({"alg": ["RS256"], "kid": "one"}),
    "hmac with the public key": lambda: forged({"alg": "HS256", "kid": "one"}, RSA.pem),
    "an allowed algorithm with an hmac": lambda: forged({"alg": "RS256", "kid": "one"}, RSA.pem),
    "an algorithm that is not allowed": Signer("one", "PS256").token,
    "an extension": lambda: RSA.token({"crit": ["exp"], "exp": NOW + 60}),
    "its own key": lambda: OTHER.token({"kid": "nine", "jwk": OTHER.jwk}),
    "a key elsewhere": lambda: OTHER.token({"kid": "nine", "jku": "https://evil.example.com"}),
    "too long": lambda: RSA.token(padding="x" * LONGEST_TOKEN),
    "no token": lambda: "token",
    "two dots": lambda: "..",
    "an encrypted one": lambda: "a.b.c.d.e",
    "a head of lists": lambda: f"{part([1])}.{part(claims_of())}.AA",
    "a deep head": lambda: f"{part(b'[' * 2000)}.{part({})}.AA",
    "claims of lists": lambda: f"{part({'alg': 'RS256', 'kid': 'one'})}.{part([1])}.AA",
    "no signature": lambda: RSA.token().rpartition(".")[0] + ".",
    "cut short": lambda: RSA.token()[:-3],
    "a claim changed": lambda: _changed(RSA.token()),
}


def _changed(token: str) -> str:
    head, _, signature = token.split(".")
    return f"{head}.{part(claims_of(sub='cy'))}.{signature}"


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG.keys())
def test_anything_else_opens_nothing_and_is_not_repeated(token: Callable[[], str]) -> None:
    with pytest.raises(NotLetIn) as why:
        shown(text := token())
    assert len(text) < 8 or text not in str(why.value)
    assert str(why.value)


@pytest.mark.parametrize("seconds", [-29, 0])
def test_clocks_may_be_a_little_apart(seconds: int) -> None:
    assert shown(RSA.token(exp=int(time.time()) + seconds, nbf=int(time.time()) - seconds))


@given(st.text(max_size=200) | st.binary(max_size=200).map(part))
def test_no_text_brings_it_down(text: str) -> None:
    for token in (text, f"{part({'alg': 'RS256', 'kid': 'one'})}.{text}.{text}"):
        with pytest.raises(NotLetIn):
            shown(token)


def test_seats_are_read_from_a_list_or_a_text_and_nothing_else_gives_any() -> None:
    assert seats_of("refund:reviewer *:auditor offline_access") == {
        "refund": frozenset({"reviewer"}),
        "*": frozenset({"auditor"}),
    }
    assert seats_of(["a:b:reviewer", ":reviewer", "refund:king", 7, None, "refund:"]) == {
        "a:b": frozenset({"reviewer"})
    }
    assert all(seats_of(odd) == {} for odd in (None, 7, {"refund": ["reviewer"]}, True))


# ── the issuer's keys


def test_a_small_or_a_private_or_a_secret_key_verifies_nothing() -> None:
    secret = {"kty": "oct", "k": part(b"secret" * 8), "kid": "s", "alg": "HS256"}
    encrypting = RSA.jwk | {"use": "enc"}
    odd = [7, None, {}, {"kty": "RSA"}, {"kty": ["RSA"]}, {"kty": "EC", "crv": "P-999"}]
    assert usable({"keys": [SMALL.jwk, secret, encrypting, *odd]}, EXPECTED.algorithms) == {}
    assert usable({"keys": [RSA.jwk | {"alg": "RS512"}]}, EXPECTED.algorithms) == {}


def asked(url: str, *tokens: str, **known: Any) -> list[str]:
    """What becomes of each token, one after the other, with the keys at a URL."""

    async def ask() -> list[str]:
        keys = FetchedKeys(known.pop("issuer", ISSUER), url, EXPECTED.algorithms, **known)
        return [await said(token, keys) for token in tokens]

    return asyncio.run(ask())


async def said(token: str, keys: FetchedKeys) -> str:
    try:
        return (await verified(token, EXPECTED, keys)).id
    except NotLetIn as why:
        return str(why)


def with_server(answer: Any, *tokens: str) -> list[str]:
    async def ask() -> list[str]:
        async with answering(answer) as address:
            keys = FetchedKeys(ISSUER, f"{address}/jwks", EXPECTED.algorithms)
            return [await said(token, keys) for token in tokens]

    return asyncio.run(ask())


def test_keys_are_fetched_once_and_kept() -> None:
    asked_for: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked_for.append(request.path)
        return web.json_response({"keys": [RSA.jwk, EC.jwk]})

    assert with_server(answer, RSA.token(), EC.token(), RSA.token()) == ["rae"] * 3
    assert asked_for == ["/jwks"]


def test_a_new_key_is_found_and_unknown_names_make_no_storm() -> None:
    fetched = 0
    clock = 0.0

    async def fetch(_: str) -> bytes:
        nonlocal fetched
        fetched += 1
        keys = [RSA.jwk] if fetched == 1 else [RSA.jwk, EC.jwk]
        return json.dumps({"keys": keys}).encode()

    async def ask() -> None:
        nonlocal clock
        keys = FetchedKeys(ISSUER, "https://x", EXPECTED.algorithms, fetch, lambda: clock)
        assert await said(RSA.token(), keys) == "rae"
        for _ in range(50):
            assert "does not name" in await said(EC.token(), keys)
        assert fetched == 1
        clock += 11
        many = await asyncio.gather(*(said(EC.token(), keys) for _ in range(50)))
        assert (set(many), fetched) == ({"rae"}, 2)

    asyncio.run(ask())


def test_a_key_that_was_withdrawn_counts_no_more_once_it_is_known() -> None:
    clock, now_known = 0.0, [RSA, EC]

    async def fetch(_: str) -> bytes:
        return json.dumps({"keys": [signer.jwk for signer in now_known]}).encode()

    async def ask() -> None:
        nonlocal clock
        keys = FetchedKeys(ISSUER, "https://x", EXPECTED.algorithms, fetch, lambda: clock)
        assert await said(EC.token(), keys) == "rae"
        now_known.remove(EC)
        clock += 301
        await said(EC.token(), keys)  # the last one: its keys are fetched again beside it
        await asyncio.sleep(0.01)
        assert "does not name" in await said(EC.token(), keys)

    asyncio.run(ask())


def test_an_issuer_that_is_down_keeps_out_nobody_it_vouched_for_until_a_day_has_passed() -> None:
    clock, up = 0.0, True

    async def fetch(_: str) -> bytes:
        if not up:
            raise NotHad("no answer")
        return json.dumps({"keys": [RSA.jwk]}).encode()

    async def ask() -> None:
        nonlocal clock, up
        keys = FetchedKeys(ISSUER, "https://x", EXPECTED.algorithms, fetch, lambda: clock)
        assert await said(RSA.token(), keys) == "rae"
        up, clock = False, 3600.0
        assert await said(RSA.token(), keys) == "rae"
        clock = 86_500.0
        assert "can't be had" in await said(RSA.token(exp=int(time.time()) + 300), keys)

    asyncio.run(ask())


def _dripping(request: web.Request) -> Any:
    async def drip() -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    return drip()


LIES: dict[str, Any] = {
    "an error": lambda _: web.Response(status=500),
    "a redirect": lambda r: web.HTTPFound(f"http://{r.host}/elsewhere"),
    "a page": lambda _: web.Response(text="<html>"),
    "nothing": lambda _: web.Response(),
    "a list": lambda _: web.json_response([]),
    "no keys": lambda _: web.json_response({"keys": []}),
    "keys of no kind": lambda _: web.json_response({"keys": {"a": 1}}),
    "only others": lambda _: web.json_response({"keys": [SMALL.jwk]}),
    "too much": lambda _: web.Response(body=b" " * 300_000),
    "depth": lambda _: web.Response(body=b"[" * 100_000),
    "not UTF-8": lambda _: web.Response(body=b'{"keys": ["\xff"]}'),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_an_issuer_that_lies_lets_nobody_in(lie: Any) -> None:
    (told,) = with_server(lie, RSA.token())
    assert "can't be had" in told


def test_a_slow_issuer_is_given_few_seconds_and_others_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.identity.issuer_keys.ANSWERS_WITHIN", 0.2)

    async def ask() -> None:
        async with answering(_dripping) as address:
            keys = FetchedKeys(ISSUER, f"{address}/jwks", EXPECTED.algorithms)
            waiting = asyncio.create_task(said(RSA.token(), keys))
            await asyncio.sleep(0)
            started = time.monotonic()
            assert "neither an API key nor a token" in await said("x", keys)
            assert time.monotonic() - started < 0.1
            assert "can't be had" in await waiting
            assert "can't be had" in await said(RSA.token(), keys)

    asyncio.run(ask())


def test_an_issuer_that_is_not_there_lets_nobody_in() -> None:
    (told,) = asked("http://127.0.0.1:9/jwks", RSA.token())
    assert "can't be had" in told


@pytest.mark.parametrize(
    "url", ["http://id.example.com/jwks", "ftp://127.0.0.1/", "http://127.0.0.1.evil.com/", "x"]
)
def test_keys_come_over_https_or_from_this_machine(url: str) -> None:
    with pytest.raises(NotHad):
        require_safe(url)


def test_where_the_keys_are_may_be_left_to_the_issuers_own_configuration() -> None:
    async def ask(names: str | None) -> str:
        def answer(request: web.Request) -> web.Response:
            issuer = names or f"http://{request.host}"
            if request.path.endswith("openid-configuration"):
                uri = f"http://{request.host}/keys"
                return web.json_response({"issuer": issuer, "jwks_uri": uri})
            return key_set(RSA)(request)  # type: ignore[no-any-return]

        async with answering(answer) as address:
            expected = EXPECTED.model_copy(update={"issuer": address})
            keys = FetchedKeys(address, None, EXPECTED.algorithms)
            try:
                return (await verified(RSA.token(iss=address), expected, keys)).id
            except NotLetIn as why:
                return str(why)

    assert asyncio.run(ask(None)) == "rae"
    assert "another issuer's" in asyncio.run(ask("https://evil.example.com"))
