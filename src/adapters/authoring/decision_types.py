"""The adoption file: a decision type and its first guardrail policy, in one document."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from adapters.authoring.calendars import calendar
from adapters.authoring.fields import (
    Fields,
    Gathered,
    duration,
    entries,
    number,
    one_of,
    suggestion,
    text,
)
from adapters.authoring.guardrails import read_guardrail
from adapters.authoring.nodes import Entries, Items, Node, Place, Scalar, Wrong, read, wrong
from adapters.authoring.problems import AuthoringError, Problem
from domain.decision_type.definition import (
    DecisionTypeDefinition,
    ExceptionDefault,
    ServiceLevels,
    contradictions,
)
from domain.guardrail.document import Guardrail
from domain.guardrail.facts import clipped
from domain.values import ExceptionCode, Reversibility

_FIELDS = tuple(DecisionTypeDefinition.model_fields)


@dataclass(frozen=True, slots=True)
class AdoptionFile:
    """What `remit adopt` takes in: the definition, and the policy with the text that is signed."""

    definition: DecisionTypeDefinition
    policy_text: str
    guardrail: Guardrail


def parse_decision_type(source: str) -> AdoptionFile:
    """The decision type and policy a file states, or an `AuthoringError` in its author's words."""
    document = read(source)
    try:
        if "guardrail" in document.keys:
            raise wrong(
                document.keys["guardrail"],
                "this is a policy alone, and a decision type's file is asked for",
                "Indent it below `policy: |` in the file that has its `decision_type`.",
            )
        top = Fields(document, "a decision type file").only("decision_type", "policy")
        definition = _definition(Fields(top.get("decision_type"), "`decision_type`"), source)
        policy = top.get("policy")
        if not isinstance(policy, Scalar) or policy.style != "|":
            raise wrong(
                policy.place,
                "`policy` holds the guardrail document as a block of text",
                "Write `policy: |` and indent the document below it.",
            )
    except Wrong as error:
        raise AuthoringError((error.problem,), source) from None
    try:
        guardrail = read_guardrail(policy.text, definition)
    except AuthoringError as error:
        raise AuthoringError(_moved(error.problems, policy.place, source), source) from None
    return AdoptionFile(definition, policy.text, guardrail)


def _moved(problems: tuple[Problem, ...], block: Place, source: str) -> tuple[Problem, ...]:
    """Problems of the policy where they stand in the file around it."""
    below = source.splitlines()[block.line :]
    indent = next((len(line) - len(line.lstrip(" ")) for line in below if line.strip()), 0)
    return tuple(problem.below(block.line, indent) for problem in problems)


def _definition(fields: Fields, source: str) -> DecisionTypeDefinition:
    fields.only(*_FIELDS)
    gathered = Gathered()
    raw: dict[str, Any] = {}
    for name, node in fields.node.entries.items():
        value = gathered.attempt(lambda n=name, v=node: _READERS.get(n, _plain)(v, n))  # type: ignore[misc]
        if value is not None:
            raw[name] = value
    if gathered.problems:
        raise AuthoringError(tuple(gathered.problems), source)
    try:
        definition = DecisionTypeDefinition.model_validate(raw)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(detail, fields.node) for detail in error.errors())
        raise AuthoringError(tuple(problems), source) from None
    places = entries(fields.get("context"), "`context`").keys if definition.context else {}
    unfit = tuple(
        places[fact].problem(f"context.{fact}: {said}")
        for fact, said in contradictions(definition.context).items()
    )
    if unfit:
        raise AuthoringError(unfit, source)
    return definition


def _plain(node: Node, name: str) -> Any:
    """The node as plain data, every scalar a string: the definition's types convert it."""
    match node:
        case Scalar(style=None, text="" | "~" | "null"):
            return None
        case Scalar():
            return node.text
        case Items(items=items):
            return tuple(_plain(item, name) for item in items)
        case Entries(entries=inner):
            read_each = {key: _plain(item, key) for key, item in inner.items()}
            return {key: item for key, item in read_each.items() if item is not None}


def _actions(node: Node, name: str) -> Any:
    actions = entries(node, f"`{name}`").entries
    return {key: _action(item, key) for key, item in actions.items()}


def _action(node: Node, name: str) -> Any:
    if isinstance(node, Scalar):
        return {"reversibility": one_of(node, name, Reversibility)}
    line = Fields(node, f"the action {clipped(name)}").only("reversibility", "title", "strictness")
    found: dict[str, Any] = {
        "reversibility": one_of(line.get("reversibility"), "reversibility", Reversibility),
        "title": line.optional("title", text),
    }
    strictness = line.optional("strictness", number)
    return found if strictness is None else found | {"strictness": strictness}


def _service_levels(node: Node, name: str) -> Any:
    fields = Fields(node, f"`{name}`").only(*ServiceLevels.model_fields)
    return {
        key: number(item, key) if key == "warn_after" else duration(item, key)
        for key, item in fields.node.entries.items()
    }


def _exceptions(node: Node, name: str) -> Any:
    """One default for all codes, and what single codes have of their own."""
    codes = [code.value for code in ExceptionCode]
    fields = Fields(node, f"`{name}`").only("default", *codes)
    default = fields.optional("default", _exception) or {}
    expanded: dict[str, Any] = {}
    for code in codes:
        own = fields.optional(code, _exception) or {}
        merged = {**default, **own}
        lacking = [key for key in ("seat", "queue", "deadline") if key not in merged]
        if lacking:
            place = fields.node.keys.get(code, fields.place)
            raise wrong(
                place,
                f"the exception {code} has no {', '.join(lacking)}",
                "Give it one, or give all of them one under `default`.",
            )
        expanded[code] = merged
    return expanded


def _exception(node: Node, name: str) -> dict[str, Any]:
    fields = Fields(node, f"the exception {name}").only(*ExceptionDefault.model_fields)
    read_one: dict[str, Any] = {
        key: duration(item, key) if key == "deadline" else text(item, key)
        for key, item in fields.node.entries.items()
    }
    return read_one


_READERS: dict[str, Any] = {
    "actions": _actions,
    "service_levels": _service_levels,
    "calendar": calendar,
    "exceptions": _exceptions,
}


def _problem(detail: Any, root: Entries) -> Problem:
    """One finding of the definition's types, where it stands and as an author would say it."""
    place, names = root.place, list[str]()
    current: Node | None = root
    for step in detail["loc"]:
        if isinstance(current, Entries) and step in current.keys:
            place, names = current.keys[step], [*names, str(step)]
            current = current.entries[step]
        elif isinstance(current, Items) and isinstance(step, int) and step < len(current.items):
            current = current.items[step]
            place = current.place
    field = ".".join(names) or "`decision_type`"
    last = str(detail["loc"][-1]) if detail["loc"] else ""
    message, hint = _words(detail, field, last)
    return place.problem(message, hint)


def _words(detail: Any, field: str, last: str) -> tuple[str, str | None]:
    context = detail.get("ctx", {})
    found = clipped(str(detail.get("input")))
    match detail["type"]:
        case "missing":
            return f"{field} needs `{last}`", None
        case "extra_forbidden":
            return f"{field.rpartition('.')[0] or field} has no `{clipped(last)}`", None
        case "union_tag_invalid":
            known = context["expected_tags"].replace("'", "")
            hint = suggestion(str(context["tag"]), known.split(", "))
            return f"{field} has the type {clipped(str(context['tag']))}; types are {known}", hint
        case "union_tag_not_found":
            return f"{field} needs a `type`", "yes_no, number, choice, level, code or tags"
        case "value_error":
            return str(context["error"]), None
        case "enum":
            return f"{field} is {context['expected']}, not {found}", None
        case kind:
            wanted = _WANTED.get(kind) or detail["msg"].removeprefix("Input should be ")
            return f"{field} is {wanted}, not {found}", None


_WANTED = {
    "greater_than": "more than 0",
    "less_than": "less than 1",
    "string_pattern_mismatch": "small letters, digits and _, beginning with a letter",
    "too_short": "at least one",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "decimal_parsing": "a number",
    "decimal_type": "a number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "string_type": "a text",
}
