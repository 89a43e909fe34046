"""The schema that editors use is published as the code has it, and knows right from wrong."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from adapters.authoring import guardrail_schema
from tests.adapters.authoring.test_guardrail_refusals import HEAD
from tests.adapters.authoring.test_tables import TABLE

ROOT = Path(__file__).parents[3]
VALID = jsonschema_rs.validator_for(guardrail_schema())
RULE = "rules: [{id: r, when: vip, then: review, reason: R}]\n"


def loaded(text: str) -> Any:
    return yaml.safe_load(text)


def test_the_published_schema_is_the_codes() -> None:
    published = ROOT / "docs/policy/guardrail.schema.json"
    assert published.read_text("utf-8") == json.dumps(guardrail_schema(), indent=2) + "\n"


@pytest.mark.parametrize("path", sorted(ROOT.glob("catalogue/*.yaml")), ids=lambda path: path.stem)
def test_every_policy_of_the_catalogue_is_valid(path: Path) -> None:
    policy = loaded(path.read_text("utf-8"))["policy"]
    assert [str(error) for error in VALID.iter_errors(loaded(policy))] == []


def test_the_designs_example_and_a_table_are_valid() -> None:
    sample = (ROOT / "tests/samples/support_triage_guardrail.yaml").read_text("utf-8")
    for text in (sample, TABLE, HEAD + RULE):
        assert [str(error) for error in VALID.iter_errors(loaded(text))] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("guardrail: v1", "guardrail: v2"),
        ("policy: test", "policy: my test"),
        ("automate_only_if", "automate_if"),
        ("reason: UNSURE", "reason: unsure"),
        ("reason: UNSURE", "reason: UNSURE, otherwise: automate"),
        ("value: 0.30", "value: many"),
        ("then: review", "then: automate"),
        ("then: review", "than: review"),
        ("then: review", "then: review, sla: 4 hours"),
        ("then: review", "then: review, four_eyes: maybe"),
        ("rules:", "claims: [{id: c, never: automate, at_least: review, when: vip}]\nrules:"),
        ("rules:", "sampling: [{id: c, of: automate}]\nrules:"),
        ("rules:", "rulez: []\nrules:"),
    ],
)
def test_a_wrong_document_is_not_valid(old: str, new: str) -> None:
    assert old in HEAD + RULE
    assert not VALID.is_valid(loaded((HEAD + RULE).replace(old, new)))
