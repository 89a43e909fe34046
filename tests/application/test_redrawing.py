"""The draw replays, and anyone with the key reproduces it with the standard library alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from application.feed import EventView
from application.lots import LotDrawer
from application.redrawing import Differing, redrawn
from domain.decision.events import AutoActioned
from domain.policy.aggregate import PolicyVersion
from domain.values import QualityDraw
from tests.application.office import Office, an_office
from tests.domain.builders import REFUND, a_guardrail, a_policy

SCRIPT = Path(__file__).parents[2] / "docs/feedback/reproduce_draw.py"
KEY = "lots for a desk in memory"


@pytest.fixture(scope="module")
def office() -> Office:
    """Thirty automated decisions, of which the lot falls on about half."""
    office = an_office()
    for n in range(30):
        office.recommend(subject=f"claim-{n}")
    return office


@pytest.fixture(scope="module")
def export(office: Office) -> str:
    """What the feed tells, an event a line."""
    views = (EventView.of(each.event, each.position) for each in office.log())
    return "\n".join(view.model_dump_json() for view in views)


def reproduced(
    export: str, path: Path, key: str = KEY, key_id: str = "memory"
) -> subprocess.CompletedProcess[str]:
    file = path / "events.jsonl"
    file.write_text(export, encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(SCRIPT), "--key-id", key_id, str(file)]
    environment = {"REMIT_LOT_KEY": key} if key else {}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_every_draw_is_reproduced_from_an_export(
    office: Office, export: str, tmp_path: Path
) -> None:
    found = reproduced(export, tmp_path)
    sampled = sum(
        isinstance(each.event, AutoActioned)
        and bool(each.event.quality and each.event.quality.sampled)
        for each in office.log()
    )
    assert 0 < sampled < 30
    said = f"30 draws checked, {sampled} of them sampled, 0 not reproduced\n"
    assert (found.returncode, found.stdout, found.stderr) == (0, said, "")


def test_pages_and_one_document_after_another_are_read_too(export: str, tmp_path: Path) -> None:
    items = [json.loads(line) for line in export.splitlines()]
    pages = [{"items": items[:50], "next": "50"}, {"items": items[50:], "next": None}]
    text = "\n\n".join(json.dumps(page, indent=1) for page in pages) + "\n"
    assert reproduced(text, tmp_path).stdout.startswith("30 draws checked")


def test_a_draw_that_was_tampered_with_is_found(export: str, tmp_path: Path) -> None:
    found = reproduced(export.replace('"sampled":true', '"sampled":false'), tmp_path)
    assert found.returncode == 1
    assert "recorded False, the key gives True" in found.stdout


def test_another_key_reproduces_nothing(export: str, tmp_path: Path) -> None:
    assert reproduced(export, tmp_path, key="a key that somebody guessed").returncode == 1
    other = reproduced(export, tmp_path, key_id="lots-2")
    assert (other.returncode, other.stdout.splitlines()[0]) == (
        2,
        "drawn with another key, memory: not checked",
    )
    assert reproduced(export, tmp_path, key="").returncode == 2


def test_an_honest_draw_replays_and_another_is_drift(office: Office) -> None:
    lots, policies = office.desk.lots, (a_policy(), None)
    for each in office.log():
        event = each.event
        if not isinstance(event, AutoActioned):
            continue
        assert office.replayed(event.originator_id).verdict == "match"
        assert event.quality is not None
        turned = event.quality.model_copy(update={"sampled": not event.quality.sampled})
        found = list(redrawn(event.originator_id, turned, REFUND, policies, lots))
        assert [field for field, *_ in found] == ["quality.sampled"]


def test_without_the_key_only_the_rate_can_be_told(office: Office) -> None:
    event = next(e.event for e in office.log() if isinstance(e.event, AutoActioned))
    id, strangers = event.originator_id, LotDrawer(b"another key", "lots-2")
    assert isinstance(event.quality, QualityDraw)

    def again(*policies: PolicyVersion | None) -> list[Differing]:
        assert event.quality is not None
        return list(redrawn(id, event.quality, REFUND, policies, strangers))

    assert again(a_policy()) == []
    rarer = a_policy(a_guardrail(sampling=()))
    assert again(rarer) == [("quality.rate", "0.5", "none")]
    assert again(rarer, a_policy()) == []
