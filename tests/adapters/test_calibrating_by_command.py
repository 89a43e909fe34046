"""Calibration at a terminal: shown, compared, fitted, and adopted only if it helps."""

import asyncio
import json

import pytest
from reading_contract import BOT, SMALL, a_decision, adopted, on_postgres, one_queue
from typer.testing import CliRunner, Result

from adapters.cli import app
from application.delivering import report
from application.observing import QualityVerdict, judge
from domain.decision.acting import Report
from domain.values import Receipt
from tests.application.office import caller

MODEL = "refunder@3.1"


def remit(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.fixture
def _judged(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve decisions that were checked, in a database that the commands find."""
    monkeypatch.setenv("REMIT_DATABASE_URL", database_url)
    monkeypatch.setenv("REMIT_LOT_KEY", "lots for calibrating, long enough")
    asyncio.run(_lived(database_url))


async def _lived(url: str) -> None:
    async with on_postgres(url) as library:
        await adopted(library, one_queue())
        for n in range(12):
            made = await a_decision(library, f"s{n}", SMALL, confidence=f"0.9{n % 10}")
            await report(made.id, Report(status=Receipt.DELIVERED), BOT, library.desk)
            verdict = QualityVerdict(verdict="overturn" if n % 2 else "confirm")
            await judge(made.id, verdict, caller("quinn"), library.desk)


@pytest.mark.usefixtures("_judged")
def test_calibration_is_shown_and_maps_are_fitted() -> None:
    shown = remit("calibration", "refund", "--segment", "suspicious")
    assert shown.exit_code == 0, shown.output
    assert MODEL in shown.output
    assert "suspicious: false" in shown.output
    told = json.loads(remit("calibration", "refund", "--json").output)
    assert told["models"][0]["calibration"]["n"] == 12
    drift = ("--reference-from", "2026-01-01", "--reference-to", "2026-02-01")
    beside = json.loads(remit("calibration", "refund", *drift, "--json").output)
    assert beside["models"][0]["drift"]["confidence"]["value"] == 0
    assert "0.0000" in remit("calibration", "refund", *drift).output

    for method in ("isotonic", "logistic"):
        fitted = remit("calibration", "fit", "refund", MODEL, "--method", method, "--by", "bo")
        assert fitted.exit_code == 0, fitted.output
        assert f"{method}, fitted on" in fitted.output
    refused = remit("calibration", "adopt", "refund", MODEL, "1", "--by", "bo")
    assert refused.exit_code == 2
    assert "REJ.map_no_help" in refused.output


@pytest.mark.usefixtures("_judged")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("calibration", "nobody"), "decision_type: found nobody"),
        (("calibration", "refund", "--segment", "amount"), "allowed are suspicious"),
        (("calibration", "refund", "--reference-from", "2026-01-01"), "give both, or neither"),
        (("calibration", "fit", "refund", MODEL, "--method", "magic"), "found magic"),
        (("calibration", "fit", "refund", "nobody@1", "--by", "bo"), "REJ.map_labels"),
        (("calibration", "adopt", "refund", MODEL, "7", "--by", "bo"), "REJ.map_unknown"),
        (
            ("calibration", "adopt", "refund", MODEL, "7", "--by", "di"),
            "di is not AI product owner",
        ),
        (("compare-models", "refund", MODEL, MODEL), "REJ.models"),
    ],
)
def test_what_cannot_be_done_is_said_plainly(words: tuple[str, ...], said: str) -> None:
    refused = remit(*words)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())


@pytest.mark.usefixtures("_judged")
def test_models_are_compared_in_words_and_numbers() -> None:
    shown = remit("compare-models", "refund", MODEL, "refunder@4")
    assert shown.exit_code == 0, shown.output
    assert "0 subjects on which both spoke" in shown.output
    told = json.loads(remit("compare-models", "refund", MODEL, "refunder@4", "--json").output)
    assert (told["subjects"], told["p_value"]) == (0, None)
