"""Both readers of the queues give each its own, in order."""

import pytest
from claiming_contract import ClaimingContract
from reading_contract import Opened, on_postgres
from test_reading_contract import in_memory


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class TestInMemory(ClaimingContract):
    @pytest.fixture
    def opened(self) -> Opened:
        return in_memory


class TestOnPostgres(ClaimingContract):
    @pytest.fixture
    def opened(self, database_url: str) -> Opened:
        return lambda: on_postgres(database_url)
