"""Slack and e-mail: what is said there, and that whatever happens there harms nobody."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from adapters.notices.mail import MailNotifier
from adapters.notices.slack import SlackNotifier
from adapters.webhooks.courier import HttpCourier
from application.delivering import Attempt
from application.noticeboard import MailServer, Security
from application.notifying import Notice, Occasion
from domain.values import Receipt
from tests.adapters.webhooks.receivers import (
    Answers,
    a_receiver,
    broken,
    busy,
    elsewhere,
    endless,
    gone,
    well,
)
from tests.domain.builders import NOON

LINK = "https://remit.example.com"
NOTICE = Notice(
    id=UUID(int=7),
    occasion=Occasion.WAITING,
    decision_type="refund",
    text="refund: a decision waits <for> review & more",
    at=NOON,
    path="/v1/decisions/1",
)


# ── Slack


@asynccontextmanager
async def slack(url: str, *, private: bool = True) -> AsyncGenerator[SlackNotifier]:
    async with HttpCourier({}) as courier:
        yield SlackNotifier(SecretStr(url), LINK, courier.notify, private=private)


def said_to(answers: Answers) -> tuple[Attempt, list[Any]]:
    async def say() -> tuple[Attempt, list[Any]]:
        async with a_receiver(answers) as (url, asked), slack(url) as notifier:
            attempt = await notifier.notify(NOTICE)
            return attempt, [json.loads(await each.read()) for each in asked]

    return asyncio.run(say())


def test_slack_gets_a_text_and_a_block_with_a_link() -> None:
    attempt, (message,) = said_to(well)
    assert attempt.status is Receipt.DELIVERED
    text = "refund: a decision waits &lt;for&gt; review &amp; more"
    assert message["text"] == f"{text} {LINK}/v1/decisions/1"
    assert message["blocks"] == [
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": f"{text}\n<{LINK}/v1/decisions/1|Look at it>"},
        }
    ]


async def unreadable(_: Any) -> Any:
    from aiohttp import web

    return web.Response(status=400, text="invalid_blocks")


@pytest.mark.parametrize(
    ("answers", "final"),
    [(broken, False), (busy, False), (elsewhere, False), (gone, True), (unreadable, True)],
)
def test_what_slack_does_not_take_is_tried_again_unless_it_never_will(
    answers: Answers, final: bool
) -> None:
    attempt, _ = said_to(answers)
    assert (attempt.status, attempt.final) == (Receipt.FAILED, final)


def test_an_endless_answer_is_cut_off() -> None:
    begun = time.monotonic()
    assert said_to(endless)[0].status is Receipt.DELIVERED
    assert time.monotonic() - begun < 10


def test_an_address_in_a_private_network_takes_a_word_of_the_operator() -> None:
    async def say() -> Attempt:
        async with slack("https://127.0.0.1/hook", private=False) as notifier:
            return await notifier.notify(NOTICE)

    attempt = asyncio.run(say())
    assert attempt.status is Receipt.FAILED
    assert "not a public address" in attempt.detail


# ── e-mail


class Postbox:
    """Takes what is sent, or answers as it is told to."""

    def __init__(self, answer: str = "250 OK") -> None:
        self.answer = answer
        self.got: list[Message] = []
        self.to: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.got.append(message_from_bytes(envelope.content, policy=default))
        self.to = envelope.rcpt_tos
        return self.answer


@asynccontextmanager
async def a_mail_server(box: Postbox) -> AsyncGenerator[int]:
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, hostname="localhost"), "127.0.0.1", 0
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


async def mailed(port: int, **changes: Any) -> Attempt:
    content = {"host": "127.0.0.1", "port": port, "security": "none", "sender": "remit@example.com"}
    server = MailServer.model_validate(content | changes)
    notifier = MailNotifier(("a@example.com", "b@example.com"), LINK, server, None)
    return await notifier.notify(NOTICE)


def mailed_to(box: Postbox, **changes: Any) -> Attempt:
    async def send() -> Attempt:
        async with a_mail_server(box) as port:
            return await mailed(port, **changes)

    return asyncio.run(send())


def test_an_email_says_it_with_a_link_and_an_id_that_stays() -> None:
    box = Postbox()
    for _ in range(2):
        assert mailed_to(box).status is Receipt.DELIVERED
    first, second = box.got
    assert (first["Subject"], first["From"]) == (NOTICE.text, "remit@example.com")
    assert box.to == ["a@example.com", "b@example.com"]
    assert f"{LINK}/v1/decisions/1" in first.get_payload()
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    ("answer", "final"), [("451 try again later", False), ("554 never this one", True)]
)
def test_what_the_server_refuses_for_good_is_not_sent_again(answer: str, final: bool) -> None:
    attempt = mailed_to(Postbox(answer))
    assert (attempt.status, attempt.final) == (Receipt.FAILED, final)
    assert attempt.detail.startswith(f"({answer[:3]}, ")


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for() -> None:
    box = Postbox()
    attempt = mailed_to(box, security=Security.STARTTLS)
    assert (attempt.status, attempt.final, box.got) == (Receipt.FAILED, False, [])


def test_nobody_there_or_nobody_answering_is_a_failure_that_may_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("adapters.notices.mail.PATIENCE", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert asyncio.run(mailed(port)).status is Receipt.FAILED
        silent.listen()
        attempt = asyncio.run(mailed(port))
    assert (attempt.status, attempt.final) == (Receipt.FAILED, False)
