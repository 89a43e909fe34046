"""The whole log is replayed by parts, with the verdicts that each decision alone would get."""

import json
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from adapters.assembly import codec
from adapters.eventstore.glimpses import Glimpses
from adapters.memory.log import MemoryEventLog
from adapters.replaying import replay_log as replay_database
from application.audit.entries import Stored
from application.replaying_log import TELLING_TOPICS, LogReplay, Opening, glimpse_of, replay_log
from tests.application.office import Office, an_office, run
from tests.application.personal import a_personal_office
from tests.application.test_replaying import STORIES
from tests.domain.builders import SMALL

SAMPLES = Path(__file__).parents[1] / "samples" / "events"
PUT = "INSERT INTO remit_events VALUES (%s, %s, %s, %s, %s)"
EDIT = "ALTER TABLE remit_events DISABLE TRIGGER remit_events_append_only"


@pytest.fixture(scope="module")
def lived() -> Office:
    """An office in which every kind of routing happened."""
    office = an_office()
    for story in STORIES:
        id = story(office)
        if office.decision(id).authority and office.decision(id).is_open:
            office.report(id)
        elif office.decision(id).is_open:
            office.withdraw(id, who=office.decision(id).producer)
    return office


def stored(office: Office) -> list[Stored]:
    assert isinstance(office.desk.log, MemoryEventLog)
    return list(office.desk.log.stored())


def put(url: str, events: Iterable[Stored]) -> None:
    with psycopg.connect(url) as connection:
        rows = ((e.stream, e.version, e.type, e.payload, e.position) for e in events)
        connection.cursor().executemany(PUT, rows)


def changed(url: str, topic: str, old: str, new: str) -> LogReplay:
    """What is said after a text was replaced in all events of a kind."""
    with psycopg.connect(url) as connection:
        connection.execute(EDIT)
        connection.execute(
            "UPDATE remit_events SET state = replace(convert_from(state, 'UTF8'), %s, %s)::bytea"
            " WHERE topic LIKE %s",
            (old, new, f"{topic}.v%"),
        )
    return replay_database(url)


def test_a_database_says_what_every_decision_says(lived: Office, database_url: str) -> None:
    put(database_url, stored(lived))
    told: list[tuple[int, int]] = []
    said = replay_database(database_url, lambda done, newest: told.append((done, newest)))
    assert said == run(replay_log(lived.desk))
    assert said.sound
    decisions = {e.stream for e in stored(lived) if e.type.startswith("decision.recommended")}
    alone = [lived.replayed(id) for id in map(UUID, decisions)]
    assert said.decisions == len(alone)
    assert said.routings == sum(len(one.routings) for one in alone)
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize(
    ("topic", "old", "new", "cause"),
    [
        ("decision.auto_actioned", '"lane":"automate"', '"lane":"review"', "engine"),
        ("decision.routed_to_review", '"semantics":"v3"', '"semantics":"v9"', "engine"),
        ("decision.recommended", '"amount":"40"', '"amount":"41"', "input"),
        ("decision.auto_actioned", '"policy":{"version":1', '"policy":{"version":9', "policy"),
        ("decision.auto_actioned", '"hash":"sha256:', '"hash":"sha256:0', "policy"),
        ("decision.recommended", '"confidence":"0.95"', '"confidence":"9.5"', "input"),
    ],
)
def test_what_was_changed_drifts_and_says_why(
    lived: Office, database_url: str, topic: str, old: str, new: str, cause: str
) -> None:
    put(database_url, stored(lived))
    said = changed(database_url, topic, old, new)
    assert not said.sound
    assert cause in said.causes or said.unreadable
    for one in said.drifted:
        assert cause in {difference.cause for difference in one.differences}


def test_an_event_that_can_t_be_read_any_more_is_named(lived: Office, database_url: str) -> None:
    put(database_url, stored(lived))
    said = changed(database_url, "decision.recommended", '"recommendation":', '"recommended":')
    assert {one.type for one in said.unreadable} == {"decision.recommended.v1"}
    assert len(said.unreadable) == len(STORIES) + 1
    assert set(said.causes) == {"input"}


def _sampled(file: Path) -> Stored:
    sample = json.loads(file.read_text(encoding="utf-8"))
    stream, version = sample["originator_id"], sample["originator_version"]
    return Stored(1, stream, version, sample["topic"], json.dumps(sample["state"]).encode())


def test_a_glimpse_shows_what_reading_in_full_shows(lived: Office) -> None:
    reader = codec()
    glimpses, topics = Glimpses(reader), set(reader.stored_topics(TELLING_TOPICS))
    events = [e for e in stored(lived) if e.type in topics]
    personal = a_personal_office()
    personal.recommend(context={**SMALL, "name": "Ann"})
    events += [e for e in stored(personal) if e.type in topics]
    events += [e for e in map(_sampled, SAMPLES.glob("*.json")) if e.type in topics]
    for e in events:
        full = glimpse_of(reader.read(e.stream, e.version, e.type, e.payload))
        seen = glimpses.read(e.stream, e.version, e.type, e.payload)
        if isinstance(full, Opening) and isinstance(seen, Opening):
            for name in ("action", "confidence", "risk"):
                assert getattr(full.recommendation, name) == getattr(seen.recommendation, name)
            full = full._replace(recommendation=seen.recommendation)
            kept = {n: v for n, v in full.context.items() if n not in full.personal}
            full = full._replace(context=kept)
        assert seen == full, e.type
