"""Rehearsals on a grown store: the same counts however many processes count, and clear ends."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from adapters.assembly import codec, postgres_desk
from adapters.postgres.history import PostgresHistory
from adapters.postgres.log import PostgresEventLog
from adapters.postgres.shelf import PostgresShelf
from adapters.rehearsals import ProcessRunner
from application.desk import Caller
from application.metrics.window import Window
from application.ports import Identity
from application.rehearsal.history import Cancelled
from application.rehearsal.report import Report, report_of
from application.rehearsal.trial import Scope, Trial
from application.rehearsing import SILENT_FOR, Standing, begin, cancel
from benchmarks.grow import grow
from benchmarks.machines import Installation, install, on
from domain.admission import facts_of
from domain.decision.events import Recommended
from domain.model import Actor, ActorKind, Seat
from domain.policy import aggregate as policies
from domain.policy import life
from domain.policy.aggregate import stream_id
from domain.policy.events import Rehearsed
from domain.routing import Case, route
from domain.values import Lane

NAME = "support_triage"
ALWAYS = Scope(since=datetime(2000, 1, 1, tzinfo=UTC), until=datetime(2100, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Grown:
    """A store with a past."""

    installation: Installation
    trial: Trial
    recommended: list[Recommended]

    @property
    def url(self) -> str:
        return self.installation.url

    def report(self, history: PostgresHistory, scope: Scope = ALWAYS) -> Report:
        counted = history.count(self.trial, scope)
        return report_of(self.trial, scope, counted.position, counted.tally)


pytestmark = pytest.mark.xdist_group("rehearsals")
"""Growing takes longer than any of these tests, so they share one store."""


@pytest.fixture(scope="module")
def grown(
    server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Grown]:
    name = f"rehearsals_{uuid4().hex[:12]}"
    url = on(server_url, name)
    create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(create)
        yield a_grown(install(tmp_path_factory.mktemp("rehearsals"), url))
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def a_grown(installation: Installation) -> Grown:
    grow(installation, 3_000)
    adoption = next(a for a in installation.adoptions if a.definition.name == NAME)
    looser = adoption.guardrail.model_copy(update={"limits": (), "rules": ()})
    trial = Trial(
        definition=adoption.definition,
        version=2,
        guardrail=looser,
        against_version=1,
        against=adoption.guardrail,
    )
    return Grown(installation, trial, asyncio.run(recommended(installation.url)))


async def recommended(url: str) -> list[Recommended]:
    async with PostgresEventLog(url, codec()) as log:
        events = [p.event for p in await log.after(0, limit=100_000, topics=[Recommended.TOPIC])]
    return [e for e in events if isinstance(e, Recommended) and e.decision_type == NAME]


def one_by_one(grown: Grown) -> Counter[tuple[Lane, Lane]]:
    """Each decision from its own event, routed by what routes decisions."""
    trial = grown.trial

    def lane(event: Recommended, guardrail: object) -> Lane:
        version = policies.PolicyVersion.model_validate(
            {
                "version": 1,
                "source": "",
                "source_digest": "",
                "guardrail": guardrail,
                "digest": "",
                "drafted_by": "x",
            }
        )
        facts = facts_of(event.recommendation, event.context, trial.definition)
        case = Case(event.recommendation, facts)
        return route(case, trial.at_full_stage, version, "v1").lane

    return Counter((lane(e, trial.against), lane(e, trial.guardrail)) for e in grown.recommended)


def test_counts_equal_each_decision_routed_alone_in_however_many_processes(grown: Grown) -> None:
    whole = grown.report(PostgresHistory(grown.url))
    assert {(x.before, x.after): x.decisions for x in whole.lanes} == one_by_one(grown)
    assert whole.decisions == len(grown.recommended) > 50
    assert whole.changed > 0
    assert whole.would_be_automated.override_rate.denominator > 0
    many = PostgresHistory(grown.url, processes=2, part=17, here_at_most=5)
    assert grown.report(many) == whole
    assert grown.report(PostgresHistory(grown.url, part=17)) == whole


def test_windows_that_meet_count_every_decision_once(grown: Grown) -> None:
    times = sorted(event.timestamp for event in grown.recommended)
    middle = times[len(times) // 2].astimezone(UTC)
    history = PostgresHistory(grown.url)
    before = grown.report(history, ALWAYS.model_copy(update={"until": middle}))
    after = grown.report(history, ALWAYS.model_copy(update={"since": middle}))
    assert before.decisions == sum(at < middle for at in times)
    assert before.decisions + after.decisions == len(times)
    nothing = grown.report(history, Scope(since=middle, until=middle))
    assert (nothing.decisions, nothing.loads) == (0, ())


@pytest.mark.parametrize("here_at_most", [5, 10_000])
def test_one_that_is_not_wanted_any_more_ends(grown: Grown, here_at_most: int) -> None:
    history = PostgresHistory(grown.url, part=10, here_at_most=here_at_most)
    with pytest.raises(Cancelled):
        history.count(grown.trial, ALWAYS, lambda _done, _total: True)


# ── the shelf, and whoever does what stands on it


def owner(grown: Grown) -> Caller:
    """Who asks: the AI product owner that the decision type names."""
    name = grown.trial.definition.owners[Seat.AI_PRODUCT_OWNER]
    return Caller(Identity(name, "human", {"*": frozenset({Seat.AI_PRODUCT_OWNER})}))


class Nobody:
    """A runner that never begins."""

    def start(self, id: UUID) -> None:
        """Nothing."""


async def asked(grown: Grown, runner: ProcessRunner | Nobody) -> Standing:
    window = Window(since=ALWAYS.since, until=ALWAYS.until)
    async with postgres_desk(grown.url, grown.installation.settings) as desk:
        return await begin(NAME, 1, window, owner(grown), desk, PostgresShelf(grown.url), runner)


def test_a_process_beside_does_it_and_keeps_it_with_the_version(
    grown: Grown, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in grown.installation.environment(0).items():
        monkeypatch.setenv(name, value)
    begun = asyncio.run(asked(grown, ProcessRunner(grown.url)))
    shelf = PostgresShelf(grown.url)
    until = monotonic() + 60
    found = begun
    while found.state == "running":
        assert monotonic() < until
        sleep(0.1)
        found = asyncio.run(shelf.find(begun.id)) or found
    assert (found.state, found.problem) == ("done", None)
    assert found.report is not None
    assert found.report.decisions == len(grown.recommended)
    while not (kept := asyncio.run(last_event(grown))):
        assert monotonic() < until
        sleep(0.1)
    assert kept.rehearsal == begun.id
    assert (kept.changed, kept.decisions) == (0, len(grown.recommended))


async def last_event(grown: Grown) -> Rehearsed | None:
    async with PostgresEventLog(grown.url, codec()) as log:
        newest = (await log.stream(stream_id(NAME)))[-1]
    return newest if isinstance(newest, Rehearsed) else None


def test_a_crash_leaves_a_rehearsal_that_says_so(grown: Grown) -> None:
    begun = asyncio.run(asked(grown, Nobody()))
    assert begun.now == "running"
    shelf = PostgresShelf(grown.url)
    silent = "UPDATE rehearsals SET beat_at = beat_at - %s"
    with psycopg.connect(grown.url, autocommit=True) as connection:
        connection.execute(silent, (SILENT_FOR + timedelta(seconds=1),))
    found = asyncio.run(shelf.find(begun.id))
    assert found is not None
    assert found.now == "interrupted"
    assert asyncio.run(shelf.running()) == 0


def test_a_cancelled_one_is_told_so_and_nothing_is_kept(grown: Grown) -> None:
    begun = asyncio.run(asked(grown, Nobody()))
    shelf = PostgresShelf(grown.url)

    async def ended() -> tuple[str, bool, bool]:
        assert await shelf.beat(begun.id, 1, 2)
        async with postgres_desk(grown.url, grown.installation.settings) as desk:
            standing = await cancel(NAME, 1, begun.id, owner(grown), desk, shelf)
        return standing.state, await shelf.beat(begun.id, 2, 2), await shelf.close(begun.id, "done")

    assert asyncio.run(ended()) == ("cancelled", False, False)
    assert asyncio.run(shelf.find(uuid4())) is None
    kept = asyncio.run(last_event(grown))
    assert kept is None or kept.rehearsal != begun.id


# ── the command line


def remit(grown: Grown, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "adapters", *words],
        env=os.environ | grown.installation.environment(0),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_line_rehearses_files_and_versions(grown: Grown, tmp_path: Path) -> None:
    from adapters.demo.cases import CATALOGUE

    told = remit(grown, "policy", "rehearse", f"{NAME}@1", "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert (report["decisions"], report["changed"]) == (len(grown.recommended), 0)

    file = tmp_path / "looser.yaml"
    source = (CATALOGUE / f"{NAME}.yaml").read_text(encoding="utf-8")
    file.write_text(source.replace("min_confidence: {value: 0.90", "min_confidence: {value: 0.60"))
    told = remit(grown, "policy", "rehearse", str(file), "--from", "2000-01-01")
    assert told.returncode == 0, told.stderr
    assert "this file against version 1" in told.stdout
    assert "review → automate" in told.stdout
    assert "no estimate" in told.stdout

    for words, said in (
        (("rehearse", f"{NAME}@7"), "found 7"),
        (("rehearse", "nothing@1"), "nothing"),
        (("rehearse", f"{NAME}@1", "--from", "2031-01-01"), "--from"),
        (("rehearse", "no-such-file.yaml"), "no-such-file.yaml"),
        (("shadow", "show", NAME), "TYPE@VERSION"),
        (("shadow", "show", f"{NAME}@1"), "REJ.no_shadow"),
        (("shadow", "start", f"{NAME}@1", "--for", "stranger"), "stranger"),
    ):
        refused = remit(grown, "policy", *words)
        assert refused.returncode == 2, (words, refused.stdout)
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr


def test_the_command_line_tries_a_version_beside_the_one_in_force(grown: Grown) -> None:
    owner = grown.trial.definition.owners[Seat.AI_PRODUCT_OWNER]
    asyncio.run(draft(grown, owner))
    started = remit(grown, "policy", "shadow", "start", f"{NAME}@2", "--for", owner)
    assert started.returncode == 0, started.stderr
    assert "beside version 1" in started.stdout
    shown = remit(grown, "policy", "shadow", "show", f"{NAME}@2", "--json")
    assert shown.returncode == 0, shown.stderr
    figures = json.loads(shown.stdout)
    assert (figures["running"], figures["decisions"]) == (True, 0)
    told = remit(grown, "policy", "shadow", "show", f"{NAME}@2")
    assert "is tried beside version 1" in told.stdout
    stopped = remit(grown, "policy", "shadow", "stop", f"{NAME}@2", "--for", owner)
    assert stopped.returncode == 0, stopped.stderr


async def draft(grown: Grown, owner: str) -> None:
    async with postgres_desk(grown.url, grown.installation.settings) as desk:
        policy = await desk.policy(NAME)
        caller = Caller(Identity(owner, "human"))
        actor = Actor(kind=ActorKind.HUMAN, id=owner, seat=Seat.AI_PRODUCT_OWNER)
        stamp = desk.stamp(caller, actor)
        written = life.draft(policy, NAME, "x", "sha256:x", grown.trial.guardrail, stamp)
        await desk.record(written, caller)
