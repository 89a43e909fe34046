"""Reading typed fields out of a mapping, with refusals in the author's words."""

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, TypeVar
from unicodedata import name as character_name

from adapters.authoring.nodes import Entries, Items, Node, Place, Scalar, Wrong, wrong
from adapters.authoring.problems import Problem
from domain.guardrail.facts import clipped, did_you_mean

T = TypeVar("T")
Word = TypeVar("Word", bound=StrEnum)

NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_LONG = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,30})?)\s*%", re.ASCII)
DURATION = re.compile(r"(\d{1,6})\s*(s|m|min|h|d|w)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
WHITE = {
    "id": re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}"),
    "reason": re.compile(r"[A-Z][A-Z0-9_.]{0,62}"),
}


class Fields:
    """A mapping, read field by field; what nobody read is a misspelling and is named."""

    def __init__(self, node: Node, what: str) -> None:
        self.node = entries(node, what)
        self.what = what

    @property
    def place(self) -> Place:
        return self.node.place

    def only(self, *names: str) -> "Fields":
        """Refuse every name that isn't one of these."""
        for name in self.node.keys:
            self.known(name, *names)
        return self

    def known(self, name: str, *names: str) -> None:
        """Refuse one name unless it is one of these."""
        if name not in names:
            hint = look_alike(name) or suggestion(name, names)
            raise wrong(self.node.keys[name], f"{self.what} has no `{clipped(name)}`", hint)

    def find(self, name: str) -> Node | None:
        node = self.node.entries.get(name)
        empty = isinstance(node, Scalar) and node.style is None and node.text in ("", "~", "null")
        return None if empty else node

    def get(self, name: str) -> Node:
        node = self.find(name)
        if node is None:
            place = self.node.keys.get(name, self.place)
            raise wrong(place, f"{self.what} needs `{name}`")
        return node

    def text(self, name: str) -> str:
        return text(self.get(name), name)

    def optional(self, name: str, read: Callable[[Node, str], T]) -> T | None:
        node = self.find(name)
        return None if node is None else read(node, name)

    def word(self, name: str, kind: str) -> str:
        """An identifier of a kind: `id` or `reason`."""
        scalar = self.get(name)
        value = text(scalar, name)
        if not WHITE[kind].fullmatch(value):
            rule = (
                "letters, digits, - and _, beginning with a letter"
                if kind == "id"
                else "capital letters, digits and _, like REFUND_LIMIT"
            )
            said = f"`{clipped(value)}` is no {name}: it has {rule}"
            raise wrong(scalar.place, said, look_alike(value))
        return value


class Gathered:
    """Problems gathered while the rest of a document is still read, so that an author sees all."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def attempt(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except Wrong as error:
            self.problems.append(error.problem)
            return None


def entries(node: Node, what: str) -> Entries:
    if not isinstance(node, Entries):
        raise wrong(node.place, f"{what} is a mapping of names to values, not {_kind(node)}")
    return node


def items(node: Node, what: str) -> list[Node]:
    if not isinstance(node, Items):
        raise wrong(node.place, f"`{what}` is a list, not {_kind(node)}")
    return node.items


def text(node: Node, name: str) -> str:
    if not isinstance(node, Scalar):
        raise wrong(node.place, f"`{name}` is a text, not {_kind(node)}")
    if not node.text.strip():
        raise wrong(node.place, f"`{name}` is empty")
    return node.text


def number(node: Node, name: str) -> Decimal:
    said = text(node, name)
    if not NUMBER.fullmatch(said):
        hint = number_hint(said)
        raise wrong(node.place, f"`{name}` is a number, and {clipped(said)} is none", hint)
    return Decimal(said)


def number_hint(said: str) -> str:
    """How to write what somebody meant by a number."""
    if percent := _PERCENT.fullmatch(said):
        return f"Write a share as a number: {Decimal(percent[1]).scaleb(-2):f} for {said}"
    if _LONG.fullmatch(said):
        return "A number has at most 30 digits before and after the point."
    return "Decimals are written with a point, without separators: 1200.50"


def share(node: Node, name: str) -> Decimal:
    value = number(node, name)
    if not 0 <= value <= 1:
        raise wrong(node.place, f"`{name}` is from 0 to 1, and {clipped(str(value))} is not")
    return value


def duration(node: Node, name: str) -> timedelta:
    said = text(node, name)
    match = DURATION.fullmatch(said.strip())
    seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not seconds:
        raise wrong(
            node.place,
            f"`{name}` is a duration, and {clipped(said)} is none",
            "Write 30m, 4h or 2d.",
        )
    return timedelta(seconds=seconds)


def yes_no(node: Node, name: str) -> bool:
    said = text(node, name)
    if said not in ("true", "false"):
        raise wrong(node.place, f"`{name}` is true or false, not {clipped(said)}")
    return said == "true"


def one_of(
    node: Node, name: str, words: type[Word], *, but: Iterable[Word] = (), why: str | None = None
) -> Word:
    said = text(node, name)
    options = [word for word in words if word not in set(but)]
    for word in options:
        if word.value == said:
            return word
    known = [word.value for word in options]
    raise wrong(
        node.place,
        f"`{name}` is {' or '.join(known)}, not {clipped(said)}",
        why if said in {word.value for word in words} else _meant(said, known),
    )


def look_alike(word: str) -> str | None:
    """Which letter of a word isn't of the alphabet that names are written in."""
    for char in word:
        if not char.isascii():
            return f"`{clipped(char)}` is {character_name(char, 'no letter')}, not one of a to z."
    return None


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to write instead of an unknown name."""
    names = list(known)
    return _meant(name, names) or f"It may have: {', '.join(names)}."


def _meant(word: str, known: Iterable[str]) -> str | None:
    meant = did_you_mean(word, known)
    return f"Did you mean {meant}?" if meant else None


def refuse(node: Node, message: str, hint: str | None = None) -> NoReturn:
    raise wrong(node.place, message, hint)


def _kind(node: Node) -> str:
    match node:
        case Scalar():
            return f"`{clipped(node.text)}`" if node.text else "nothing"
        case Items():
            return "a list"
        case Entries():
            return "a mapping"
