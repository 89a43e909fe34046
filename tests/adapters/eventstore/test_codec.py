"""Events at rest read back as they were, for ever."""

from typing import Any, ClassVar
from uuid import UUID

import pytest
from an_event import Noted, a_codec, an_id, noted
from eventsourcing.persistence import StoredEvent

from adapters.eventstore.codec import Codec, Undecodable, UnknownTopic
from domain.model import Event


class Weighed(Event):
    """Something was weighed; at first in pounds, later without a unit, now in grams."""

    TOPIC: ClassVar[str] = "test.weighed"
    SCHEMA: ClassVar[int] = 3
    grams: int


def to_kilograms(content: dict[str, Any]) -> dict[str, Any]:
    return content | {"kilograms": content.pop("pounds") * 0.5}


def to_grams(content: dict[str, Any]) -> dict[str, Any]:
    return content | {"grams": int(content.pop("kilograms") * 1000)}


UPCASTS = {("test.weighed", 1): to_kilograms, ("test.weighed", 2): to_grams}


def weighed(stream: UUID, topic: str, content: str) -> StoredEvent:
    shared = (
        '"timestamp":"2031-04-01T12:00:00Z","actor":{"kind":"service","id":"teller"},'
        f'"correlation_id":"{stream}",'
    )
    return StoredEvent(stream, 4, topic, ("{" + shared + content + "}").encode())


def test_an_event_reads_back_as_it_was() -> None:
    event = noted(an_id(), 7, "grüße")
    stored = a_codec().to_stored_event(event)
    assert stored.topic == "test.noted.v1"
    assert b"originator" not in stored.state
    assert a_codec().to_domain_event(stored) == event


def test_older_schemas_are_brought_to_the_newest() -> None:
    codec, stream = Codec([Weighed], UPCASTS), an_id()
    old = codec.to_domain_event(weighed(stream, "test.weighed.v1", '"pounds":3'))
    newer = codec.to_domain_event(weighed(stream, "test.weighed.v2", '"kilograms":1.5'))
    newest = codec.to_domain_event(weighed(stream, "test.weighed.v3", '"grams":1500'))
    assert old == newer == newest
    assert codec.stored_topics(["test.weighed"]) == [f"test.weighed.v{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize("topic", ["test.heard.v1", "test.weighed.v4", "test.weighed", "x.vy"])
def test_an_unknown_topic_is_named(topic: str) -> None:
    with pytest.raises(UnknownTopic, match="test.weighed" if "weighed" in topic else topic):
        Codec([Weighed], UPCASTS).to_domain_event(weighed(an_id(), topic, '"grams":1'))


def test_a_class_that_is_not_registered_is_not_written() -> None:
    with pytest.raises(UnknownTopic, match="Noted"):
        Codec([Weighed]).to_stored_event(noted(an_id()))


@pytest.mark.parametrize("content", ['"grams":"many"', '"grams":1,"ounces":2', '"grams":'])
def test_content_that_does_not_fit_is_named(content: str) -> None:
    with pytest.raises(Undecodable, match="weighed\\.v3, version 4"):
        Codec([Weighed]).to_domain_event(weighed(an_id(), "test.weighed.v3", content))


def test_a_chain_of_upcasts_has_no_gap() -> None:
    with pytest.raises(UnknownTopic, match="no way up"):
        Codec([Weighed], {("test.weighed", 1): to_kilograms})


def test_two_classes_cannot_share_a_topic() -> None:
    class Jotted(Noted):
        """Another class of the same topic."""

    with pytest.raises(ValueError, match="registered twice"):
        Codec([Noted, Jotted])
    Codec([Noted, Noted])
