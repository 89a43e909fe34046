"""`remit export` writes a file that is whole, or none, and says what is wrong in one line."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pyarrow import parquet
from reading_contract import LARGE, SMALL, a_decision, adopted, on_postgres

SOURCE = Path(__file__).parents[3] / "src"


@pytest.fixture
def decisions(database_url: str) -> list[str]:
    async def made() -> list[str]:
        async with on_postgres(database_url) as library:
            await adopted(library)
            found = [await a_decision(library, f"s-{n}", SMALL) for n in range(3)]
            found.append(await a_decision(library, "s-3", LARGE))
        return [str(each.id) for each in found]

    return asyncio.run(made())


def remit(url: str, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapters", "export", *map(str, words)],
        env=os.environ | {"PYTHONPATH": str(SOURCE), "REMIT_DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_each_format_is_written(database_url: str, decisions: list[str], tmp_path: Path) -> None:
    for format in ("ocel", "xes", "csv", "parquet"):
        file = tmp_path / f"log.{format}"
        done = remit(database_url, "--format", format, "--out", file)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        assert "4 decisions" in done.stderr
        assert file.stat().st_size > 0
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("log.csv", "log.ocel", "log.parquet", "log.xes")
    ]
    assert parquet.read_table(tmp_path / "log.parquet").num_rows == 4
    assert len(json.loads((tmp_path / "log.ocel").read_text())["events"]) > 8


def test_cloud_events_are_one_a_line_in_the_order_of_the_log(
    database_url: str, decisions: list[str]
) -> None:
    done = remit(database_url, "--format", "cloudevents", "--decision-type", "refund")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["specversion"] for each in told} == {"1.0"}
    positions = [each["position"] for each in told]
    assert positions == sorted(set(positions))
    begun = [each["subject"] for each in told if each["type"] == "decision.recommended"]
    assert begun == decisions


def test_a_window_is_kept(database_url: str, decisions: list[str]) -> None:
    whole = remit(database_url, "--format", "csv", "--from", "2026-01-05T12:00:02")
    assert [line.split(",")[0] for line in whole.stdout.splitlines()[1:]] == decisions[1:]
    part = ("--from", "2026-01-05T12:00:02", "--until", "2026-01-05T12:00:03")
    done = remit(database_url, "--format", "csv", *part)
    assert [line.split(",")[0] for line in done.stdout.splitlines()[1:]] == [decisions[1]]


def test_provenance_is_of_one_decision(database_url: str, decisions: list[str]) -> None:
    done = remit(database_url, "--format", "prov", "--decision", decisions[3])
    found = json.loads(done.stdout)
    assert f"remit:decision/{decisions[3]}.1" in found["entity"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "prov"), "--decision: found none"),
        (("--format", "csv", "--decision", uuid4()), "leave it out"),
        (("--format", "prov", "--decision", "x"), "a decision's id is a UUID"),
        (("--format", "prov", "--decision", uuid4()), "No decision of this id is known here"),
        (("--format", "parquet"), "--out: found none"),
        (("--format", "xml"), "Invalid value for '--format'"),
        (("--format", "csv", "--out", "nowhere/at/all.csv"), "No such file or directory"),
        (
            ("--format", "csv", "--from", "2026-02-01", "--until", "2026-01-01"),
            "--until: found a time before --from",
        ),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_line(
    database_url: str, words: tuple[object, ...], said: str
) -> None:
    done = remit(database_url, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
