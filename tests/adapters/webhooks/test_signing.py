"""Messages are signed as the published verifier of Standard Webhooks wants them."""

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from adapters.webhooks.signing import PREFIX, secret_bytes, signed

secrets = st.binary(min_size=24, max_size=64).map(lambda key: PREFIX + b64encode(key).decode())


@given(secrets, secrets, st.binary(max_size=200).map(lambda b: b.hex()))
def test_any_secret_in_use_verifies_and_no_other(old: str, new: str, text: str) -> None:
    body = f'{{"text": "{text}"}}'.encode()
    headers = signed([secret_bytes(new)], "msg_1", datetime.now(UTC), body)
    both = signed([secret_bytes(old), secret_bytes(new)], "msg_1", datetime.now(UTC), body)
    Webhook(new).verify(body, headers)
    Webhook(old).verify(body, both)
    Webhook(new).verify(body, both)
    if old != new:
        with pytest.raises(WebhookVerificationError):
            Webhook(old).verify(body, headers)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!!", "whsec_c2hvcnQ=", "MfKQ" * 10])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret is whsec_"):
        secret_bytes(secret)
