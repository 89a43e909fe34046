"""Owners at a terminal: stop it, see where the breakers stand, let it begin again."""

import asyncio
import json

import pytest
from a_service import REFUND
from typer.testing import CliRunner, Result

from adapters.assembly import postgres_desk, read_adoption
from adapters.cli import app
from adapters.settings import Settings
from application.desk import Caller
from application.governing import adopt
from application.ports import Identity

LOTS = "lots for a terminal, long enough"


@pytest.fixture
def refunds(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refunds are live, in a database that the commands find."""
    monkeypatch.setenv("REMIT_DATABASE_URL", database_url)
    monkeypatch.setenv("REMIT_LOT_KEY", LOTS)
    monkeypatch.setenv("USER", "olga")

    async def live() -> None:
        async with postgres_desk(database_url, Settings.model_validate({"lot_key": LOTS})) as desk:
            await adopt(read_adoption(REFUND), Caller(Identity("operator", "human")), desk)

    asyncio.run(live())


def remit(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.mark.usefixtures("refunds")
def test_each_scope_is_stopped_and_let_go_again() -> None:
    assert remit("halt", "--all", "--reason", "odd").output == "stopped: everything\n"
    version = ("--model", "refunder", "--model-version", "2")
    assert remit("halt", *version).output == "stopped: everything, the model refunder 2\n"
    assert remit("resume", "--all").output == "stopped: the model refunder 2\n"
    assert remit("resume", *version).output == "stopped: nothing\n"
    of_type = ("--type", "refund", "--by")
    assert remit("halt", *of_type, "ana").output == "refund: the kill switch is on\n"
    refused = remit("resume", *of_type, "ana")
    assert (refused.exit_code, "REJ.seat" in refused.output) == (1, True)
    assert remit("resume", *of_type, "cy").output == "refund: nothing is stopped\n"


@pytest.mark.usefixtures("refunds")
def test_where_the_breakers_stand_is_seen() -> None:
    told = json.loads(remit("breakers", "refund", "--json").output)
    assert (told["state"], told["streams"][0]["trips_at"]) == ("closed", 20.0)
    assert "quality" in remit("breakers", "refund").output
    assert remit("breakers", "refunds").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "one of them says what is meant"),
        (("--all", "--type", "refund"), "one of them says what is meant"),
        (("--all", "--model-version", "2"), "found without --model"),
        (("--model", ""), "model.name"),
        (("--all", "--reason-code", ""), "reason_code"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], said: str) -> None:
    for verb in ("halt", "resume"):
        refused = remit(verb, *words)
        assert refused.exit_code == 2
        assert said in refused.output
