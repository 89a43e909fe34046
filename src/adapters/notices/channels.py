"""Channels: the followers that a notice board makes, each told on by its own notifier."""

from collections.abc import Mapping

from pydantic import SecretStr

from adapters.notices.mail import MailNotifier
from adapters.notices.slack import Post, SlackNotifier
from application.desk import Desk
from application.following import Bookmarks, Follower
from application.noticeboard import NoticeBoard, SlackChannel
from application.notifying import Channel, Notifier

NAMED = "notices/"


class Channels:
    """Followers that are places where people work, begun when a worker first hears of them."""

    def __init__(
        self, board: NoticeBoard, secrets: Mapping[str, SecretStr], desk: Desk, post: Post
    ) -> None:
        self._channels = {
            f"{NAMED}{name}": Channel(
                board.wishes_of(name), _notifier(board, name, secrets, post), desk
            )
            for name in board.channels
            if board.wishes_of(name)
        }

    async def find(self, name: str) -> Follower | None:
        """The channel of this name."""
        return self._channels.get(name)

    async def begin(self, bookmarks: Bookmarks, newest: int) -> None:
        """From now on: what was before is no news."""
        for name in self._channels:
            await bookmarks.begin(name, newest)


def _notifier(
    board: NoticeBoard, name: str, secrets: Mapping[str, SecretStr], post: Post
) -> Notifier:
    channel, server = board.channels[name], board.mail
    if isinstance(channel, SlackChannel):
        return SlackNotifier(secrets[channel.address_in], board.link, post, private=channel.private)
    assert server is not None, "the board was read with one"
    password = secrets[server.password_in] if server.password_in else None
    return MailNotifier(channel.to, board.link, server, password)
