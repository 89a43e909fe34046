"""Silence is noted once, and so is its end."""

from hypothesis import given
from hypothesis import strategies as st

from domain.silence import Feed, Heard, LifeEvent, Missing, Silence, fold, note
from tests.domain.builders import NOON, TIMER, by

FEEDS = st.lists(st.sets(st.sampled_from(Feed)), max_size=8)


def looked(state: Silence | None, *silent: Feed) -> tuple[LifeEvent, ...]:
    return note(state, "refund", silent, {Feed.OUTCOMES: NOON}, 7, by(TIMER))


def test_a_silence_is_noted_once() -> None:
    (event,) = looked(None, Feed.OUTCOMES)
    assert isinstance(event, Missing)
    assert (event.feed, event.last_heard, event.days) == (Feed.OUTCOMES, NOON, 7)
    assert looked(fold([event]), Feed.OUTCOMES) == ()


def test_its_end_is_noted_and_it_may_begin_again() -> None:
    first = looked(None, Feed.OUTCOMES)
    over = looked(fold(first), Feed.VOLUME)
    assert [type(event) for event in over] == [Missing, Heard]
    assert [event.originator_version for event in over] == [2, 3]
    again = looked(fold((*first, *over)), Feed.OUTCOMES, Feed.VOLUME)
    assert [event.feed for event in again] == [Feed.OUTCOMES]


@given(FEEDS)
def test_what_is_on_record_is_what_was_found_last(looks: list[set[Feed]]) -> None:
    state: Silence | None = None
    for silent in looks:
        state = fold(looked(state, *silent), state)
    assert (state.missing if state else frozenset()) == (looks[-1] if looks else set())
