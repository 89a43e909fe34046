"""What is wrong with a document, said to its author: where, what, and what to write instead."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing wrong, and where: line and column count from 1, as editors do."""

    line: int
    column: int
    message: str
    hint: str | None = None
    first: int | None = None
    """The line in which the same already stands."""

    def below(self, line: int, column: int) -> "Problem":
        """The same problem in a document that holds this one as a block of text."""
        first = None if self.first is None else self.first + line
        return self._replace(line=self.line + line, column=self.column + column, first=first)


class AuthoringError(Exception):
    """A document can't be read as what it should be; nothing of it was taken."""

    def __init__(self, problems: tuple[Problem, ...], text: str = "") -> None:
        ordered = sorted(problems, key=lambda problem: problem[:2])
        self.problems = tuple(ordered[:MOST_PROBLEMS])
        """The first of them: whoever mends those will see the others."""
        more = len(ordered) - len(self.problems)
        lines = text[:MOST_SHOWN].splitlines()
        said = [_shown(problem, lines) for problem in self.problems]
        super().__init__("\n".join([*said, f"… and {more} more problems"] if more else said))


MOST_SHOWN = 1_000_000
MOST_PROBLEMS = 20
_WIDTH = 110


def _shown(problem: Problem, lines: list[str]) -> str:
    """The message with its line and a caret under the place."""
    said = f"line {problem.line}, column {problem.column}: {problem.message}"
    said += "" if problem.first is None else f", first in line {problem.first}"
    if 1 <= problem.line <= len(lines):
        line, column = lines[problem.line - 1], problem.column - 1
        start = max(0, column - _WIDTH // 2) if len(line) > _WIDTH else 0
        pad = "".join("\t" if char == "\t" else " " for char in line[start:column])
        said += f"\n  {_visible(line[start : start + _WIDTH])}\n  {pad}^"
    return said + (f"\n  {problem.hint}" if problem.hint else "")


def _visible(line: str) -> str:
    """A line as it may be shown anywhere: what can't be seen or printed is made visible."""
    return "".join(
        char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in line
    )
