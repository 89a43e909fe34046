"""What the benchmarks rest on: a grown store is like one that grew, and no count is taken on trust."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.assembly import postgres_desk
from adapters.eventstore.codec import stored_topic
from adapters.postgres.reading import PostgresReader
from adapters.worker import projection_names, verify
from application.desk import Caller
from application.measuring import Minimums, declared_of, metrics, orders_of
from application.metrics.formulas import Declared, Report, compute
from application.metrics.slices import GroupBy
from application.metrics.window import Window
from application.ports import Identity
from benchmarks import checking
from benchmarks.around import AROUND
from benchmarks.claiming import CLAIMING
from benchmarks.grow import grow
from benchmarks.load import percentile
from benchmarks.machines import BenchmarkFailed, Installation, install
from benchmarks.rows import ROWS, Row
from benchmarks.stores import ONCE, STORES
from benchmarks.subjects import SUBJECTS, Figures
from domain.registry import EVENTS

EVENTS_GROWN = 3_000
AUDITOR = Caller(Identity("audra", "human", {"*": frozenset({"auditor"})}))
ANSWERED = """
    SELECT originator_id, max(originator_version) FROM remit_events
    WHERE notification_id > %s GROUP BY originator_id
"""


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Iterator[Installation]:
    yield install(tmp_path, database_url)


def test_nothing_tells_a_grown_store_from_one_that_grew(
    installation: Installation, tmp_path: Path
) -> None:
    before = checking.newest(installation.url)
    written = grow(installation, EVENTS_GROWN)
    assert 0.8 * EVENTS_GROWN < written < 1.2 * EVENTS_GROWN
    assert checking.newest(installation.url) == before + written

    for name in projection_names():
        assert not verify(installation.url, name), name
    with psycopg.connect(installation.url) as connection:
        topics = {t for (t,) in connection.execute("SELECT DISTINCT topic FROM remit_events")}
        lives: list[tuple[UUID, int]] = connection.execute(ANSWERED, (before,)).fetchall()
    assert topics <= {stored_topic(each) for each in EVENTS}, "only the newest schemas"

    answers = tmp_path / "answers.ndjson"
    tell(answers, lives)
    counted = asyncio.run(checking.check(installation, before, answers))
    assert (counted.decisions, counted.events, counted.replayed) == (len(lives), written, 50)

    tell(answers, [*lives, (uuid4(), 2)])
    with pytest.raises(BenchmarkFailed, match=f"acknowledged {len(lives) + 1} decisions"):
        asyncio.run(checking.check(installation, before, answers))
    tell(answers, lives[1:])
    with pytest.raises(BenchmarkFailed, match=f"the database has {len(lives)} of"):
        asyncio.run(checking.check(installation, before, answers))


def test_what_is_looked_up_is_what_the_rows_say(installation: Installation) -> None:
    grow(installation, EVENTS_GROWN)

    async def both(
        window: Window, decision_type: str | None, group_by: GroupBy | None
    ) -> tuple[Report, Report]:
        async with postgres_desk(installation.url, installation.settings) as desk:
            reader = PostgresReader(installation.url)
            async with reader:
                asked = (window, AUDITOR, desk, reader)
                looked_up = await metrics(*asked, decision_type=decision_type, group_by=group_by)
                rows = Minimums(desk)
                visible = None if decision_type is None else frozenset({decision_type})
                facts = [await rows.with_minimum(f) async for f in reader.facts(window, visible)]
                own = Declared()
                if decision_type is not None:
                    own = await declared_of(decision_type, desk)
                strictness = await orders_of({row.decision_type for row in facts}, desk)
        counted = compute(
            facts,
            window=window,
            as_of=looked_up.as_of,
            group_by=group_by,
            baseline_p50=own.baseline_p50,
            roster=own.roster,
            strictness=strictness,
        )
        return looked_up, counted

    now = datetime.now(UTC)
    days = Window(since=day(now - timedelta(days=200)), until=day(now - timedelta(days=20)))
    always = Window(since=day(now - timedelta(days=20_000)), until=now + timedelta(days=1))
    by: tuple[GroupBy | None, ...] = (None, "week", "month")
    for window, decision_type, group_by in product((days, always), ("support_triage", None), by):
        looked_up, counted = asyncio.run(both(window, decision_type, group_by))
        assert looked_up.metrics.flow.received > 10
        # Silence is no metric of the rows: it is listened for beside them.
        assert looked_up.model_copy(update={"feedback_missing": ()}) == counted


def day(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def tell(path: Path, lives: list[tuple[UUID, int]]) -> None:
    """As if a server had answered for these."""
    lines = [{"id": str(id), "version": version, "lane": "automate"} for id, version in lives]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def test_every_row_is_made_of_something_measured() -> None:
    known = set(SUBJECTS | AROUND | STORES | CLAIMING | ONCE)
    assert {need for row in ROWS for need in row.needs} <= known


def a_row(less_is_better: bool = False) -> Row:
    return Row(
        "a",
        "ours / theirs",
        ("ours", "theirs"),
        lambda r: (r["ours"].rate, r["theirs"].rate),
        "/s",
        2 if not less_is_better else 4,
        4 if not less_is_better else 2,
        less_is_better,
    )


@pytest.mark.parametrize(
    ("ratios", "verdict", "when_less_is_better"),
    [
        ((1, 1, 9), "must not met", "reached"),
        ((1, 3, 9), "met", "met"),
        ((4, 4, 1), "reached", "met"),
        ((5, 5, 1), "reached", "must not met"),
    ],
)
def test_the_median_of_the_rounds_is_judged(
    ratios: tuple[int, ...], verdict: str, when_less_is_better: str
) -> None:
    rounds = [{"ours": Figures(10 * ratio), "theirs": Figures(10)} for ratio in ratios]
    assert a_row().outcome(rounds, {}).verdict == verdict
    assert a_row(less_is_better=True).outcome(rounds, {}).verdict == when_less_is_better


def test_one_failure_in_any_round_fails_the_row() -> None:
    rounds = [{"ours": Figures(100), "theirs": Figures(10)}]
    outcome = a_row().outcome(rounds, {"ours": "round 2, ours: 1 decision is missing"})
    assert (outcome.verdict, outcome.why) == ("failed", "round 2, ours: 1 decision is missing")


def test_a_percentile_is_a_time_that_was_measured() -> None:
    times = [n / 1000 for n in range(1, 101)]
    assert [percentile(times, share) for share in (0.5, 0.99, 0.999)] == [50, 99, 100]
