"""What is spliced together from stored bytes is what the view of the event says."""

import json
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.assembly import codec
from application.feed import EventView, cloud_event, decision_type_of, page_of
from domain.decision.events import Contested, Recommended
from domain.model import Actor, ActorKind, Event
from tests.domain.builders import NOON
from tests.make_samples import SAMPLES

STREAM = UUID("018f0000-0000-7000-8000-000000000001")


def told_and_viewed(event: Event) -> tuple[bytes, bytes]:
    stored = codec().to_stored_event(event)
    told = codec().tell(STREAM, event.originator_version, stored.topic, stored.state)
    return cloud_event(told), EventView.of(event).model_dump_json().encode()


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
@pytest.mark.parametrize("compact", [True, False], ids=["as we write", "by another hand"])
def test_every_sample_is_told_as_it_is_viewed(path: Path, compact: bool) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    separators = (",", ":") if compact else None
    state = json.dumps(sample["state"], separators=separators, ensure_ascii=False).encode()
    key = (UUID(sample["originator_id"]), sample["originator_version"], sample["topic"])
    told = codec().tell(*key, state)
    event = codec().read(*key, state)
    assert json.loads(cloud_event(told)) == json.loads(EventView.of(event).model_dump_json())
    if isinstance(event, Recommended):
        assert decision_type_of(told) == event.decision_type
    page = json.loads(page_of([told, told], "more"))
    assert (len(page["items"]), page["next"]) == (2, "more")


@given(st.text(min_size=1), st.text(), st.integers(1, 10**6))
def test_no_text_upsets_it(who: str, said: str, version: int) -> None:
    event = Contested.model_construct(
        originator_id=STREAM,
        originator_version=version,
        timestamp=NOON,
        actor=Actor.model_construct(kind=ActorKind.HUMAN, id=who),
        correlation_id=STREAM,
        causation_id=None,
        decision_type=said,
        comment=said,
    )
    spliced, viewed = told_and_viewed(event)
    assert spliced == viewed
