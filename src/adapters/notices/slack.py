"""Slack, and what takes the same: an incoming webhook, with a text and blocks."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from pydantic import SecretStr

from application.delivering import Attempt
from application.notifying import Notice

JSON = {"content-type": "application/json"}
UNREADABLE = "400 "


class Post(Protocol):
    """Sends something once, guarded as everything that leaves."""

    async def __call__(
        self, url: str, private: bool, body: bytes, headers: Mapping[str, str]
    ) -> Attempt: ...


class SlackNotifier:
    """Says it in a channel of Slack. The address is the secret: it is shown nowhere."""

    def __init__(self, url: SecretStr, link: str, post: Post, *, private: bool) -> None:
        self._url = url
        self._link = link
        self._post = post
        self._private = private

    async def notify(self, notice: Notice) -> Attempt:
        """Say it once. A message that Slack can't read is not sent again."""
        body = json.dumps(message(notice, self._link)).encode()
        attempt = await self._post(self._url.get_secret_value(), self._private, body, JSON)
        return replace(attempt, final=attempt.final or attempt.detail.startswith(UNREADABLE))


def message(notice: Notice, link: str) -> dict[str, object]:
    """The text alone, for what shows notifications, and the same in a block with a link."""
    where = f"{link}{notice.path}"
    linked = f"{_plain(notice.text)}\n<{where}|Look at it>"
    block = {"type": "section", "text": {"type": "mrkdwn", "text": linked}}
    return {"text": f"{_plain(notice.text)} {where}", "blocks": [block]}


def _plain(text: str) -> str:
    """The three characters that Slack reads as its own."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
