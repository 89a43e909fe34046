"""The glossary: the vocabulary as a page for people who don't program.

Run it to write the page anew: `uv run python tests/specification/glossary.py`.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path += map(str, (Path(__file__).parent, Path(__file__).parents[2]))

import steps_audit
import steps_clocks
import steps_delivering
import steps_metrics
import steps_people
import steps_stopping
import steps_telling
import steps_thresholds
import vocabulary
from pytest_bdd.steps import StepFunctionContext, step_function_context_registry

from application.specifying import vocabulary as policies
from application.specifying.sentences import said

STEPS = (
    policies,
    vocabulary,
    steps_audit,
    steps_clocks,
    steps_delivering,
    steps_metrics,
    steps_people,
    steps_stopping,
    steps_telling,
    steps_thresholds,
)
MODULES = tuple(module.__name__ for module in STEPS)
"""What a policy says comes first; then what the service adds."""
PAGE = Path(__file__).parents[2] / "docs" / "features.md"
CHAPTERS = {
    "given": ("Given", "What is the case before anything happens."),
    "when": ("When", "What somebody does, or what time does."),
    "then": ("Then", "What must have come of it. An example without one proves nothing."),
}


@dataclass(frozen=True)
class Sentence:
    """One sentence of the vocabulary."""

    kind: str
    text: str
    meaning: str
    context: StepFunctionContext


def sentences() -> list[Sentence]:
    """Every sentence, in the order of the vocabulary."""
    contexts = [
        context
        for context in step_function_context_registry.values()
        if context.step_func.__module__ in MODULES
    ]
    return [
        Sentence(str(c.type), c.parser.name, said(c.step_func), c)
        for c in sorted(contexts, key=_place)
    ]


def _place(context: StepFunctionContext) -> tuple[int, int]:
    step = context.step_func
    return MODULES.index(step.__module__), step.__code__.co_firstlineno


def page() -> str:
    """The page, from the code alone."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    for kind, (chapter, purpose) in CHAPTERS.items():
        yield f"## {chapter}\n\n{purpose}\n\n| Sentence | What it means |\n|---|---|"
        for sentence in sentences():
            if sentence.kind == kind:
                yield f"| {chapter} {_shown(sentence.text)} | {sentence.meaning} |"
        yield ""
    yield "## The words in italics\n\n| Word | What you write |\n|---|---|"
    more = (*steps_clocks.CLOCKS, *steps_delivering.DELIVERING, *steps_telling.TELLING)
    for word in (*vocabulary.WORDS, *more):
        yield f"| *{word.__name__}* | {said(word)} |"


def _shown(text: str) -> str:
    return re.sub(r"\{(?:\w+:)?(\w+)\}", r"*\1*", text)


_INTRODUCTION = """\
<!-- Written by tests/specification/glossary.py. Change the vocabulary, not this page. -->
# Features: policy you can read aloud

A feature file says what the organisation has agreed on, in sentences, with the examples that
settle an argument. The service is tested against every one of them, so what they say is so.
They are in `features/`, a folder for each decision type and one, `operating_model`, for what
holds for all of them. No programming is needed to write one, only the sentences below.

```gherkin
Feature: Refunds the assistant may make on its own
  A sentence or two on the purpose.

  Decision owner: Carla Nunes, head of customer care

  Background:
    Given the decision type Refund
    And a refund, of which we know
      | confidence | 0.95 |
      | amount     | 20   |

  Rule: The sentence people argue about

    Example: The case that settles it
      Given the amount is 50.01
      When the assistant recommends refund
      Then the decision is reviewed
      And rule refund-limit decides
```

- A **Feature** states its purpose and names the decision owner. One that doesn't is refused.
- A **Rule** is one sentence on which people can disagree. Its examples end the disagreement: one
  exactly on the line, one a step outside.
- An **Example** is a case. A **Scenario Outline** is one case with several values, in a table.
- **Given** says what is known, **When** what happens, **Then** what must come of it; **And** goes
  on with the one before.
- Facts are called what the decision type calls them, with spaces: `sla_hours` is "the sla hours".
- An example in which something is refused must say so, or it fails. So does one without a Then, an
  empty one, and one under a misspelt `Scenaro:`, which other tools pass over.

An example that says no more than what the policy alone decides is run by `remit spec run` too,
without a server: see [specifications](policy/specifications.md).

Each example runs twice: straight into the service's use cases, and over HTTP as a client would.
`uv run pytest tests/specification` runs them all.
"""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
