"""The figures that are kept up are those that the log gives, to the last digit, while others write."""

import asyncio
import json
from threading import Event as Flag
from threading import Thread
from time import monotonic

import psycopg
import pytest
from reading_contract import BOT, LARGE, SMALL, Library, a_decision, adopted, on_postgres
from typer.testing import CliRunner, Result

from adapters.cli import app
from adapters.settings import Settings
from adapters.verifying import verify_metrics
from adapters.worker import catch_up, rebuild, supervise
from application.declaring import DeclareVolume, PeriodVolume, declare_volume
from application.delivering import report
from application.projections.feedback import Feedback
from application.projections.volumes import Volumes
from application.reviewing import Claim, claim, review
from domain.decision.acting import Report
from domain.decision.reviewing import Choice
from domain.values import Disposition, Receipt
from tests.application.office import caller
from tests.domain.builders import DAY

ENOUGH = 3
"""So many different moments are compared."""
PATIENCE = 120.0


@pytest.fixture
def settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("REMIT_DATABASE_URL", database_url)
    monkeypatch.setenv("REMIT_LOT_KEY", "lots for verifying, long enough")
    return Settings.from_environment()


async def a_life(library: Library, n: int) -> None:
    """One decision of one kind or another, some of them to their ends."""
    library.clock.advance(DAY / 5)
    decision = await a_decision(library, f"s{n}", LARGE if n % 3 else SMALL)
    if n % 3 == 0:
        await report(decision.id, Report(status=Receipt.DELIVERED), BOT, library.desk)
    elif n % 3 == 1:
        rae, id = caller("rae"), decision.id
        claimed = (await claim(id, Claim(), rae, library.desk)).decision
        assert claimed.lease is not None
        library.clock.advance(DAY / 1_000)
        choice = Choice(
            disposition=Disposition.UPHOLD,
            lease_token=str(claimed.lease.token),
            action_digest=claimed.lease.action_digest,
        )
        await review(decision.id, choice, rae, library.desk)
        await report(decision.id, Report(status=Receipt.DELIVERED), BOT, library.desk)
    day = library.clock.now().date().isoformat()
    volume = PeriodVolume(period=day, eligible=10 + n)
    said = DeclareVolume(source="order desk", periods=(volume,))
    await declare_volume("refund", said, BOT, library.desk)


async def lives(url: str, stop: Flag, most: int = 10**9) -> int:
    async with on_postgres(url) as library:
        await adopted(library)
        n = 0
        while n < most and not stop.is_set():
            await a_life(library, n)
            n += 1
        return n


def test_figures_are_equal_while_others_write(settings: Settings, database_url: str) -> None:
    asyncio.run(lives(database_url, Flag(), 3))
    stop, positions, patience = Flag(), [0], monotonic() + PATIENCE
    others = [
        Thread(target=lambda: asyncio.run(lives(database_url, stop))),
        Thread(target=supervise, args=(database_url, stop, (Feedback(), Volumes()))),
    ]
    for other in others:
        other.start()
    try:
        while len(set(positions)) <= ENOUGH and monotonic() < patience:
            verified = verify_metrics(database_url, settings)
            assert verified.equal, verified
            positions.append(verified.position)
    finally:
        stop.set()
        for other in others:
            other.join()
    assert len(set(positions)) > ENOUGH, "nobody wrote meanwhile"
    assert positions == sorted(positions)
    (refunds,) = verified.decision_types
    assert (refunds.decision_type, refunds.figures > 200) == ("refund", True)


def remit(*words: str) -> Result:
    return CliRunner().invoke(app, ["metrics", *words])


@pytest.mark.usefixtures("settings")
def test_a_falsified_sum_is_named_as_people_know_it(database_url: str) -> None:
    asyncio.run(lives(database_url, Flag(), 6))
    catch_up(database_url)
    told = remit("verify", "refund")
    assert told.exit_code == 0, told.output
    assert "equal" in told.output
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE feedback_counts SET n = n + 1 WHERE measure = 'straight' AND length(period) = 4"
        )
    wrong = remit("verify")
    assert wrong.exit_code == 1
    assert "flow.straight_through_rate.numerator: kept 3, the log gives 2" in wrong.output
    assert "2026-01.flow" not in wrong.output
    found = json.loads(remit("verify", "refund", "--json").output)
    assert found["rows_differing"] == ["refund/2026/straight/clean/refund/2026/straight/clean"]
    figures = [each["figure"] for each in found["decision_types"][0]["discrepancies"]]
    assert "flow.straight_through_rate.value" in figures
    rebuild(database_url, "feedback")
    assert remit("verify").exit_code == 0


@pytest.mark.usefixtures("settings")
def test_a_falsified_volume_is_found(database_url: str) -> None:
    asyncio.run(lives(database_url, Flag(), 4))
    catch_up(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE volumes SET eligible = eligible + 1")
    wrong = remit("verify")
    assert wrong.exit_code == 1
    assert "adoption.coverage.denominator" in wrong.output


@pytest.mark.usefixtures("settings")
def test_figures_are_shown_as_a_table_and_to_a_machine(database_url: str) -> None:
    asyncio.run(lives(database_url, Flag(), 6))
    shown = remit("refund", "--from", "2026-01-01", "--until", "2026-02-01", "--group-by", "day")
    assert shown.exit_code == 0, shown.output
    assert "straight_through_rate" in shown.output
    whole = json.loads(remit("refund", "--json").output)
    assert whole["metrics"]["flow"]["received"] == 6
    assert whole["metrics"]["adoption"]["coverage"]["formula"] == "coverage/2"
    older = json.loads(remit("refund", "--json", "--formula", "cycle_time/1").output)
    assert older["metrics"]["time"]["cycle_time"]["formula"] == "cycle_time/1"
    assert "cycle_time/1" in remit("formulas").output
    assert json.loads(remit("formulas", "--json").output)[0]["version"] == 1


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "decision_type: found nobody"),
        (("verify", "nobody"), "decision_type: found nobody"),
        (("--group-by", "mood"), "--group-by: found mood; allowed are 'decision_type'"),
        (("--formula", "cycle_time/9"), "formula: found cycle_time/9, allowed are"),
        (
            ("--from", "2026-02-01", "--until", "2026-01-01"),
            "--until: found 2026-01-01 00:00, needs",
        ),
        (("--from", "soon"), "soon"),
    ],
)
def test_what_cannot_be_measured_is_refused_plainly(words: tuple[str, ...], said: str) -> None:
    refused = remit(*words)
    assert refused.exit_code == 2
    assert said in " ".join(refused.output.split())
    assert "Traceback" not in refused.output
