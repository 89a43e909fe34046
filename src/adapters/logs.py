"""Logs: a JSON a line, with what belongs together, and without what must not be read there."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from adapters.settings import Settings
from application.desk import CORRELATION

HIDDEN = "[hidden]"
SECRETS = re.compile(
    r"remit_[a-z0-9-]{1,40}_[0-9A-Za-z]+"  # our keys
    r"|eyJ[\w-]+\.[\w-]*\.[\w-]*"  # tokens
    r"|whsec_[A-Za-z0-9+/=_-]+"  # webhooks' secrets
    r"|(?i:bearer|basic)\s+[^\s\"',;]+"  # whatever proves who someone is
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # a name and a password in an address
)
SHORTEST = 8
"""Characters of a setting that is looked for in lines; a shorter one would be found anywhere."""


class Redacting(logging.Filter):
    """Hides what looks like a secret, and the secrets of the settings."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        super().__init__()
        self._known = tuple(sorted((s for s in known if len(s) >= SHORTEST), key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text, without secrets."""
        for secret in self._known:
            text = text.replace(secret, HIDDEN)
        return SECRETS.sub(HIDDEN, text)


class Lines(logging.Formatter):
    """Writes each record as one line."""

    def __init__(self, redacting: Redacting, *, as_json: bool) -> None:
        super().__init__()
        self._redacting = redacting
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """The record in one line, or in as many as its traceback has, for people."""
        clean = self._redacting.clean
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(_message(record)),
        }
        if (correlation := CORRELATION.get()) is not None:
            said["correlation_id"] = str(correlation)
        if record.exc_info and record.exc_info[0] is not None:
            said["exception"] = clean("".join(traceback.format_exception(*record.exc_info)))
        if self._as_json:
            return json.dumps(said, ensure_ascii=False)
        head = f"{said['time']} {record.levelname:<7} {record.name}: {said['message']}"
        return f"{head}\n{said['exception']}" if "exception" in said else head


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"


def configure(settings: Settings) -> None:
    """Log to standard error from now on, everything that anything in this process says."""
    redacting = Redacting(secrets_of(settings))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(redacting, as_json=settings.log_format == "json"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    logging.captureWarnings(capture=True)


def secrets_of(settings: Settings) -> Iterable[str]:
    """What the settings hold that no line may."""
    yield settings.lot_key.get_secret_value()
    yield settings.key_encryption_key.get_secret_value()
    if settings.database_url is not None:
        yield urlsplit(settings.database_url).password or ""
