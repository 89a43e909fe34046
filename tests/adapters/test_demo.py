"""The README's first command, on a few of its cases: real processes, real requests, real figures."""

import subprocess
import sys
from pathlib import Path


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
