"""The README is run: a reader who types what stands there sees what it says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def remit(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapters", *words],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_readme_starts_with_its_two_commands() -> None:
    first, second = re.findall(r"```sh\n(.*?)\n```", README, re.DOTALL)[:2]
    assert first == "pip install uv && uv run remit demo"
    assert second == "pip install uv && uv run pytest"


def test_the_readmes_policy_check_finds_nothing_wrong() -> None:
    said = re.search(r"uv run remit (policy check \S+)", README)
    assert said is not None
    checked = remit(*said[1].split())
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_readmes_recommendation_would_be_automated() -> None:
    said = re.search(r"echo '(\{.*?\})' \\\n  \| uv run remit (evaluate \S+ -)", README, re.DOTALL)
    assert said is not None
    tried = remit(*said[2].split(), given=said[1])
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout.startswith("automate by automate")


def test_what_the_readmes_service_says_would_be_automated() -> None:
    said = re.search(r"Idempotency-Key: .*\n\n(\{.*?\})\n```", README, re.DOTALL)
    assert said is not None
    body = json.loads(said[1])
    case = json.dumps({**body["recommendation"], "context": body["context"]})
    tried = remit("evaluate", f"catalogue/{body['decision_type']}.yaml", "-", given=case)
    assert tried.stdout.startswith("automate by automate"), tried.stderr + tried.stdout


PAGES = sorted(
    page.relative_to(ROOT).as_posix()
    for kept in ("*.md", "docs/**/*.md", "catalogue/**/*.md", "benchmarks/*.md")
    for page in ROOT.glob(kept)
)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_a_page_points_at_is_there(page: str) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    beside = (ROOT / page).parent
    assert [link for link in links if not (beside / link).exists()] == []


def test_of_several_files_the_one_that_is_wrong_is_named(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("[1, 2]", encoding="utf-8")
    refused = remit("policy", "check", "docs/tutorial/refund.yaml", str(wrong))
    assert refused.returncode == 2
    assert f"{wrong}:line1,column1" in "".join(refused.stderr.split())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("not JSON", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('{"action": "refund", "context": [1]}', "context: found a list; allowed is an object"),
    ],
)
def test_a_command_that_cannot_go_on_says_why_without_a_traceback(given: str, said: str) -> None:
    refused = remit("evaluate", "docs/tutorial/refund.yaml", "-", given=given)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_policy_is_printed_in_cel_as_its_page_says() -> None:
    page = (ROOT / "docs" / "policy" / "cel.md").read_text(encoding="utf-8")
    commands = re.findall(r"^uv run remit (policy cel .*?)(?: +#.*)?$", page, re.MULTILINE)
    assert len(commands) == 2
    lines, outcome = (remit(*command.split()) for command in commands)
    assert (lines.returncode, lines.stderr, outcome.returncode) == (0, "", 0)
    example = page.split("```\n\n```\n")[1].split("```")[0].splitlines()
    assert len(example) == 4
    assert set(example) <= set(lines.stdout.splitlines())
    assert outcome.stdout.endswith('? "review"\n  : "automate"\n')


def test_a_file_that_is_no_policy_is_not_printed_in_cel() -> None:
    refused = remit("policy", "cel", "README.md")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr
