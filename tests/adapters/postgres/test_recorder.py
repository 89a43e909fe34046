"""The library's door: what its own recorder gets wrong under trouble, ours gets right."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Event as Flag
from threading import Thread, get_ident
from typing import Any
from uuid import UUID

import psycopg
import pytest
from an_event import an_id
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent, Tracking
from eventsourcing.postgres import PostgresDatastore

from adapters.postgres import recorder as recording
from adapters.postgres.recorder import (
    GroupCommitProcessRecorder,
    GroupCommitRecorder,
    datastore,
)

PATIENCE = 60


def event(stream: UUID, version: int = 1, state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(stream, version, "test.noted.v1", state)


@pytest.fixture
def store(database_url: str) -> Iterator[PostgresDatastore]:
    with datastore(database_url) as opened:
        yield opened


def a_recorder(store: PostgresDatastore) -> GroupCommitRecorder:
    return GroupCommitRecorder(store, events_table_name="remit_events")


class LosesAnswer(PostgresDatastore):
    """Its first transaction commits; then the connection is gone, and so is the answer."""

    lost = True

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[Any]]:
        with super().get_connection() as connection:
            yield connection
            if not self.lost:
                self.lost = True
                connection.close()
                raise psycopg.OperationalError("the connection was lost")


@pytest.fixture
def losing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Generator[LosesAnswer]:
    monkeypatch.setattr(recording, "PostgresDatastore", LosesAnswer)
    with datastore(database_url) as opened:
        assert isinstance(opened, LosesAnswer)
        yield opened


def test_a_commit_whose_answer_was_lost_is_no_conflict(losing: LosesAnswer) -> None:
    stored = [event(an_id()), event(an_id())]
    recorder = a_recorder(losing)
    losing.lost = False
    assert recorder.insert_events(stored) == [1, 2]
    assert losing.lost
    assert recorder.max_notification_id() == 2
    with pytest.raises(IntegrityError):  # said again, it is one
        recorder.insert_events(stored)


def test_a_lost_answer_makes_nobody_elses_event_ones_own(losing: LosesAnswer) -> None:
    taken = an_id()
    a_recorder(losing).insert_events([event(taken, state=b'{"by":"another"}')])

    class LosesConnection(GroupCommitRecorder):
        lost = False

        def _lock_table(self, curs: Any) -> None:
            if not self.lost:
                self.lost = True
                raise psycopg.OperationalError("the connection was lost")
            super()._lock_table(curs)

    with pytest.raises(IntegrityError):
        LosesConnection(losing, events_table_name="remit_events").insert_events(
            [event(taken, state=b'{"by":"me"}')]
        )


def test_a_lost_answer_moves_a_follower_once(losing: LosesAnswer) -> None:
    recorder = GroupCommitProcessRecorder(
        losing, events_table_name="remit_events", tracking_table_name="remit_tracking"
    )
    losing.lost = False
    stored = [event(an_id())]
    assert recorder.insert_events(stored, tracking=Tracking("upstream", 7)) == [1]
    assert recorder.max_tracking_id("upstream") == 7
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(an_id())], tracking=Tracking("upstream", 7))


class ListensLate(PostgresDatastore):
    """Lets the first look at the log pass, and nobody listen until it is told to."""

    looked: int | None = None
    listen: Flag

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[Any]]:
        if self.looked is not None and get_ident() != self.looked:
            assert self.listen.wait(PATIENCE)
        with super().get_connection() as connection:
            yield connection


class LooksOnce(GroupCommitRecorder):
    """Says when a subscription has looked at the log for the first time."""

    looked: Flag

    def select_notifications(self, *args: Any, **kwargs: Any) -> Sequence[Notification]:
        store = self.datastore
        assert isinstance(store, ListensLate)
        store.looked = get_ident()
        found = super().select_notifications(*args, **kwargs)
        self.looked.set()
        return found


def test_a_subscription_hears_of_what_came_between_its_first_look_and_its_listening(
    database_url: str, store: PostgresDatastore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "PostgresDatastore", ListensLate)
    monkeypatch.setattr(recording, "POLL", 3600.0)
    with datastore(database_url) as late:
        assert isinstance(late, ListensLate)
        late.listen = Flag()
        listener = LooksOnce(late, events_table_name="remit_events")
        listener.looked = Flag()
        late.looked = 0
        with listener.subscribe() as subscription:
            assert listener.looked.wait(PATIENCE)
            a_recorder(store).insert_events([event(an_id())])
            late.listen.set()
            assert next_within(subscription, PATIENCE).id == 1


def test_a_subscription_looks_every_second_whatever_it_hears(
    store: PostgresDatastore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notification can be lost with its connection, or to a proxy that has no idea of them."""
    monkeypatch.setattr(GroupCommitRecorder, "_notify_channel", lambda *_: None)
    recorder = a_recorder(store)
    with recorder.subscribe() as subscription:
        for n in (1, 2):
            recorder.insert_events([event(an_id())])
            assert next_within(subscription, PATIENCE).id == n


def next_within(subscription: Iterator[Notification], seconds: float) -> Notification:
    found: list[Notification] = []
    waiting = Thread(target=lambda: found.extend(islice(subscription, 1)), daemon=True)
    waiting.start()
    waiting.join(seconds)
    assert found, "nothing was heard"
    return found[0]
