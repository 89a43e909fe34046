"""The courier tells what came of a message, whatever the receiver does, and harms nobody."""

import asyncio
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from standardwebhooks import Webhook

from adapters.webhooks.courier import HttpCourier, PrivateAddress, PublicOnly, require_public
from adapters.webhooks.endpoints import BadEndpoints, Endpoint, read_endpoints
from application.delivering import Attempt, Message, Order
from domain.values import Receipt
from tests.adapters.webhooks.receivers import (
    SECRET,
    Answers,
    a_receiver,
    broken,
    busy,
    elsewhere,
    endless,
    gone,
    hangs_up,
    slow,
    well,
)

MESSAGE = Message(
    id=UUID(int=7),
    type="action.authorised",
    timestamp=datetime.now(UTC),
    data=Order(
        decision=UUID(int=1),
        decision_type="refund",
        subject="order 17",
        subject_version=None,
        action="refund",
        parameters={"amount": "20"},
        authority="policy",
    ),
)


def an_endpoint(url: str, **more: Any) -> Endpoint:
    content = {"url": url, "secrets": [SECRET], "private": True, "timeout_seconds": 0.5}
    return Endpoint.model_validate(content | more)


async def attempt(endpoint: Endpoint) -> Attempt:
    async with HttpCourier({"here": endpoint}) as courier:
        now = datetime.now(UTC)  # a receiver takes no message that is minutes old
        return await courier.carry("here", MESSAGE.model_copy(update={"timestamp": now}))


def met(answers: Answers) -> Attempt:
    async def meet() -> Attempt:
        async with a_receiver(answers) as (url, _):
            return await attempt(an_endpoint(url))

    return asyncio.run(meet())


def test_what_is_sent_verifies_and_names_its_message() -> None:
    async def send() -> tuple[Attempt, bytes, dict[str, str]]:
        async with a_receiver(well) as (url, asked):
            result = await attempt(an_endpoint(url))
            return result, await asked[0].read(), dict(asked[0].headers)

    result, body, headers = asyncio.run(send())
    assert (result.status, result.reference) == (Receipt.DELIVERED, "tx-17")
    told = Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    assert told["type"] == "action.authorised"
    assert told["data"]["action"] == "refund"
    assert headers["webhook-id"] == str(MESSAGE.id)


@pytest.mark.parametrize(
    ("answers", "status", "detail"),
    [
        (gone, Receipt.FAILED, "410 Gone: no more"),
        (broken, Receipt.FAILED, "500 Internal Server Error: [31moh noxxx"),
        (busy, Receipt.FAILED, "429 Too Many Requests"),
        (elsewhere, Receipt.FAILED, "302 Found"),
        (slow, Receipt.UNKNOWN, "no answer in 0.5 seconds"),
        (hangs_up, Receipt.UNKNOWN, "the connection was lost"),
        (endless, Receipt.DELIVERED, "200 OK"),
    ],
)
def test_what_a_receiver_does_is_told(answers: Answers, status: Receipt, detail: str) -> None:
    begun = time.monotonic()
    result = met(answers)
    assert (result.status, result.detail[: len(detail)]) == (status, detail)
    assert len(result.detail) < 300
    assert time.monotonic() - begun < 10


def test_who_is_gone_is_not_asked_again_and_who_is_busy_is_left_alone() -> None:
    assert met(gone).final
    assert not met(broken).final
    assert met(busy).wait == timedelta(seconds=17)


def test_a_redirect_leads_nowhere() -> None:
    async def meet() -> int:
        async with a_receiver(elsewhere) as (url, asked):
            await attempt(an_endpoint(url))
            return len(asked)

    assert asyncio.run(meet()) == 1


def test_nobody_at_home_is_known_not_to_have_been_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        result = asyncio.run(attempt(an_endpoint(url)))
    assert (result.status, result.final) == (Receipt.FAILED, False)


def test_an_endpoint_that_nobody_configured_is_a_failure_that_may_pass() -> None:
    async def send() -> Attempt:
        async with HttpCourier({}) as courier:
            return await courier.carry("nowhere", MESSAGE)

    result = asyncio.run(send())
    assert (result.status, result.final) == (Receipt.FAILED, False)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/", "https://localhost/"]
)
def test_a_public_endpoint_never_leads_into_a_private_network(url: str) -> None:
    result = asyncio.run(attempt(an_endpoint(url, private=False)))
    assert result.status is Receipt.FAILED
    assert "not a public address" in result.detail


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::"),
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    with pytest.raises(PrivateAddress):
        require_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_known(address: str) -> None:
    require_public(address)


class Names(AbstractResolver):
    """Every name leads to one public and one private address."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=at, port=port, family=family, proto=0, flags=0)
            for at in ("93.184.215.14", "169.254.169.254")
        ]

    async def close(self) -> None:
        """Nothing is held."""


def test_a_name_is_refused_if_any_of_its_addresses_is_private() -> None:
    with pytest.raises(PrivateAddress):
        asyncio.run(PublicOnly(Names()).resolve("rebinding.example"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "the file: Input should be an object"),
        ('{"a": {"url": "http://example.org", "secrets": ["%s"]}}', "allowed are https URLs"),
        ('{"a": {"url": "https://me:pw@example.org", "secrets": ["%s"]}}', "allowed are https"),
        ('{"a": {"url": "https://example.org", "secrets": []}}', "a.secrets"),
        ('{"a": {"url": "https://example.org", "secrets": ["hunter2"]}}', "a secret is whsec_"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_shows_no_secret(
    tmp_path: Any, content: str, said: str
) -> None:
    file = tmp_path / "endpoints.json"
    file.write_text(content.replace("%s", SECRET))
    with pytest.raises(BadEndpoints, match=said) as error:
        read_endpoints(file)
    assert "hunter2" not in str(error.value)
    assert SECRET not in str(error.value)
