"""The library author's cases for applications and projections, on our recorder."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.tests import application as applications
from eventsourcing.tests import projection as projections
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from adapters.postgres.persistence import GroupCommitFactory

PERSISTENCE = "adapters.postgres.persistence"


@pytest.fixture(autouse=True)
def on_our_recorder(request: pytest.FixtureRequest, database_url: str) -> Iterator[None]:
    found = conninfo_to_dict(database_url)
    settings = {
        "PERSISTENCE_MODULE": PERSISTENCE,
        "POSTGRES_DBNAME": str(found["dbname"]),
        "POSTGRES_HOST": str(found["host"]),
        "POSTGRES_USER": str(found["user"]),
        "POSTGRES_PASSWORD": "unused",
    }
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(name, value)
        yield


class TestExampleApplication(applications.ExampleApplicationTestCase):
    expected_factory_topic = "adapters.postgres.persistence:GroupCommitFactory"


@pytest.mark.filterwarnings("default:'log' is deprecated:DeprecationWarning")
class TestApplication(applications.ApplicationTestCase):
    """Names, caches, the notification log: on PostgreSQL."""


class EventCounters(PostgresTrackingRecorder, projections.EventCountersView):
    """Counts kept with their position, as the author's examples keep them."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        table = "CREATE TABLE IF NOT EXISTS counters (name text PRIMARY KEY, count bigint)"
        self.sql_create_statements.append(SQL(table))

    def get_created_event_counter(self) -> int:
        return self._count("created")

    def get_subsequent_event_counter(self) -> int:
        return self._count("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self._increment("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self._increment("subsequent", tracking)

    def _count(self, name: str) -> int:
        with self.datastore.transaction() as cursor:
            cursor.execute("SELECT count FROM counters WHERE name = %s", (name,))
            found = cursor.fetchone()
        return int(found["count"]) if found else 0

    def _increment(self, name: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO counters VALUES (%s, 1)"
                " ON CONFLICT (name) DO UPDATE SET count = counters.count + 1",
                (name,),
            )


class TestEventCountersView(projections.EventCountersViewTestCase):
    def construct_event_counters_view(self) -> projections.EventCountersView:
        self.factory = GroupCommitFactory(Environment("counters", os.environ))
        return self.factory.tracking_recorder(EventCounters)

    def tearDown(self) -> None:
        self.factory.close()


class TestEventCountersProjection(projections.AggregateEventCountersProjectionTestCase):
    view_class = EventCounters


class TestEventSourcedProjection(projections.EventSourcedProjectionTestCase):
    """One application that follows another, by our process recorder."""
