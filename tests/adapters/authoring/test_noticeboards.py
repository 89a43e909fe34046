"""A notice board is read as its operator meant it, or refused by line; no secret is ever shown."""

from pathlib import Path
from typing import Any

import pytest

from adapters.assembly import notices
from adapters.authoring import AuthoringError, parse_noticeboard
from adapters.settings import BadSettings, Settings
from application.noticeboard import MailChannel, MailServer, Security, SlackChannel
from application.notifying import Occasion, Wish
from domain.model import Seat

BOARD = """\
link: https://remit.example.com/
mail: {host: mail.example.com, user: remit, password: SMTP_PASSWORD, from: remit@example.com}
channels:
  care:  {slack: SLACK_CARE}
  leads: {mail: [leads@example.com]}
tell:
  - {channel: care, decision_type: refund, queue: first-line, of: [waiting, deadline_near]}
  - {channel: leads, seat: escalation_owner}
"""


def test_a_board_is_read_as_it_stands() -> None:
    board = parse_noticeboard(BOARD)
    assert board.link == "https://remit.example.com"
    assert board.channels == {
        "care": SlackChannel(address_in="SLACK_CARE"),
        "leads": MailChannel(to=("leads@example.com",)),
    }
    assert board.mail == MailServer(
        host="mail.example.com",
        port=587,
        security=Security.STARTTLS,
        user="remit",
        password_in="SMTP_PASSWORD",
        sender="remit@example.com",
    )
    of = frozenset({Occasion.WAITING, Occasion.DEADLINE_NEAR})
    assert board.wishes == (
        Wish(channel="care", decision_type="refund", queue="first-line", of=of),
        Wish(channel="leads", seat=Seat.ESCALATION_OWNER),
    )
    assert board.variables == ("SLACK_CARE", "SMTP_PASSWORD")


@pytest.mark.parametrize(
    ("was", "became", "said"),
    [
        ("link: https://remit.example.com/", "", "needs `link`"),
        ("https://remit.example.com/", "remit", "no such address"),
        ("slack: SLACK_CARE", "slak: SLACK_CARE", "has no `slak`"),
        ("{slack: SLACK_CARE}", "{}", "needs `slack` or `mail`"),
        ("mail: {host", "post: {host", "has no `post`"),
        ("leads@example.com", "leads", "e-mail address"),
        ("from: remit@example.com", "from: me", "e-mail address"),
        ("host: mail.example.com,", "host: mail.example.com, port: 99999,", "from 1 to 65535"),
        ("host: mail.example.com,", "host: mail.example.com, security: ssl,", "starttls or tls"),
        ("channel: leads, seat", "channel: leeds, seat", "Did you mean leads?"),
        ("escalation_owner", "owner", "`seat` is"),
        ("[waiting, deadline_near]", "[waiting, late]", "`of` is"),
        ("[waiting, deadline_near]", "[]", "`of` is empty"),
        ("decision_type: refund", "type: refund", "has no `type`"),
        (BOARD, "", "nothing in the document"),
        (BOARD[BOARD.index("tell:") :], "tell: []\n", "`tell` is empty"),
        (BOARD[BOARD.index("tell:") :], "", "needs `tell`"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(was: str, became: str, said: str) -> None:
    with pytest.raises(AuthoringError) as refused:
        parse_noticeboard(BOARD.replace(was, became))
    assert said in str(refused.value)
    assert "line " in str(refused.value)


def test_a_secret_that_stands_there_by_mistake_is_not_repeated() -> None:
    address = "https://hooks.slack.com/services/T0/B0/geheim"
    with pytest.raises(AuthoringError) as refused:
        parse_noticeboard(BOARD.replace("SLACK_CARE", address))
    assert "names an environment variable" in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_secrets_come_from_the_environment_and_a_missing_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notify.yaml"
    file.write_text(BOARD)
    settings = Settings(notify=file)
    there = {"SLACK_CARE": "https://hooks.example.com/x", "SMTP_PASSWORD": "hush"}
    told = notices(settings, there)
    assert told is not None
    assert told.secrets["SMTP_PASSWORD"].get_secret_value() == "hush"
    assert "hush" not in repr(told)
    with pytest.raises(BadSettings, match="SMTP_PASSWORD: found nothing"):
        notices(settings, there | {"SMTP_PASSWORD": ""})
    assert notices(Settings(), {}) is None


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1]", None])
def test_a_file_that_is_none_is_refused_by_its_setting(tmp_path: Path, content: Any) -> None:
    file = tmp_path / "notify.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(BadSettings, match="REMIT_NOTIFY"):
        notices(Settings(notify=file), {})
