"""An auditor and an operator at a terminal: checkpoints go out, proofs and exports are checked."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from reading_contract import a_decision, adopted, on_postgres
from typer.testing import CliRunner, Result

from adapters.cli import app
from application.audit.notes import opened
from tests.adapters.webhooks.receivers import SECRET, a_receiver, well

WORK = "from adapters.cli import app; app(['work', '--while-open'])"


def remit(*words: object) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def out(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Decisions in a database that the commands find, a key, and a place to publish to."""
    monkeypatch.setenv("REMIT_DATABASE_URL", database_url)
    made = remit("audit", "keys", "example.org/log", "--out", tmp_path / "key")
    assert made.exit_code == 0, made.output
    monkeypatch.setenv("REMIT_CHECKPOINT_KEY", str(tmp_path / "key"))
    monkeypatch.setenv("REMIT_CHECKPOINT_DIRECTORY", str(tmp_path / "published"))
    assert remit("audit", "keys").output == made.output
    asyncio.run(_some_decisions(database_url))
    return tmp_path


async def _some_decisions(url: str) -> None:
    async with on_postgres(url) as library:
        await adopted(library)
        for n in range(4):
            await a_decision(library, f"s{n}")


def test_the_record_is_published_proved_exported_and_checked(out: Path, database_url: str) -> None:
    assert "no checkpoint was published yet" in remit("audit", "checkpoint").output
    assert remit("audit", "export", "--out", out / "early").exit_code == 2
    assert "0 events are not yet protected" in remit("audit", "publish").output
    newest = (out / "published" / "checkpoint").read_text(encoding="utf-8")
    told = json.loads(remit("audit", "checkpoint", "--json").output)
    assert (told["note"], told["unprotected"]) == (newest, 0)
    assert told["size"] == told["recorded"] == opened(newest)[0].size
    proved = remit("audit", "prove", 3, "--out", out / "p.tlog-proof")
    assert "proved for the published checkpoint" in proved.output
    assert (out / "p.tlog-proof").read_text(encoding="utf-8").endswith(newest)
    assert "as they were logged" in remit("audit", "verify").output
    for name in ("export", "export.zip"):
        assert remit("audit", "export", "--out", out / name).exit_code == 0
        found = remit(
            "audit", "verify", out / name, "--checkpoint", out / "published" / "checkpoint"
        )
        assert found.exit_code == 0
    events = out / "export" / "events.jsonl"
    events.write_text(events.read_text(encoding="utf-8").replace("s3", "s4"), encoding="utf-8")
    assert remit("audit", "verify", out / "export").exit_code == 1
    with psycopg.connect(database_url) as connection:
        connection.execute("ALTER TABLE remit_events DISABLE TRIGGER remit_events_append_only")
        connection.execute("UPDATE remit_events SET state = state || ' ' WHERE notification_id = 4")
    found = remit("audit", "verify", "--json")
    assert (found.exit_code, json.loads(found.output)["bad_position"]) == (1, 4)
    assert remit("audit", "prove", 4).exit_code == 2
    assert remit("audit", "rebuild").exit_code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("audit", "prove", "first"), "an event's id is a UUID, its position a number"),
        (("audit", "prove", "99"), "the log's tree has reached"),
        (("audit", "verify", "nowhere"), "nowhere is not there"),
        (("audit", "verify", "--key", "x"), "belong to an EXPORT"),
        (("audit", "keys", "a log", "--out", "new"), "without spaces"),
        (("audit", "keys", "log"), "give both"),
    ],
)
def test_what_can_t_be_done_is_said_plainly(
    out: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out)
    refused = remit(*words)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"REMIT_CHECKPOINT_KEY": "nowhere"}, "REMIT_CHECKPOINT_KEY: nowhere"),
        ({"REMIT_CHECKPOINT_DIRECTORY": None}, "protects nothing"),
        ({"REMIT_CHECKPOINT_WEBHOOK": "auditor"}, "REMIT_CHECKPOINT_WEBHOOK: found auditor"),
        ({"REMIT_CHECKPOINT_MEMORY": "nowhere"}, "signs nothing"),
        ({"REMIT_CHECKPOINT_EVERY_SECONDS": "0"}, "REMIT_CHECKPOINT_EVERY_SECONDS: found '0'"),
    ],
)
def test_settings_that_could_never_publish_are_refused_at_once(
    out: Path, changes: dict[str, str | None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    for command in (("audit", "publish"), ("work",)):
        refused = remit(*command)
        assert refused.exit_code == 2
        assert said in " ".join(refused.output.split())


def test_a_worker_publishes_every_so_often(out: Path, database_url: str) -> None:
    sizes = asyncio.run(_followed(out, database_url))
    assert len(sizes) >= 2
    assert sizes == sorted(set(sizes)), "each once, and ever more"


async def _followed(out: Path, url: str) -> list[int]:
    """The sizes that a receiver is told of while a worker runs and more is recorded."""
    async with a_receiver(well) as (address, asked):
        known = {"url": address, "secrets": [SECRET], "private": True}
        (out / "endpoints").write_text(json.dumps({"auditor": known}))
        environment = os.environ | {
            "REMIT_ENDPOINTS": str(out / "endpoints"),
            "REMIT_CHECKPOINT_WEBHOOK": "auditor",
            "REMIT_CHECKPOINT_EVERY_SECONDS": "1",
            "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        }
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WORK), env=environment, stdin=subprocess.PIPE
        )
        try:
            first = await asyncio.to_thread(_published, out, 0)
            async with on_postgres(url) as library:
                await a_decision(library, "later")
            await asyncio.to_thread(_published, out, first)
        finally:
            worker.kill()
            await worker.wait()
        return [json.loads(await one.text())["data"]["size"] for one in asked]


def _published(out: Path, more_than: int) -> int:
    until = time.monotonic() + 60
    newest = out / "published" / "checkpoint"
    while time.monotonic() < until:
        if newest.exists() and (size := opened(newest.read_text("utf-8"))[0].size) > more_than:
            return size
        time.sleep(0.1)
    raise AssertionError("nothing was published")
