"""Schemas: JSON Schema of what goes in and what comes out, as pydantic reads and writes it."""

from collections.abc import Iterable
from typing import Any, Literal, cast

from pydantic import TypeAdapter

Json = dict[str, Any]
Mode = Literal["validation", "serialization"]
Model = tuple[Any, Mode]
"""A type, and whether it is read or written."""

REFERENCE = "#/components/schemas/{model}"


class Schemas:
    """All schemas of one document, each defined once."""

    def __init__(self, models: Iterable[Model]) -> None:
        wanted: dict[tuple[str, Mode], TypeAdapter[Any]] = {
            (repr(kind), mode): TypeAdapter(kind) for kind, mode in models
        }
        inputs: list[tuple[str, Mode, TypeAdapter[Any]]] = [
            (name, mode, adapter) for (name, mode), adapter in wanted.items()
        ]
        by_key, defined = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE)
        self._schemas: dict[Any, Json] = dict(by_key)
        self.components: dict[str, Json] = {
            name: _titleless(schema) for name, schema in sorted(defined.get("$defs", {}).items())
        }

    def of(self, kind: Any, mode: Mode) -> Json:
        """The schema of a type, or a reference to it."""
        return _titleless(self._schemas[repr(kind), mode])

    def properties(self, kind: Any) -> tuple[dict[str, Json], frozenset[str]]:
        """The fields of a model that is read, and which of them are required."""
        schema = self.of(kind, "validation")
        while "$ref" in schema:
            schema = self.components[schema["$ref"].rpartition("/")[2]]
        return schema.get("properties", {}), frozenset(schema.get("required", ()))


def _titleless(schema: Json) -> Json:
    """Without the titles that only repeat a field's name."""
    return cast("Json", _without_titles(schema))


def _without_titles(schema: object, *, names: bool = False) -> object:
    match schema:
        case dict():
            inner = cast("dict[str, object]", schema)
            return {
                key: _without_titles(value, names=key in NAMES and not names)
                for key, value in inner.items()
                if names or key != "title"
            }
        case list():
            return [_without_titles(one) for one in cast("list[object]", schema)]
        case _:
            return schema


NAMES = frozenset({"properties", "$defs"})
"""Where the keys are names of fields, among which `title` is one like any other."""
