"""Authoring: what people write becomes values of the domain, or is refused in their words."""

from adapters.authoring.decision_types import AdoptionFile, parse_decision_type
from adapters.authoring.dmn import export_dmn, import_dmn
from adapters.authoring.guardrails import (
    parse_guardrail,
    read_guardrail,
    source_digest,
    unused_boundaries,
)
from adapters.authoring.noticeboards import parse_noticeboard
from adapters.authoring.problems import AuthoringError, Problem
from adapters.authoring.schema import guardrail_schema

__all__ = [
    "AdoptionFile",
    "AuthoringError",
    "Problem",
    "export_dmn",
    "guardrail_schema",
    "import_dmn",
    "parse_decision_type",
    "parse_guardrail",
    "parse_noticeboard",
    "read_guardrail",
    "source_digest",
    "unused_boundaries",
]
