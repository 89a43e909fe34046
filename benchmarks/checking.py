"""Trust, but look: what was acknowledged is counted in PostgreSQL, and a sample is replayed."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg

from adapters.assembly import postgres_desk
from application.replaying import replay
from benchmarks.machines import BenchmarkFailed, Installation

SAMPLE = 50
COUNTS = """
    SELECT count(*) FILTER (WHERE topic LIKE 'decision.recommended.v%%'), count(*)
    FROM remit_events WHERE notification_id > %s
        AND convert_from(state, 'UTF8')::jsonb #>> '{actor,kind}' IS DISTINCT FROM 'timer'
"""
"""What time brings to a grown store's decisions, whose deadlines have passed, answers nobody."""
NEWEST = "SELECT coalesce(max(notification_id), 0) FROM remit_events"
AS_ANSWERED = """
    SELECT count(*)
    FROM unnest(%s::uuid[], %s::bigint[]) AS answered (id, version)
    WHERE version = (SELECT max(originator_version) FROM remit_events WHERE originator_id = id)
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What the store holds of a load, and how it compares with what was acknowledged."""

    decisions: int
    events: int
    replayed: int


def newest(url: str) -> int:
    """Where the log ends before a load."""
    with psycopg.connect(url) as connection:
        row = connection.execute(NEWEST).fetchone()
    assert row is not None
    return int(row[0])


def acknowledged(answers: Path) -> dict[UUID, int]:
    """Every decision that was answered for, and the version it was answered with."""
    found: dict[UUID, int] = {}
    with answers.open("rb") as lines:
        for line in lines:
            content = json.loads(line)
            if "lane" not in content:
                raise BenchmarkFailed(f"a line was refused: {line[:500]!r}")
            found[UUID(content["id"])] = content["version"]
    return found


async def check(installation: Installation, before: int, answers: Path) -> Counted:
    """Every acknowledged decision is stored with every event, nothing else is, and it replays."""
    answered = acknowledged(answers)
    with psycopg.connect(installation.url) as connection:
        counts = connection.execute(COUNTS, (before,)).fetchone()
        assert counts is not None
        decisions, events = counts
        both = (list(answered), list(answered.values()))
        as_answered = connection.execute(AS_ANSWERED, both).fetchone()
    expected = (len(answered), sum(answered.values()), (len(answered),))
    if (decisions, events, as_answered) != expected:
        raise BenchmarkFailed(
            f"acknowledged {expected[0]} decisions of {expected[1]} events; the database has "
            f"{decisions} of {events}, {as_answered} as answered"
        )
    ids = random.sample(list(answered), min(SAMPLE, len(answered)))
    await replayed(installation, ids)
    return Counted(decisions, events, len(ids))


async def replayed(installation: Installation, ids: list[UUID]) -> None:
    """Each of these decisions, evaluated again from what was recorded, says the same."""
    async with postgres_desk(installation.url, installation.settings) as desk:
        for id in ids:
            verdict = (await replay(id, desk)).verdict
            if verdict != "match":
                raise BenchmarkFailed(f"{id} replays as {verdict}")
