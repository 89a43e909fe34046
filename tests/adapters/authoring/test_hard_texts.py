"""Texts that are wrong in the ways authors, their tools and their enemies are wrong."""

import json
from time import process_time

import pytest

from adapters.authoring import AuthoringError, parse_guardrail, read_guardrail
from adapters.authoring.problems import MOST_PROBLEMS
from tests.adapters.authoring.test_decision_type_files import FILE
from tests.adapters.authoring.test_guardrail_refusals import FACTS, HEAD, policy, refused_when


@pytest.mark.parametrize(
    "number", ["1e3", "+5", ".5", "5.", "0x10", "1_000", "٣", "9" * 31, "12:30"]
)
def test_a_number_is_digits_and_a_point(number: str) -> None:
    assert refused_when(f"amount > {number}")
    with pytest.raises(AuthoringError, match="is a number, and"):
        parse_guardrail(HEAD.replace("0.30", f"'{number}'"), FACTS)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("аmount > 3", "CYRILLIC SMALL LETTER A"),
        ("tier is gоld", "CYRILLIC SMALL LETTER O"),
        ("amount > ٣", "ARABIC-INDIC DIGIT THREE"),
        ("amo\u200bunt > 3", "line 7, column 14: a character that can't be seen stands here"),
        ("risk > 30", "risk is a number from 0 to 1, and 30 never is"),
        ("risk > 30", "Write a share as a number: 0.3 for 30 %"),
        ("risk < $usd", "and $usd never is"),
        ("tier is gold or basic", "Write `tier in [..., basic]`"),
        ("amount between 1 and 2", "Write `x >= 3 and x <= 5`"),
        ("3 < amount", "Begin with a fact"),
        ("|\n      vip\n      and amuont > 1", "line 9, column 11: there is no fact amuont"),
        ("vip\n      and amuont > 1", "line 8, column 11: there is no fact amuont"),
        ('"vip\n      and amuont > 1"', "line 8, column 11: there is no fact amuont"),
    ],
)
def test_an_author_is_told_what_is_meant(when: str, said: str) -> None:
    assert said in refused_when(when)


@pytest.mark.parametrize("char", ["\u202e", "\u2066", "\u200f", "\u00ad", "\ufeff", "\0", "\x1b"])
def test_what_can_not_be_seen_is_refused_also_in_prose(char: str) -> None:
    for text in (f"    why: a{char}b\n", f"    # {char}\n"):
        said = refused_when("vip", text)
        assert "line 10" in said
        assert char not in said


def test_a_name_of_look_alikes_is_told_apart() -> None:
    with pytest.raises(AuthoringError, match="CYRILLIC SMALL LETTER IE"):
        parse_guardrail(HEAD.replace("reason", "rеason"), FACTS)


def test_editors_beginnings_and_ends_of_lines_mean_nothing() -> None:
    plain = policy("vip")
    text = f"{HEAD}rules:\n  - {{id: r, when: vip, then: review, reason: R}}\n"
    for same in ("\ufeff" + text, text.replace("\n", "\r\n"), text.replace(": vip", ":\tvip")):
        assert parse_guardrail(same, FACTS).digest == plain.digest


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_a_draft_may_be_json(indent: int | str | None) -> None:
    document = {
        "guardrail": "v1",
        "policy": "test",
        "title": "\U0001f600 \\ud83d",
        "automate_only_if": [{"id": "sure", "require": "confidence >= 0.9", "reason": "UNSURE"}],
        "rules": [{"id": "r", "when": "vip", "then": "review", "reason": "R", "sla": None}],
    }
    read = parse_guardrail(json.dumps(document, indent=indent), FACTS)
    assert read.digest == policy("vip").digest
    assert read.title == "\U0001f600 \\ud83d"


def test_a_policy_alone_is_checked_against_its_decision_type() -> None:
    from adapters.authoring import parse_decision_type

    adoption = parse_decision_type(FILE)
    assert read_guardrail(adoption.policy_text, adoption.definition) == adoption.guardrail
    action = next(iter(adoption.definition.actions))
    text = f"{HEAD}rules: [{{id: r, when: action is {action}x, then: review, reason: R}}]"
    with pytest.raises(AuthoringError, match=f"Did you mean {action}"):
        read_guardrail(text, adoption.definition)


LINE = "  - {{id: r{0}, when: amuont > {0}, then: review, reason: R}}\n"


def test_of_many_problems_the_first_are_told_and_the_others_counted() -> None:
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(HEAD + "rules:\n" + "".join(map(LINE.format, range(100))), FACTS)
    assert len(error.value.problems) == MOST_PROBLEMS
    assert str(error.value).endswith(f"… and {100 - MOST_PROBLEMS} more problems")


@pytest.mark.parametrize(
    "text",
    [
        "x" * 5_000_000,
        HEAD + "#" + "x\n" * 2_500_000,
        HEAD + "rules:\n" + "".join(map(LINE.format, range(10_000))),
        HEAD + "rules: " + "[" * 1000 + "]" * 1000,
        HEAD + "rules: [{id: r, when: '" + "(" * 1000 + "vip" + ")" * 1000 + "'}]",
        HEAD + "rules: [{id: r, when: " + "not " * 4000 + "vip}]",
        HEAD + "rules: [{id: r, when: " + "vip or " * 2000 + "}]",
        HEAD + "rules: [{id: r, when: region is '" + "\\" * 19_000 + "}]",
        HEAD + "rules: [{id: r, when: " + "x" * 150_000 + "}]",
        "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(100)),
    ],
    ids=range(10),
)
def test_hostile_sizes_are_refused_at_once_and_in_few_words(text: str) -> None:
    before = process_time()
    with pytest.raises(AuthoringError) as error:
        parse_guardrail(text, FACTS)
    assert process_time() - before < 30, "no measure of speed: it answers, and does not hang"
    assert len(str(error.value)) < 10_000
