"""What a line of the log holds, and what it never does."""

import json
import logging
import sys

import pytest

from adapters.logs import HIDDEN, Lines, Redacting, secrets_of
from adapters.settings import Settings

SETTINGS = Settings.model_validate(
    {
        "lot_key": "the secret of the lots",
        "key_encryption_key": "ab" * 32,
        "database_url": "postgresql://remit:p%40ssw0rd-long@db/remit",
    }
)


def line(message: str, *args: object, as_json: bool = True, failed: bool = False) -> str:
    redacting = Redacting(secrets_of(SETTINGS))
    caught = sys.exc_info() if failed else None
    record = logging.LogRecord("remit", logging.WARNING, "f", 1, message, args, caught)
    return Lines(redacting, as_json=as_json).format(record)


@pytest.mark.parametrize(
    "secret",
    [
        "remit_ab12_" + "f" * 64,
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln",
        "Bearer something-else",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw",
        "the secret of the lots",
        "ab" * 32,
        "p%40ssw0rd-long",
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_hidden_wherever_they_stand(secret: str, *, as_json: bool) -> None:
    try:
        raise ValueError(f"it was {secret}")
    except ValueError:
        said = line("found %s in a header", secret, as_json=as_json, failed=True)
    assert secret not in said
    assert HIDDEN in said
    assert "in a header" in said


def test_a_password_in_any_address_is_hidden() -> None:
    said = json.loads(line("connecting to https://me:hunter22@db.example.com/x"))
    assert said["message"] == f"connecting to https://{HIDDEN}@db.example.com/x"


def test_one_record_is_one_line_whatever_it_holds() -> None:
    said = line("two\nlines, %s", "and \u2028 more")
    assert "\n" not in said
    assert json.loads(said)["level"] == "warning"


def test_a_message_that_does_not_fit_its_words_is_still_logged() -> None:
    assert "%d" in json.loads(line("%d", "words"))["message"]
