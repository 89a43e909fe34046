"""Webhooks: messages that leave over HTTP, signed, to endpoints that an operator has named."""
