"""Features prove something, in sentences that mean one thing each, and the glossary says which."""

import re
from pathlib import Path

import pytest
from glossary import PAGE, page, sentences
from soundness import ROOT, examples, files, problems

from adapters.authoring import parse_decision_type

POLICIES = sorted([*(ROOT / "catalogue").glob("*.yaml"), *(ROOT / "docs/tutorial").glob("*.yaml")])

SOUND = """
Feature: Refunds
  Decision owner: Carla Nunes

  Rule: Small ones are made at once

    Scenario Outline: <amount>
      Given the amount is <amount>
      When the assistant recommends refund
      Then the decision is automated

      Examples:
        | amount |
        | 20     |
"""


def test_a_sound_feature_is_accepted() -> None:
    assert problems(SOUND) == []


@pytest.mark.parametrize(
    ("was", "became", "said"),
    [
        ("Then the", "And the", "without a Then"),
        ("Scenario Outline:", "Scenaro:", "Scenaro"),
        ("  Rule:", "  Rul:", "did you mean `Rule:`"),
        ("      Given the", "      Gven the", "is no sentence"),
        ("  Decision owner: Carla Nunes\n", "", "decision owner"),
        ("        | 20     |\n", "", "a table has no line"),
        (SOUND[SOUND.index("      Examples") :], "", "it has no examples"),
        (SOUND[SOUND.index("    Scenario") :], "", "there is no example in it"),
        (SOUND[SOUND.index("      Given") : SOUND.index("      Examples")], "", "without a Then"),
        (SOUND, "", "there is no feature in it"),
    ],
)
def test_a_feature_that_proves_nothing_is_refused(was: str, became: str, said: str) -> None:
    assert any(said in problem for problem in problems(SOUND.replace(was, became)))


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_every_feature_proves_something(file: Path) -> None:
    assert problems(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_every_sentence_of_a_feature_means_exactly_one_thing(file: Path) -> None:
    for example in examples(file.read_text(encoding="utf-8")):
        for step in example.steps:
            meanings = [
                s.text
                for s in sentences()
                if s.kind == step.kind and s.context.parser.is_matching(step.text)
            ]
            assert len(meanings) == 1, f"{step.text!r} means {meanings}"


def test_the_vocabulary_has_no_sentence_that_nobody_uses() -> None:
    said = {
        (step.kind, step.text)
        for file in files()
        for example in examples(file.read_text(encoding="utf-8"))
        for step in example.steps
    }
    unused = [
        f"{s.kind} {s.text}"
        for s in sentences()
        if not any(kind == s.kind and s.context.parser.is_matching(text) for kind, text in said)
    ]
    assert unused == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda file: file.stem)
def test_every_limit_and_rule_of_a_policy_is_settled_by_some_example(policy: Path) -> None:
    guardrail = parse_decision_type(policy.read_text(encoding="utf-8")).guardrail
    folder = policy.parent if policy.parent.name == "tutorial" else ROOT / "features" / policy.stem
    said = {
        match[1]
        for file in folder.glob("*.feature")
        for example in examples(file.read_text(encoding="utf-8"))
        for step in example.steps
        if (match := re.fullmatch(r"(?:rule|the reason) (\S+) (?:decides|is given)", step.text))
    }
    parts = (*guardrail.limits, *guardrail.rules)
    assert [part.id for part in parts if not {part.id, part.reason} & said] == []


def test_the_glossary_says_what_the_vocabulary_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "docs/features.md is out of date: uv run python tests/specification/glossary.py"
    )
