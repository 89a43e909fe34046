"""The doors of a real `remit serve`: who is let in, how long it waits, what it says and logs."""

import asyncio
import json
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from a_foreign_issuer import AUDIENCE, ISSUER, Signer, answering, key_set
from a_running_service import LOT_KEY, TYPE, a_running_service

from adapters.demo.service import free_port, running, until_ready

SIGNER = Signer("one")


async def answered(session: aiohttp.ClientSession, path: str, **headers: str) -> tuple[int, Any]:
    async with session.get(path, headers=headers) as said:
        return said.status, await said.json()


def test_tokens_of_an_issuer_open_the_door_and_owners_need_no_seat_in_them(
    database_url: str, tmp_path: Path
) -> None:
    async def ask() -> None:
        async with (
            answering(key_set(SIGNER)) as issuer,
            a_running_service(
                database_url,
                tmp_path,
                REMIT_OIDC_ISSUER=ISSUER,
                REMIT_OIDC_AUDIENCE=AUDIENCE,
                REMIT_OIDC_JWKS_URL=f"{issuer}/jwks",
            ) as service,
        ):

            async def as_whom(path: str, **claims: Any) -> tuple[int, Any]:
                bearer = f"Bearer {SIGNER.token(**claims)}"
                return await answered(service.session, path, Authorization=bearer)

            one = f"/v1/decision-types/{TYPE}"
            status, told = await as_whom(one, remit_seats=[f"{TYPE}:auditor"])
            assert (status, told["name"]) == (200, TYPE)
            owner = told["owners"]["risk_owner"]
            assert (await as_whom(one, sub=owner, remit_seats=[]))[0] == 200
            assert (await as_whom(one, sub=owner, remit_seats=[], remit_kind=None))[0] == 403
            assert (await as_whom(one, remit_seats=[]))[0] == 403
            status, told = await as_whom(one, exp=1)
            assert (status, told["code"]) == (401, "REJ.unauthenticated")
            halted = await _halted(service.session, SIGNER.token(sub=owner, remit_seats=None))
            assert halted["halted"]
            async with service.session.get(one, headers={"Authorization": "Bearer x.y.z"}) as said:
                asks = said.headers["WWW-Authenticate"]
            assert asks.startswith('Bearer realm="remit", error="invalid_token", error_description')
            async with service.session.get(one) as said:
                assert said.headers["WWW-Authenticate"] == 'Bearer realm="remit"'

    asyncio.run(ask())


async def _halted(session: aiohttp.ClientSession, token: str) -> Any:
    path, body = f"/v1/decision-types/{TYPE}/suspend", {"reason_code": "DRIFT"}
    header = {"Authorization": f"Bearer {token}"}
    async with session.post(path, json=body, headers=header) as said:
        assert said.status == 200, await said.text()
        return await said.json()


@dataclass
class Dev:
    """A service for trying."""

    port: int
    log: Path
    process: Any


@contextmanager
def dev_service(url: str, directory: Path, **settings: str) -> Generator[Dev]:
    port, log = free_port(), directory / "dev.log"
    given = {"REMIT_DATABASE_URL": url, "REMIT_PORT": str(port)} | settings
    with running(given, log, "serve", "--no-work", "--dev") as process:
        yield Dev(port, log, process)


def test_a_service_for_trying_says_so_and_hands_out_tokens(
    database_url: str, tmp_path: Path
) -> None:
    async def ask(dev: Dev) -> None:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{dev.port}") as session:
            await until_ready(session, dev.process, dev.log)
            async with session.get("/dev") as page:
                assert "ANYBODY" in await page.text()
            _, told = await answered(session, "/dev/token?person=ana&seats=refund:reviewer")
            assert "ANYBODY" in told["warning"]
            bearer = f"Bearer {told['access_token']}"
            assert (await answered(session, "/v1/queues", Authorization=bearer))[0] == 200
            status, told = await answered(session, "/dev/token?person=ana", Host="evil.example")
            assert (status, told["code"]) == (400, "REJ.loopback_only")
            assert (await answered(session, "/dev/token"))[0] == 422
            assert (await answered(session, "/v1/queues"))[0] == 401

    with dev_service(database_url, tmp_path) as dev:
        asyncio.run(ask(dev))
    assert "ANYONE" in dev.log.read_text()


@pytest.mark.parametrize(
    ("settings", "words", "said"),
    [
        ({}, (), "nobody could be let in"),
        ({"REMIT_HOST": "0.0.0.0"}, ("--dev",), "this machine alone"),
        ({"REMIT_OIDC_ISSUER": ISSUER}, (), "REMIT_OIDC_AUDIENCE"),
        ({"REMIT_OIDC_ISSUER": "http://id.example.com"}, (), "REMIT_OIDC"),
        ({"REMIT_OIDC_ALGORITHMS": "HS256"}, (), "REMIT_OIDC_ALGORITHMS: found 'HS256'"),
        ({"REMIT_OIDC_ALGORITHMS": "none"}, (), "REMIT_OIDC_ALGORITHMS: found 'none'"),
        ({"REMIT_OIDC_JWKS_URL": "http://id.example.com/jwks"}, (), "REMIT_OIDC_JWKS_URL"),
    ],
)
def test_a_service_that_would_let_in_nobody_or_anybody_does_not_start(
    settings: dict[str, str], words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    whole = {"REMIT_OIDC_ISSUER": ISSUER, "REMIT_OIDC_AUDIENCE": AUDIENCE}
    nearly = whole if {"REMIT_OIDC_ALGORITHMS", "REMIT_OIDC_JWKS_URL"} & settings.keys() else {}
    log = tmp_path / "log"
    given = {"REMIT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"} | nearly | settings
    with running(given, log, "serve", "--no-work", *words) as process:
        assert process.wait(timeout=60) == 2
    text = " ".join(log.read_text().split())
    assert said in text
    assert "Traceback" not in text


def test_answers_are_for_nobody_to_keep_or_to_frame(database_url: str, tmp_path: Path) -> None:
    async def ask() -> None:
        async with a_running_service(database_url, tmp_path) as service:
            for path in ("/health/live", "/nowhere", "/v1/decisions"):
                async with service.session.get(path) as said:
                    assert said.headers["X-Content-Type-Options"] == "nosniff"
                    assert said.headers["Cache-Control"] == "no-store"
                    assert "default-src 'none'" in said.headers["Content-Security-Policy"]
                    assert "Server" not in said.headers

    asyncio.run(ask())


def test_one_caller_is_given_so_much_and_others_are_not_kept_out(
    database_url: str, tmp_path: Path
) -> None:
    async def ask() -> None:
        async with a_running_service(database_url, tmp_path, REMIT_MOST_PER_SECOND="20") as service:
            statuses: list[int] = []
            for _ in range(60):
                async with service.session.get("/v1/queues", headers=service.header) as said:
                    statuses.append(said.status)
                    if said.status == 429:
                        assert (await said.json())["code"] == "REJ.too_many_requests"
                        assert said.headers["Retry-After"] == "1"
            assert 429 in statuses
            assert (await answered(service.session, "/health/live"))[0] == 200
            await asyncio.sleep(1.1)
            async with service.session.get("/v1/queues", headers=service.header) as said:
                assert said.status == 200

    asyncio.run(ask())


# ── clients that never finish

SLOW: dict[str, tuple[bytes, bytes]] = {
    "nothing": (b"", b""),
    "a head without an end": (b"GET /health/live HTTP/1.1\r\n", b"X-A: b\r\n"),
    "empty lines": (b"\r\n", b"\r\n"),
    "a body without an end": (
        b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n",
        b" ",
    ),
    "a chunk that never comes": (
        b"POST /v1/decisions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        b"",
    ),
}


def test_clients_that_never_finish_are_hung_up_on_and_keep_out_nobody(
    database_url: str, tmp_path: Path
) -> None:
    async def ask() -> None:
        waits = {"REMIT_HEAD_SECONDS": "1", "REMIT_BODY_SECONDS": "1"}
        async with a_running_service(database_url, tmp_path, **waits) as service:
            address = service.session._base_url
            assert address is not None
            host, port = address.host, address.port
            assert host is not None
            ended = await asyncio.gather(
                *(asyncio.to_thread(_drips, host, port or 0, *slow) for slow in SLOW.values()),
                _meanwhile(service.session),
            )
            assert all(0.5 < seconds < 8 for seconds in ended[:-1]), dict(
                zip(SLOW, ended, strict=False)
            )
            large = b"GET / HTTP/1.1\r\n" + b"X-A: " + b"a" * 600_000
            assert await asyncio.to_thread(_refused, host, port or 0, large)

    asyncio.run(ask())


async def _meanwhile(session: aiohttp.ClientSession) -> float:
    for _ in range(20):
        assert (await answered(session, "/health/live"))[0] == 200
        await asyncio.sleep(0.1)
    return 0


def _drips(host: str, port: int, first: bytes, more: bytes) -> float:
    """Seconds until the other side hangs up on a client that sends a little now and then."""
    started = time.monotonic()
    with socket.create_connection((host, port)) as wire:
        wire.settimeout(0.2)
        try:
            wire.sendall(first)
            while time.monotonic() - started < 15:
                wire.sendall(more)
                try:
                    while wire.recv(1000):
                        pass
                    return time.monotonic() - started
                except TimeoutError:
                    continue
        except OSError:
            pass
    return time.monotonic() - started


def _refused(host: str, port: int, sent: bytes) -> bool:
    with socket.create_connection((host, port)) as wire:
        wire.settimeout(5)
        try:
            wire.sendall(sent)
            return b"431" in wire.recv(1000)
        except ConnectionError:
            return True


# ── what is logged


def test_what_is_logged_is_a_json_a_line_and_holds_no_secret(
    database_url: str, tmp_path: Path
) -> None:
    async def ask() -> str:
        async with a_running_service(database_url, tmp_path, REMIT_LOG_LEVEL="DEBUG") as service:
            for credential in (SIGNER.token(), service.header["Authorization"][7:], "remit_a_b"):
                header = {"Authorization": f"Bearer {credential}"}
                async with service.session.get("/v1/queues", headers=header) as said:
                    await said.read()
            return service.header["Authorization"][7:]

    key = asyncio.run(ask())
    text = (tmp_path / "service.log").read_text()
    assert text
    for line in text.splitlines():
        assert {"time", "level", "logger", "message"} <= json.loads(line).keys()
    for secret in (key, LOT_KEY, "eyJ"):
        assert secret not in text
