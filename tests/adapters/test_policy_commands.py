"""`remit policy …` in the database and at a service: what is done, and the exit codes for CI."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.demo.cases import CATALOGUE

TYPE = "compliance_screening"
FILE = CATALOGUE / f"{TYPE}.yaml"


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The adopted policy, told a little otherwise: it means the same."""
    text = FILE.read_text(encoding="utf-8").partition("policy: |\n")[2].replace("\n  ", "\n")
    file = tmp_path / "policy.yaml"
    file.write_text(text.removeprefix("  "), encoding="utf-8")
    return file


def remit(*words: Any, **environment: str) -> Result:
    return CliRunner().invoke(app, list(map(str, words)), env=environment)


def test_a_version_goes_its_way_in_the_database(database_url: str, policy: Path) -> None:
    env = {"REMIT_DATABASE_URL": database_url, "REMIT_LOT_KEY": "a secret of the tests alone"}
    assert remit("adopt", FILE, "--by", "operator", **env).exit_code == 0
    told = remit("policy", "draft", TYPE, policy, "--by", "jonas.weber", "--json", **env)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["version"] == 2
    refused = remit("policy", "propose", TYPE, 2, "--by", "jonas.weber", **env)
    assert (refused.exit_code, "it has none" in refused.output) == (1, True)
    stranger = remit("policy", "approve", TYPE, 2, "--by", "eve", **env)
    assert stranger.exit_code == 1
    unknown = remit("policy", "propose", TYPE, 9, "--by", "jonas.weber", **env)
    assert unknown.exit_code == 1
    waived = ("policy", "floor", TYPE, "--no-required", "--reason", "a pilot")
    assert remit(*waived, "--by", "jonas.weber", **env).exit_code == 1, "he is no risk owner"
    assert remit(*waived, "--by", "fatima.haddad", **env).exit_code == 0
    for verb in ("propose", "activate"):
        done = remit("policy", verb, TYPE, 2, "--by", "jonas.weber", **env)
        assert done.exit_code == 0, done.output
    policy.write_text("guardrail: v1\nrules: 7\n", encoding="utf-8")
    assert remit("policy", "draft", TYPE, policy, "--by", "jonas.weber", **env).exit_code == 2
    again = remit("policy", "draft", TYPE, FILE, "--by", "jonas.weber", "--json", **env)
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["version"] == 3, "the policy in a decision type's file"
    other = remit("policy", "draft", "support_triage", FILE, "--by", "jonas.weber", **env)
    assert (other.exit_code, "not of support_triage" in " ".join(other.output.split())) == (2, True)
    late = remit("policy", "activate", TYPE, 2, "--at", "tomorrow", "--by", "jonas.weber", **env)
    assert late.exit_code == 2
    told = remit("policy", "history", TYPE, **env)
    assert told.exit_code == 0, told.output
    assert "drafted by jonas.weber, AI product owner, the command line" in told.output
    assert "version 2: in force" in told.output
    assert "version 1: superseded" in told.output


def test_a_service_that_does_not_answer_is_no_refusal(policy: Path) -> None:
    nowhere = ("--url", "http://127.0.0.1:9", "--key", "remit_x_y")
    assert remit("policy", "draft", TYPE, policy, *nowhere).exit_code == 2
    keyless = remit("policy", "draft", TYPE, policy, "--url", "http://127.0.0.1:9")
    assert (keyless.exit_code, "--key" in keyless.output) == (2, True)
