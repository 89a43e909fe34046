"""Authoring: what people write becomes values of the domain, or is refused in their words."""

from adapters.authoring.decision_types import AdoptionFile, parse_decision_type
from adapters.authoring.guardrails import parse_guardrail, read_guardrail, source_digest
from adapters.authoring.problems import AuthoringError, Problem

__all__ = [
    "AdoptionFile",
    "AuthoringError",
    "Problem",
    "parse_decision_type",
    "parse_guardrail",
    "read_guardrail",
    "source_digest",
]
