"""The gate: what passes, what is refused, and in which words."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.authoring import parse_decision_type
from application.specifying import Floor, SpecificationReport, check_specification
from application.specifying.reading import MOST_CHARACTERS, MOST_EXAMPLES
from application.specifying.sentences import Vocabulary
from application.specifying.vocabulary import POLICY, WORDS
from domain.guardrail.conditions import Compare
from domain.guardrail.document import Guardrail

TUTORIAL = Path(__file__).parents[3] / "docs" / "tutorial"
REFUND = parse_decision_type((TUTORIAL / "refund.yaml").read_text(encoding="utf-8"))
LIMITS = (TUTORIAL / "refund_limits.feature").read_text(encoding="utf-8")
STORY = (TUTORIAL / "refund.feature").read_text(encoding="utf-8")

HEAD = """Feature: Refunds
  Decision owner: Carla Nunes

  Background:
    Given a refund, of which we know
      | action      | refund   |
      | confidence  | 0.95     |
      | risk        | 0.10     |
      | amount      | 20       |
      | tier        | silver   |
      | fraud score | 0.05     |
      | topics      | delivery |

"""
LARGE = """  Example: Too much for a silver customer
    Given amount is 120
    When the policy decides
    Then the decision is automate
"""
NO_FLOOR = Floor(covered=Decimal(0))


def checked(text: str | Mapping[str, str], floor: Floor = NO_FLOOR) -> SpecificationReport:
    return check_specification(REFUND.definition, REFUND.guardrail, text, floor=floor)


def test_the_tutorials_specifications_prove_its_policy_to_the_last_step() -> None:
    floor = Floor(covered=Decimal(1), killed=Decimal(1))
    report = checked({"limits": LIMITS, "story": STORY}, floor)
    assert (report.passed, report.failures, report.uncovered, report.surviving) == (
        True,
        (),
        (),
        (),
    )
    assert (report.scenarios, report.mutants) == (30, 12)


def test_a_failure_says_what_decided_on_which_values_and_what_would_have_done() -> None:
    because = (
        "action is refund and amount 120 is above 50.00 and tier is silver, not gold "
        "(ROUTE.REFUND_LIMIT)"
    )
    (failure,) = checked(HEAD + LARGE).failures
    assert failure.splitlines() == [
        "specification: line 14: Too much for a silver customer",
        "  line 17: Then the decision is automate",
        f"  expected it to be automate; it is reviewed by rule refund-limit: {because}",
        "  it would hold, if only amount had been at most 50 EUR (it is 120 EUR)",
    ]


@pytest.mark.parametrize(
    ("was", "became", "said"),
    [
        ("amount is 120", "amuont is 120", "line 15: Given amuont is 120: there is no fact amuont; did you mean amount?"),
        ("amount is 120", "amount is lots", "amount: found lots; allowed is a number from 0 to 100000EUR"),
        ("amount is 120", "tier is god", "tier: found god; allowed is one of standard, silver, gold"),
        ("| amount      | 20       |", "| tier        | gold     |", "tier stands in the table twice"),
        ("Given amount is 120", "Given action is refun", "action: found refun; allowed is one of refund, replace, reply, close_account"),
        ("the policy decides", "the polcy decides", "did you mean `the policy decides`?"),
        ("the decision is automate", "the decision is reviw", "did you mean `the decision is <outcome>`?"),
        ("Then the decision is automate", "Then rule refund-limt fires", "there is no limit or rule refund-limt; did you mean refund-limit?"),
        ("Then the decision is automate", "Then the reason REFUND_LIMT is given", "there is no reason REFUND_LIMT; did you mean REFUND_LIMIT?"),
        ("Given amount is 120", "Given the decision is review", "this is said after Then"),
        ("Given amount is 120", "Given the decision type Parcels", "this is a policy for Refund, not for Parcels"),
        ("    When the policy decides\n", "", "an example has one When, such as: When the policy decides; found are 0"),
        ("    Then the", "    When the assistant recommends reply\n    Then the", "found are 2"),
        ("Then the decision is automate", "And nothing", "without a Then it proves nothing"),
        ("Example: Too", "Exmple: Too", "line 14: `Exmple: Too much for a silver customer` is no sentence and begins nothing; did you mean `Example:`?"),
        ("Given amount is 120", "Given a refund, of which we know", "a table must stand under it"),
        ("  Decision owner: Carla Nunes\n", "", "nobody is named as its decision owner"),
        (HEAD, "", "is no sentence and begins nothing"),
    ],
)  # fmt: skip
def test_what_proves_nothing_or_means_nothing_is_refused_in_the_authors_words(
    was: str, became: str, said: str
) -> None:
    text = HEAD + LARGE
    assert was in text
    report = checked(text.replace(was, became, 1))
    assert not report.passed
    assert any(said.replace("100000EUR", "100000 EUR") in each for each in report.failures), (
        report.failures
    )


def test_a_sentence_with_two_meanings_is_refused() -> None:
    several = Vocabulary(WORDS)
    several.given("{fact:fact} is {value:value}")(lambda scene, fact, value: None)
    several.given("amount is {words:words}")(lambda scene, words: None)
    assert len(several.meanings("given", "amount is 7")) == 2


def test_no_two_sentences_of_policies_overlap() -> None:
    said = ["amount is 5", "the decision is review", "rule a fires", "the reason A is given"]
    for text in (
        *said,
        "it waits for amount",
        "it waits in the queue legal",
        "the decision type A",
    ):
        meanings = [len(POLICY.meanings(kind, text)) for kind in ("given", "when", "then")]
        assert set(meanings) == {0, 1}, text


def test_a_rule_that_no_example_fires_is_named() -> None:
    report = checked(HEAD + LARGE.replace("120", "20"), Floor())
    assert not report.passed
    assert "refund-limit" in report.uncovered
    assert report.why[0].startswith("no example fires confident, low-risk, uncertain, refund-limit")


def test_below_the_floor_of_mutants_it_does_not_pass() -> None:
    report = checked({"story": STORY}, Floor(killed=Decimal("0.9")))
    assert report.why == ("7 of 12 mutants are noticed, and the floor is 90 %",)
    assert "confident: confidence >= 0.899999 instead of confidence >= 0.90" in report.surviving


def test_equal_reports_have_equal_digests_and_others_do_not() -> None:
    assert checked(LIMITS).digest == checked(LIMITS).digest
    assert checked(LIMITS).digest != checked(LIMITS + "\n").digest
    assert checked(LIMITS).digest != checked(LIMITS, Floor()).digest


def test_a_policy_with_a_number_a_step_off_does_not_pass() -> None:
    rules = list(REFUND.guardrail.rules)
    large = rules[1]
    off = Compare(fact="amount", type="number", op=">", value=Decimal("50.01"))
    rules[1] = large.model_copy(update={"when": large.when.model_copy(update={"of": (off,)})})
    other: Guardrail = REFUND.guardrail.model_copy(update={"rules": tuple(rules)})
    report = check_specification(REFUND.definition, other, LIMITS)
    assert not report.passed
    assert any("50.01 EUR" in failure or "50.01" in failure for failure in report.failures)


def rows(count: int) -> str:
    outline = LARGE.replace("Example:", "Scenario Outline:").replace("120", "<amount>")
    table = "\n    Examples:\n      | amount |\n"
    return HEAD + outline + table + "".join(f"      | {n % 90} |\n" for n in range(count))


def test_what_is_too_large_is_refused_by_the_limit_it_breaks() -> None:
    (size,) = checked("x" * 5_000_000).failures
    assert size == f"specification: it has 5,000,000 characters; allowed are {MOST_CHARACTERS:,}"
    (examples,) = checked(rows(MOST_EXAMPLES + 1)).failures
    assert examples.endswith(f"it has 10,001 examples; allowed are {MOST_EXAMPLES:,}")
    (together,) = checked({"a": "x" * 600_000, "b": "x" * 600_000}).failures
    assert together.startswith("together they have 1,200,000 characters")


def test_thousands_of_examples_are_checked_or_refused_and_not_all_failures_are_told() -> None:
    report = checked(rows(5_000))
    assert report.scenarios == 5_000
    assert len(report.failures) == 100
    assert report.why[0].endswith("of its examples or texts did not hold")


@pytest.mark.parametrize(
    "text", ["", "\x00", "Feature:", "# language: xx\nFeature: x", "* a", "| a |"]
)
def test_whatever_the_text_there_is_a_report(text: str) -> None:
    assert not checked(text).passed
