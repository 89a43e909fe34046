"""Traces in the one spelling their digest is taken of: canonical JSON (RFC 8785).

What a trace has in common for every case is written once a policy, in pieces; a decision fills in
what was seen and how it came out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from domain.guardrail.canonical import plain_number
from domain.guardrail.conditions import Condition
from domain.guardrail.facts import FactType
from domain.guardrail.wording import ReadyTest

quoted = encode_basestring
"""A text as a JSON string, nothing escaped but what must be (the standard library's own)."""


class TracedPart(NamedTuple):
    """A limit or rule as its line of the trace needs it."""

    id: str
    condition: Condition
    tests: Sequence[ReadyTest]
    quiet: bool
    """The result that says nothing against automating."""


class Worded(NamedTuple):
    """A piece that says how a condition came out: true, false or unknown."""

    condition: Condition
    texts: tuple[str, str, str]


class Seen(NamedTuple):
    """A piece that says what a fact was: the inside of a list, empty when it is missing."""

    fact: str


Piece = str | Worded | Seen


def trace_pieces(semantics: str, parts: Iterable[TracedPart]) -> Iterator[Piece]:
    """The whole trace, to be joined."""
    before = f"[{quoted(semantics)},["
    for part in parts:
        yield from _line(part, before)
        before = ","
    yield "]]" if before == "," else f"{before}]]"


def spelling_of(declared: FactType) -> Callable[[Any], str]:
    """How a known fact of a type is spelled."""
    return _SPELLINGS.get(declared.type, quoted)


def _line(part: TracedPart, before: str) -> Iterator[Piece]:
    starts = [f"[{quoted(test.text)},[" for test in part.tests]
    yield _worded(part.condition, f"{before}[{quoted(part.id)},", f",[{starts[0]}")
    for test, following in zip(
        part.tests, [*(f",{start}" for start in starts[1:]), "]]"], strict=True
    ):
        yield Seen(test.fact)
        yield _worded(test.leaf, "],", f"]{following}")


def _worded(condition: Condition, before: str, after: str) -> Worded:
    true, false, unknown = (f'{before}"{word}"{after}' for word in ("true", "false", "unknown"))
    return Worded(condition, (true, false, unknown))


@lru_cache(maxsize=16_384)  # equal numbers are spelled alike, and most are met again
def _number(value: Decimal) -> str:
    return f'"{plain_number(value)}"'


def _tags(value: Any) -> str:
    return f"[{','.join([quoted(str(tag)) for tag in sorted(value)])}]"


_SPELLINGS: dict[str, Callable[[Any], str]] = {
    "number": _number,
    "yes_no": {True: "true", False: "false"}.__getitem__,
    "tags": _tags,
}
