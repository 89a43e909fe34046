"""The README's first command, on a few of its cases: real processes, real requests, real figures."""

import subprocess
import sys
from pathlib import Path

from adapters.demo.cases import DATA, a_share_of, real_cases


def test_a_quick_look_shows_some_of_every_decision_type() -> None:
    names = sorted(path.stem for path in DATA.glob("*.jsonl"))
    cases = real_cases(names)
    few = a_share_of(cases, 200)
    assert len({case.body["subject"] for case in few}) == len(few) == 200
    assert sorted({case.decision_type for case in few}) == names
    assert a_share_of(cases, None) == a_share_of(cases, len(cases) + 1) == cases


def test_the_demo_tells_its_story_to_the_end(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "adapters", "demo", "--limit", "80", "--data-dir", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "80 decisions replayed, 80 of 80 routings match, 0 drifted" in told.stdout
    for heading in ("Lanes", "Rates", "Cycle time", "Exceptions", "Reliability", "One decision"):
        assert heading in told.stdout
