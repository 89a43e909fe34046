"""Definitions: what a decision type is, as JSON has it."""

import json
from typing import Any, cast

from adapters.http.problems import FieldError, Unreadable, WrongContent
from adapters.http.reading import read
from application.wording import shown
from domain.decision_type.definition import DecisionTypeDefinition
from domain.values import ExceptionCode

DEFAULT = "default"
"""Under `exceptions`: what every class has that is not named."""

Json = dict[str, Any]


def definition_of(raw: bytes, name: str) -> DecisionTypeDefinition:
    """The definition in a body; its name may be left out, since the path says it."""
    try:
        content: object = json.loads(raw)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(f"the body is not JSON: {wrong}") from None
    if not isinstance(content, dict):
        raise Unreadable("the body is not a JSON object")
    said = {"name": name} | cast(Json, content)
    definition = read(DecisionTypeDefinition, json.dumps(_with_defaults(said)).encode())
    if definition.name != name:
        raise WrongContent(
            FieldError(field="name", found=shown(definition.name), allowed=f"{name}, as the path")
        )
    return definition


def _with_defaults(said: Json) -> Json:
    """Every class of exceptions spelt out, where one default is given for those not named."""
    exceptions = said.get("exceptions")
    given = cast(Json, exceptions) if isinstance(exceptions, dict) else {}
    default = given.get(DEFAULT)
    if not isinstance(default, dict):
        return said
    default = cast(Json, default)
    own = {code: each for code, each in given.items() if code != DEFAULT}
    spelt = {code.value: default for code in ExceptionCode} | {
        code: {**default, **cast(Json, each)} if isinstance(each, dict) else each
        for code, each in own.items()
    }
    return said | {"exceptions": spelt}
