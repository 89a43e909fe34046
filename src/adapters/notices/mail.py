"""E-mail, by whatever speaks SMTP."""

import asyncio
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
from pydantic import SecretStr

from application.delivering import Attempt
from application.noticeboard import MailServer, Security
from application.notifying import Notice
from domain.values import Receipt

PATIENCE = 10.0
LONGEST = 60.0
"""Seconds for one answer of the server, and for the whole of it."""
SHOWN = 200
FOR_GOOD = range(500, 600)


class MailNotifier:
    """Writes to some addresses."""

    def __init__(
        self, to: tuple[str, ...], link: str, server: MailServer, password: SecretStr | None
    ) -> None:
        self._to = to
        self._link = link
        self._server = server
        self._password = password

    async def notify(self, notice: Notice) -> Attempt:
        """Write once. What the server refuses for good is not written again."""
        server = self._server
        password = self._password.get_secret_value() if self._password else None
        try:
            async with asyncio.timeout(LONGEST):
                await aiosmtplib.send(
                    written(notice, self._to, self._link, server.sender),
                    hostname=server.host,
                    port=server.port,
                    username=server.user,
                    password=password,
                    use_tls=server.security is Security.TLS,
                    start_tls=server.security is Security.STARTTLS,
                    timeout=PATIENCE,
                )
        except aiosmtplib.SMTPAuthenticationError as error:
            return Attempt(Receipt.FAILED, _said(error))
        except aiosmtplib.SMTPRecipientsRefused as error:
            return Attempt(
                Receipt.FAILED,
                _said(error),
                final=all(each.code in FOR_GOOD for each in error.recipients),
            )
        except aiosmtplib.SMTPResponseException as error:
            return Attempt(Receipt.FAILED, _said(error), final=error.code in FOR_GOOD)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Attempt(Receipt.FAILED, _said(error))
        return Attempt(Receipt.DELIVERED, "taken")


def written(notice: Notice, to: tuple[str, ...], link: str, sender: str) -> EmailMessage:
    """The message. Its id is made of the event's, so that a second copy is known as one."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = " ".join(notice.text.split())[:200]
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = f"<{notice.id}@remit>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{notice.text}.\n\n{link}{notice.path}\n")
    return message


def _said(error: BaseException) -> str:
    return str(error)[:SHOWN] or type(error).__name__
