"""YAML as authors may use it here: words, lists and mappings, each with its place.

Every scalar stays the string it was written as and is converted by the type it is read for:
`[NO]` is a word, not false, and `12:30` is not 750. Duplicate keys, anchors, aliases and tags are
refused. It is read event by event, so no nesting can exhaust the stack.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from unicodedata import name as character_name

import yaml

from adapters.authoring.problems import AuthoringError, Problem

LARGEST = 200 * 1024
DEEPEST = 50
_UNSEEN = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"  # nothing, or turned around
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"  # no characters of a text at all
)
_ESCAPE = re.compile(r"\\(?:u([dD][89abAB]..)\\u([dD][c-fC-F]..)|.)", re.DOTALL)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a document, counted from 1."""

    line: int
    column: int

    def problem(self, message: str, hint: str | None = None) -> Problem:
        return Problem(self.line, self.column, message, hint)


@dataclass(slots=True)
class Scalar:
    """A word, a number or a text: whatever it is, as it was written."""

    place: Place
    text: str
    style: str | None
    raw: str
    """The source it came from, quotes included."""

    def inside(self, at: int) -> Place:
        """The place of one of its characters in the document, as near as YAML lets it be told."""
        body = self.raw.find("\n") + 1 if self.style in ("|", ">") else 1 if self.style else 0
        spoken = [index for index in range(body, len(self.raw)) if not self.raw[index].isspace()]
        wanted = "".join(self.text.split())
        if wanted != "".join(self.raw[index] for index in spoken[: len(wanted)]):
            return self.place
        before = len("".join(self.text[:at].split()))
        index = spoken[before] if before < len(spoken) else len(self.raw)
        line = self.raw.count("\n", 0, index)
        column = index - self.raw.rfind("\n", 0, index) if line else self.place.column + index
        return Place(self.place.line + line, column)


@dataclass(slots=True)
class Items:
    """A list."""

    place: Place
    items: list["Node"] = field(default_factory=list["Node"])


@dataclass(slots=True)
class Entries:
    """A mapping; keys keep their own places."""

    place: Place
    entries: dict[str, "Node"] = field(default_factory=dict[str, "Node"])
    keys: dict[str, Place] = field(default_factory=dict[str, Place])


Node = Scalar | Items | Entries


class Wrong(Exception):
    """One problem, on its way to be gathered with the others."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def wrong(place: Place, message: str, hint: str | None = None) -> Wrong:
    """The refusal of what stands at a place."""
    return Wrong(place.problem(message, hint))


def taken(place: Place, message: str, first: int) -> Wrong:
    """The refusal of what already stands in another line."""
    return Wrong(place.problem(message)._replace(first=first))


def read(text: str) -> Entries:
    """The document as a mapping, or an `AuthoringError` that says where it is none."""
    try:
        return _read(text)
    except Wrong as error:
        raise AuthoringError((error.problem,), text) from None


def _read(text: str) -> Entries:
    start = Place(1, 1)
    if len(text) > LARGEST or len(text.encode(errors="surrogatepass")) > LARGEST:
        raise wrong(start, f"the document is larger than {LARGEST // 1024} KB")
    unseen = _UNSEEN.search(text, 1 if text.startswith("\ufeff") else 0)
    if unseen is not None:
        raise _hidden(text, unseen.start())
    try:
        root = _Builder(_as_yaml(text)).root()
    except yaml.MarkedYAMLError as error:
        raise _no_yaml(error) from None
    except (yaml.YAMLError, UnicodeError) as error:
        said = getattr(error, "reason", "it can't be read")
        raise wrong(start, f"this is not YAML: {said}") from None
    if root is None:
        raise wrong(start, "there is nothing in the document")
    if not isinstance(root, Entries):
        raise wrong(start, "the document is not a mapping of names to values")
    return root


def _no_yaml(error: yaml.MarkedYAMLError) -> Wrong:
    """What probably happened; a quote left open is only found at the end of the text."""
    problem, began = str(error.problem or error.context), error.context_mark
    open_quote = "quoted scalar" in str(error.context) and "end of stream" in problem
    mark = began if open_quote else error.problem_mark or began
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
    hint = "A colon, a bracket or a quote inside a text needs quotes around it."
    if open_quote:
        problem, hint = "this quote is not closed", "Write the same quote where the text ends."
    elif "tab character" in problem or "'\\t'" in problem:
        hint = "Indent with spaces, not with a tab."
    return wrong(place, f"this is not YAML: {problem}", hint)


def _hidden(text: str, at: int) -> Wrong:
    """What can't be seen may make a text read differently than it is obeyed."""
    code = f"U+{ord(text[at]):04X}"
    named = character_name(text[at], "a control character")
    place = Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    return wrong(place, f"a character that can't be seen stands here: {code} {named}", "Delete it.")


def _as_yaml(text: str) -> str:
    """JSON is YAML, save for two of its habits: tabs, and characters escaped in two halves."""
    if not text.lstrip("\ufeff \t\r\n").startswith("{"):
        return text

    def joined(match: re.Match[str]) -> str:
        if match[1] is None or not re.fullmatch(r"[0-9A-Fa-f]{8}", match[1] + match[2]):
            return match[0]
        return bytes.fromhex(match[1] + match[2]).decode("utf-16-be")

    return _ESCAPE.sub(joined, text.replace("\t", " "))


class _Builder:
    """Builds the tree from events, with a stack of its own."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._stack: list[Items | Entries] = []
        self._pending: list[tuple[str, Place] | None] = []
        self._root: Node | None = None
        self._documents = 0

    def root(self) -> Node | None:
        for event in yaml.parse(self._text, Loader=_LOADER):
            self._take(event)
        return self._root

    def _take(self, event: Any) -> None:
        place = Place(event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise wrong(place, "a second document begins here; a file holds one")
            case yaml.AliasEvent():
                raise wrong(place, "aliases (*name) are not used here: write the value out")
            case yaml.ScalarEvent():
                self._plain(event, place)
                self._add(self._scalar(event, place), place)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._plain(event, place)
                self._open(
                    Items(place) if isinstance(event, yaml.SequenceStartEvent) else Entries(place),
                    place,
                )
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._stack.pop()
                self._pending.pop()
            case _:
                pass

    def _plain(self, event: Any, place: Place) -> None:
        if event.anchor is not None:
            raise wrong(place, "anchors (&name) are not used here: write the value out")
        if event.tag is not None:
            raise wrong(place, "tags (!name) are not used here: values are read by their place")

    def _scalar(self, event: Any, place: Place) -> Scalar:
        if any("\ud800" <= char <= "\udfff" or char == "\0" for char in event.value):
            raise wrong(place, "this text has a character that can't be stored")
        raw = self._text[event.start_mark.index : event.end_mark.index]
        return Scalar(place, event.value, event.style or None, raw)

    def _open(self, node: Items | Entries, place: Place) -> None:
        if len(self._stack) >= DEEPEST:
            raise wrong(place, f"this is nested more than {DEEPEST} deep")
        self._add(node, place)
        self._stack.append(node)
        self._pending.append(None)

    def _add(self, node: Node, place: Place) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        if isinstance(parent, Items):
            parent.items.append(node)
            return
        key = self._pending[-1]
        if key is None:
            self._pending[-1] = self._key(parent, node, place)
            return
        self._pending[-1] = None
        parent.entries[key[0]] = node
        parent.keys[key[0]] = key[1]

    def _key(self, parent: Entries, node: Node, place: Place) -> tuple[str, Place]:
        if not isinstance(node, Scalar):
            raise wrong(place, "a name is a word, not a list or a mapping")
        if node.text == "<<" and node.style is None:
            raise wrong(place, "merging (<<) is not used here: write the values out")
        if node.text in parent.entries:
            first = parent.keys[node.text].line
            raise taken(place, f"{node.text[:60]} stands here twice", first)
        return node.text, place
