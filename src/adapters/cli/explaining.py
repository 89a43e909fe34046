"""Explanations as text: what decided, what else spoke, and what would have made the difference."""

from typing import TYPE_CHECKING

from adapters.cli.common import escaped, out

if TYPE_CHECKING:
    from application.evaluating import Evaluation
    from application.explaining import DecisionExplanation, TraceView


def print_explanation(found: "Evaluation | DecisionExplanation") -> None:
    """Where a case goes, every reason, what would have had it automated, and the whole trace."""
    explanation = found.explanation
    out.print(f"[bold]{found.lane}[/] by {escaped(found.rule)}")
    for reason in found.reasons:
        out.print(f"  {escaped(reason.code)}: {escaped(reason.text)}", highlight=False)
    out.print(escaped(explanation.sentence), highlight=False)
    for change in explanation.changes:
        out.print(f"  if only {escaped(change.text)}", highlight=False)
    for reason in explanation.standing:
        out.print(f"  whatever the facts: {escaped(reason.text)}", highlight=False)
    for line in found.trace:
        print_line(line)


def print_line(line: "TraceView") -> None:
    """One limit or rule: its tests, the values they saw, and what came of it."""
    seen = ", ".join(f"{test.text} (saw {test.seen}): {test.result}" for test in line.tests)
    out.print(
        f"  {line.kind} {escaped(line.id)} is {line.result}: {escaped(seen)}",
        highlight=False,
        style="dim",
    )
