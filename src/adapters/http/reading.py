"""Reading: bytes to values in one step by pydantic, and a refusal that names what was wrong."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from litestar import Request
from litestar.datastructures import MultiDict
from pydantic import BaseModel, ValidationError

from adapters.http.problems import FieldError, Unreadable, WrongContent, WrongMediaType
from application.wording import problems_of, shown

Model = TypeVar("Model", bound=BaseModel)

SUSPECT_NUMBER = re.compile(rb"\d(?:[eE]\+?\d{3}|\d{299})")
LARGEST_INTEGER_DIGITS = 300
JSON_TYPES = re.compile(r"application/([\w.+-]+\+)?json\s*(;.*)?", re.IGNORECASE)


class JsonRequest(Request[Any, Any, Any]):
    """A request whose JSON stays bytes until the model it is meant for reads it."""

    async def json(self) -> Any:
        kind = self.headers.get("content-type", "")
        if not JSON_TYPES.fullmatch(kind.strip()):
            found = shown(kind) if kind else "none"
            raise WrongMediaType(f"Content-Type: found {found}; allowed is application/json")
        return await self.body()


def decode(model: type[Model], raw: object) -> Model:
    """What the framework calls for each of our models: a body's bytes or a query's words."""
    match raw:
        case bytes():
            return read(model, raw)
        case MultiDict():
            return read_query(model, cast("MultiDict[str]", raw))
        case _:
            raise TypeError(f"{model.__name__} can't be read from {type(raw).__name__}")


def read(model: type[Model], raw: bytes) -> Model:
    """A value from JSON, strictly: no text for a number, no number for text."""
    if suspect(raw):
        _refuse_suspects(raw)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            why = first.get("ctx", {}).get("error", "it ends too early")
            raise Unreadable(f"the body is not JSON: {why}") from None
        raise WrongContent.of(*problems_of(error, model, "body")) from None
    except UnicodeDecodeError:
        raise Unreadable("the body is not UTF-8") from None


def suspect(raw: bytes) -> bool:
    """Whether there may be something in it that a JSON reader may let pass and we don't.

    A rare sight, so only then is it looked for.
    """
    named = b"NaN" in raw or b"Infinity" in raw or b"\\u0000" in raw
    return named or SUSPECT_NUMBER.search(raw) is not None


def read_query(model: type[Model], query: Mapping[str, Any]) -> Model:
    """A value from the query string; an unknown or repeated parameter is refused, not ignored."""
    given = cast("MultiDict[str]", query)
    words = {name: given.getall(name) for name in given}
    repeated = [name for name, values in words.items() if len(values) > 1]
    if repeated:
        raise WrongContent(
            FieldError(field=repeated[0], found=shown(words[repeated[0]]), allowed="one value")
        )
    only = {name: values[0] for name, values in words.items()}
    nul = [name for name, value in only.items() if "\x00" in value]
    if nul:
        raise WrongContent(FieldError(field=nul[0], found=shown(only[nul[0]]), allowed=TEXT))
    try:
        return model.model_validate_strings(only)
    except ValidationError as error:
        raise WrongContent.of(*problems_of(error, model, "query")) from None


@dataclass(frozen=True, slots=True)
class _Suspect:
    """Stands where a number was that no reader agrees on."""

    found: str
    allowed: str


_NUMBER: Final = _Suspect("a number too large", "a number of ordinary size")
TEXT = "text without the character U+0000"


def _refuse_suspects(raw: bytes) -> None:
    """Refuse NaN, numbers beyond all bounds, and text that no database holds; say where."""
    try:
        value = json.loads(raw, parse_constant=_constant, parse_float=_finite, parse_int=_bounded)
    except (ValueError, RecursionError):
        return  # not JSON at all, or too deep: the reader says so better
    errors = tuple(_suspects(value, ""))
    if errors:
        raise WrongContent(*errors)


def _constant(word: str) -> object:
    """NaN or Infinity. JSON has no such words, but many a writer of JSON has them for a number."""
    return _Suspect(word, "a finite number")


def _finite(text: str) -> object:
    value = float(text)
    return value if math.isfinite(value) else _NUMBER


def _bounded(text: str) -> object:
    return 0 if len(text) < LARGEST_INTEGER_DIGITS else _NUMBER


def _suspects(value: object, path: str) -> Iterator[FieldError]:
    match value:
        case _Suspect():
            yield FieldError(field=path or "body", found=value.found, allowed=value.allowed)
        case str() if "\x00" in value:
            yield FieldError(field=path or "body", found=shown(value), allowed=TEXT)
        case dict():
            for name, inner in cast("dict[str, object]", value).items():
                here = f"{path}.{name}" if path else name
                if "\x00" in name:
                    yield FieldError(field=path or "body", found=shown(name), allowed=TEXT)
                yield from _suspects(inner, here)
        case list():
            for place, inner in enumerate(cast("list[object]", value)):
                yield from _suspects(inner, f"{path}.{place}" if path else str(place))
        case _:
            return
