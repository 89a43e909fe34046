"""Authored: texts that people write, a policy or a specification, as a request brings them."""

import json
from typing import Any, cast

from litestar import Request

from adapters.http.problems import FieldError, Unreadable, WrongContent, WrongMediaType
from adapters.http.reading import JSON_TYPES, TEXT
from application.wording import shown

YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/plain")
GHERKIN = ("text/plain", "text/x-gherkin")


async def text_of(request: Request[Any, Any, Any], member: str, kinds: tuple[str, ...]) -> str:
    """The text that was sent, by itself or as the one member of a JSON object."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = JSON_TYPES.fullmatch(kind) is not None
    if not is_json and kind not in kinds:
        allowed = ", ".join((*kinds, "application/json"))
        raise WrongMediaType(f"Content-Type: found {shown(kind or 'none')}; allowed are {allowed}")
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None
    if is_json:
        text = _member(text, member)
    if not text.strip():
        raise Unreadable("the body is empty")
    if "\x00" in text:
        raise WrongContent(FieldError(field=member, found="U+0000", allowed=TEXT))
    return text


def _member(text: str, member: str) -> str:
    """The text in `{"<member>": "…"}`; a policy may also be the JSON object itself."""
    try:
        content: object = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(f"the body is not JSON: {wrong}") from None
    if not isinstance(content, dict):
        raise Unreadable("the body is not a JSON object")
    inside = cast("dict[str, object]", content).get(member)
    if inside is None:
        return text
    if not isinstance(inside, str):
        raise WrongContent(FieldError(field=member, found=shown(inside), allowed="a text"))
    return inside
