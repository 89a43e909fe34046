"""Sentences with typed places: how a step of a feature file becomes the call of a function."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, NamedTuple, Protocol, TypeVar

Kind = Literal["given", "when", "then"]
KINDS: dict[str, Kind] = {"Context": "given", "Action": "when", "Outcome": "then"}
"""What Gherkin calls the three kinds of step."""

Word = Callable[[str], object]
"""A kind of word that sentences leave open: what it may look like, and what it then means."""

Step = Callable[..., None]
W = TypeVar("W", bound=Word)


class Sentence(NamedTuple):
    """One sentence of a vocabulary: its kind, its text with places, and what it does."""

    kind: Kind
    text: str
    step: Step
    pattern: re.Pattern[str]
    words: Mapping[str, Word]

    @property
    def meaning(self) -> str:
        """What the function's docstring says, on one line."""
        return said(self.step)

    @property
    def shown(self) -> str:
        """The sentence as people read it: its places by their kinds, in angle brackets."""
        return _PLACE.sub(r"<\2>", self.text)

    def arguments(self, text: str) -> dict[str, object] | None:
        """What fills the places, if the text is this sentence."""
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        return {name: self.words[name](part) for name, part in match.groupdict().items()}


class Vocabulary:
    """Sentences by kind; a decorator a kind adds one."""

    def __init__(self, words: Iterable[Word]) -> None:
        self.words = tuple(words)
        self._known = {word.__name__: word for word in self.words}
        self.sentences: list[Sentence] = []

    def given(self, text: str) -> Callable[[Step], Step]:
        """A sentence on what is the case."""
        return self._adding("given", text)

    def when(self, text: str) -> Callable[[Step], Step]:
        """A sentence on what happens."""
        return self._adding("when", text)

    def then(self, text: str) -> Callable[[Step], Step]:
        """A sentence on what must have come of it."""
        return self._adding("then", text)

    def meanings(self, kind: Kind, text: str) -> list[tuple[Sentence, dict[str, object]]]:
        """Every sentence that this text is: one, or the text is none or ambiguous."""
        found = ((each, each.arguments(text)) for each in self.sentences if each.kind == kind)
        return [(sentence, places) for sentence, places in found if places is not None]

    def nearest(self, kind: Kind, text: str) -> Sentence | None:
        """The sentence of this kind that somebody who wrote this probably meant."""
        shown = {each.shown: each for each in self.sentences if each.kind == kind}
        close = get_close_matches(text[:_LONGEST], shown, n=1, cutoff=0.5)
        return shown[close[0]] if close else None

    def _adding(self, kind: Kind, text: str) -> Callable[[Step], Step]:
        places = {name: self._known[word] for name, word in _PLACE.findall(text)}

        def add(step: Step) -> Step:
            pattern = "".join(
                f"(?P<{part[1]}>{shape(self._known[part[2]])})" if part[1] else re.escape(part[0])
                for part in _PARTS.findall(text)
            )
            self.sentences.append(Sentence(kind, text, step, re.compile(pattern), places))
            return step

        return add


_LONGEST = 120
_PLACE = re.compile(r"\{(\w+):(\w+)\}")
_PARTS = re.compile(r"(\{(\w+):(\w+)\}|[^{]+)")


class _Shaped(Protocol):
    pattern: str


def shaped(pattern: str) -> Callable[[W], W]:
    """What a kind of word looks like, for whoever reads sentences."""

    def mark(word: Any) -> Any:
        word.pattern = pattern
        return word

    return mark


def shape(word: Any) -> str:
    """The shape a kind of word was given."""
    shaped_word: _Shaped = word
    return shaped_word.pattern


def said(thing: Callable[..., object]) -> str:
    """What a docstring says, on one line."""
    return " ".join((thing.__doc__ or "").split())


Table = Sequence[Sequence[str]]
"""A table under a step, line by line."""
