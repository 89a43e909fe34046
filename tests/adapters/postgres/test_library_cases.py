"""The library author's own cases, run on our recorder: it is one of the library's."""

from collections.abc import Iterator
from typing import Any, ClassVar
from unittest import TestCase
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresDatastore,
    PostgresProcessRecorder,
    PostgresTrackingRecorder,
)
from eventsourcing.tests import persistence as cases
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres import recorder
from adapters.postgres.persistence import GroupCommitFactory
from adapters.postgres.recorder import GroupCommitProcessRecorder, GroupCommitRecorder

QUIET = pytest.mark.usefixtures("on_an_empty_database")


@pytest.fixture(scope="module")
def empty_database_url(server_url: str) -> Iterator[str]:
    """A database of their own: these cases make their tables themselves."""
    name = f"cases_{uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield server_url.replace("/remit?", f"/{name}?")
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def on_an_empty_database(request: pytest.FixtureRequest, empty_database_url: str) -> Iterator[None]:
    request.cls.url = empty_database_url
    yield
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


class OnPostgres(TestCase):
    """A datastore for each case, closed after it."""

    url: ClassVar[str]

    def setUp(self) -> None:
        super().setUp()
        self.datastore: PostgresDatastore = recorder.datastore(
            self.url, pool_size=2, max_overflow=20
        )

    def tearDown(self) -> None:
        self.datastore.close()
        super().tearDown()

    def new_originator_id(self) -> UUID | str:
        return uuid4()


@QUIET
class TestAggregateRecorder(OnPostgres, cases.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        made = PostgresAggregateRecorder(self.datastore, events_table_name="stored_events")
        made.create_table()
        return made


class MadeOnPostgres(OnPostgres):
    def create_recorder(self) -> Any:
        made = GroupCommitRecorder(self.datastore, events_table_name="stored_events")
        made.create_table()
        return made


@QUIET
class TestApplicationRecorder(
    MadeOnPostgres, cases.ApplicationRecorderTestCase[GroupCommitRecorder]
):
    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


@QUIET
class TestNonInterleaving(MadeOnPostgres, cases.NonInterleavingNotificationIDsBaseCase):
    """Two writers at once: the positions of one lie wholly behind the other's."""


@QUIET
class TestTrackingRecorder(OnPostgres, cases.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        made = PostgresTrackingRecorder(self.datastore)
        made.create_table()
        return made


@QUIET
class TestProcessRecorder(OnPostgres, cases.ProcessRecorderTestCase):
    def create_recorder(self) -> ProcessRecorder:
        made = GroupCommitProcessRecorder(self.datastore)
        made.create_table()
        return made


class CustomTrackingRecorder(PostgresTrackingRecorder):
    """For the factory's case."""


@QUIET
class TestFactory(cases.InfrastructureFactoryTestCase[GroupCommitFactory]):
    url: ClassVar[str]

    def expected_factory_class(self) -> type[GroupCommitFactory]:
        return GroupCommitFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return PostgresAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return GroupCommitRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return PostgresTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return CustomTrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return GroupCommitProcessRecorder

    def setUp(self) -> None:
        found = conninfo_to_dict(self.url)
        self.env = Environment("TestCase")
        self.env[InfrastructureFactory.PERSISTENCE_MODULE] = "adapters.postgres.persistence"
        self.env[GroupCommitFactory.POSTGRES_DBNAME] = str(found["dbname"])
        self.env[GroupCommitFactory.POSTGRES_HOST] = str(found["host"])
        self.env[GroupCommitFactory.POSTGRES_USER] = str(found["user"])
        self.env[GroupCommitFactory.POSTGRES_PASSWORD] = "unused"
        super().setUp()

    def tearDown(self) -> None:
        self.factory.close()
        super().tearDown()


def test_a_process_recorder_is_of_the_librarys_kind() -> None:
    assert issubclass(GroupCommitProcessRecorder, PostgresProcessRecorder)


def test_database_functions_are_refused(database_url: str) -> None:
    store = recorder.datastore(database_url)
    store.enable_db_functions = True
    with pytest.raises(ValueError, match="without the lock"):
        GroupCommitRecorder(store)
    store.close()
