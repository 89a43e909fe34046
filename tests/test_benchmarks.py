"""The benchmarks measure what they say: a grown store is a real one, percentiles are exact."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from adapters.assembly import codec, postgres_desk
from adapters.postgres.projections import ProjectionStore
from application.projections.catalogue import ALL
from application.replaying import LogReplay, replay_log
from benchmarks.grow import grow
from benchmarks.load import percentile
from benchmarks.machines import Installation, install
from benchmarks.rows import ROWS, Row
from benchmarks.stores import ONCE, STORES
from benchmarks.subjects import SUBJECTS, Figures


async def _replayed(installation: Installation) -> LogReplay:
    async with postgres_desk(installation.url, installation.settings) as desk:
        return await replay_log(desk)


def test_a_grown_store_replays_and_folds_to_the_rows_it_holds(
    database_url: str, tmp_path: Path
) -> None:
    installation = install(tmp_path, database_url)

    written = grow(installation, 3_000)

    assert 2_500 < written < 3_500
    verdict = asyncio.run(_replayed(installation))
    assert verdict.decisions > 400
    assert verdict.matches == verdict.routings
    with closing(ProjectionStore(database_url, codec())) as store:
        for projection in ALL:
            assert store.position(projection) == store.newest()
            assert store.verify(projection) == []


def test_a_grown_store_goes_on(database_url: str, tmp_path: Path) -> None:
    installation = install(tmp_path, database_url)
    first = grow(installation, 1_000)

    second = grow(installation, 1_000)

    verdict = asyncio.run(_replayed(installation))
    assert verdict.matches == verdict.routings
    with closing(ProjectionStore(database_url, codec())) as store:
        assert store.newest() > first + second


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (0.999, 100.0), (0.001, 1.0)]
)
def test_a_percentile_is_one_of_the_times(share: float, expected: float) -> None:
    assert percentile([n / 1000 for n in range(1, 101)], share) == expected


def _row(*, less_is_better: bool = False) -> Row:
    return Row(
        "row",
        "what",
        ("a", "b"),
        lambda r: (r["a"].rate, r["b"].rate),
        "/s",
        2.0,
        1.0 if less_is_better else 3.0,
        less_is_better=less_is_better,
    )


@pytest.mark.parametrize(
    ("rate", "less", "verdict"),
    [
        (30.0, False, "reached"),
        (20.0, False, "met"),
        (19.0, False, "must not met"),
        (10.0, True, "reached"),
        (20.0, True, "met"),
        (21.0, True, "must not met"),
    ],
)
def test_a_row_is_judged_by_the_median_of_the_rounds(rate: float, less: bool, verdict: str) -> None:
    rounds = [{"a": Figures(r), "b": Figures(10.0)} for r in (1.0, rate, 1_000.0)]

    assert _row(less_is_better=less).outcome(rounds, {}).verdict == verdict


def test_a_row_whose_store_does_not_hold_what_was_acknowledged_has_failed() -> None:
    rounds = [{"a": Figures(100.0), "b": Figures(10.0)}, {"b": Figures(10.0)}]

    outcome = _row().outcome(rounds, {"a": "acknowledged 5 decisions; the database has 4"})

    assert outcome.verdict == "failed"
    assert "the database has 4" in outcome.why


def test_every_row_is_made_of_subjects_that_there_are() -> None:
    subjects = SUBJECTS | STORES | ONCE

    assert {need for row in ROWS for need in row.needs} <= set(subjects)
