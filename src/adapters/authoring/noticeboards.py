"""The notice board as an operator writes it: channels, the mail server, and who hears of what."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from adapters.authoring.fields import (
    Fields,
    Gathered,
    entries,
    items,
    one_of,
    refuse,
    text,
    yes_no,
)
from adapters.authoring.nodes import Node, Scalar, read
from adapters.authoring.problems import AuthoringError
from application.noticeboard import MailChannel, MailServer, NoticeBoard, Security, SlackChannel
from application.notifying import Occasion, Wish
from domain.guardrail.facts import clipped, did_you_mean
from domain.model import Seat

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]{0,99}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s,<>]{1,64}@[^@\s,<>]{1,190}")
_PORT = re.compile(r"\d{1,5}", re.ASCII)


def parse_noticeboard(source: str) -> NoticeBoard:
    """The notice board of a file; raises `AuthoringError`, with all that is wrong in it."""
    board, seen = Fields(read(source), "the notice board"), Gathered()
    seen.attempt(lambda: board.only("link", "mail", "channels", "tell"))
    link = seen.attempt(lambda: _link(board))
    mail = seen.attempt(lambda: board.optional("mail", _mail))
    channels = seen.attempt(lambda: _channels(board, has_mail=board.find("mail") is not None))
    wishes = seen.attempt(lambda: _wishes(board, channels))
    if seen.problems or link is None or channels is None or wishes is None:
        # Without the lines themselves: a secret may stand there by mistake.
        raise AuthoringError(tuple(seen.problems))
    return NoticeBoard(link=link, channels=channels, mail=mail, wishes=wishes)


def _link(board: Fields) -> str:
    said = board.text("link").rstrip("/")
    parts = urlsplit(said)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        refuse(
            board.get("link"),
            f"`link` is where people reach this service, and {clipped(said)} is no such address",
            "https://remit.example.com",
        )
    return said


def _mail(node: Node, _: str) -> MailServer:
    fields = Fields(node, "`mail`").only("host", "port", "security", "user", "password", "from")
    security = fields.optional("security", lambda each, name: one_of(each, name, Security))
    sender = _address(fields.get("from"), "from")
    port, password = fields.optional("port", _port), fields.optional("password", _variable)
    server = MailServer(
        host=fields.text("host"),
        security=security or Security.STARTTLS,
        user=fields.optional("user", text),
        password_in=password,
        sender=sender,
    )
    return server if port is None else server.model_copy(update={"port": port})


def _channels(board: Fields, *, has_mail: bool) -> dict[str, SlackChannel | MailChannel]:
    found = entries(board.get("channels"), "`channels`").entries
    if not found:
        refuse(board.get("channels"), "`channels` is empty")
    return {name: _channel(node, name, has_mail) for name, node in found.items()}


def _channel(node: Node, name: str, has_mail: bool) -> SlackChannel | MailChannel:
    fields = Fields(node, f"`{clipped(name)}`").only("slack", "private", "mail")
    if (fields.find("slack") is None) == (fields.find("mail") is None):
        refuse(node, f"`{clipped(name)}` needs `slack` or `mail`, one of them")
    if fields.find("slack") is not None:
        variable = _variable(fields.get("slack"), "slack")
        return SlackChannel(
            address_in=variable, private=fields.optional("private", yes_no) or False
        )
    if not has_mail:
        refuse(node, f"`{clipped(name)}` needs the mail server: `mail`, beside `channels`")
    to = tuple(_address(each, "mail") for each in items(fields.get("mail"), "mail"))
    if not to:
        refuse(node, "`mail` is empty", "Write [leads@example.com].")
    return MailChannel(to=to)


def _wishes(board: Fields, channels: Collection[str] | None) -> tuple[Wish, ...]:
    found = tuple(_wish(node, channels) for node in items(board.get("tell"), "tell"))
    if not found:
        refuse(board.get("tell"), "`tell` is empty")
    return found


def _wish(node: Node, channels: Collection[str] | None) -> Wish:
    fields = Fields(node, "a line of `tell`").only(
        "channel", "decision_type", "queue", "seat", "of"
    )
    channel = fields.text("channel")
    if channels is not None and channel not in channels:
        meant = did_you_mean(channel, channels)
        hint = f"Did you mean {meant}?" if meant else f"There are: {', '.join(channels)}."
        refuse(fields.get("channel"), f"there is no channel {clipped(channel)}", hint)
    of = fields.optional("of", _occasions)
    wish = Wish(
        channel=channel,
        decision_type=fields.optional("decision_type", text),
        queue=fields.optional("queue", text),
        seat=fields.optional("seat", lambda each, name: one_of(each, name, Seat)),
    )
    return wish if of is None else wish.model_copy(update={"of": of})


def _occasions(node: Node, name: str) -> frozenset[Occasion]:
    listed = [node] if isinstance(node, Scalar) else items(node, name)
    if not listed:
        refuse(node, "`of` is empty", f"It may have: {', '.join(Occasion)}.")
    return frozenset(one_of(each, name, Occasion) for each in listed)


def _variable(node: Node, name: str) -> str:
    said = text(node, name)
    if not _VARIABLE.fullmatch(said):
        # What was found may be the secret itself, so it is not shown.
        refuse(
            node,
            f"`{name}` names an environment variable, and this is no name of one",
            "Write SLACK_CARE here, and the secret in the variable SLACK_CARE.",
        )
    return said


def _address(node: Node, name: str) -> str:
    said = text(node, name)
    if not _ADDRESS.fullmatch(said):
        refuse(node, f"`{name}` is an e-mail address, and {clipped(said)} is none")
    return said


def _port(node: Node, name: str) -> int:
    said = text(node, name)
    if not _PORT.fullmatch(said) or not 1 <= int(said) <= 65_535:
        refuse(node, f"`{name}` is from 1 to 65535, and {clipped(said)} is not")
    return int(said)
