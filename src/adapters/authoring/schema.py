"""The JSON Schema that editors complete and check guardrail documents by, made from the language.

It knows the document's shape and words. What needs the facts (conditions, units, misspelt values)
is found by `remit policy check`.
"""

from enum import StrEnum
from typing import Any

from adapters.authoring.fields import DURATION, NUMBER, WHITE
from adapters.authoring.guardrails import MOST_RULES, NAME
from adapters.authoring.syntax import LONGEST
from domain.breakers import Breaker, Stream
from domain.guardrail.document import (
    MOST_THRESHOLDS,
    AtLeastClaim,
    Guardrail,
    Limit,
    NeverClaim,
    Rule,
    Sampling,
    Thresholds,
)
from domain.values import Lane

_ID = {"type": "string", "pattern": f"^{WHITE['id'].pattern}$"}
_REASON = {"type": "string", "pattern": f"^{WHITE['reason'].pattern}$"}
_TEXT = {"type": "string", "minLength": 1}
_PERIOD = {"type": "string", "pattern": f"^{DURATION.pattern}$", "examples": ["30m", "4h", "2d"]}
_NUMBER = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{NUMBER.pattern}$"}],
}
_CONDITION = {"type": ["string", "boolean"], "maxLength": LONGEST}
_CELL = {"type": ["string", "number", "boolean", "null", "array"]}


def guardrail_schema() -> dict[str, Any]:
    """The schema of a guardrail document, version 1 of the language."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A guardrail policy, v1",
        "description": _said(Guardrail),
        **_mapping(
            {
                "guardrail": {"const": "v1", "description": "The version of the language."},
                "policy": _ID,
                "title": _TEXT,
                "boundaries": _boundaries(),
                "routes": _mapping({"review": _route(), "escalate": _route()}),
                "automate_only_if": {**_list(_limit()), "minItems": 1},
                "rules": _list({"anyOf": [_rule(), _table()]}),
                "sampling": _list(_sampling()),
                "claims": _list({"anyOf": [_claim("never"), _claim("at_least"), _raising()]}),
                "thresholds": _thresholds(),
                "breakers": _breakers(),
            },
            "guardrail",
            "policy",
            "automate_only_if",
        ),
    }


def _mapping(properties: dict[str, Any], *required: str, said: str | None = None) -> dict[str, Any]:
    described = {} if said is None else {"description": said}
    shape = {"type": "object", "additionalProperties": False, "properties": properties}
    return {**described, **shape, **({"required": list(required)} if required else {})}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": ["array", "null"], "items": item, "maxItems": MOST_RULES}


def _words(words: type[StrEnum], *but: StrEnum) -> dict[str, Any]:
    return {"enum": [word.value for word in words if word not in but]}


def _careful() -> dict[str, Any]:
    return _words(Lane, Lane.AUTOMATE)


def _said(model: type[object]) -> str:
    return str(model.__doc__)


def _boundaries() -> dict[str, Any]:
    full = _mapping({"value": _NUMBER, "unit": _TEXT, "why": _TEXT}, "value")
    return {
        "type": "object",
        "description": "The numbers a risk owner signs; conditions refer to them as $name.",
        "propertyNames": {"pattern": f"^{NAME.pattern}$"},
        "additionalProperties": {"anyOf": [*_NUMBER["anyOf"], full]},
    }


def _route() -> dict[str, Any]:
    return _mapping({"queue": _TEXT, "sla": _PERIOD})


def _limit() -> dict[str, Any]:
    fields = {
        "id": _ID,
        "require": _CONDITION,
        "reason": _REASON,
        "otherwise": _careful(),
        "why": _TEXT,
    }
    return _mapping(fields, "id", "require", "reason", said=_said(Limit))


def _shared() -> dict[str, Any]:
    return {
        "unless": _CONDITION,
        "then": _careful(),
        "reason": _REASON,
        "if_unknown": _careful(),
        "queue": _TEXT,
        "sla": _PERIOD,
        "four_eyes": {"type": "boolean"},
        "why": _TEXT,
    }


def _rule() -> dict[str, Any]:
    fields = {"id": _ID, "when": _CONDITION, **_shared()}
    return _mapping(fields, "id", "when", "then", "reason", said=_said(Rule))


def _table() -> dict[str, Any]:
    fields = {
        "table": _ID,
        "columns": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "rows": {"type": "array", "items": {"type": "array", "items": _CELL}, "minItems": 1},
        **_shared(),
    }
    said = "Many rules of one kind, a row each: facts and a rule's fields are its columns."
    return _mapping(fields, "table", "columns", "rows", said=said)


def _sampling() -> dict[str, Any]:
    fields = {
        "id": _ID,
        "of": _words(Lane),
        "rate": _NUMBER,
        "mode": {"const": "check-after"},
        "queue": _TEXT,
    }
    return _mapping(fields, "id", "of", "rate", said=_said(Sampling))


def _breakers() -> dict[str, Any]:
    fields = {"limit": _NUMBER, "delta": _NUMBER, "horizon": {"type": "integer"}}
    each = {stream.value: _mapping(fields, "limit") for stream in Stream}
    return {**_mapping(each, said=_said(Breaker)), "minProperties": 1}


def _claim(kind: str) -> dict[str, Any]:
    said = _said(NeverClaim if kind == "never" else AtLeastClaim)
    fields = {"id": _ID, kind: _words(Lane), "when": _CONDITION, "why": _TEXT}
    return _mapping(fields, "id", kind, "when", said=said)


def _raising() -> dict[str, Any]:
    promise = {"enum": ["never-laxer", "never-stricter"]}
    fields = {"id": _ID, "raising": {"type": "string"}, "is": promise, "why": _TEXT}
    return _mapping(fields, "id", "raising", "is")


def _thresholds() -> dict[str, Any]:
    grid = {"type": "array", "items": _NUMBER, "minItems": 1, "maxItems": MOST_THRESHOLDS}
    fields = {
        "limit": _NUMBER,
        "delta": _NUMBER,
        "grid": grid,
        "from": {"type": "string", "format": "date", "examples": ["2026-03-25"]},
        "method": {"enum": ["anytime", "exact"]},
        "looks": {"type": "integer", "minimum": 1},
        "unjudged": {"enum": ["wrong", "withheld"]},
    }
    said = " ".join(_said(Thresholds).split())
    return _mapping(fields, "limit", "delta", "grid", "from", said=said)
