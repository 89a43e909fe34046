"""What is proved and what would change, as the command line and the page tell it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.cli import app

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "catalogue" / "support_triage.yaml"
DOCUMENT = (ROOT / "docs" / "policy" / "proofs-and-differences.md").read_text(encoding="utf-8")
RAISED = "boundary max_risk 0.45 → 0.50: RELAXED review → automate where risk 0.450001..0.5"


@pytest.fixture
def raised(tmp_path: Path) -> Path:
    """The support policy with a higher boundary."""
    text = SUPPORT.read_text(encoding="utf-8")
    path = tmp_path / "new.yaml"
    path.write_text(
        text.replace("max_risk:       {value: 0.45", "max_risk:       {value: 0.50"),
        encoding="utf-8",
    )
    return path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["policy", *words], env={"COLUMNS": "200"})
    return result.exit_code, " ".join(result.output.split())


@pytest.mark.parametrize("path", sorted((ROOT / "catalogue").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_claim_of_the_catalogue_is_proved(path: Path) -> None:
    code, said = run("prove", str(path))
    assert code == 0
    assert "refuted" not in said


def test_a_refuted_claim_fails_and_shows_its_case(raised: Path) -> None:
    code, said = run("prove", str(raised))
    assert code == 1
    assert "refuted risk-cap: never automate when risk > 0.45 automate where" in said
    code, said = run("prove", str(raised), "--json")
    proofs = json.loads(said)
    assert (code, proofs["held"], proofs["claims"][0]["held"]) == (1, False, False)


def test_the_documents_difference_is_what_is_said(raised: Path) -> None:
    code, said = run("diff", str(SUPPORT), str(raised))
    assert code == 0
    assert RAISED in DOCUMENT
    assert RAISED in said
    assert "Who approves: the risk owner" in said


def test_a_check_can_fail_on_what_is_relaxed(raised: Path) -> None:
    assert run("diff", str(SUPPORT), str(raised), "--fail-on", "relaxed")[0] == 1
    assert run("diff", str(raised), str(SUPPORT), "--fail-on", "relaxed")[0] == 0
    assert run("diff", str(raised), str(SUPPORT), "--fail-on", "any")[0] == 1
    assert run("diff", str(SUPPORT), str(SUPPORT), "--fail-on", "any")[0] == 0


def test_what_differs_beside_the_policy_is_named(tmp_path: Path) -> None:
    text = SUPPORT.read_text(encoding="utf-8")
    assert "minimum_dwell_seconds:" in text
    freer = tmp_path / "freer.yaml"
    freer.write_text(
        re.sub("minimum_dwell_seconds: .*", "minimum_dwell_seconds: 1", text), encoding="utf-8"
    )
    code, said = run("diff", str(SUPPORT), str(freer))
    assert code == 0
    assert "The decision type itself differs in minimum_dwell_seconds, which is not weighed" in said
    assert "differs in" not in run("diff", str(SUPPORT), str(SUPPORT))[1]


def test_two_decision_types_are_not_versions_of_one() -> None:
    other = ROOT / "catalogue" / "risk_signal_review.yaml"
    code, said = run("diff", str(SUPPORT), str(other))
    assert code == 2
    assert "found support_triage, then risk_signal_review" in said


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert run("prove", str(tmp_path / "nothing.yaml"))[0] == 2
    assert run("diff", str(SUPPORT), str(tmp_path / "nothing.yaml"))[0] == 2


def test_the_page_needs_nothing_but_itself(raised: Path, tmp_path: Path) -> None:
    page = tmp_path / "difference.html"
    assert run("diff", str(SUPPORT), str(raised), "--html", str(page), "--json")[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "risk 0.450001..0.5" in text
    assert not any(outside in text for outside in ("http:", "https:", "<script", "src=", "@import"))


@pytest.mark.parametrize("command", ["check", "cel", "prove"])
def test_every_command_says_which_file_it_could_not_read(command: str, tmp_path: Path) -> None:
    path = tmp_path / "misspelt.yaml"
    path.write_text(SUPPORT.read_text(encoding="utf-8").replace("risk <=", "rsik <=", 1))
    code, said = run(command, str(path))
    assert code == 2
    assert "misspelt.yaml: line" in said


def test_a_caret_points_at_its_place_however_narrow_the_terminal_is(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    text = SUPPORT.read_text(encoding="utf-8")
    long = "{why: this is a sentence that goes on and on and on for a while, id: x, whenn: vip}"
    path.write_text(text.replace("  rules:\n", f"  rules:\n    - {long}\n"), encoding="utf-8")
    command = [sys.executable, "-m", "adapters", "policy", "check", str(path)]
    narrow = {"COLUMNS": "60", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=narrow)
    lines = ran.stderr.splitlines()
    caret = next(place for place, line in enumerate(lines) if line.strip() == "^")
    assert lines[caret - 1][lines[caret].index("^") :].startswith("whenn:")
