"""Reviewers at a terminal: what waits, taking it on, deciding it, and finding out what became of it."""

import asyncio
import json
import re

import pytest
from reading_contract import BOT, LARGE, SMALL, a_decision, adopted, on_postgres
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.cli.reviewing import _array
from application.delivering import report
from application.projections.feedback_row import FeedbackRow
from domain.decision.acting import Report
from domain.decision.state import Decision
from domain.values import Receipt
from tests.application.metrics.worked_case import NOON, judged

LOTS = "lots for a terminal, long enough"


@pytest.fixture
def waits(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Decision:
    """A decision that waits for a person, in a database that the commands find."""
    monkeypatch.setenv("REMIT_DATABASE_URL", database_url)
    monkeypatch.setenv("REMIT_LOT_KEY", LOTS)
    monkeypatch.setenv("USER", "olga")
    return asyncio.run(_opened(database_url, LARGE))


async def _opened(url: str, context: dict[str, object]) -> Decision:
    async with on_postgres(url) as library:
        await adopted(library)
        return await a_decision(library, "order 17", context)  # type: ignore[arg-type]


def remit(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_a_queue_is_seen_and_its_next_one_decided(waits: Decision) -> None:
    assert waits.placement is not None
    name = waits.placement.queue
    assert name in remit("queue").output
    assert json.loads(remit("queue", "--json").output)[0]["waiting"] == 1
    assert str(waits.id) in remit("queue", name).output
    claimed = remit("claim", "--next", name, "--as", "rae")
    assert claimed.exit_code == 0
    said = re.search(r"^remit (review .*)$", claimed.output, re.MULTILINE)
    assert said, "what to type next stands there"
    decided = remit(*said[1].split())
    assert (decided.exit_code, "refund" in decided.output) == (0, True)
    trail = remit("trail", str(waits.id)).output
    assert "rae" in trail


def test_the_record_says_who_typed(waits: Decision, database_url: str) -> None:
    remit("claim", str(waits.id), "--as", "rae")

    async def last() -> str | None:
        async with on_postgres(database_url) as library:
            return (await library.desk.history(waits.id))[-1].actor.via

    assert asyncio.run(last()) == "command line by olga"


def test_what_another_has_is_refused_with_who_and_until_when(waits: Decision) -> None:
    remit("claim", str(waits.id), "--as", "rae")
    refused = remit("claim", str(waits.id), "--as", "sam")
    assert refused.exit_code == 2
    assert "rae" in refused.output
    free = remit("claim", "--next", str(waits.placement and waits.placement.queue), "--as", "sam")
    assert (free.exit_code, free.output.strip()) == (1, "nothing is free there")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("claim", "--as", "rae"), "exactly one of them"),
        (("claim", "nonsense", "--as", "rae"), "a decision's id is a UUID"),
        (
            ("review", "{id}", "shrug", "--as", "rae", "--token", "t", "--digest", "d"),
            "allowed are",
        ),
        (
            ("review", "{id}", "uphold", "--as", "rae", "--token", "t", "--digest", "d"),
            "REJ.",
        ),
        (("reconcile", "{id}", "perhaps", "--as", "ana"), "allowed are delivered and failed"),
        (("reconcile", "{id}", "delivered", "--as", "ana"), "REJ."),
    ],
)
def test_what_is_wrong_is_said(waits: Decision, words: tuple[str, ...], said: str) -> None:
    result = remit(*(word.format(id=waits.id) for word in words))
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_an_owner_finds_out_what_became_of_an_action(waits: Decision, database_url: str) -> None:
    assert waits.is_open

    async def unknown() -> Decision:
        async with on_postgres(database_url) as library:
            acted = await a_decision(library, "order 18", SMALL)
            receipt = Report(status=Receipt.UNKNOWN)
            return (await report(acted.id, receipt, BOT, library.desk)).decision

    id = str(asyncio.run(unknown()).id)
    result = remit("reconcile", id, "delivered", "--as", "ana", "--reference", "tx-9")
    assert (result.exit_code, "completed: refund" in result.output) == (0, True)


def test_what_is_to_be_checked_shows_the_case_alone() -> None:
    row = judged("d1", "0.95", True).model_dump() | {"touched_at": NOON, "quality_queue": "quality"}
    (shown,) = json.loads(_array([FeedbackRow.model_validate(row)]))
    assert shown["subject"] == "ticket-d1"
    assert shown.keys().isdisjoint({"recommended_action", "final_action", "confidence", "risk"})
