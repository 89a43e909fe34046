"""Traces in the one spelling their digest is taken of: canonical JSON (RFC 8785).

Written straight from the tests, whose texts are quoted once a policy rather than once a decision.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from json.encoder import encode_basestring

from domain.guardrail.canonical import canonical_json, canonical_value, plain_number
from domain.guardrail.conditions import Truth
from domain.guardrail.facts import Facts
from domain.guardrail.wording import ReadyTest
from domain.values import FactValue

quoted = encode_basestring
"""A text as a JSON string, nothing escaped but what must be (the standard library's own)."""

TRUTH = {True: "true", False: "false", None: "unknown"}

Spelled = dict[str, str]
"""How each fact that was looked at is spelled, kept while one trace is written."""

Speller = Callable[[Facts, Truth, Spelled], str]
"""Writes the line of one limit or rule."""


def speller(id: str, tests: Iterable[ReadyTest]) -> Speller:
    """The line of a limit or rule, with everything written that can be beforehand."""
    opening = f"[{quoted(id)},"
    prepared = [(f"[{quoted(test.text)},[", test.fact, test.judge) for test in tests]

    def line(facts: Facts, result: Truth, spelled: Spelled) -> str:
        seen = [
            f'{start}{_seen(fact, facts, spelled)}],"{TRUTH[judge(facts)]}"]'
            for start, fact, judge in prepared
        ]
        return f'{opening}"{TRUTH[result]}",[{",".join(seen)}]]'

    return line


def spelled_trace(semantics: str, lines: Iterable[str]) -> bytes:
    """The whole trace."""
    return f"[{quoted(semantics)},[{','.join(lines)}]]".encode()


def _seen(fact: str, facts: Facts, spelled: Spelled) -> str:
    """The value a test saw, as the inside of a list: nothing when it is missing."""
    known = spelled.get(fact)
    if known is None:
        known = spelled[fact] = _spelled(facts.get(fact))
    return known


def _spelled(value: FactValue | None) -> str:
    match value:
        case None:
            return ""
        case str():
            return quoted(value)
        case Decimal():
            return f'"{plain_number(value)}"'
        case _:
            return canonical_json(canonical_value(value)).decode()
