"""A case as an author wrote it down to try a policy on, or everything that is wrong with it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from adapters.cli.common import read_text
from adapters.trouble import Trouble
from domain.decision_type.definition import DecisionTypeDefinition
from domain.guardrail.facts import (
    BUILT_IN,
    Problem,
    Unusable,
    allowed,
    check_context,
    clipped,
    did_you_mean,
    found,
    normalise,
)
from domain.values import Recommendation

_FIELDS = tuple(Recommendation.model_fields)
_OF_ALTERNATIVE = ("action", "confidence")


def read_case(
    path: Path, definition: DecisionTypeDefinition
) -> tuple[Recommendation, dict[str, JsonValue]]:
    """The recommendation and its context, or `Trouble` that names every flaw."""
    content = _object(path)
    context = content.pop("context", {})
    flaws = [*_recommendation(content, definition), *_context(context, definition)]
    if flaws:
        raise Trouble("\n  ".join([f"{path}:", *map(str, flaws)]))
    return Recommendation.model_validate(content), cast(dict[str, JsonValue], context)


def _object(path: Path) -> dict[str, JsonValue]:
    text = read_text(path)
    try:
        content: JsonValue = json.loads(text)
        json.dumps(content, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Trouble(f"{path}: not a JSON object: {where} is not JSON") from None
    except UnicodeEncodeError:
        raise Trouble(f"{path}: a text has half of a character in it (\\ud800 …)") from None
    except RecursionError:
        raise Trouble(f"{path}: this is nested too deep") from None
    except ValueError:
        raise Trouble(f"{path}: a number is too large to read") from None
    if not isinstance(content, dict):
        raise Trouble(f"{path}: not a JSON object: found {found(content)}; allowed is {_example()}")
    return content


def _recommendation(
    content: Mapping[str, JsonValue], definition: DecisionTypeDefinition
) -> Iterator[Problem]:
    yield from _unknown(content, (*_FIELDS, "context"), "")
    yield from _proposed(content, definition, "")
    yield from _share(content, "risk", "")
    if not isinstance(content.get("parameters", {}), dict):
        yield Problem("parameters", found(content["parameters"]), "an object")
    if not isinstance(content.get("rationale"), str | None):
        yield Problem("rationale", found(content["rationale"]), "a text")
    others = content.get("alternatives", [])
    if not isinstance(others, list):
        yield Problem("alternatives", found(others), "a list of objects with an action")
        return
    for place, other in enumerate(others):
        where = f"alternatives.{place}"
        if isinstance(other, dict):
            yield from _unknown(other, _OF_ALTERNATIVE, f"{where}.")
            yield from _proposed(other, definition, f"{where}.")
        else:
            yield Problem(where, found(other), "an object with an action")


def _proposed(
    content: Mapping[str, JsonValue], definition: DecisionTypeDefinition, where: str
) -> Iterator[Problem]:
    """What is wrong with an action, and with how sure someone is of it."""
    action = content.get("action")
    actions = ", ".join(sorted(definition.actions))
    if "action" not in content:
        yield Problem(f"{where}action", "nothing", f"one of {actions}")
    elif not isinstance(action, str) or action not in definition.actions:
        meant = did_you_mean(action, definition.actions) if isinstance(action, str) else None
        hint = f" (did you mean {meant}?)" if meant else ""
        yield Problem(f"{where}action", found(action), f"one of {actions}{hint}")
    yield from _share(content, "confidence", where)


def _share(content: Mapping[str, JsonValue], name: str, where: str) -> Iterator[Problem]:
    kind = BUILT_IN[name]
    value = normalise(name, kind, content.get(name))
    if isinstance(value, Unusable) and value.kind != "absent":
        yield Problem(f"{where}{name}", found(content[name]), allowed(kind))


def _context(context: JsonValue, definition: DecisionTypeDefinition) -> Iterator[Problem]:
    if not isinstance(context, dict):
        yield Problem("context", found(context), "an object with the facts")
        return
    for problem in check_context(context, definition.context)[1]:
        yield problem._replace(field=f"context.{problem.field}")


def _unknown(
    content: Mapping[str, JsonValue], known: tuple[str, ...], where: str
) -> Iterator[Problem]:
    for name in content:
        if name not in known:
            meant = did_you_mean(name, known)
            told = f"{meant} (did you mean that?)" if meant else f"one of {', '.join(known)}"
            yield Problem(f"{where}{clipped(name)}", "an unknown field", told)


def _example() -> str:
    return '{"action": …, "confidence": …, "risk": …, "context": {…}}'
