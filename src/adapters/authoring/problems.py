"""What is wrong with a document, said to its author: where, what, and what to write instead."""

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing wrong, and where: line and column count from 1, as editors do."""

    line: int
    column: int
    message: str
    hint: str | None = None


class AuthoringError(Exception):
    """A document can't be read as what it should be; nothing of it was taken."""

    def __init__(self, problems: tuple[Problem, ...], text: str = "") -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem[:2]))
        lines = text[:MOST_SHOWN].splitlines()
        super().__init__("\n".join(_shown(problem, lines) for problem in self.problems))


MOST_SHOWN = 1_000_000
_WIDTH = 110


def _shown(problem: Problem, lines: list[str]) -> str:
    """The message with its line and a caret under the place."""
    said = f"line {problem.line}, column {problem.column}: {problem.message}"
    if 1 <= problem.line <= len(lines):
        line, column = lines[problem.line - 1], problem.column - 1
        start = max(0, column - _WIDTH // 2) if len(line) > _WIDTH else 0
        pad = "".join("\t" if char == "\t" else " " for char in line[start:column])
        said += f"\n  {line[start : start + _WIDTH]}\n  {pad}^"
    return said + (f"\n  {problem.hint}" if problem.hint else "")
