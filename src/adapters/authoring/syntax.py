"""The text of a condition as a tree of what was written, before anything is known of the facts."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedEOF, UnexpectedToken
from lark.exceptions import UnexpectedInput

from adapters.authoring.fields import look_alike
from domain.guardrail.wording import KEYWORDS

LONGEST = 20_000
DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Word:
    """A constant as written: a word, a number, a quoted text or a boundary's name."""

    kind: Literal["word", "number", "quoted", "boundary"]
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Written:
    """One test as written."""

    form: Literal["compare", "one_of", "none_of", "has", "has_not", "missing", "present", "bare"]
    fact: str
    at: int
    op: str = ""
    constants: tuple[Word, ...] = ()
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """Tests joined by a word."""

    by: Literal["and", "or", "not"]
    parts: "tuple[Written | Joined, ...]"
    depth: int


Tree = Written | Joined


class SyntaxProblem(Exception):
    """A condition can't be read, at this character of it."""

    def __init__(self, at: int, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.hint = hint


def parse(text: str) -> Tree:
    """What a condition says, or a `SyntaxProblem` that says where it stops making sense."""
    if len(text) > LONGEST:
        raise SyntaxProblem(
            0, f"this condition is longer than {LONGEST} characters", "Split it into several rules."
        )
    if not text.strip():
        raise SyntaxProblem(0, "a condition is expected here")
    try:
        tree: Any = _parser().parse(text)
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    assert isinstance(tree, Written | Joined)
    if tree.depth > DEEPEST:
        raise SyntaxProblem(
            0, f"this condition is nested more than {DEEPEST} deep", "Split it into several rules."
        )
    return tree


class _Reader(Transformer[Token, Any]):
    """Builds the tree bottom-up while parsing, so that depth costs no stack."""

    def either(self, parts: list[Tree]) -> Tree:
        return _joined("or", parts)

    def both(self, parts: list[Tree]) -> Tree:
        return _joined("and", parts)

    def negation(self, parts: list[Tree]) -> Tree:
        return Joined("not", (parts[0],), parts[0].depth + 1)

    def group(self, parts: list[Tree]) -> Tree:
        inner = parts[0]
        if isinstance(inner, Written):
            return Written(
                inner.form, inner.fact, inner.at, inner.op, inner.constants, inner.depth + 1
            )
        return Joined(inner.by, inner.parts, inner.depth + 1)

    def constant(self, parts: list[Token]) -> Word:
        token = parts[0]
        at = token.start_pos or 0
        match token.type:
            case "NUMBER":
                return Word("number", str(token), at)
            case "BOUNDARY":
                return Word("boundary", str(token)[1:], at)
            case "QUOTED":
                return Word("quoted", _unquoted(str(token)), at)
            case _:
                return Word("word", str(token), at)

    def listed(self, parts: list[Word | None]) -> tuple[Word, ...]:
        return tuple(part for part in parts if part is not None)

    def compare(self, parts: list[Any]) -> Written:
        return _written("compare", parts[0], str(parts[1]), (parts[2],))

    def equal(self, parts: list[Any]) -> Written:
        return _written("compare", parts[0], "==", (parts[1],))

    def unequal(self, parts: list[Any]) -> Written:
        return _written("compare", parts[0], "!=", (parts[1],))

    def one_of(self, parts: list[Any]) -> Written:
        return _written("one_of", parts[0], "in", parts[1])

    def none_of(self, parts: list[Any]) -> Written:
        return _written("none_of", parts[0], "not in", parts[1])

    def has(self, parts: list[Any]) -> Written:
        return _written("has", parts[0], "contains", (parts[1],))

    def has_not(self, parts: list[Any]) -> Written:
        return _written("has_not", parts[0], "not contains", (parts[1],))

    def missing(self, parts: list[Any]) -> Written:
        return _written("missing", parts[0])

    def present(self, parts: list[Any]) -> Written:
        return _written("present", parts[0])

    def bare(self, parts: list[Any]) -> Written:
        return _written("bare", parts[0])


def _written(form: Any, fact: Token, op: str = "", constants: tuple[Word, ...] = ()) -> Written:
    return Written(form, str(fact), fact.start_pos or 0, op, constants)


def _joined(by: Literal["and", "or"], parts: list[Tree]) -> Tree:
    if len(parts) == 1:
        return parts[0]
    return Joined(by, tuple(parts), max(part.depth for part in parts) + 1)


def _unquoted(text: str) -> str:
    inner = text[1:-1]
    return inner.replace('\\"', '"').replace("\\\\", "\\") if text[0] == '"' else inner


@lru_cache(maxsize=1)
def _parser() -> Any:
    grammar = files("adapters.authoring").joinpath("conditions.lark").read_text("utf-8")
    return Lark(
        grammar, parser="lalr", lexer="basic", maybe_placeholders=False, transformer=_Reader()
    )


_INSTEAD = {
    "&": "Write `and`",
    "|": "Write `or`",
    "!": "Write `not`, or `is not`",
    "=": "Write `is` or `==`",
    "%": "Write a share as a number: 0.30 for 30 %",
    ",": "Decimals are written with a point: 0.30",
    "+": "There is no arithmetic: let a fact say it",
    "*": "There is no arithmetic: let a fact say it",
    "-": "There is no arithmetic: let a fact say it",
    "/": "There is no arithmetic: let a fact say it",
    "{": "A list is written with [ and ]",
    "“": 'Use straight quotes: "',
    "”": 'Use straight quotes: "',
    "(": "There are no functions",
}


_FIGURES = "Numbers are written with digits and a point, without separators: 1200.50"
_WORDS = {
    "between": "Write `x >= 3 and x <= 5`",
    "equals": "Write `is`",
    "has": "Write `contains`",
    "includes": "Write `contains`",
    "isn": "Write `is not`",
    "unless": "Write `unless:` on a line of its own",
    "null": "Write `is missing`",
}


def _explained(error: Any, text: str) -> SyntaxProblem:
    token: Any = getattr(error, "token", None)
    match error:
        case UnexpectedToken() if token.type != "$END":
            at: int = token.start_pos or 0
            hint = _INSTEAD.get(str(token)[:1]) or _keyword_hint(str(token)) or _expected(error)
            if token.type == "IN" and text[:at].split()[-2:] == ["is", "not"]:
                hint = "Write `not in`"
            if token.type == "NUMBER" and str(token)[:1] != "-" and "WORD" in _names(error):
                hint = "Begin with a fact: `amount > 3`"
            return SyntaxProblem(at, f"`{str(token)[:40]}` is not expected here", hint)
        case UnexpectedCharacters():
            at = int(cast(Any, error).pos_in_stream or 0)
            char = text[at]
            odd = look_alike(_until_space(text, at))
            hint = _INSTEAD.get(char) or odd or (_FIGURES if char in "0123456789.+" else None)
            message = (
                "this quote is not closed"
                if char in "\"'"
                else (f"`{_until_space(text, at)}` is not expected here")
            )
            return SyntaxProblem(at, message, hint)
        case UnexpectedToken() | UnexpectedEOF():
            return SyntaxProblem(
                len(text.rstrip()), "the condition ends too early", _expected(error)
            )
        case _:
            return SyntaxProblem(0, "this is not a condition")


def _keyword_hint(word: str) -> str | None:
    small = word.lower()
    if small in _WORDS:
        return _WORDS[small]
    return f"Write `{small}`, in small letters." if small in KEYWORDS and small != word else None


def _until_space(text: str, at: int) -> str:
    return text[at : at + 20].split(maxsplit=1)[0] if text[at].strip() else text[at]


_NAMES = {
    "WORD": "a word",
    "NUMBER": "a number",
    "QUOTED": "a quoted text",
    "BOUNDARY": "a $boundary",
    "OPERATOR": "==, !=, <, <=, >, >=",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "[",
    "RSQB": "]",
    "COMMA": ",",
    "$END": "the end",
    "OR": "or",
    "AND": "and",
    "NOT": "not",
    "IS": "is",
    "IN": "in",
    "CONTAINS": "contains",
    "MISSING": "missing",
    "PRESENT": "present",
}


def _expected(error: Any) -> str | None:
    names = _names(error)
    words = [said for name, said in _NAMES.items() if name in names and name != "PRESENT"]
    return f"Here may stand: {' · '.join(words)}" if words else None


def _names(error: Any) -> set[str]:
    """The kinds of words that could have stood where something else did."""
    for known in ("accepts", "expected", "allowed"):
        found = getattr(error, known, None)
        if found:
            return set(found)
    return set()
