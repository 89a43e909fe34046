"""Both event logs keep the port's promises."""

import pytest
from an_event import a_codec
from log_contract import EventLogContract, Opened, as_context

from adapters.memory.log import MemoryEventLog
from adapters.postgres.log import PostgresEventLog


class TestInMemory(EventLogContract):
    @pytest.fixture
    def opened(self) -> Opened:
        return lambda: as_context(MemoryEventLog(a_codec()))

    @pytest.fixture
    def opened_full(self) -> Opened:
        return lambda: as_context(MemoryEventLog(a_codec(), capacity=0))


class TestOnPostgres(EventLogContract):
    @pytest.fixture
    def opened(self, database_url: str) -> Opened:
        return lambda: PostgresEventLog(database_url, a_codec())

    @pytest.fixture
    def opened_full(self, database_url: str) -> Opened:
        return lambda: PostgresEventLog(database_url, a_codec(), capacity=0)
