"""What a feature file must be to prove anything, beyond every sentence of it holding."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

ROOT = Path(__file__).parents[2]
FEATURES = (ROOT / "features", ROOT / "docs" / "tutorial")
KEYWORDS = (
    "Feature", "Rule", "Background", "Example", "Examples", "Scenario", "Scenario Outline",
)  # fmt: skip
OWNER = "Decision owner"
_HEADED = re.compile(r"\s*([A-Za-z ]+?)\s*:")


def files() -> list[Path]:
    """All feature files there are."""
    return sorted(file for folder in FEATURES for file in folder.rglob("*.feature"))


def read(text: str) -> Any:
    """The document, as Gherkin's own parser has it."""
    return Parser().parse(text)


def examples(text: str) -> list[Any]:
    """Every example as it is run: tables filled in, backgrounds first."""
    return list(Compiler().compile(read(text) | {"uri": ""}))


def problems(text: str) -> list[str]:
    """Why a feature file proves less than it seems to; nothing if it is sound."""
    try:
        feature = read(text).get("feature")
    except CompositeParserException as error:
        return [str(error)]
    if feature is None:
        return ["there is no feature in it"]
    return [*_of_feature(feature), *_of_parts(feature)]


def _of_feature(feature: Any) -> Iterator[str]:
    lines = feature["description"].splitlines()
    heads = [match[1] for line in lines if (match := _HEADED.match(line))]
    if OWNER not in heads:
        yield f"{feature['name']}: nobody is named as its decision owner"
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
            yield f"{part['name'] or part['keyword']}: `{line.strip()}` is no sentence"


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
