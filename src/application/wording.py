"""Wording: what pydantic found wrong, said in the words of the interface."""

import json
from collections.abc import Mapping
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.guardrail.facts import Problem

LONGEST = 80
MOST = 20
"""So many errors are enough to know what is wrong."""

MOMENT = "an RFC 3339 time with an offset, such as 2026-01-05T09:00:00Z"
ALLOWED = {
    "missing": "a value: the field is required",
    "finite_number": "a finite number",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of ordinary size",
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "tuple_type": "a list",
    "list_type": "a list",
    "uuid_type": "a UUID",
    "uuid_parsing": "a UUID",
    "datetime_type": MOMENT,
    "datetime_parsing": MOMENT,
    "datetime_from_date_parsing": MOMENT,
    "datetime_object_invalid": MOMENT,
    "timezone_aware": MOMENT,
}
BOUNDED = {
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} characters",
    "too_long": "at most {max_length} items",
    "too_short": "at least {min_length} items",
    "enum": "{expected}",
    "literal_error": "{expected}",
    "string_pattern_mismatch": "text that matches {pattern}",
    "value_error": "{error}",
}


def problems_of(error: ValidationError, model: type[BaseModel], whole: str) -> tuple[Problem, ...]:
    """What is wrong, field by field; `whole` names what all of them are fields of."""
    return tuple(
        Problem(_path(detail) or whole, _found(detail), _allowed(detail, model))
        for detail in error.errors(include_url=False)[:MOST]
    )


def _path(detail: ErrorDetails) -> str:
    return ".".join(map(str, detail["loc"]))


def _found(detail: ErrorDetails) -> str:
    return "nothing" if detail["type"] == "missing" else shown(detail["input"])


def shown(value: object) -> str:
    """A value as its sender wrote it, cut to a length that fits in a sentence."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    if isinstance(value, str):
        text = json.dumps(text[: LONGEST + 1], ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _allowed(detail: ErrorDetails, model: type[BaseModel]) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"no such field; there are {_fields_at(model, detail['loc'][:-1])}"
    if kind in ALLOWED:
        return ALLOWED[kind]
    if kind in BOUNDED:
        return BOUNDED[kind].format(**cast("Mapping[str, Any]", detail.get("ctx", {})))
    return detail["msg"].removeprefix("Input should be ").lower()


def _fields_at(model: type[BaseModel], path: tuple[str | int, ...]) -> str:
    for step in path:
        if isinstance(step, str) and step in model.model_fields:
            model = _model_in(model.model_fields[step].annotation) or model
    return ", ".join(sorted(model.model_fields)) or "none"


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in inner if model is not None), None)
