"""The past keeps working: what any version of the service stored still loads, for ever."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.assembly import codec
from adapters.eventstore.codec import stored_topic
from domain.model import Event
from domain.registry import EVENTS
from tests.make_samples import SAMPLES, as_text, examples, sample_path, sums

EVERY_SAMPLE = sorted(SAMPLES.glob("*.json"))
every_sample = pytest.mark.parametrize("path", EVERY_SAMPLE, ids=lambda path: path.stem)


def loaded(path: Path) -> Event:
    sample = json.loads(path.read_text(encoding="utf-8"))
    return codec().read(
        sample["originator_id"],
        sample["originator_version"],
        sample["topic"],
        json.dumps(sample["state"]).encode(),
    )


@pytest.mark.parametrize("event_class", EVENTS, ids=stored_topic)
def test_every_event_has_a_sample(event_class: type[Event]) -> None:
    path = sample_path(event_class)
    assert path.exists(), "python -m tests.make_samples adds it"
    assert type(loaded(path)) is event_class


@every_sample
def test_every_sample_still_loads_and_is_written_as_it_was(path: Path) -> None:
    event = loaded(path)
    if stored_topic(type(event)) != path.stem:
        assert path.stem.rpartition(".v")[0] == type(event).TOPIC
        return  # an older schema: it loads, and is written in the newer one from now on
    assert as_text(codec().to_stored_event(event)) == path.read_text(encoding="utf-8")


def test_samples_are_only_ever_added() -> None:
    """A sample that is gone or changed means that an old log may no longer load."""
    found = {path.name: sha256(path.read_bytes()).hexdigest() for path in EVERY_SAMPLE}
    assert found == sums()


def test_the_examples_are_one_of_each() -> None:
    assert sorted(type(event).TOPIC for event in examples()) == sorted(e.TOPIC for e in EVENTS)
