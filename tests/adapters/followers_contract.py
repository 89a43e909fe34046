"""What keeping subscriptions and bookmarks promises. Each adapter runs these very tests."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic import SecretStr

from application.following import Bookmark, Bookmarks
from application.subscribing import Secret, Subscription, Subscriptions

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Kept:
    """A store, and two of those who tell."""

    subscriptions: Subscriptions
    one: Bookmarks
    other: Bookmarks


Opened = Callable[[], AbstractAsyncContextManager[Kept]]


def a_subscription(n: int = 1, **changes: object) -> Subscription:
    return Subscription(
        id=UUID(int=n),
        url="https://example.com/hook",
        endpoint=None,
        types=("decision.*",),
        decision_types=("refund",),
        created_by="dora",
        created_at=NOW + timedelta(minutes=n),
        secrets=(Secret(text=SecretStr(SECRET), made_at=NOW),),
    ).model_copy(update=changes)


class FollowersContract:
    """Subclasses give the fixture `opened`."""

    @pytest.mark.anyio
    async def test_a_subscription_is_found_as_it_was_added(self, opened: Opened) -> None:
        async with opened() as kept:
            new = a_subscription()
            assert await kept.subscriptions.add(new, 7)
            found = await kept.subscriptions.find(new.id)
            assert found is not None
            assert (found.subscription, found.bookmark) == (new, Bookmark(position=7))
            assert found.subscription.secrets[0].text.get_secret_value() == SECRET
            assert await kept.subscriptions.find(UUID(int=99)) is None

    @pytest.mark.anyio
    async def test_an_id_is_taken_once(self, opened: Opened) -> None:
        async with opened() as kept:
            assert await kept.subscriptions.add(a_subscription(), 7)
            assert not await kept.subscriptions.add(a_subscription(url="https://other.com/"), 9)
            found = await kept.subscriptions.find(UUID(int=1))
            assert found is not None
            assert (found.subscription.url, found.bookmark.position) == (
                "https://example.com/hook",
                7,
            )

    @pytest.mark.anyio
    async def test_all_are_listed_the_oldest_first(self, opened: Opened) -> None:
        async with opened() as kept:
            for n in (3, 1, 2):
                await kept.subscriptions.add(a_subscription(n), 0)
            found = await kept.subscriptions.all()
            assert [one.subscription.id.int for one in found] == [1, 2, 3]

    @pytest.mark.anyio
    async def test_its_secrets_can_be_changed_and_nothing_else(self, opened: Opened) -> None:
        async with opened() as kept:
            await kept.subscriptions.add(a_subscription(), 0)
            newer = Secret(text=SecretStr(SECRET[::-1]), made_at=NOW, made_under=UUID(int=5))
            both = (newer, *a_subscription().secrets)
            changed = a_subscription(secrets=both, url="https://elsewhere.com/")
            assert await kept.subscriptions.change(changed)
            found = await kept.subscriptions.find(UUID(int=1))
            assert found is not None
            assert found.subscription == a_subscription(secrets=both)
            assert not await kept.subscriptions.change(a_subscription(9))

    @pytest.mark.anyio
    async def test_a_removed_one_is_told_nothing_more(self, opened: Opened) -> None:
        async with opened() as kept:
            await kept.subscriptions.add(a_subscription(), 0)
            name = str(UUID(int=1))
            async with kept.one.hold(name) as at:
                assert at is not None
                assert await kept.subscriptions.remove(UUID(int=1))
                assert not await kept.one.move(name, at, at.at(5))
            assert await kept.one.due(NOW, 10) == []
            assert not await kept.subscriptions.remove(UUID(int=1))

    @pytest.mark.anyio
    async def test_one_holds_a_bookmark_and_then_the_other(self, opened: Opened) -> None:
        async with opened() as kept:
            await kept.one.begin("a", 3)
            await kept.one.begin("a", 9)
            async with kept.one.hold("a") as mine:
                async with kept.other.hold("a") as theirs:
                    assert (mine, theirs) == (Bookmark(position=3), None)
                assert mine is not None
                assert await kept.one.move("a", mine, mine.at(4))
            async with kept.other.hold("a") as then:
                assert then == Bookmark(position=4)
            async with kept.one.hold("nobody") as none:
                assert none is None

    @pytest.mark.anyio
    async def test_a_bookmark_moves_from_where_it_was_seen(self, opened: Opened) -> None:
        async with opened() as kept:
            await kept.one.begin("a", 3)
            async with kept.one.hold("a") as at:
                assert at is not None
                assert not await kept.one.move("a", at.at(2), at.at(5))
                failed = Bookmark(
                    position=3, attempts=2, failing_since=NOW, retry_at=NOW, problem="500"
                )
                assert await kept.one.move("a", at, failed)
            async with kept.other.hold("a") as then:
                assert then == failed

    @pytest.mark.anyio
    async def test_who_is_due_has_something_to_hear_and_does_not_rest(self, opened: Opened) -> None:
        later = NOW + timedelta(minutes=1)
        states = {
            "behind": Bookmark(position=3),
            "at the end": Bookmark(position=10),
            "stopped": Bookmark(position=3, stopped=True),
            "waits": Bookmark(position=3, retry_at=later),
            "waited": Bookmark(position=3, retry_at=NOW),
        }
        async with opened() as kept:
            for name, state in states.items():
                await kept.one.begin(name, state.position)
                await kept.one.move(name, state, state)
            assert sorted(await kept.other.due(NOW, 10)) == ["behind", "waited"]
            assert sorted(await kept.other.due(later, 10)) == ["behind", "waited", "waits"]

    @pytest.mark.anyio
    async def test_what_was_stopped_goes_on_where_it_is_told_to(self, opened: Opened) -> None:
        async with opened() as kept:
            await kept.subscriptions.add(a_subscription(), 3)
            name = str(UUID(int=1))
            tired = Bookmark(position=3, attempts=9, failing_since=NOW, problem="x", stopped=True)
            await kept.one.move(name, tired, tired)
            assert await kept.subscriptions.resume(UUID(int=1), None)
            found = await kept.subscriptions.find(UUID(int=1))
            assert found is not None
            assert found.bookmark == Bookmark(position=3)
            assert await kept.subscriptions.resume(UUID(int=1), 8)
            found = await kept.subscriptions.find(UUID(int=1))
            assert found is not None
            assert found.bookmark == Bookmark(position=8)
            assert not await kept.subscriptions.resume(UUID(int=9), None)
