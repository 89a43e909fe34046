"""Reading feature files with Gherkin's own parser, and refusing what proves nothing."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

from application.specifying.sentences import KINDS, Kind, Table
from domain.guardrail.facts import clipped

MOST_CHARACTERS = 1_000_000
MOST_EXAMPLES = 10_000
MOST_STEPS = 50_000
"""What a specification may have: characters, examples, and steps once its tables are filled in."""

KEYWORDS = (
    "Feature", "Rule", "Background", "Example", "Examples", "Scenario", "Scenario Outline",
)  # fmt: skip
OWNER = "Decision owner"
_HEADED = re.compile(r"\s*([A-Za-z ]+?)\s*:")
_STEP_WORDS = ("Given", "When", "Then", "And", "But")
_MOST_SAID = 20


class Step(NamedTuple):
    """One step of an example, filled in: what it says and where."""

    kind: Kind
    text: str
    line: int
    table: Table | None


class Example(NamedTuple):
    """One example as it is run: tables filled in, backgrounds first."""

    name: str
    line: int
    steps: tuple[Step, ...]


def examples(text: str) -> tuple[Example, ...]:
    """Every example of a sound feature file."""
    document: Any = {**_parsed(text), "uri": ""}
    lines = dict(_lines(document["feature"]))
    return tuple(
        Example(
            pickle["name"],
            pickle["location"]["line"],
            tuple(_step(step, lines) for step in pickle["steps"]),
        )
        for pickle in Compiler().compile(document)
    )


def problems(text: str) -> list[str]:
    """Why a feature file proves less than it seems to; nothing if it is sound."""
    if len(text) > MOST_CHARACTERS:
        return [f"it has {len(text):,} characters; allowed are {MOST_CHARACTERS:,}"]
    try:
        feature: Any = _parsed(text).get("feature")
    except CompositeParserException as error:
        return [_unreadable(each, text) for each in error.errors[:_MOST_SAID]]
    except ParserException as error:
        return [_unreadable(error, text)]
    if feature is None:
        return ["there is no feature in it"]
    found = [*_of_feature(feature), *_of_parts(feature)]
    return found or list(_too_much(feature))


def _parsed(text: str) -> Any:
    return Parser().parse(text)


def _unreadable(error: ParserException, text: str) -> str:
    """What Gherkin's parser could not read, with the line and what was probably meant."""
    location: Any = error.location
    at = int(location["line"])
    lines = text.splitlines()
    line = lines[at - 1].strip() if 0 < at <= len(lines) else "the end"
    message = re.sub(r"^\(\d+:\d+\): ", "", str(error))
    if not message.startswith("expected"):
        return f"line {at}: {message}: `{clipped(line)}`"
    head = re.split(r"[:\s]", line, maxsplit=1)[0]
    meant = get_close_matches(head, [*KEYWORDS, *_STEP_WORDS], n=1) if head else []
    colon = ":" if meant and meant[0] in KEYWORDS else ""
    hint = f"; did you mean `{meant[0]}{colon}`?" if meant and meant[0] != head else ""
    return f"line {at}: `{clipped(line)}` is no sentence and begins nothing{hint}"


def _of_feature(feature: Any) -> Iterator[str]:
    lines = feature["description"].splitlines()
    heads = [match[1] for line in lines if (match := _HEADED.match(line))]
    if OWNER not in heads:
        yield (
            f"{feature['name']}: nobody is named as its decision owner; "
            f"write `{OWNER}: …` under `{feature['keyword']}:`"
        )
    for head in heads:
        if head != OWNER and (meant := get_close_matches(head, KEYWORDS, n=1)):
            yield f"`{head}:` begins nothing; did you mean `{meant[0]}:`?"


def _of_parts(part: Any) -> Iterator[str]:
    scenarios = 0
    for child in part["children"]:
        if "rule" in child:
            yield from _of_prose(child["rule"])
            yield from _of_parts(child["rule"])
            scenarios += 1
        elif "background" in child:
            yield from _of_prose(child["background"])
        else:
            yield from _of_scenario(child["scenario"])
            scenarios += 1
    if not scenarios:
        yield f"{part['keyword']}: {part['name']}: there is no example in it"


def _of_prose(part: Any) -> Iterator[str]:
    """Below these headings a line is a sentence, or it was misspelt and would be passed over."""
    for line in part["description"].splitlines():
        if line.strip():
            yield f"{part['name'] or part['keyword']}: `{clipped(line.strip())}` is no sentence"


def _of_scenario(scenario: Any) -> Iterator[str]:
    yield from _of_prose(scenario)
    if not any(step["keywordType"] == "Outcome" for step in scenario["steps"]):
        yield f"{scenario['name']}: without a Then it proves nothing"
    tables = scenario["examples"]
    if scenario["keyword"].startswith("Scenario ") and not tables:
        yield f"{scenario['name']}: it has no examples"
    for table in tables:
        yield from _of_prose(table)
        if not table["tableBody"]:
            yield f"{scenario['name']}: a table has no line"


def _too_much(feature: Any) -> Iterator[str]:
    """Whether there would be more to run than is allowed, counted before anything is filled in."""
    counts = [_count(scenario, before) for scenario, before in _scenarios(feature, 0)]
    for found, allowed, what in (
        (sum(rows for rows, _ in counts), MOST_EXAMPLES, "examples"),
        (sum(steps for _, steps in counts), MOST_STEPS, "steps once its tables are filled in"),
    ):
        if found > allowed:
            yield f"it has {found:,} {what}; allowed are {allowed:,}"


def _count(scenario: Any, before: int) -> tuple[int, int]:
    tables = scenario["examples"]
    rows = sum(len(table["tableBody"]) for table in tables) if tables else 1
    return rows, rows * (before + len(scenario["steps"]))


def _scenarios(part: Any, before: int) -> Iterator[tuple[Any, int]]:
    """Every scenario, and how many steps the backgrounds before it have."""
    for child in part["children"]:
        if "background" in child:
            before += len(child["background"]["steps"])
        elif "rule" in child:
            yield from _scenarios(child["rule"], before)
        else:
            yield child["scenario"], before


def _lines(part: Any) -> Iterator[tuple[str, int]]:
    """On which line each step is."""
    for child in part["children"]:
        if "rule" in child:
            yield from _lines(child["rule"])
            continue
        owner = child.get("background") or child["scenario"]
        for step in owner["steps"]:
            yield step["id"], step["location"]["line"]


def _step(step: Any, lines: dict[str, int]) -> Step:
    table = step.get("argument", {}).get("dataTable")
    rows = table and tuple(tuple(cell["value"] for cell in row["cells"]) for row in table["rows"])
    kind: Kind = KINDS.get(step["type"], "given")
    return Step(kind, step["text"], lines.get(step["astNodeIds"][0], 0), rows)
