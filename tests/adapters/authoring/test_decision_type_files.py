"""An adoption file holds a decision type and, word for word, the policy that is signed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.authoring import AuthoringError, parse_decision_type
from domain.decision_type.definition import ExceptionDefault
from domain.model import Seat
from domain.values import ExceptionCode, Lane, Reversibility

POLICY = """\
guardrail: v1
policy: refunds   # as signed
automate_only_if:
  - {id: sure, require: confidence >= 0.90, reason: UNSURE}
rules:
  - {id: high, when: amount > 200.00, then: review, reason: HIGH}
"""
FILE = f"""\
decision_type:
  name: refunds
  title: Refunds
  purpose: Whether a refund is paid
  owners: {{decision_owner: ada, ai_product_owner: bob, risk_owner: cleo, escalation_owner: dan}}
  fallback_owner: eve
  actions:
    refund: recoverable
    close: {{reversibility: irreversible, title: Close the account}}
  context:
    amount: {{type: number, min: 0, decimals: 2, unit: EUR}}
    vip: {{type: yes_no, required: false}}
    tier: {{type: choice, values: [NO, gold]}}
  stage: full
  minimum_dwell_seconds: 5
  service_levels: {{review: 4h, escalate: 1h, receipt: 30m}}
  exceptions:
    default: {{seat: escalation_owner, queue: exceptions, deadline: 4h, safe_default: escalate}}
    MISSING_INPUT: {{queue: intake, deadline: 2d, safe_default: review}}
  baseline: {{cycle_time_p50_seconds: 3600.5, source: "ledger 2023"}}
policy: |
{"".join(f"  {line}" for line in POLICY.splitlines(keepends=True))}"""


def refused(old: str, new: str) -> str:
    assert old in FILE
    with pytest.raises(AuthoringError) as error:
        parse_decision_type(FILE.replace(old, new))
    return str(error.value)


def test_a_file_gives_definition_policy_and_the_text_as_signed() -> None:
    adoption = parse_decision_type(FILE)
    definition = adoption.definition
    assert adoption.policy_text == POLICY
    assert adoption.guardrail.policy == "refunds"
    assert definition.actions["refund"].reversibility is Reversibility.RECOVERABLE
    assert definition.actions["close"].title == "Close the account"
    assert definition.service_levels.receipt == timedelta(minutes=30)
    assert definition.context["tier"].model_dump()["values"] == ("NO", "gold")
    assert definition.baseline is not None
    assert definition.baseline.cycle_time_p50_seconds == Decimal("3600.5")


def test_one_default_serves_every_exception_that_has_none_of_its_own() -> None:
    exceptions = parse_decision_type(FILE).definition.exceptions
    assert set(exceptions) == set(ExceptionCode)
    assert exceptions[ExceptionCode.MISSING_INPUT] == ExceptionDefault(
        seat=Seat.ESCALATION_OWNER,
        queue="intake",
        deadline=timedelta(days=2),
        safe_default=Lane.REVIEW,
    )


def test_a_file_may_name_who_reviews() -> None:
    named = FILE.replace("  title: Refunds\n", "  title: Refunds\n  reviewers: [rae, sam]\n")
    assert parse_decision_type(named).definition.reviewers == ("rae", "sam")
    assert parse_decision_type(FILE).definition.reviewers is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  title: R", "  reviewers: rae\n  title: R", "reviewers is a list, not rae"),
        ("  title: R", "  reviewers: [a, b, a]\n  title: R", "a is named more than once"),
        ("  title: Refunds\n", "", "`decision_type` needs `title`"),
        ("  purpose:", "  porpose:", "Did you mean purpose?"),
        ("name: refunds", "name: Refunds!", "name is small letters, digits and _"),
        ("stage: full", "stage: fulll", "stage is 'observe', 'assist', 'partial' or 'full'"),
        ("refund: recoverable", "refund: recovrable", "Did you mean recoverable?"),
        ("type: number", "type: numbr", "Did you mean number?"),
        ("min: 0,", "min: low,", "context.amount.min is a number, not low"),
        ("unit: EUR", "unti: EUR", "context.amount has no `unti`"),
        ("vip:", "risk:", "risk is built in and can't be declared"),
        ("review: 4h", "review: soon", "`review` is a duration, and soon is none"),
        ("MISSING_INPUT", "MISSING_INPUTS", "Did you mean MISSING_INPUT?"),
        ("seat: escalation_owner, ", "", "has no seat"),
        ("safe_default: review", "safe_default: automate", "a timeout never approves"),
        ("policy: |", "policy: >", "Write `policy: |`"),
        ("policy: |", "polcy: |", "Did you mean policy?"),
    ],
)
def test_what_is_wrong_is_said_in_words_without_paths_of_ours(
    old: str, new: str, message: str
) -> None:
    said = refused(old, new)
    assert message in said
    assert "pydantic" not in said
    assert "type=" not in said


def test_a_problem_of_the_policy_is_shown_where_it_stands_in_the_file() -> None:
    said = refused("amount > 200.00", "amonut > 200.00").splitlines()
    assert "there is no fact amonut" in said[0]
    assert said[1].index("amonut") == said[2].index("^")


def test_a_fact_may_be_personal_and_says_so_only_where_it_is() -> None:
    named = FILE.replace("tier: {type: choice, ", "tier: {type: choice, personal: true, ")
    definition = parse_decision_type(named).definition
    assert definition.personal == {"tier"}
    stored = definition.model_dump_json()
    assert stored.count("personal") == 1
    assert type(definition).model_validate_json(stored) == definition
    assert "personal" not in parse_decision_type(FILE).definition.model_dump_json()


def test_a_policy_that_asks_about_a_personal_fact_is_refused_where_it_stands_in_the_file() -> None:
    said = refused("{type: number, min: 0,", "{type: number, personal: true, min: 0,")
    line = FILE.splitlines().index(
        "    - {id: high, when: amount > 200.00, then: review, reason: HIGH}"
    )
    assert f"line {line + 1}, column 24: amount is personal" in said
    assert f"\n  {' ' * 23}^" in said


def test_a_repeated_id_names_the_line_of_the_file_where_it_first_stands() -> None:
    said = refused("{id: high, when", "{id: sure, when")
    lines = FILE.splitlines()
    here, first = (
        next(at for at, line in enumerate(lines, 1) if word in line) for word in ("high", "sure")
    )
    assert said.startswith(f"line {here}, ")
    assert f"the id sure is taken, first in line {first}" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[NO, gold]", "[gold, NO, gold]", "context.tier: values has gold more than once"),
        ("min: 0, dec", "min: 5, max: 1, dec", "context.amount: min is 5 and max is 1, so no"),
    ],
)
def test_a_fact_that_contradicts_itself_is_refused(old: str, new: str, said: str) -> None:
    assert said in refused(old, new)


def test_a_policy_alone_is_told_where_it_belongs() -> None:
    with pytest.raises(AuthoringError, match="this is a policy alone") as error:
        parse_decision_type(POLICY)
    assert "below `policy: |`" in str(error.value)
