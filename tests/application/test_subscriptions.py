"""A subscription is told of each event it may see, once, in order, until it is confirmed."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.memory.followers import MemoryFollowers
from application.delivering import Attempt
from application.desk import Caller, KeyReused, NoAuthority
from application.feed import EventView
from application.following import LONGEST_WAIT, PATIENCE, Bookmark, Turn, after
from application.ports import Identity
from application.subscribing import (
    BadSubscription,
    NoSuchSubscription,
    NotYours,
    Outlets,
    Resume,
    Rotate,
    Subscribe,
    Subscription,
    TooManySubscriptions,
    look,
    resume,
    rotate,
    subscribe,
    subscriptions,
    unsubscribe,
)
from application.telling import Subscriber
from domain.model import Refusal
from domain.values import Receipt
from tests.application.office import Office, an_office, caller, run
from tests.application.personal import a_personal_adoption
from tests.domain.builders import LARGE, NOON, SMALL

URL = "https://example.com/hook"
ALL = ("*",)
WELL = Attempt(Receipt.DELIVERED, "200 OK")
BROKEN = Attempt(Receipt.FAILED, "500 Internal Server Error")
LOST = Attempt(Receipt.UNKNOWN, "no answer in 10 seconds")
GONE = Attempt(Receipt.FAILED, "410 Gone", final=True)
DATA_TEAM = Caller(Identity("data-team", "service", {"*": frozenset({"auditor"})}))
OUTSIDER = Caller(Identity("outsider", "service", {"other": frozenset({"auditor"})}))


@dataclass
class Receiver:
    """Keeps what it is sent, and answers as it was told to, in turn; then well."""

    answers: list[Attempt] = field(default_factory=list[Attempt])
    got: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    ids: list[UUID] = field(default_factory=list[UUID])

    async def send(self, to: Subscription, id: UUID, body: bytes) -> Attempt:
        self.got.append(json.loads(body))
        self.ids.append(id)
        return self.answers.pop(0) if self.answers else WELL


@dataclass
class Outside:
    """An office, where subscriptions are kept, and a receiver."""

    office: Office = field(default_factory=an_office)
    store: MemoryFollowers = field(default_factory=MemoryFollowers)
    receiver: Receiver = field(default_factory=Receiver)

    @property
    def outlets(self) -> Outlets:
        return Outlets(self.store, frozenset({"warehouse"}))

    def subscribe(self, who: Caller = DATA_TEAM, **asked: Any) -> UUID:
        command = Subscribe.model_validate({"url": URL, "types": ALL, "after": 0} | asked)
        standing, _ = run(subscribe(command, who, self.office.desk, self.outlets))
        return standing.subscription.id

    def turn(self, id: UUID) -> Bookmark | None:
        """What a herald does for it."""

        async def turn() -> Bookmark | None:
            async with self.store.hold(str(id)) as at:
                found = await self.store.find(id)
                if at is None or found is None:
                    return None
                follower = Subscriber(found.subscription, self.receiver)
                desk = self.office.desk
                return await Turn(str(id), follower, self.store, desk.log, desk.clock).go_on(at)

        return run(turn())

    @property
    def told(self) -> list[str]:
        return [one["type"] for one in self.receiver.got]


def all_topics(office: Office) -> list[str]:
    return [positioned.event.TOPIC for positioned in office.log()]


# ── being told


def test_it_is_told_everything_in_order_as_the_feed_has_it() -> None:
    outside = Outside()
    outside.office.recommend("bot")
    outside.turn(outside.subscribe())
    log = outside.office.log()
    feed = [json.loads(EventView.of(p.event, p.position).model_dump_json()) for p in log]
    assert outside.receiver.got == feed
    assert outside.receiver.ids == [p.event.id for p in log]


def test_it_begins_with_what_comes_next_unless_it_says_otherwise() -> None:
    outside = Outside()
    id = outside.subscribe(after=None)
    outside.turn(id)
    assert outside.told == []
    outside.office.recommend("bot")
    outside.turn(id)
    assert outside.told[0] == "decision.recommended"


@pytest.mark.parametrize(
    ("types", "told"),
    [
        (["decision.recommended"], ["decision.recommended"]),
        (["decision.routed*"], ["decision.routed_to_review"]),
        (["decision.routed_to_review", "decision.rec*"], ["decision.recommended", "decision.routed_to_review"]),
        (["policy.*"], []),
    ],
)  # fmt: skip
def test_it_is_told_of_the_types_that_it_names(types: list[str], told: list[str]) -> None:
    outside = Outside()
    id = outside.subscribe(types=types, after=outside.office.length())
    outside.office.recommend("bot", context=LARGE)
    at = outside.turn(id)
    assert outside.told == told
    assert at is not None
    assert at.position == outside.office.log()[-1].position


def test_it_sees_what_its_maker_sees() -> None:
    outside = Outside()
    outside.office.recommend("bot")
    outside.turn(outside.subscribe(OUTSIDER))
    assert outside.told == []
    outside.turn(outside.subscribe(caller("rae")))
    assert outside.told == all_topics(outside.office)


def test_what_does_not_confirm_is_told_again_and_nothing_before_it() -> None:
    outside = Outside(receiver=Receiver([WELL, BROKEN, LOST]))
    id = outside.subscribe()
    topics = all_topics(outside.office)
    for _ in range(3):
        outside.turn(id)
        outside.office.pass_time(LONGEST_WAIT * 2)
    assert outside.told == [topics[0], *[topics[1]] * 3, *topics[2:]]
    assert len({*outside.receiver.ids}) == len(topics)
    assert run(look(id, DATA_TEAM, outside.outlets)).state == "active"


def test_it_fails_with_a_reason_and_waits_before_it_is_tried_again() -> None:
    outside = Outside(receiver=Receiver([BROKEN]))
    id = outside.subscribe()
    outside.turn(id)
    standing = run(look(id, DATA_TEAM, outside.outlets))
    assert (standing.state, standing.bookmark.problem) == ("failing", BROKEN.detail)
    now = outside.office.clock.now()
    assert run(outside.store.due(now, 100)) == []
    assert run(outside.store.due(now + timedelta(seconds=3), 100)) == [str(id)]


def test_who_is_gone_is_not_asked_again_until_somebody_resumes() -> None:
    outside = Outside(receiver=Receiver([GONE]))
    id = outside.subscribe()
    outside.turn(id)
    standing = run(look(id, DATA_TEAM, outside.outlets))
    assert (standing.state, standing.bookmark.problem) == ("stopped", "410 Gone")
    assert run(outside.store.due(NOON + timedelta(days=99), 100)) == []
    run(resume(id, Resume(), DATA_TEAM, outside.office.desk, outside.outlets))
    outside.turn(id)
    assert outside.told == [all_topics(outside.office)[0], *all_topics(outside.office)]


def test_what_fails_for_a_day_is_stopped_and_says_since_when() -> None:
    at = Bookmark(position=4, attempts=20, failing_since=NOON, problem="500")
    almost = after(at, 5, BROKEN, True, NOON + PATIENCE - timedelta(seconds=1))
    assert (almost.stopped, almost.position) == (False, 4)
    tired = after(at, 5, BROKEN, True, NOON + PATIENCE)
    assert tired.stopped
    assert tired.problem == (
        "nothing succeeded since 2026-01-05 12:00 UTC; the last answer: 500 Internal Server Error"
    )


@given(st.integers(0, 50))
def test_waits_grow_up_to_an_hour_and_differ(attempts: int) -> None:
    waits = [
        after(Bookmark(position=0, attempts=attempts), 1, BROKEN, True, NOON).retry_at
        for _ in range(3)
    ]
    for wait in waits:
        assert wait is not None
        assert timedelta(seconds=1) < wait - NOON <= 1.25 * LONGEST_WAIT
    assert len({*waits}) > 1


def test_who_asks_to_be_left_alone_is() -> None:
    busy = Attempt(Receipt.FAILED, "429", wait=timedelta(seconds=17))
    assert after(Bookmark(position=0), 1, busy, True, NOON).retry_at == NOON + timedelta(seconds=17)


def test_what_was_resumed_further_on_is_not_told_what_lies_before() -> None:
    outside = Outside(receiver=Receiver([GONE]))
    id = outside.subscribe()
    outside.turn(id)
    newest = outside.office.log()[-1].position
    run(resume(id, Resume(after=newest), DATA_TEAM, outside.office.desk, outside.outlets))
    outside.office.recommend("bot")
    outside.turn(id)
    assert outside.told[1:] == ["decision.recommended", *outside.told[2:]]


@settings(max_examples=30)
@given(st.lists(st.sampled_from([WELL, WELL, BROKEN, LOST]), max_size=40))
def test_however_it_answers_it_confirms_each_event_once_and_in_order(
    answers: list[Attempt],
) -> None:
    outside = Outside(receiver=Receiver(list(answers)))
    id = outside.subscribe()
    for n in range(len(answers) + 1):
        if n < 3:
            outside.office.recommend("bot", f"s-{n}")
        outside.turn(id)
        run(outside.store.resume(id, None))
    got = zip(outside.receiver.ids, [*answers, *[WELL] * 1000], strict=False)
    confirmed = [id for id, answer in got if answer is WELL]
    assert confirmed == [p.event.id for p in outside.office.log()]


def test_personal_facts_do_not_leave() -> None:
    office = Office().adopt(a_personal_adoption())
    office.recommend("bot", context={**SMALL, "name": "Ada Lovelace", "account": 4711})
    outside = Outside(office)
    outside.turn(outside.subscribe())
    told = json.dumps(outside.receiver.got)
    assert "Ada Lovelace" not in told
    assert "4711" not in told
    said = next(one for one in outside.receiver.got if one["type"] == "decision.recommended")
    assert said["data"]["context"]["name"] is None
    assert said["data"]["personal"] == ["account", "name"]


# ── asking


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"url": None}, "url, endpoint: found neither"),
        ({"endpoint": "warehouse"}, "url, endpoint: found both"),
        ({"url": "http://example.com/"}, "an https URL"),
        ({"url": "https://me:pw@example.com/"}, "an https URL"),
        ({"url": "https:///nowhere"}, "an https URL"),
        ({"url": "https://[bad/"}, "an https URL"),
        ({"url": "https://example.com/ \n"}, "an https URL"),
        ({"url": None, "endpoint": "shed"}, 'endpoint: found "shed"; allowed are warehouse'),
        ({"types": ["decision.exploded"]}, 'types: found "decision.exploded"'),
        ({"types": ["nothing.*"]}, 'types: found "nothing.*"'),
    ],
)
def test_what_could_not_be_told_is_refused_by_name(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSubscription) as refused:
        Outside().subscribe(**asked)
    assert said in str(refused.value)


def test_nobody_subscribes_to_what_they_may_not_see() -> None:
    outside = Outside()
    with pytest.raises(NoAuthority):
        outside.subscribe(caller("stranger"))
    with pytest.raises(NoAuthority):
        outside.subscribe(OUTSIDER, decision_type="refund")
    assert outside.subscribe(caller("rae"), decision_type="refund")


def test_one_caller_has_so_many_and_no_more() -> None:
    outside = Outside()
    for _ in range(100):
        outside.subscribe()
    with pytest.raises(TooManySubscriptions):
        outside.subscribe()
    outside.subscribe(caller("rae"))


def test_asked_again_under_the_same_key_it_is_the_same_with_the_same_secret() -> None:
    outside = Outside()
    command = Subscribe(url=URL, types=ALL)
    keyed = caller("rae", "once", "content")
    first, replayed = run(subscribe(command, keyed, outside.office.desk, outside.outlets))
    again, repeated = run(subscribe(command, keyed, outside.office.desk, outside.outlets))
    assert (replayed, repeated, first) == (False, True, again)
    with pytest.raises(KeyReused):
        other = caller("rae", "once", "other content")
        run(subscribe(command, other, outside.office.desk, outside.outlets))


def test_a_subscription_is_its_makers_and_those_who_oversee_see_it() -> None:
    outside = Outside()
    id = outside.subscribe(caller("rae"))
    seen = {
        who: [s.subscription.id for s in run(subscriptions(caller(who), outside.outlets))]
        for who in ("rae", "sam", "audra", "bot")
    }
    assert seen == {"rae": [id], "sam": [], "audra": [id], "bot": []}
    boss = Caller(Identity("ada", "human", {"*": frozenset({"administrator"})}))
    with pytest.raises(NoSuchSubscription):
        run(unsubscribe(id, caller("sam"), outside.outlets))
    for no in (caller("audra"),):
        with pytest.raises(NotYours):
            run(unsubscribe(id, no, outside.outlets))
    with pytest.raises(NotYours):
        run(rotate(id, Rotate(), boss, outside.office.desk, outside.outlets))
    assert run(unsubscribe(id, boss, outside.outlets)).subscription.id == id
    with pytest.raises(Refusal):
        run(look(id, caller("rae"), outside.outlets))


def test_an_overseer_of_one_decision_type_sees_no_subscription_to_all() -> None:
    outside = Outside()
    outside.subscribe(DATA_TEAM)
    assert run(subscriptions(caller("audra"), outside.outlets)) == []


# ── secrets


def test_the_old_secret_stays_for_a_while_and_the_new_one_comes_first() -> None:
    outside = Outside()
    id = outside.subscribe(caller("rae"))
    desk, clock = outside.office.desk, outside.office.clock
    before = run(look(id, caller("rae"), outside.outlets)).subscription.secrets[0]
    standing, _ = run(rotate(id, Rotate(overlap_hours=2), caller("rae"), desk, outside.outlets))
    new, old = standing.subscription.secrets
    assert (old.text, old.until) == (before.text, clock.now() + timedelta(hours=2))
    assert new.text != old.text
    assert old.is_live(clock.now() + timedelta(minutes=119))
    assert not old.is_live(clock.now() + timedelta(hours=2))
    outside.office.pass_time(timedelta(hours=3))
    standing, _ = run(rotate(id, Rotate(overlap_hours=0), caller("rae"), desk, outside.outlets))
    assert len(standing.subscription.secrets) == 1


def test_a_rotation_asked_again_makes_no_third_secret() -> None:
    outside = Outside()
    id = outside.subscribe(caller("rae"))
    keyed = caller("rae", "turn")
    first, _ = run(rotate(id, Rotate(), keyed, outside.office.desk, outside.outlets))
    again, repeated = run(rotate(id, Rotate(), keyed, outside.office.desk, outside.outlets))
    assert repeated
    assert again.subscription == first.subscription


def test_there_are_never_more_than_five_secrets() -> None:
    outside = Outside()
    id = outside.subscribe(caller("rae"))
    for _ in range(9):
        run(rotate(id, Rotate(), caller("rae"), outside.office.desk, outside.outlets))
    secrets = run(look(id, caller("rae"), outside.outlets)).subscription.secrets
    assert len(secrets) == 5
    assert "whsec_" not in repr(secrets)
