"""What an author's commands say of cases, boundaries and tables, as the terminal shows it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.assembly import read_adoption
from adapters.cli import app

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "catalogue" / "support_triage.yaml"
INCIDENTS = ROOT / "catalogue" / "it_incident_routing.yaml"
KIT = ROOT / "tests" / "samples" / "dmn"


def run(*words: str, given: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, words, input=given, env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def tried(case: object) -> tuple[int, str]:
    text = case if isinstance(case, str) else json.dumps(case)
    code, _, said = run("evaluate", str(SUPPORT), "-", given=text)
    explained = run("policy", "explain", str(SUPPORT), "-", given=text)
    assert (explained[0], explained[2]) == (code, said)
    return code, said


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("[1]", "not a JSON object: found a list; allowed is {"),
        ("{", "not a JSON object: line 1, column 2 is not JSON"),
        ("[" * 100_000, "this is nested too deep"),
        ('{"risk": ' + "9" * 5000 + "}", "a number is too large to read"),
        ('{"action": "\\ud800"}', "half of a character"),
        ({}, "action: found nothing; allowed is one of route_"),
        ({"action": "route_pwx"}, "did you mean route_pwd"),
        ({"action": 5}, "action: found 5; allowed is one of"),
        ({"confidence": "high"}, 'confidence: found "high"; allowed is a number from 0 to 1'),
        ({"confidence": 90}, "confidence: found 90; allowed is a number from 0 to 1"),
        ('{"risk": NaN}', "risk: found nan; allowed is a number from 0 to 1"),
        ({"risk": True}, "risk: found true; allowed is a number from 0 to 1"),
        ({"confidense": 1}, "confidense: found an unknown field; allowed is confidence"),
        ({"parameters": []}, "parameters: found a list; allowed is an object"),
        ({"rationale": {}}, "rationale: found an object; allowed is a text"),
        ({"alternatives": {}}, "alternatives: found an object; allowed is a list"),
        ({"alternatives": [1]}, "alternatives.0: found 1; allowed is an object"),
        ({"alternatives": [{"actoin": "x"}]}, "alternatives.0.actoin: found an unknown field"),
        ({"context": []}, "context: found a list; allowed is an object with the facts"),
        (
            {"context": {"sla_hour": 4}},
            "context.sla_hour: found an unknown field; allowed is did you",
        ),
        ({"context": {"sla_hours": "x"}}, 'context.sla_hours: found "x"; allowed is a number'),
    ],
)
def test_a_case_is_refused_in_its_authors_words(case: object, said: str) -> None:
    code, told = tried(case)
    assert code == 2
    assert said in told
    assert "Traceback" not in told
    assert "valid" not in told  # no library's words


def test_all_flaws_of_a_case_are_told_at_once() -> None:
    _, told = tried({"action": 1, "confidence": 2, "context": {"is_weekend": "no", "x": 1}})
    for field in ("action", "confidence", "context.is_weekend", "context.x"):
        assert f" {field}: found " in told


def test_a_sound_case_is_tried() -> None:
    action = min(read_adoption(SUPPORT.read_text("utf-8")).definition.actions)
    case = {"action": action, "confidence": "0.95", "risk": 0.1, "rationale": None}
    case["alternatives"] = [{"action": action, "confidence": 0.1}]  # type: ignore[assignment]
    code, _ = tried(case)
    assert code == 0


def test_an_unused_boundary_is_a_notice(tmp_path: Path) -> None:
    text = SUPPORT.read_text("utf-8")
    assert "notice" not in run("policy", "check", str(SUPPORT))[1]
    changed = tmp_path / "type.yaml"
    changed.write_text(text.replace("sla_hours <= $short_target", "sla_hours <= 24"), "utf-8")
    code, said, _ = run("policy", "check", str(changed))
    assert code == 0
    assert "notice: no condition asks about the boundary short_target" in said
    assert said.count("notice") == 1


def test_a_policy_goes_out_as_a_table_and_comes_back(tmp_path: Path) -> None:
    code, table, notice = run("policy", "export-dmn", str(SUPPORT))
    assert code == 0
    assert "boundaries stand in the table as numbers" in notice
    path = tmp_path / "table.dmn"
    path.write_text(table, "utf-8")
    code, policy, _ = run("policy", "import-dmn", str(path), str(SUPPORT))
    assert code == 0
    assert "id: life-safety" in policy


def test_what_has_no_counterpart_is_named() -> None:
    code, table, said = run("policy", "export-dmn", str(INCIDENTS))
    assert (code, table) == (2, "")
    assert "the rule desk-disagrees: " in said
    assert "a cell asks about one fact" in said
    table_of_kit = str(KIT / "0115-sum-collect-hitpolicy.dmn")
    code, policy, said = run("policy", "import-dmn", table_of_kit, str(SUPPORT))
    assert (code, policy) == (2, "")
    assert "the hit policy COLLECT SUM has no counterpart" in said
    words = ("policy", "import-dmn", table_of_kit, str(SUPPORT), "--lane", "Declined=maybe")
    assert "allowed is OUTCOME=automate, review or escalate" in run(*words)[2]
