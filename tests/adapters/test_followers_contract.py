"""Both stores of subscriptions and bookmarks keep the ports' promises."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import pytest
from followers_contract import SECRET, FollowersContract, Kept, Opened, a_subscription

from adapters.eventstore.vault import Vault
from adapters.memory.followers import MemoryFollowers
from adapters.postgres.followers import PostgresSubscriptions, bookmarks_on

VAULT = Vault(bytes(32), "kek-1")


class TestInMemory(FollowersContract):
    @pytest.fixture
    def opened(self) -> Opened:
        @asynccontextmanager
        async def opened() -> AsyncGenerator[Kept]:
            store = MemoryFollowers()
            yield Kept(store, store, store)

        return opened


class TestOnPostgres(FollowersContract):
    @pytest.fixture(params=[None, VAULT], ids=["in plain", "sealed"])
    def opened(self, database_url: str, request: pytest.FixtureRequest) -> Opened:
        @asynccontextmanager
        async def opened() -> AsyncGenerator[Kept]:
            async with bookmarks_on(database_url) as one, bookmarks_on(database_url) as other:
                yield Kept(PostgresSubscriptions(database_url, request.param), one, other)

        return opened

    @pytest.mark.anyio
    async def test_who_loses_the_connection_holds_nothing(self, database_url: str) -> None:
        async with bookmarks_on(database_url) as other:
            await other.begin("a", 3)
            with pytest.raises(psycopg.OperationalError):
                async with bookmarks_on(database_url) as one, one.hold("a") as at:
                    assert at is not None
                    with psycopg.connect(database_url, autocommit=True) as connection:
                        connection.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_locks "
                            "WHERE locktype = 'advisory' AND granted"
                        )
                    await one.move("a", at, at.at(9))
            async with other.hold("a") as then:
                assert then is not None
                assert then.position == 3

    @pytest.mark.anyio
    async def test_a_sealed_secret_is_nowhere_in_plain(self, database_url: str) -> None:
        sealed = PostgresSubscriptions(database_url, VAULT)
        await sealed.add(a_subscription(), 0)
        with psycopg.connect(database_url) as connection:
            kept = connection.execute("SELECT webhooks::text FROM webhooks").fetchall()
        assert SECRET not in str(kept)
        assert SECRET.removeprefix("whsec_") not in str(kept)

    @pytest.mark.anyio
    @pytest.mark.parametrize("other", [None, Vault(bytes(31) + b"x", "kek-2")])
    async def test_without_its_key_a_subscription_is_seen_but_not_its_secret(
        self, database_url: str, other: Vault | None
    ) -> None:
        await PostgresSubscriptions(database_url, VAULT).add(a_subscription(), 0)
        found = await PostgresSubscriptions(database_url, other).find(UUID(int=1))
        assert found is not None
        assert found.subscription == a_subscription(secrets=())
