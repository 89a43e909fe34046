"""The notice board: where people are told and who wants to hear of what, as the operator wrote it
down. Secrets are not in it, only the names of the environment variables that hold them."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from application.notifying import Wish
from domain.model import Value


class SlackChannel(Value):
    """A channel of Slack, or of what takes the same messages."""

    address_in: str
    """The variable that holds the address of its incoming webhook."""
    private: bool = False
    """Whether it is in a private network: only then addresses there, and plain HTTP, will do."""


class MailChannel(Value):
    """People who get an e-mail."""

    to: tuple[str, ...]


class Security(StrEnum):
    """How the way to a mail server is kept private."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MailServer(Value):
    """Where e-mail is handed in."""

    host: str
    port: int = Field(default=587, ge=1, le=65_535)
    security: Security = Security.STARTTLS
    user: str | None = None
    password_in: str | None = None
    """The variable that holds the password."""
    sender: str


class NoticeBoard(Value):
    """All of it."""

    link: str
    """What the address of everything here begins with, as people reach it."""
    channels: Mapping[str, SlackChannel | MailChannel]
    mail: MailServer | None
    wishes: tuple[Wish, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it names."""
        slack = [c.address_in for c in self.channels.values() if isinstance(c, SlackChannel)]
        password = self.mail.password_in if self.mail else None
        return (*slack, *filter(None, (password,)))

    def wishes_of(self, channel: str) -> tuple[Wish, ...]:
        """What a channel wants to hear of."""
        return tuple(wish for wish in self.wishes if wish.channel == channel)
