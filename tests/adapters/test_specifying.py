"""`remit spec` and `remit policy explain` as a product owner types them."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
POLICY = "docs/tutorial/refund.yaml"
LIMITS = "docs/tutorial/refund_limits.feature"
STORY = "docs/tutorial/refund.feature"
CASE = {
    "action": "refund",
    "confidence": 0.95,
    "risk": 0.1,
    "context": {"amount": 120, "tier": "silver", "fraud_score": 0.1, "topics": []},
}


def remit(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapters", *words],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin"},
    )


def test_a_specification_that_holds_passes() -> None:
    ran = remit("spec", "run", POLICY, LIMITS, STORY, "--killed", "1")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        "30 examples; 7 of 7 limits and rules fired; 12 of 12 mutants noticed",
        "passed",
    ]


def test_one_that_does_not_hold_fails_and_says_what_would_have_done(tmp_path: Path) -> None:
    text = (ROOT / LIMITS).read_text(encoding="utf-8")
    wrong = tmp_path / "wrong.feature"
    wrong.write_text(text.replace("50.01  | silver | review", "50.01  | silver | automate"))
    ran = remit("spec", "run", POLICY, str(wrong), "--json")
    assert (ran.returncode, ran.stderr) == (1, "")
    report = json.loads(ran.stdout)
    assert report["passed"] is False and report["digest"].startswith("sha256:")
    assert "if only amount had been at most 50 EUR" in report["failures"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((POLICY, "docs/nothing.feature"), "docs/nothing.feature: No such file or directory"),
        (("docs/speed.md", LIMITS), "docs/speed.md: line"),
        ((POLICY, LIMITS, "--killed", "2"), "--killed: found 2; allowed is a number from 0 to 1"),
    ],
)
def test_what_cannot_be_read_is_said_without_a_traceback(words: tuple[str, ...], said: str) -> None:
    ran = remit("spec", "run", *words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_page_shows_what_its_example_really_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "policy" / "specifications.md").read_text(encoding="utf-8")
    (feature,) = re.findall(r"```gherkin\n(.*?)```", page, re.DOTALL)
    (tmp_path / "small.feature").write_text(feature, encoding="utf-8")
    ran = remit("spec", "run", POLICY, str(tmp_path / "small.feature"))
    said = "".join(ran.stdout.replace(str(tmp_path / "small.feature"), "small.feature").split())
    failure, rest = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    assert ran.returncode == 1
    assert "".join(failure.split()) in said
    for line in rest.splitlines():
        assert "".join(line.split()) in said, line


def test_the_sentences_are_listed_from_the_code() -> None:
    listed = json.loads(remit("spec", "words", "--json").stdout)
    assert {"kind", "sentence", "meaning"} == listed["sentences"][0].keys()
    assert "the policy decides" in [each["sentence"] for each in listed["sentences"]]
    assert "Then the decision is <outcome>" in remit("spec", "words").stdout


def test_a_case_is_explained_with_what_would_have_let_it_through() -> None:
    told = remit("policy", "explain", POLICY, "-", given=json.dumps(CASE))
    assert told.returncode == 0, told.stderr
    assert "if only amount had been at most 50 EUR (it is 120 EUR)" in told.stdout


def test_a_case_that_is_no_text_is_said_so() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "adapters", "policy", "explain", POLICY, "-"],
        cwd=ROOT,
        input=b"\xff\xfe",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (2, b"remit: -: not UTF-8 at byte 0\n")


def test_a_watcher_runs_again_on_every_save(tmp_path: Path) -> None:
    feature = tmp_path / "limits.feature"
    text = (ROOT / LIMITS).read_text(encoding="utf-8")
    feature.write_text(text, encoding="utf-8")
    command = [sys.executable, "-u", "-m", "adapters", "spec", "run", POLICY, str(feature)]
    said = tmp_path / "said"
    with said.open("wb") as out:
        watcher = subprocess.Popen([*command, "--watch"], cwd=ROOT, stdout=out, stderr=out)
    try:
        _until(lambda: b"watching" in said.read_bytes())
        time.sleep(0.5)  # the watch begins just after it is announced
        feature.write_text(text.replace("Then the", "Then teh", 1), encoding="utf-8")
        _until(lambda: b"did not pass" in said.read_bytes())
    finally:
        watcher.terminate()
        watcher.wait(timeout=20)


def _until(holds) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
